"""Who may write a record, and when: the rules that hold at one very moment, or after one lost reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.builders import pushed
from tests.unit.controller.world import LEASE, NOW, SOON, World, world
from verifier.checks.judgement import Judgement
from verifier.checks.verdict import Verdict
from verifier.controller.ledger import (
    BUILDS,
    Lease,
    Ledger,
    Record,
    State,
    after_failure,
    is_leased,
    record_document,
    released,
)
from verifier.errors import LostLease, Unavailable
from verifier.services import Document, Store, Stored

__all__ = ["world"]

BUILD = pushed()
KEY = BUILD.key
MOMENT = timedelta(microseconds=1)
RUNNING = Record(KEY, created=NOW, build=BUILD.document, intent=NOW, execution="the-execution", due=NOW)


def claim(world: World, *, only_if_due: bool = False) -> Lease | None:
    return world.ledger.claim(KEY, announced=True, only_if_due=only_if_due, timeout=SOON)


# at the very moment


@pytest.mark.parametrize(("early", "is_taken"), [(MOMENT, False), (timedelta(0), True)])
def test_a_record_that_waits_is_taken_from_its_due_time_on(world: World, early: timedelta, is_taken: bool) -> None:
    world.put(Record(KEY, created=NOW, build=BUILD.document, due=NOW + early))
    assert (claim(world, only_if_due=True) is not None) is is_taken


@pytest.mark.parametrize(("early", "is_taken"), [(MOMENT, False), (timedelta(0), True)])
def test_a_lease_is_over_at_the_moment_at_which_it_ends(world: World, early: timedelta, is_taken: bool) -> None:
    held = Record(KEY, created=NOW, owner="somebody", lease_until=NOW + early, due=NOW)
    assert is_leased(held, NOW) is not is_taken
    world.put(held)
    assert (claim(world) is not None) is is_taken


# the worker's run


def test_a_record_whose_worker_runs_is_leased_when_its_execution_ends(world: World) -> None:
    world.put(RUNNING)
    lease = world.ledger.claim_running(KEY, timeout=SOON)
    assert lease is not None
    assert (lease.record.execution, lease.record.fence) == ("the-execution", 1)
    assert world.record(KEY).owner == lease.record.owner == "nonce-1"


@pytest.mark.parametrize(
    "record",
    [
        replace(RUNNING, intent=None, execution=""),
        replace(RUNNING, judgement=Judgement(Verdict.VERIFIED, (), NOW)),
        replace(RUNNING, owner="somebody", lease_until=NOW + LEASE),
        replace(RUNNING, state=State.DONE),
    ],
    ids=["none-was-started", "judged", "leased", "done"],
)
def test_one_that_waits_for_no_worker_is_not(world: World, record: Record) -> None:
    stored = world.put(record)
    assert world.ledger.claim_running(KEY, timeout=SOON) is None
    assert world.store.read(BUILDS, KEY.digest, timeout=SOON) == stored


def test_nor_is_one_that_nobody_knows(world: World) -> None:
    assert world.ledger.claim_running(KEY, timeout=SOON) is None
    assert world.store.read(BUILDS, KEY.digest, timeout=SOON) is None


# lost replies


class Losing:
    """A store whose answer to each write is lost; `instead` writes first, and then the write has no effect."""

    def __init__(self, store: Store, instead: Callable[[], object] | None = None) -> None:
        self._store = store
        self._instead = instead
        self.read = store.read
        self.due = store.due
        self.present = store.present
        self.holding = store.holding
        self.holders = store.holders
        self.delete = store.delete

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        return self._lose(lambda: self._store.create(collection, name, document, timeout=timeout))

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        return self._lose(lambda: self._store.replace(collection, name, document, revision, timeout=timeout))

    def _lose(self, write: Callable[[], object]) -> Stored | None:
        (self._instead or write)()
        raise Unavailable("the reply was lost", ambiguous=True)


def losing(world: World, instead: Callable[[], object] | None = None) -> Ledger:
    return replace(world.ledger, store=Losing(world.store, instead))


def test_a_lost_reply_to_our_own_write_is_read_back_and_the_lease_is_ours(world: World) -> None:
    lease = losing(world).claim(KEY, announced=True, only_if_due=False, timeout=SOON)
    assert lease is not None
    assert world.record(KEY) == lease.record
    assert (
        world.ledger.save(lease, replace(lease.record, error="it goes on"), timeout=SOON).record.error == "it goes on"
    )


def test_a_lost_reply_beside_a_record_that_another_created_meanwhile_gives_no_lease(world: World) -> None:
    def another() -> None:
        assert claim(world) is not None

    with pytest.raises(Unavailable, match="the reply was lost"):
        losing(world, another).claim(KEY, announced=True, only_if_due=False, timeout=SOON)
    assert world.record(KEY).owner == "nonce-2"


def test_a_lost_reply_beside_a_lease_that_another_took_meanwhile_gives_no_lease(world: World) -> None:
    stored = world.put(RUNNING)

    def another() -> None:
        assert world.ledger.take(stored, timeout=SOON) is not None

    with pytest.raises(Unavailable, match="the reply was lost"):
        losing(world, another).take(stored, timeout=SOON)
    with pytest.raises(Unavailable, match="the reply was lost"):
        losing(world, lambda: None).save(Lease(RUNNING, stored.revision), RUNNING, timeout=SOON)


def test_who_was_slower_than_another_has_lost_the_lease(world: World) -> None:
    stored = world.put(RUNNING)
    mine = world.ledger.take(stored, timeout=SOON)
    assert mine is not None
    assert world.ledger.take(stored, timeout=SOON) is None
    world.clock.advance(LEASE.total_seconds())
    assert claim(world) is not None
    with pytest.raises(LostLease, match="another invocation has its lease"):
        world.ledger.save(mine, mine.record, timeout=SOON)


# failures


@pytest.mark.parametrize(
    ("retry_after", "waits"),
    [
        (None, 30),
        (0.0, 30),
        (29.0, 30),
        (31.0, 31),
        (1e15, 3600),
        (-1.0, 30),
        (-1e15, 30),
    ],
)
def test_a_failure_waits_for_its_backoff_or_longer_where_a_service_asks_for_it(
    retry_after: float | None, waits: float
) -> None:
    """A service may say anything, a moment that is past long ago included."""
    failed = after_failure(replace(RUNNING, owner="mine"), "no answer", NOW, retry_after)
    assert failed.due == NOW + timedelta(seconds=waits)
    assert (failed.owner, failed.attempts, failed.error) == ("", 1, "no answer")


def test_failures_in_a_row_at_one_step_wait_twice_as_long_each_and_another_step_begins_again() -> None:
    record, waits = RUNNING, []
    for step in (*["start"] * 7, "observe"):
        record = after_failure(record, "no answer", NOW, step=step)
        assert record.due is not None
        waits.append((record.due - NOW).total_seconds())
    assert waits == [30, 60, 120, 240, 480, 600, 600, 30]


def test_what_is_released_keeps_what_was_done() -> None:
    record = replace(RUNNING, owner="mine", lease_until=NOW + LEASE, unsaid=NOW)
    later = released(record, NOW + LEASE)
    assert later == replace(record, owner="", lease_until=None, unsaid=None, due=NOW + LEASE)
    assert record_document(later)["execution"] == "the-execution"
