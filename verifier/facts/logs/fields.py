"""Fields of a structured entry by their paths, found in one walk over what it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple


class Place(NamedTuple):
    """Where paths lead that begin with one name."""

    order: int
    """The place in the order of paths of the name alone, -1 where it is none."""
    below: tuple[tuple[int, tuple[str, ...]], ...]
    """The places of the paths that go on below it, with their other names."""


def places(paths: Iterable[str]) -> dict[str, Place]:
    """Return where these paths are looked for; a dotted one is meant as one name with dots, and nested."""
    found: dict[str, Place] = {}
    for order, path in enumerate(paths):
        first, *rest = path.split(".")
        found[path] = Place(order, found[path].below if path in found else ())
        if rest:
            before = found.get(first, Place(-1, ()))
            found[first] = Place(before.order, (*before.below, (order, tuple(rest))))
    return found


def ordered_values(payload: Mapping[str, Any], where: Mapping[str, Place]) -> list[tuple[int, Any]]:
    """Return what stands at these places, each with its path's place in the order."""
    found = []
    for name, value in payload.items():
        place = where.get(name)
        if place is None or value is None:
            continue
        order, below = place
        if order >= 0:
            found.append((order, value))
        if below and not isinstance(value, str) and isinstance(value, Mapping):
            for inner_order, names in below:
                inner: Any = value
                for part in names:
                    inner = inner.get(part) if isinstance(inner, Mapping) else None
                if inner is not None:
                    found.append((inner_order, inner))
    if len(found) > 1:
        found.sort(key=itemgetter(0))
    return found
