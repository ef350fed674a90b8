"""Fields of a structured entry by their paths, found in one walk over what it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Places = Mapping[str, tuple[tuple[int, tuple[str, ...]], ...]]
"""By the first name: the place in the order of paths, and the names that follow below it."""


def places(paths: Iterable[str]) -> Places:
    """Return where these paths are looked for; a dotted one is meant as one name with dots, and nested."""
    found: dict[str, tuple[tuple[int, tuple[str, ...]], ...]] = {}
    for order, path in enumerate(paths):
        first, *rest = path.split(".")
        for name, below in {(path, ()), (first, tuple(rest))}:
            found[name] = (*found.get(name, ()), (order, below))
    return found


def values_at(payload: Mapping[str, Any], where: Places) -> list[Any]:
    """Return what stands at these places, in the order of the paths."""
    return [value for _, value in ordered_values(payload, where)]


def ordered_values(payload: Mapping[str, Any], where: Places) -> list[tuple[int, Any]]:
    """Return what stands at these places, each with its path's place in the order."""
    found = []
    for name, value in payload.items():
        for order, below in where.get(name, ()):
            inner = value
            for part in below:
                inner = inner.get(part) if isinstance(inner, Mapping) else None
            if inner is not None:
                found.append((order, inner))
    if len(found) > 1:
        found.sort(key=_order)
    return found


def _order(pair: tuple[int, Any]) -> int:
    return pair[0]
