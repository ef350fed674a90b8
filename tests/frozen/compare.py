"""What was frozen, and the rule by which today's is held against it: fields may be added, none renamed or gone.

A word, a number or a name is the same. Prose for people may be written in better English, a moment may be another one,
a digest may be of more: each is there whenever it was. A list may be longer: each item that was in it still is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.fixtures.records import FOLDER

FROZEN = FOLDER / "0.1.0"
_PROSE = frozenset("detail error evidence excerpt message reason remediation remedy seen text".split())
"""Fields that hold sentences."""
_MEASURED = frozenset({"secondsToVerdict", "sha256", "page"})
"""A page is Cloud Build's own mark of where a listing stands: it says nothing to anybody else."""
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$")
_ABSENT: tuple[object, ...] = (None, "", [])


def frozen(name: str) -> Any:
    """Return the JSON values of one file."""
    return json.loads((FROZEN / name).read_text())


def lost(old: Any, now: Any) -> list[str]:
    """Return what stood in the old value and is not in today's, each with its place: empty when nothing is."""
    return list(_lost(old, now, ""))


def _lost(old: Any, now: Any, place: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(now, dict):
        for name, value in old.items():
            here = f"{place}.{name}".lstrip(".")
            if name not in now:
                yield f"{here}: expected it to be there, as it was: {value!r}"
            elif name in _PROSE | _MEASURED:
                yield from _lost_kind(value, now[name], here)
            else:
                yield from _lost(value, now[name], here)
    elif isinstance(old, list) and isinstance(now, list):
        for number, item in enumerate(old):
            if not any(_is_kept(item, other) for other in now):
                nearest = now[number] if number < len(now) else None
                yield from _lost(item, nearest, f"{place}[{number}]")
    elif type(old) is not type(now) or (old != now and not (_is_moment(old) and _is_moment(now))):
        yield f"{place}: expected {old!r}, as it was, got {now!r}"


def _is_kept(old: Any, now: Any) -> bool:
    return next(_lost(old, now, ""), None) is None


def _lost_kind(old: Any, now: Any, place: str) -> Iterator[str]:
    """Say whether it is there as it was, whatever it says."""
    if type(old) is not type(now) or (old in _ABSENT) != (now in _ABSENT):
        yield f"{place}: expected one as there was, {old!r}, got {now!r}"


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and bool(_MOMENT.match(value))
