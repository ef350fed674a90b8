"""Stack traces that came an entry a line, put together again: to name a crash, never to judge it.

Lines belong together where they come from one task's output, one right after the other. An error that a logger wrote as
the headline of a traceback, and a traceback that an INFO line announced with its own words, are known as such here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from verifier.facts.logs.judge import Judged


class Piece(NamedTuple):
    """One entry of a stream that may be an error, a part of a stack trace, or the headline of one."""

    time: datetime
    number: int
    """The order of arrival: entries of the same moment stay in it."""
    text: str
    judged: Judged | None
    calm: bool
    task: str


@dataclass(slots=True)
class Crash:
    """What belongs together: one error line, or the lines of one stack trace."""

    pieces: list[Piece]
    headline: Piece | None = None
    """The error line right before, which a logger wrote above the traceback."""
    announcement: str = ""
    """The calm line right before."""
    trace: bool = False
    """Whether it has, or is, a stack trace."""
    done: bool = field(default=False)
    """Whether the exception's line was seen, after which a Python traceback is complete."""

    @property
    def text(self) -> str:
        """All its lines."""
        return self.pieces[0].text if len(self.pieces) == 1 else "\n".join(piece.text for piece in self.pieces)

    @property
    def judged(self) -> Judged | None:
        """Why it is an error: what its first line that is one was judged by."""
        return next((piece.judged for piece in self.pieces if piece.judged), None)


_GAP = timedelta(seconds=1)
"""Lines of one stack trace are written at once; a line later than this is another's."""
_RIGHT_BEFORE = timedelta(milliseconds=20)
"""A logger writes a headline and its traceback at once."""
_LINK = re.compile(r"\s*(?:The above exception was the direct cause|During handling of the above exception)")
_CAUSE = re.compile(r"\s*(?:Caused by: |Wrapped by: |---> |\[cause\]: |Suppressed: |-+> )")
_INSIDE = re.compile(
    r"""[ \t|>]*File "|\s+at |\s*\.\.\. \d+|\s+from |#\d+ |goroutine \d|[\w./*()\[\]-]+\(\S*\)$|[a-z0-9_./-]+\.[\w.*()]+$"""
    r"""|\s+\S+\.go:\d+|\s*---> |Stack trace:|\s+thrown in |\s*\[Previous line|\s+--- End of |\[signal SIG|\s+\^|exit status """
)
_PYTHON = re.compile(r"[\s|+>]*(?:Exception Group )?Traceback \(most recent call last\)")
_OPENS = re.compile(
    r"(?:.*Exception in thread |panic: |fatal error: |Unhandled [Ee]xception|(?:PHP )?(?:Fatal|Parse) error: |thread '.*panicked at"
    r"|(?:.*http: panic serving )|(?:Uncaught |\[|\(node:\d+\) \w+: )?[\w.$\\:]*[A-Z]\w*(?:Error|Exception|Throwable|Interrupt|Fault)\b"
    r"|\S+:\d+:in [`'])"
)
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?:: |$)")


def crashes(pieces: Iterable[Piece]) -> Iterator[Crash]:
    """Yield what belongs together in one stream's pieces, which come in order."""
    current: Crash | None = None
    waiting: Crash | None = None
    calm: Piece | None = None
    for piece in pieces:
        if piece.calm:
            calm = piece
            continue
        if current is not None and _belongs(current, piece):
            _add(current, piece)
            continue
        if current is not None:
            yield from _headed(waiting, current)
            waiting = current
            waiting = None if current.trace else current
        current = _open(piece, calm)
    if current is not None:
        yield from _headed(waiting, current)
        if not current.trace:
            yield current


def _headed(before: Crash | None, crash: Crash) -> Iterator[Crash]:
    """Yield what is complete: the line before, where it is no headline of this crash; and the crash, if it is one."""
    if before is not None:
        first, last = crash.pieces[0], before.pieces[-1]
        if crash.trace and crash.judged and first.time - last.time <= _RIGHT_BEFORE:
            crash.headline = last
        else:
            yield before
    if crash.trace:
        yield crash


def _open(piece: Piece, calm: Piece | None) -> Crash:
    crash = Crash([piece])
    if calm is not None and piece.time - calm.time <= _RIGHT_BEFORE:
        crash.announcement = calm.text
    text = piece.text
    if _PYTHON.match(text) or "\n" in text or _OPENS.match(text) or _INSIDE.match(text):
        crash.trace = True
        crash.done = _PYTHON.match(text) is not None and _ends_in_exception(text)
    return crash


def _ends_in_exception(text: str) -> bool:
    last = text.rstrip().rpartition("\n")[2]
    return bool(last) and "\n" in text and not last[0].isspace() and not _PYTHON.match(last)


def _belongs(crash: Crash, piece: Piece) -> bool:
    """Whether a piece goes on with a crash that is being put together."""
    last, text = crash.pieces[-1], piece.text
    if not crash.trace or piece.time - last.time > _GAP:
        return False
    if _LINK.match(text) or _CAUSE.match(text):
        return True
    if _LINK.match(last.text):
        return True
    python = _PYTHON.match(crash.pieces[0].text) is not None or _PYTHON.match(last.text) is not None
    if python:
        if crash.done or _PYTHON.match(text):
            return False
        return _INSIDE.match(text) is not None or _EXCEPTION.match(text) is not None or text[:1].isspace()
    if last.text.endswith(":") and "panicked at " in last.text and len(crash.pieces) == 1:
        return True
    return _INSIDE.match(text) is not None


def _add(crash: Crash, piece: Piece) -> None:
    if _LINK.match(piece.text):
        crash.done = False
    elif _PYTHON.match(crash.pieces[0].text) and not _INSIDE.match(piece.text) and piece.text[:1].strip():
        crash.done = not _PYTHON.match(piece.text) or _ends_in_exception(piece.text)
    crash.pieces.append(piece)
