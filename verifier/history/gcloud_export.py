"""Builds out of what `gcloud builds list --format=json` printed: as a stream, whatever its size.

An array of documents, one document, or one after the other (JSON lines). The standard library's own scanner reads each
document from a buffer that holds little more than it; what came before is forgotten.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from verifier.history.summary import Problem
from verifier.strict_json import said

MOST_CHARACTERS = 16 * 1024 * 1024
"""The longest document that is waited for; the largest real ones have a few hundred thousand."""
_CHUNK = 256 * 1024
_BETWEEN = re.compile(r"[ \t\r\n,\ufeff]*")
_PASSED = 2048
"""What was passed over is forgotten at this length: json counts its lines again for each error that it raises."""
_MARGIN = 64
"""This near to the end of the window the scanner notices that a document is cut off, unless it is inside a string."""
_DECODE = json.JSONDecoder().raw_decode
_NEXT_DOCUMENT = re.compile(r"\n {0,2}\{")
"""Where a document begins in what gcloud prints, and in JSON lines; what is nested in one stands further right."""


class TextStream(Protocol):
    """Anything that text can be read from."""

    def read(self, size: int = ..., /) -> str: ...


def read_builds(stream: TextStream, name: str = "the file") -> Iterator[Mapping[str, Any] | Problem]:
    """Each document in the stream, and a Problem, with its line, for each part that is none.

    Reading goes on after what can't be read, at the next place where a document can begin. Never raises because of
    what the stream says; a stream that ends before its array or its last document does ends in a Problem.
    """
    window, count, in_list, empty = _Window(stream), 0, False, True
    strays: _Strays | None = None
    while sign := window.next_sign():
        empty = False
        if sign in "[]":
            in_list = sign == "["
            window.at += 1
            continue
        value = _value(window)
        if strays and isinstance(value, _Broken | Mapping):
            yield strays.problem(count)
            strays = None
        if isinstance(value, Mapping):
            count += 1
            yield value
        elif isinstance(value, _Broken):
            yield Problem(window.place(name), f"expected a build, {value.why}; builds before it: {count}")
            in_list &= window.skip(value.at)
        elif strays:
            strays.count += 1
        else:
            strays = _Strays(window.place(name), said(value))
    if strays:
        yield strays.problem(count)
    if empty:
        yield Problem(name, "expected what gcloud builds list --format=json prints, got an empty file")
    if in_list:
        yield Problem(window.place(name), f"the list has no end, so the file was cut off; builds before it: {count}")


@dataclass(frozen=True, slots=True)
class _Broken:
    """No document could be read here."""

    why: str
    at: int
    """Where in the window reading stopped."""


@dataclass(slots=True)
class _Strays:
    """Values that are no builds, one after the other: told once, with their number."""

    place: str
    first: str
    """The first one, by what it is."""
    count: int = 1

    def problem(self, builds: int) -> Problem:
        """Return what is told about them, after so many builds."""
        more = f" and {self.count - 1} more that are none" if self.count > 1 else ""
        return Problem(self.place, f"expected a build, got {self.first}{more}; builds before it: {builds}")


@dataclass(slots=True)
class _Window:
    """The part of the stream that is being looked at."""

    stream: TextStream
    text: str = ""
    at: int = 0
    """Up to here it was read."""
    line: int = 1
    """The number of the line that `counted` is in."""
    counted: int = 0
    """Up to here lines were counted."""

    def more(self) -> bool:
        """Forget what was read, and get as much again as is left. False when there is nothing more."""
        self._count()
        rest = self.text[self.at :]
        fresh = self.stream.read(max(_CHUNK, len(rest)))
        self.text, self.at, self.counted = rest + fresh, 0, 0
        return bool(fresh)

    def next_sign(self) -> str:
        """Go to the first character that is not between two documents, and say which; empty at the end."""
        while True:
            between = _BETWEEN.match(self.text, self.at)
            self.at = between.end() if between else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def skip(self, at: int) -> bool:
        """Go from there to where the next document may begin. False when there is none."""
        self.at = at
        while not (found := _NEXT_DOCUMENT.search(self.text, self.at)):
            self.at = max(self.at, len(self.text) - len("\n  "))
            if not self.more():
                self.at = len(self.text)
                return False
        self.at = found.start()
        if self.at > _PASSED:
            self._count()
            self.text, self.at, self.counted = self.text[self.at :], 0, 0
        return True

    def place(self, name: str) -> str:
        """Where it stands, for people."""
        self._count()
        return f"{name}, line {self.line}"

    def _count(self) -> None:
        """Count the lines since the last time: each once, whatever number of places is asked for."""
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at


def _value(window: _Window) -> object:
    """The next JSON value, or why there is none."""
    while True:
        try:
            value, window.at = _DECODE(window.text, window.at)
        except json.JSONDecodeError as error:
            if not _may_be_cut(error) or len(window.text) - window.at > MOST_CHARACTERS:
                return _Broken(f"got text that is not JSON ({error.msg})", max(error.pos, window.at))
            if not window.more():
                return _Broken("but the file was cut off in the midst of it", len(window.text))
        except (RecursionError, ValueError):
            return _Broken("got JSON with a number too long or nested too deeply", window.at + 1)
        else:
            return value


def _may_be_cut(error: json.JSONDecodeError) -> bool:
    return error.pos >= len(error.doc) - _MARGIN or error.msg.startswith("Unterminated string")
