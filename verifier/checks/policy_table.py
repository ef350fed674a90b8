"""A TOML table that is read key by key, so that all that is wrong is told at once, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

import re2

from verifier.problems import Problems, shown

_DURATION = re2.compile(r"^([1-9][0-9]{0,6})([smh])$")
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}

_T = TypeVar("_T")
_Word = TypeVar("_Word", bound=StrEnum)


class Table:
    """A table that is read key by key; what is wrong is noted, and reading goes on with a value that does no harm."""

    def __init__(self, values: Mapping[str, object], place: str, problems: Problems) -> None:
        self._values = values
        self.place = place
        self._problems = problems
        self._known: set[str] = set()

    def wrong(self, key: str, expected: str, value: object) -> None:
        """Note that this key has not what is expected. The empty key is the table itself."""
        self._problems.add(self._at(key), f"expected {expected}, got {_show(value)}")

    def text(self, key: str, form: str = "", expected: str = "text", *, required: bool = False) -> str:
        value = self.take(key)
        if value is None and not required:
            return ""
        if isinstance(value, str) and value.strip() and (not form or re2.match(form, value)):
            return value
        self.wrong(key, expected, value)
        return ""

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.take(key)
        if isinstance(value, bool):
            return value
        if value is not None:
            self.wrong(key, "true or false", value)
        return default

    def span(self, key: str, default: timedelta, most: timedelta) -> timedelta | None:
        """Return the duration, the default where there is none, None where it is wrong."""
        value = self.take(key)
        if value is None:
            return default
        found = span_of(value)
        if found is not None and found <= most:
            return found
        self.wrong(key, f'a duration such as "90s", "15m" or "2h", at most {most // _UNITS["h"]}h', value)
        return None

    def span_or_none(self, key: str, default: timedelta, most: timedelta) -> timedelta:
        """Return the duration, zero for `"0"`, the default where there is none or it is wrong."""
        if self._values.get(key) == "0":
            self.take(key)
            return timedelta()
        return self.span(key, default, most) or default

    def items(self, key: str, read: Callable[[Table, str, object], _T | None], advice: str) -> tuple[_T, ...]:
        """Return what `read` makes of each item; it is given the table and the item's place; a bad one is None."""
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not value:
            example = f', such as ["{value}"]' if isinstance(value, str) else f" with at least one item ({advice})"
            self.wrong(key, f"a list{example}", value)
            return ()
        readings = (read(self, f"{key}[{number}]", item) for number, item in enumerate(value, start=1))
        return tuple(item for item in readings if item is not None)

    def texts(self, key: str, advice: str) -> tuple[str, ...]:
        return self.items(key, text_item, advice)

    def choices(self, key: str, words: type[_Word], advice: str) -> frozenset[_Word]:
        def word(table: Table, place: str, item: object) -> _Word | None:
            found = next((known for known in words if known.value == item), None)
            if found is None:
                table.wrong(place, f"one of {', '.join(words)}", item)
            return found

        return frozenset(self.items(key, word, advice))

    def choice(self, key: str, words: type[_Word]) -> _Word | None:
        value = self.take(key)
        found = next((known for known in words if known.value == value), None)
        if value is not None and found is None:
            self.wrong(key, f"one of {', '.join(words)}", value)
        return found

    def table(self, key: str) -> Table:
        value = self.take(key)
        if value is not None and not isinstance(value, dict):
            self.wrong(key, f"a table, [{self._at(key)}]", value)
        return self.inner(key, value)

    def tables(self, key: str) -> Iterator[Table]:
        """Every table of this name, closed when the reader comes back for the next."""
        value = self.take(key)
        if value is None:
            return
        if not (isinstance(value, list) and value and all(isinstance(item, dict) for item in value)):
            self.wrong(key, f"tables, each headed [[{self._at(key)}]]", value)
            return
        for number, item in enumerate(value, start=1):
            table = self.inner(f"{key}[{number}]", item)
            yield table
            table.end()

    def inner(self, place: str, value: object) -> Table:
        """Return the table at this place inside; an empty one when the value is none."""
        return Table(value if isinstance(value, dict) else {}, self._at(place), self._problems)

    def end(self) -> None:
        """Note every key that nobody asked for."""
        for key in sorted(self._values.keys() - self._known):
            self._problems.unknown(self._at(key), key, self._known)

    def take(self, key: str) -> object:
        """Return the value as it stands, None when there is none."""
        self._known.add(key)
        return self._values.get(key)

    def _at(self, key: str) -> str:
        return ".".join(part for part in (self.place, key) if part)


def span_of(value: object) -> timedelta | None:
    """Return the duration that this value is, such as "4h"; None where it is none."""
    match = _DURATION.match(value) if isinstance(value, str) else None
    return int(match.group(1)) * _UNITS[match.group(2)] if match else None


def text_item(table: Table, place: str, item: object) -> str | None:
    """Return an item that is text, or None when it is not."""
    if not isinstance(item, str) or not item.strip():
        table.wrong(place, "text that is not empty", item)
        return None
    return item


def _show(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case str():
            return shown(value)
        case bool():
            return str(value).lower()
        case dict():
            return "a table"
        case list():
            return shown(", ".join(map(str, value))) if value else "an empty list"
    return str(value)[:80]
