"""Builds by the beginning of their id, which Cloud Build can't be asked for: its lists are looked through.

Documentation: "projects.locations.builds.list", "View build results" (the filter's grammar).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from verifier.adapters.build_history import LOCATIONS
from verifier.adapters.cloud_build import CloudBuild
from verifier.adapters.patience import Patience
from verifier.errors import ServiceError
from verifier.facts.build import BuildKey
from verifier.times import show_time

MOST_LISTS = 20
"""Pages after the first of each location that are looked through."""
_AT_ONCE = 16
_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The builds whose id begins so."""

    keys: tuple[BuildKey, ...]
    unread: tuple[str, ...]
    """Locations that were not looked through to their end."""
    trouble: ServiceError | None = None
    """Why the first of them was not, where it was no want of patience."""


@dataclass(frozen=True, slots=True)
class BuildSearch:
    """Looks through lists, newest builds first."""

    cloud_build: CloudBuild
    patience: Patience

    def beginning(self, start: str, project: str, locations: Sequence[str], since: datetime) -> SearchResult:
        """Return the builds created since then whose id begins so: of every location, where none is given."""
        wanted = f'create_time>="{show_time(since)}"'
        keys, unread = list[BuildKey](), list[str]()
        pages = dict[str, str]()
        trouble: ServiceError | None = None
        places = locations or LOCATIONS
        with ThreadPoolExecutor(_AT_ONCE) as several:
            firsts = list(several.map(lambda place: self._page(project, place, wanted, ""), places))
        for place, first in zip(places, firsts, strict=True):
            if isinstance(first, ServiceError):
                trouble = trouble or first
                unread.append(place)
            else:
                keys += _beginning(start, project, place, first[0])
                pages |= {place: first[1]} if first[1] else {}
        for _ in range(MOST_LISTS):
            if keys or not pages:
                break
            place, token = pages.popitem()
            found = self._page(project, place, wanted, token)
            if isinstance(found, ServiceError):
                trouble = trouble or found
                unread.append(place)
                continue
            keys += _beginning(start, project, place, found[0])
            # The locations take turns: the one that was looked at waits for the others.
            pages = ({place: found[1]} if found[1] else {}) | pages
        return SearchResult(tuple(keys), (*unread, *pages), trouble)

    def _page(self, project: str, place: str, wanted: str, token: str) -> tuple[list[str], str] | ServiceError:
        call = partial(self.cloud_build.documents, project, place, wanted, token, timeout=_SECONDS)
        try:
            documents, following = self.patience.of(call)
        except ServiceError as error:
            return error
        return [str(document.get("id", "")) for document in documents], following


def _beginning(start: str, project: str, place: str, ids: Sequence[str]) -> list[BuildKey]:
    return [BuildKey(project, place, each) for each in ids if each.startswith(start)]
