"""What is left of it all in the end, without what trouble may change: moments, and the order of reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tests.unit.controller.watch.deployed import WatchedTeam
from tests.unit.controller.world import NOW
from verifier.checks.known_errors import ErrorBook
from verifier.checks.watch.watching import Watch
from verifier.controller.error_book import ERRORS, name_of, parse_book
from verifier.controller.ledger import Record


@dataclass(frozen=True)
class WhatIsLeft:
    """What is left of it all."""

    watches: tuple[Watch, ...]
    book: ErrorBook
    said: tuple[tuple[str, ...], ...]
    notes: tuple[tuple[str, ...], ...]
    audited: frozenset[tuple[str, str]]
    entries: tuple[tuple[str, int], ...]
    """How many entries the audit trail shows of each event."""


def left_behind(team: WatchedTeam, names: Iterable[str], records: Sequence[Record]) -> WhatIsLeft:
    """Return what is left of the watches of the digests of these names, and of what was told of these builds."""
    watches = tuple(_timeless(team.watch(name)) for name in names)
    stored = team.world.store.read(ERRORS, name_of(watches[0].job), timeout=1)
    assert stored is not None
    return WhatIsLeft(
        watches,
        book=_timeless_book(parse_book(stored.document)),
        said=tuple(sorted(map(tuple, team.said()))),
        notes=tuple(tuple(team.notes(record)) for record in records),
        audited=frozenset(pair for record in records for pair in team.audited(record)),
        entries=tuple(sorted(Counter(str(payload["event"]) for payload in team.world.trail.values()).items())),
    )


def _timeless(watch: Watch) -> Watch:
    return replace(watch, since=NOW, until=None, ended=None, counted=tuple(sorted(watch.counted)))


def _timeless_book(book: ErrorBook) -> ErrorBook:
    known = tuple(replace(error, first=NOW, last=NOW) for error in book.errors)
    digests = tuple(replace(ran, since=NOW) for ran in book.digests)
    return replace(book, errors=known, digests=digests, counted=tuple(sorted(book.counted)))
