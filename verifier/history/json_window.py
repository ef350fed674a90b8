"""A stream of text as JSON values, one after the other, through a window that holds little more than one of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from io import StringIO
from typing import Protocol

MOST_CHARACTERS = 16 * 1024 * 1024
"""The longest document that is waited for; the largest real ones have a few hundred thousand."""
_CHUNK = 256 * 1024
_BETWEEN = re.compile(r"[ \t\r\n,\ufeff]*")
_MARGIN = 64
"""This near to the end of the window the scanner notices that a document is cut off, unless it is inside a string."""
_LONGEST_WORD = len(r"\u00e9")
"""Where the stream ends, the scanner noticed no further from its end than this."""
_DECODE = json.JSONDecoder().raw_decode
_NEXT_DOCUMENT = re.compile(r"\n {0,2}\{")
"""Where a document begins in what gcloud prints, and in JSON lines; what is nested in one stands further right."""


class TextStream(Protocol):
    """Anything that text can be read from."""

    def read(self, size: int = ..., /) -> str: ...


@dataclass(frozen=True, slots=True)
class Broken:
    """No value could be read here."""

    why: str
    at: int
    """Where in the window reading stopped."""


@dataclass(slots=True)
class Window:
    """The part of the stream that is being looked at."""

    stream: TextStream
    text: str = ""
    at: int = 0
    """Up to here it was read."""
    line: int = 1
    """The number of the line that `counted` stands in."""
    counted: int = 0

    def more(self) -> bool:
        """Forget what was read, and get as much again as is left. Return False when there is nothing more."""
        self.current_line()
        rest = self.text[self.at :]
        fresh = self.stream.read(max(_CHUNK, len(rest)))
        self.text, self.at, self.counted = rest + fresh, 0, 0
        return bool(fresh)

    def close(self) -> None:
        """Go to the end of the stream without reading it."""
        self.stream, self.text = StringIO(), self.text[: self.at]

    def holds(self, count: int) -> str:
        """Return so many characters from here on, or what is left of the stream."""
        while len(self.text) - self.at < count and self.more():
            pass
        return self.text[self.at : self.at + count]

    def next_sign(self) -> str:
        """Go to the first character that is not between two documents, and return it; empty at the end."""
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
        return True

    def current_line(self) -> int:
        """Return the number of the line that is being read."""
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

    def value(self) -> object:
        """Return the next JSON value, or why there is none."""
        while True:
            try:
                value, self.at = _DECODE(self.text, self.at)
            except json.JSONDecodeError as error:
                if not _may_be_cut(error, _MARGIN):
                    return Broken(f"got text that is not JSON ({error.msg})", max(error.pos, self.at))
                offset = error.pos - self.at
                if len(self.text) - self.at > MOST_CHARACTERS:
                    return Broken(f"got one of more than {MOST_CHARACTERS} characters", max(error.pos, self.at))
                if not self.more():
                    if not _may_be_cut(error, _LONGEST_WORD):
                        return Broken(f"got text that is not JSON ({error.msg})", self.at + offset)
                    return Broken("but the file was cut off in the midst of it", len(self.text))
            except (RecursionError, ValueError):
                return Broken("got JSON with a number too long or nested too deeply", self.at + 1)
            else:
                return value


def _may_be_cut(error: json.JSONDecodeError, margin: int) -> bool:
    return error.pos >= len(error.doc.rstrip()) - margin or error.msg.startswith("Unterminated string")
