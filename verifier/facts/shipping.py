"""Whether a build's step ships something: pushes, deploys, applies or publishes what it has, by its own words.

A build may fail at its last step and have shipped at its first. Nothing but the words of its steps tells, so this is a
table of commands. What a step hides from it (a program of its own, a command put together from variables) is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from verifier.facts.shipping_table import SHIPPING

_MOST_TEXT = 50_000
"""Characters of a step's words that are looked at: the service takes fewer."""
_MOST_COMMANDS = 2_000
_MOST_ARGS = 1_000
_MOST_NAME = 500
_MOST_WORDS = 200


@dataclass(frozen=True, slots=True)
class _Row:
    """A command that ships: a tool, the words of its command, of which `*` is any one, and parts of its options."""

    tool: str
    words: tuple[str, ...]
    options: tuple[str, ...]
    to_storage: bool
    """It copies, and ships where the last of its words is a place in Cloud Storage or another bucket."""

    @property
    def name(self) -> str:
        return " ".join((self.tool, *(word for word in self.words if word != "*"), *self.options))


def _rows(text: str) -> Iterator[_Row]:
    for line in text.strip().splitlines():
        words = line.split()
        to_storage = words[-1] == "->"
        tool, *rest = words[:-1] if to_storage else words
        options = tuple(word for word in rest if word.startswith(("-", ":")) or "=" in word)
        yield _Row(tool, tuple(word for word in rest if word not in options), options, to_storage)


_TABLE = tuple(_rows(SHIPPING))
_BY_TOOL: Mapping[str, tuple[_Row, ...]] = {
    tool: tuple(row for row in _TABLE if row.tool == tool) for tool in {row.tool for row in _TABLE}
}
_NOT = frozenset(
    "--dry-run --dry-run=client --dry-run=server --dry-run=true --dryrun --no-push --push=false --local --help".split()
)
"""Words that make a shipping command ship nothing."""
_MAY_STAND_BETWEEN = frozenset({"alpha", "beta", "preview"})
_NAMES_NO_COMMAND = frozenset({"echo", "printf", "#", ":", "true", "false", "test", "[", "[[", "grep", "cat", "alias"})
_BEFORE = frozenset(
    "sudo exec time env command nohup eval then do else if while until ! { ( xargs bash sh ash zsh dash "
    "/bin/bash /bin/sh -c -e -x -eu -ex -xe -ec -xc -euc -exc -xec -euxc -euo -eux -euxo -o -lc pipefail set retry "
    "&& ||".split()
)
"""What may stand before a command: a shell and its options, or another command that runs it."""
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_BUILDER = re.compile(
    r"(?:^|[-_.])(?:deploy|deployer|deployment|push|pusher|publish|publisher|uploader)(?:[-_.]|\Z)", re.IGNORECASE
)
"""An image whose name says that it ships."""
_STEP_ID = re.compile(r"(deploy|push|publish)(?:[^a-z]|\Z)", re.IGNORECASE)
"""A step whose id begins with the word."""
_SEPARATORS = str.maketrans(dict.fromkeys("\r;|`", "\n"))
_QUOTES = str.maketrans(dict.fromkeys("\"'()", " "))


def shipping_word(step: Mapping[str, Any]) -> str:
    """Return the command by which this step ships, as the table has it; empty where none is found. Never raise.

    The step is as Cloud Build's document has it: `name`, `id`, `entrypoint`, `args`, `script`.
    """
    for words in commands_of(step):
        found = _shipping(words)
        if found:
            return found
    image = _base(str(step.get("name", ""))[:_MOST_NAME])
    name = _BUILDER.search(image)
    said = _STEP_ID.match(str(step.get("id", ""))[:_MOST_NAME].strip())
    return f"image {image[:60]}" if name else f"id {said.group(1).lower()}" if said else ""


def commands_of(step: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the commands of a step as words: its arguments after its tool, and each line of what a shell is given."""
    args = step.get("args")
    tool = str(step.get("entrypoint") or "") or _base(str(step.get("name", "")))
    words = [tool, *islice(map(str, args), _MOST_ARGS)] if isinstance(args, list) else [tool]
    for text in (_joined(words), str(step.get("script") or "")[:_MOST_TEXT]):
        plain = text.replace("\\\n", " ")
        lines = (line for line in plain.split("\n") if not line.lstrip().startswith("#"))
        one_each = "\n".join(line.partition(" #")[0] for line in lines).replace("&&", "\n").replace("$(", "\n")
        for command in islice(one_each.translate(_SEPARATORS).split("\n"), _MOST_COMMANDS):
            found = _bare(command.translate(_QUOTES).split(maxsplit=_MOST_WORDS)[:_MOST_WORDS])
            if found:
                yield found


def _joined(words: Sequence[str]) -> str:
    """Return the words as one text; of very much, the beginning."""
    parts, left = [], _MOST_TEXT
    for word in words:
        parts.append(word[: max(left, 0)])
        left -= len(word) + 1
    return " ".join(parts)


def _bare(words: list[str]) -> list[str]:
    """Return the command without what may stand before one."""
    at = 0
    while at < len(words) and (words[at] in _BEFORE or _ASSIGNMENT.match(words[at])):
        at += 1
    return [] if at == len(words) or words[at] in _NAMES_NO_COMMAND else words[at:]


def _shipping(words: Sequence[str]) -> str:
    # A builder's image is its tool, and people name the tool again: `cloud-sdk gcloud run deploy`.
    for at, word in enumerate(words[:2]):
        rows, rest = _BY_TOOL.get(_base(word), ()), words[at + 1 :]
        if rows and _NOT.isdisjoint(rest):
            for row in rows:
                if _ships(row, rest):
                    return row.name
    return ""


def _ships(row: _Row, rest: Sequence[str]) -> bool:
    told = not row.options or all(any(option in word for word in rest) for option in row.options)
    return told and _commands_it(row.words, rest) and (not row.to_storage or _to_bucket(rest))


def _commands_it(wanted: Sequence[str], words: Sequence[str], *, after_option: bool = False) -> bool:
    """Whether these words begin with the wanted ones, but for options, and for what may be an option's value."""
    if not wanted:
        return True
    if not words:
        return False
    first, rest = words[0], words[1:]
    if first.startswith("-"):
        return _commands_it(wanted, rest, after_option="=" not in first)
    if wanted[0] in ("*", first) and _commands_it(wanted[1:], rest):
        return True
    return (after_option or first in _MAY_STAND_BETWEEN) and _commands_it(wanted, rest)


def _to_bucket(words: Sequence[str]) -> bool:
    plain = [word for word in words if not word.startswith("-")]
    return bool(plain) and "://" in plain[-1]


def _base(path: str) -> str:
    """Return the last part of a path or of an image's name, without its tag and digest."""
    return path.partition("@")[0].rpartition("/")[2].partition(":")[0]
