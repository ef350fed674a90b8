"""The places of a schema that a value meets, and the changes to a value that a schema must not take."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.schemas.loading import LOOSE, schemas

_NO_WORD = "no such word"


@dataclass(frozen=True, slots=True)
class MetProperty:
    """A property that a value has, with its description's place."""

    place: str
    """`FILE#/…/properties/NAME`."""
    path: tuple[str | int, ...]
    """Where it is in the value."""
    value: Any
    is_required: bool
    has_words: bool
    """Whether it is one of some promised words."""


def met(name: str, value: Any) -> Iterator[MetProperty]:
    """Yield each property of the value that the schema of this name describes."""
    yield from _met(name, schemas()[name], value, ())


def planted(name: str, value: Any, tried: set[str]) -> Iterator[tuple[str, Any]]:
    """Yield values that must not fit, each with what was changed: a required property is gone, a word is none.

    What was tried already is left out, and what is yielded is noted there.
    """
    for each in met(name, value):
        for change, to, is_wanted in (
            (f"{name}: without {each.place}", None, each.is_required),
            (f"{name}: no word in {each.place}", _NO_WORD, each.has_words and isinstance(each.value, str)),
        ):
            if is_wanted and change not in tried:
                tried.add(change)
                yield change, _changed(value, each.path, to)


def described() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each property that a schema describes: its place, its name and its schema."""
    for file, schema in schemas().items():
        if file not in LOOSE:
            yield from _described(f"{file}#", schema)


def _described(place: str, schema: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if isinstance(schema, list):
        for number, item in enumerate(schema):
            yield from _described(f"{place}/{number}", item)
    elif isinstance(schema, dict):
        for name, each in schema.items():
            if name == "properties":
                for own, described in each.items():
                    yield f"{place}/properties/{own}", own, described
                    yield from _described(f"{place}/properties/{own}", described)
            else:
                yield from _described(f"{place}/{name}", each)


def _met(place: str, schema: dict[str, Any], value: Any, path: tuple[str | int, ...]) -> Iterator[MetProperty]:
    place, schema = _resolved(place, schema)
    for number, branch in enumerate(schema.get("anyOf", ())):
        yield from _met(f"{place}/anyOf/{number}", branch, value, path)
    if isinstance(value, dict):
        for name, each in schema.get("properties", {}).items():
            if name in value:
                here = f"{_at(place)}/properties/{name}"
                _, aim = _resolved(here, each)
                has_words = "enum" in aim or "const" in aim
                yield MetProperty(here, (*path, name), value[name], name in schema["required"], has_words)
                yield from _met(here, each, value[name], (*path, name))
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            yield from _met(f"{_at(place)}/items", schema["items"], item, (*path, number))


def _resolved(place: str, schema: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return what a reference leads to, and where that is."""
    while "$ref" in schema:
        file, _, pointer = schema["$ref"].partition("#")
        file = file or place.partition("#")[0]
        place, schema = f"{file}#{pointer}", schemas()[file]
        for step in pointer.split("/")[1:]:
            schema = schema[step]
    return place, schema


def _at(place: str) -> str:
    return place if "#" in place else f"{place}#"


def _changed(value: Any, path: tuple[str | int, ...], to: str | None = None) -> Any:
    """Return a copy of the value with another word at a place, or without what is there."""
    changed = copy.deepcopy(value)
    *above, last = path
    holder = changed
    for step in above:
        holder = holder[step]
    if to is None:
        del holder[last]
    else:
        holder[last] = to
    return changed
