"""The builds of the past: of every status, newest first, from one project and any number of locations.

Documentation: "Cloud Build locations", "View build results" (the filter's grammar).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from heapq import merge
from typing import Any

from verifier.adapters.cloud_build import CloudBuild
from verifier.adapters.patience import Patience
from verifier.errors import Malformed, ServiceError, Unavailable
from verifier.facts.build import Build, parse_build
from verifier.history.summary import Problem
from verifier.times import show_time

LOCATIONS = tuple(
    "global africa-south1 asia-east1 asia-east2 asia-northeast1 asia-northeast2 asia-northeast3 asia-south1 "
    "asia-south2 asia-southeast1 asia-southeast2 australia-southeast1 australia-southeast2 europe-central2 "
    "europe-north1 europe-north2 europe-southwest1 europe-west1 europe-west2 europe-west3 europe-west4 europe-west6 "
    "europe-west8 europe-west9 europe-west10 europe-west12 me-central1 me-central2 me-west1 northamerica-northeast1 "
    "northamerica-northeast2 northamerica-south1 southamerica-east1 southamerica-west1 us-central1 us-east1 us-east4 "
    "us-east5 us-south1 us-west1 us-west2 us-west3 us-west4".split()
)
"""Every location that builds run in."""

_SECONDS = 15.0
_AT_ONCE = 16


@dataclass(slots=True)
class _Listing:
    """One location's listing, after its first page was asked for."""

    location: str
    documents: list[dict[str, Any]] = field(default_factory=list)
    next_page: str = ""
    trouble: ServiceError | None = None


class BuildHistory:
    """Lists with the client of the function's own sweep."""

    def __init__(
        self,
        patience: Patience,
        endpoint: str = "",
        seen: Callable[[Mapping[str, Any], Build], None] | None = None,
    ) -> None:
        """`seen` is told of each build's document, before the build goes by."""
        self._cloud_build = CloudBuild(endpoint)
        self._patience = patience
        self._seen = seen

    def builds(
        self, project: str, locations: Sequence[str], since: datetime, until: datetime
    ) -> Iterator[Build | Problem]:
        """Return the builds created between two moments, newest first across the locations, as they are needed.

        A location that can't be listed is a Problem, one for all whose trouble is the same; so is a build that can't be
        read. Where trouble comes in the midst of a listing, the Problem says how far it got. No more than a page of
        each location is in memory. Raise nothing.
        """
        wanted = f'create_time>="{show_time(since)}" AND create_time<="{show_time(until)}"'
        with ThreadPoolExecutor(_AT_ONCE) as several:
            listings = list(several.map(lambda location: self._begun(project, location, wanted), locations))
        yield from _troubles(project, [listing for listing in listings if listing.trouble])
        streams = [self._rest(project, wanted, listing) for listing in listings if not listing.trouble]
        for _, item in merge(*streams, key=lambda timed: timed[0], reverse=True):
            yield item

    def _begun(self, project: str, location: str, wanted: str) -> _Listing:
        listing = _Listing(location)
        try:
            listing.documents, listing.next_page = self._page(project, location, wanted, "")
        except ServiceError as error:
            listing.trouble = error
        return listing

    def _rest(self, project: str, wanted: str, listing: _Listing) -> Iterator[tuple[str, Build | Problem]]:
        """Return the listing's builds, each with the text of its time; a Problem has that of the build before it."""
        place, count, stamp = f"{project}/{listing.location}", 0, "9"
        documents, next_page = listing.documents, listing.next_page
        while True:
            for document in documents:
                stamp = min(stamp, str(document.get("createTime", stamp)).removesuffix("Z"))
                found = _read(place, document)
                if self._seen is not None and isinstance(found, Build):
                    self._seen(document, found)
                yield stamp, found
                count += 1
            if not next_page:
                return
            try:
                documents, next_page = self._page(project, listing.location, wanted, next_page)
            except ServiceError as error:
                text = f"stopped after {count} builds, at {stamp}Z; older ones are left out: {error}"
                yield stamp, Problem(place, text)
                return

    def _page(self, project: str, location: str, wanted: str, page: str) -> tuple[list[dict[str, Any]], str]:
        call = partial(self._cloud_build.documents, project, location, wanted, page, timeout=_SECONDS)
        return self._patience.of(call)


def _read(place: str, document: dict[str, Any]) -> Build | Problem:
    try:
        return parse_build(document)
    except Malformed as error:
        return Problem(f"{place}/{str(document.get('id', ''))[:60]}", str(error))


def _troubles(project: str, failed: Sequence[_Listing]) -> Iterator[Problem]:
    """One Problem for all locations that say the same of themselves."""
    alike: dict[str, list[_Listing]] = {}
    for listing in failed:
        alike.setdefault(str(listing.trouble).replace(listing.location, "*"), []).append(listing)
    for listings in alike.values():
        first, *others = listings
        more = f" (and so {', '.join(listing.location for listing in others)})" if others else ""
        tried = " although it was tried again" if isinstance(first.trouble, Unavailable) else ""
        yield Problem(f"{project}/{first.location}", f"nothing listed{tried}: {first.trouble}{more}")
