"""JSON documents out of what gcloud and the REST APIs print: as a stream, whatever its size and whatever they are.

An array of documents, one document, one after the other (JSON lines), or pages of a listing (`{"builds": [...]}`).
Whether a document is a build is asked of `recognize.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from verifier.history.json_window import Broken, TextStream, Window
from verifier.history.recognize import PARTS, likely_note, no_json
from verifier.history.summary import Notice, Problem
from verifier.redact import one_line
from verifier.strict_json import said

LISTINGS = ("builds", "entries")
"""Where the REST APIs put the documents of a page."""
MOST_BROKEN = 1_000
"""Documents that are no JSON, after which a stream is taken for something else than an export."""
_LISTINGS = frozenset(LISTINGS)
_PAGE = re.compile(rf'\{{\s*(?:"nextPageToken"\s*:\s*""\s*,\s*)?"(?:{"|".join(LISTINGS)})"\s*:\s*\[')
_PAGE_BEGINS_WITHIN = 1_000
_FIRST_DOCUMENT = re.compile(r"^[\[{]", re.MULTILINE)
_MOST_BEFORE = 16 * 1024
_MOST_NAME = 60


class Document(NamedTuple):
    """One JSON object, and where it was."""

    value: Mapping[str, Any]
    file: str
    number: int
    """Which one of the file's, from 1."""

    @property
    def place(self) -> str:
        """Where it was, for people."""
        return f"{self.file}, document {self.number}"


def read_documents(stream: TextStream, name: str = "the file") -> Iterator[Document | Notice | Problem]:
    """Yield each object in the stream, and a Problem, with its line, for each part that is none.

    Reading goes on after what can't be read, at the next place where a document can begin. Never raises because of
    what the stream says; a stream that ends before its array or its last document does ends in a Problem. A Notice
    tells what was passed over without a loss.
    """
    return _Reader(Window(stream), name).items()


@dataclass(slots=True)
class _Reader:
    """Reads one stream from its first character to its last."""

    window: Window
    name: str
    count: int = 0
    """Documents so far."""
    depth: int = 0
    """Lists that are open."""
    in_page: bool = False
    told: bool = False
    """A Problem was yielded."""
    broken: int = 0
    """Documents that are no JSON."""
    strays: int = 0
    """Values in a row that are no objects."""
    stray: tuple[int, str] = (0, "")
    """The line of the first of them, and what it is."""

    def items(self) -> Iterator[Document | Notice | Problem]:
        """Yield what `read_documents` promises."""
        window, empty = self.window, True
        yield from self._before()
        while sign := window.next_sign():
            empty = False
            if sign == "[":
                self.depth += 1
                window.at += 1
            elif sign == "]" and self.depth:
                self.depth -= 1
                window.at += 1
                if self.in_page and not self.depth:
                    yield from self._page_rest()
            elif sign == "{" and not self.depth and self._opens_page():
                self.depth, self.in_page = 1, True
            else:
                value = window.value()
                if isinstance(value, dict) and not self.strays and _LISTINGS.isdisjoint(value):
                    self.count += 1
                    yield Document(value, self.name, self.count)
                else:
                    yield from self._other(value)
        yield from self._end(empty=empty)

    def _before(self) -> Iterator[Notice | Problem]:
        """Pass over lines of gcloud's that stand before the JSON, and say so."""
        window = self.window
        if not window.next_sign() or window.text[window.at] in "[{":
            return
        head = window.holds(_MOST_BEFORE)
        first = _FIRST_DOCUMENT.search(head)
        note = head[: first.start()] if first else ""
        if likely_note(note):
            yield Notice(self.name, f"before the JSON stands: {one_line(note, 300)}")
        elif why := no_json(head):
            self.told = True
            yield Problem(f"{self.name}, line {window.current_line()}", f"expected JSON; {why}")
        else:
            return
        window.at += len(note)
        if not note:
            window.skip(window.at)

    def _other(self, value: object) -> Iterator[Document | Problem]:
        """Deal with a value that is not simply the next document."""
        if not isinstance(value, dict | Broken):
            if not self.strays:
                self.stray = self.window.current_line(), said(value)
            self.strays += 1
            return
        yield from self._strays()
        if isinstance(value, Broken):
            yield self._problem(f"expected a document, {value.why}")
            self.broken += 1
            if self.broken == MOST_BROKEN:
                yield self._problem(f"{MOST_BROKEN} documents are no JSON, so the rest is not read")
                self.window.close()
            if not self.window.skip(value.at):
                self.depth, self.in_page = 0, False
            return
        listings = [name for name in LISTINGS if isinstance(value.get(name), list)]
        if listings and PARTS.isdisjoint(value):
            yield from self._page(value, listings)
        else:
            self.count += 1
            yield Document(value, self.name, self.count)

    def _strays(self) -> Iterator[Problem]:
        """Tell of the values in a row that are no objects: once, however many there are."""
        if self.strays:
            line, got = self.stray
            more = f" and {self.strays - 1} more that are none" if self.strays > 1 else ""
            yield self._problem(f"expected an object, got {got}{more}", line)
        self.strays = 0

    def _page(self, page: Mapping[str, Any], listings: list[str]) -> Iterator[Document | Problem]:
        """Yield the documents of a page that was read as a whole, in its lists' order."""
        for item in (item for name in listings for item in page[name]):
            if isinstance(item, dict):
                self.count += 1
                yield Document(item, self.name, self.count)
            else:
                yield self._problem(f"expected an object, got {said(item)}")
        for name, value in page.items():
            if name not in listings and value:
                yield self._beside(name)

    def _opens_page(self) -> bool:
        """Go into the list of a page, if one begins here: however long it is, a document at a time is read."""
        found = _PAGE.match(self.window.holds(_PAGE_BEGINS_WITHIN))
        if found:
            self.window.at += found.end()
        return bool(found)

    def _page_rest(self) -> Iterator[Problem]:
        """Read what comes after the list of a page, and tell of what is not the whole."""
        window = self.window
        yield from self._strays()
        self.in_page = False
        while (sign := window.next_sign()) and sign != "}":
            name = window.value()
            colon = window.next_sign() == ":" if isinstance(name, str) else False
            if not (isinstance(name, str) and colon):
                why = name.why if isinstance(name, Broken) else "got something else"
                yield self._problem(f"expected the end of the page of a listing, {why}")
                window.skip(window.at)
                return
            window.at += 1
            window.next_sign()
            value = window.value()
            if isinstance(value, Broken):
                yield self._problem(f"expected the end of the page of a listing, {value.why}")
                window.skip(value.at)
                return
            if value:
                yield self._beside(name)
        if not sign:
            yield self._problem("the page of a listing has no end, so the file was cut off")
        else:
            window.at += 1

    def _beside(self, name: str) -> Problem:
        """Return what a page's key means that is not its list."""
        if name == "nextPageToken":
            return self._problem(
                "this is one page of a listing, and it has a nextPageToken: more pages exist; read them too, or list "
                "with gcloud ... list --limit=unlimited --format=json"
            )
        return self._problem(
            f"expected nothing but nextPageToken beside a page's list, got {one_line(name, _MOST_NAME)!r}"
        )

    def _end(self, *, empty: bool) -> Iterator[Notice | Problem]:
        yield from self._strays()
        if self.depth:
            yield self._problem("the list has no end, so the file was cut off")
        if self.told or self.count:
            return
        if empty:
            yield Problem(self.name, "expected what gcloud ... list --format=json prints, got an empty file")
        else:
            yield Notice(self.name, "an empty list")

    def _problem(self, text: str, line: int = 0) -> Problem:
        self.told = True
        place = f"{self.name}, line {line or self.window.current_line()}"
        return Problem(place, f"{text}; documents before it: {self.count}")
