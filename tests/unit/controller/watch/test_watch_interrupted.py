"""Whatever dies while logs are read, runs counted and people told: nothing is lost, and nothing told twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.delegating_store import DelegatingStore
from tests.unit.controller.watch.deployed import HOUR, WatchedTeam
from tests.unit.controller.watch.left_behind import WhatIsLeft, left_behind
from tests.unit.controller.world import NOW, World
from verifier.adapters.sqlite import SqliteStore
from verifier.checks.watch.watching import WatchOutcome
from verifier.errors import Unavailable
from verifier.services import Document, Stored
from verifier.standin.clock import ManualClock

MOST_WRITES = 200
TEN = timedelta(minutes=10)


@dataclass
class DyingStore(DelegatingStore):
    """A store of which one write goes wrong: it is not made, or it is made and nobody hears of it."""

    writes: int = 0
    at: int = 0
    lands: bool = False
    armed: bool = False

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        with self._write():
            return super().create(collection, name, document, timeout=timeout)

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        with self._write():
            return super().replace(collection, name, document, revision, timeout=timeout)

    @contextmanager
    def _write(self) -> Iterator[None]:
        self.writes += self.armed
        is_wrong = self.armed and self.writes == self.at
        if is_wrong and not self.lands:
            raise Unavailable("the ledger does not answer", ambiguous=True)
        yield
        if is_wrong:
            raise Unavailable("the ledger's answer is lost", ambiguous=True)


def played(store: DyingStore, *, at: int = 0, lands: bool = False) -> WhatIsLeft:
    """Deploy what gets worse, and then what mends it, with the write of this number going wrong."""
    world = World(store, ManualClock(NOW))
    team = WatchedTeam(world)
    team.build("a")
    team.every(TEN, 8, "a")
    worse = team.build("b")
    better = team.build("c")
    store.at, store.lands = at, lands
    for name, error in [("b", ["KeyError: 'lesson'"]), ("b", ["KeyError: 'lesson'"]), ("c", [])]:
        team.run(name, *error, failed=bool(error))
        store.armed = True
        team.go_on(TEN)
        store.armed = False
    team.go_on(5 * HOUR)
    return left_behind(team, "abc", [worse, better])


@contextmanager
def a_store() -> Iterator[DyingStore]:
    with closing(SqliteStore(":memory:")) as inner:
        yield DyingStore(inner)


with a_store() as counting:
    UNHARMED = played(counting)
    WRITES = counting.writes


def test_unharmed_it_is_told_what_got_worse_and_that_it_is_over() -> None:
    assert [watch.outcome for watch in UNHARMED.watches][1] is WatchOutcome.REGRESSED
    assert [lines[0][:4] for lines in UNHARMED.said] == ["✅ re", "🔴 RE"]
    assert 20 < WRITES < MOST_WRITES


@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize("at", range(1, WRITES + 1))
def test_whichever_write_goes_wrong_it_ends_in_the_same_way(at: int, lands: bool) -> None:
    with a_store() as store:
        assert played(store, at=at, lands=lands) == UNHARMED
