"""How lines look on a terminal: verdicts in colour, words whole. Where there is none, lines are written as they are."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import TextIO

from verifier.checks.verdict import Verdict

_RED, _GREEN, _YELLOW, _GREY = "31", "32", "33", "2"
_COLOURS: Mapping[str, str] = {
    Verdict.LOCAL_SOURCE: _RED,
    Verdict.FAILED: _RED,
    Verdict.INCONCLUSIVE: _YELLOW,
    Verdict.EXEMPT: _GREY,
    Verdict.VERIFIED: _GREEN,
    "✓": _GREEN,
    "✗": _RED,
    "?": _YELLOW,
    "·": _GREY,
}
_PAINTED = re.compile(rf"\b(?:{'|'.join(Verdict)})\b|^\s*([✓✗?·])(?= )")
_LEAST_WIDTH, _MOST_WIDTH = 40, 120
_COMMANDS = ("do this:", "$ ")
"""How a line begins that is to be copied: it is never wrapped."""
_HANGING = 4


def show(lines: Iterable[str], stream: TextIO | None = None) -> None:
    """Write lines, each ended, to a stream; standard output if none is given.

    On a terminal, prose is wrapped between words at its width, and verdicts and signs have a colour, unless the
    environment has NO_COLOR (no-color.org).
    """
    out = stream or sys.stdout
    if not out.isatty():
        out.writelines(f"{line}\n" for line in lines)
        return
    width = max(_LEAST_WIDTH, min(shutil.get_terminal_size().columns, _MOST_WIDTH))
    paint = painted if has_colours(os.environ) else str
    out.writelines(f"{paint(part)}\n" for line in lines for piece in line.split("\n") for part in wrapped(piece, width))


def has_colours(environment: Mapping[str, str]) -> bool:
    """Return whether a terminal with this environment is to be given colours."""
    return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def painted(line: str) -> str:
    """Return the line with its verdicts, and the sign that it begins with, in colour."""
    return _PAINTED.sub(lambda match: _in_colour(match[0]), line)


def _in_colour(text: str) -> str:
    return f"\033[{_COLOURS[text.strip()]}m{text}\033[0m"


def wrapped(line: str, width: int) -> Iterator[str]:
    """Yield the line in parts of at most this width, broken between words; a word that is longer stays whole."""
    start = line[: len(line) - len(line.lstrip())]
    if len(line) <= width or line.lstrip().startswith(_COMMANDS):
        yield line
        return
    further = start + " " * _HANGING
    yield from wrap(
        line.strip(),
        width,
        initial_indent=start,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [line]
