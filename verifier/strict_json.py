"""JSON from outside, read strictly: whatever two readers could read differently is refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from verifier.errors import Malformed

MOST_PARTS = 100_000
"""The most lists and objects in a text. Builds of many megabytes have fewer; a megabyte of brackets is no message."""


def parse_json(text: bytes, place: str) -> object:
    """Return what strict JSON says: UTF-8, no key twice, no number that JSON lacks, no half of a surrogate pair.

    Raise Malformed, also for more than `MOST_PARTS` brackets that open: each costs a hundred times its byte.
    """
    parts = text.count(b"[") + text.count(b"{")
    if parts > MOST_PARTS:
        raise Malformed(f"{place}: expected JSON with at most {MOST_PARTS} lists and objects, got {parts}")
    try:
        decoded = text.decode("utf-8")
        value: object = _JSON.decode(decoded)
        # Most messages have no backslash at all, and one character is found far faster than three.
        if "\\" in decoded and ("\\ud" in decoded or "\\uD" in decoded):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise Malformed(f"{place}: expected JSON, got it nested too deeply") from error
    except ValueError as error:
        raise Malformed(f"{place}: expected JSON in UTF-8, got {error}") from error
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        name, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"the key {said(name)} more than once")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"the number {text[:40]}")
    return number


_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite)


def object_in(value: object, place: str) -> Mapping[str, Any]:
    """Return the value, which must be an object. Raise Malformed."""
    if not isinstance(value, dict):
        raise Malformed(f"{place}: expected an object, got {said(value)}")
    return value


def objects_in(value: object, place: str) -> Iterator[Mapping[str, Any]]:
    """Return the items of the value, which must be a list of objects. Raise Malformed."""
    if not isinstance(value, list):
        raise Malformed(f"{place}: expected a list, got {said(value)}")
    for item in value:
        yield object_in(item, place)


def text_in(value: object, place: str) -> str:
    """Return the value, which must be text. Raise Malformed."""
    if not isinstance(value, str):
        raise Malformed(f"{place}: expected text, got {said(value)}")
    return value


def said(value: object) -> str:
    """Return a value by what it is: text in quotes, capped; anything else by its kind alone."""
    if isinstance(value, str):
        return repr(value[:80])
    return "nothing" if value is None else type(value).__name__
