from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from verifier.adapters.sqlite import SqliteStore
from verifier.controller.backlog import Backlog
from verifier.controller.budget import Budget

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BUDGET = Budget(lambda: NOW, NOW + timedelta(seconds=30))
MOMENT = "2026-11-23T01:00"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(tmp_path / "ledger.db")) as store:
        yield store


def put(store: SqliteStore, name: str, due: str) -> None:
    assert store.create("builds", name, {"due": due}, timeout=5)


def taken(waiting: Backlog) -> list[str]:
    return [name for name, _ in iter(lambda: waiting.take(BUDGET), None)]


def test_every_record_is_taken_once_earliest_first_over_all_pages(store: SqliteStore) -> None:
    names = [f"{number:03d}" for number in range(130)]
    for name in reversed(names):
        put(store, name, f"{MOMENT}:{name}")
    assert taken(Backlog(store, "due", "2027")) == names


def test_records_of_one_moment_are_taken_even_across_pages(store: SqliteStore) -> None:
    names = [f"{number:03d}" for number in range(60)]
    for name in names:
        put(store, name, MOMENT if name < "049" else f"{MOMENT}:30")
    assert taken(Backlog(store, "due", "2027")) == names


def test_what_waits_for_a_later_moment_is_not_taken(store: SqliteStore) -> None:
    put(store, "a", "2026-11-23T01:00")
    put(store, "b", "2026-11-23T02:00")
    assert taken(Backlog(store, "due", "2026-11-23T01:30")) == ["a"]


def test_a_record_that_waits_again_meanwhile_is_not_taken_twice(store: SqliteStore) -> None:
    for number in range(51):
        put(store, f"{number:03d}", f"{MOMENT}:{number:03d}")
    waiting = Backlog(store, "due", "2027")
    first = waiting.take(BUDGET)
    assert first is not None
    assert store.replace("builds", "000", {"due": f"{MOMENT}:099"}, first[1].revision, timeout=5)
    assert len(taken(waiting)) == 50


def test_the_latest_of_those_listed_can_be_taken_instead(store: SqliteStore) -> None:
    for name in "abc":
        put(store, name, f"{MOMENT}:{name}")
    waiting = Backlog(store, "due", "2027")
    latest = waiting.take(BUDGET, latest=True)
    assert latest is not None
    assert [latest[0], *taken(waiting)] == ["c", "a", "b"]


def test_an_empty_queue_is_asked_for_once(store: SqliteStore) -> None:
    waiting = Backlog(store, "due", "2027")
    assert waiting.take(BUDGET) is None
    put(store, "a", MOMENT)
    assert waiting.take(BUDGET) is None
