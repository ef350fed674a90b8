"""The builds of the stand-in's Cloud Build."""

from __future__ import annotations

import threading
from bisect import bisect_right, insort
from collections.abc import Callable, Mapping
from typing import Any

from verifier.standin.build_documents import parse_build
from verifier.standin.messages import Pb, timestamp_nanoseconds

_Place = tuple[str, str]
_Key = tuple[int, str]
"""Orders builds newest first: the negative time of creation, then the id."""


class BuildBook:
    """Builds by project, location and id. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._builds: dict[_Place, dict[str, Pb]] = {}
        self._order: dict[_Place, list[_Key]] = {}

    def put(self, project: str, location: str, document: Mapping[str, Any]) -> None:
        """Add a build, or replace the one of the same id. Raise ValueError for what is no build."""
        build = parse_build(document)
        with self._lock:
            builds = self._builds.setdefault((project, location), {})
            order = self._order.setdefault((project, location), [])
            if build.id in builds:
                order.remove(_key(builds[build.id]))
            builds[build.id] = build
            insort(order, _key(build))

    def get(self, project: str, location: str, build_id: str) -> Pb | None:
        """Return the build, or None."""
        with self._lock:
            return self._builds.get((project, location), {}).get(build_id)

    def page(
        self, project: str, location: str, matches: Callable[[Pb], bool], after: _Key | None, size: int
    ) -> tuple[list[Pb], _Key | None]:
        """Up to `size` builds that match, newest first, and the key to go on after: None at the end."""
        with self._lock:
            builds = self._builds.get((project, location), {})
            order = self._order.get((project, location), [])
            found: list[Pb] = []
            for key in order[bisect_right(order, after) if after else 0 :]:
                if not matches(builds[key[1]]):
                    continue
                if len(found) == size:
                    return found, _key(found[-1])
                found.append(builds[key[1]])
            return found, None


def _key(build: Pb) -> _Key:
    return -timestamp_nanoseconds(build.create_time), build.id
