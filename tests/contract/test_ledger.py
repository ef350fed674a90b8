"""The rules by which invocations share a record, on both storages."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from verifier.checks.judgement import Judgement
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.controller.ledger import (
    BUILDS,
    Lease,
    Ledger,
    Record,
    State,
    after_failure,
    parse_record,
    record_document,
    released,
    settled,
)
from verifier.errors import LostLease, Malformed, Unavailable
from verifier.facts.build import BuildKey
from verifier.facts.logs import Repeated
from verifier.services import Document, Store, Stored
from verifier.standin.clock import ManualClock
from verifier.times import show_time

KEY = BuildKey("vividly-dev", "us-central1", "4e841fcb-1b2c-4d3e-8f90-a1b2c3d4e5f6")
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LEASE = timedelta(seconds=120)
SOON = 20.0
RACERS = 16


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def ledger(store: Store, clock: ManualClock) -> Ledger:
    nonces = itertools.count(1)
    return Ledger(store, clock, LEASE, lambda: f"nonce-{next(nonces)}")


def claim(ledger: Ledger, *, only_if_due: bool = False, announced: bool = True) -> Lease | None:
    return ledger.claim(KEY, announced=announced, only_if_due=only_if_due, timeout=SOON)


def held(ledger: Ledger) -> Lease:
    lease = claim(ledger)
    assert lease is not None
    return lease


def stored(ledger: Ledger) -> Record:
    found = ledger.store.read(BUILDS, KEY.digest, timeout=SOON)
    assert found is not None
    return parse_record(found.document)


def save(ledger: Ledger, lease: Lease, record: Record) -> Lease:
    return ledger.save(lease, record, timeout=SOON)


def test_a_first_claim_creates_a_record_that_is_due_when_its_lease_ends(ledger: Ledger) -> None:
    lease = held(ledger)
    assert lease.record == stored(ledger)
    assert (lease.record.fence, lease.record.owner) == (1, "nonce-1")
    assert lease.record.lease_until == lease.record.due == NOW + LEASE


def test_of_many_claims_at_once_exactly_one_holds_the_record(ledger: Ledger) -> None:
    with ThreadPoolExecutor(RACERS) as threads:
        leases = list(threads.map(lambda _: claim(ledger), range(RACERS)))
    assert sum(lease is not None for lease in leases) == 1


def test_of_many_takeovers_at_once_exactly_one_holds_the_record(ledger: Ledger, clock: ManualClock) -> None:
    held(ledger)
    clock.advance(121)
    with ThreadPoolExecutor(RACERS) as threads:
        leases = [lease for lease in threads.map(lambda _: claim(ledger), range(RACERS)) if lease]
    assert [lease.record.fence for lease in leases] == [2]


def test_a_record_that_is_held_or_done_gives_nothing_to_do(ledger: Ledger, clock: ManualClock) -> None:
    lease = held(ledger)
    assert claim(ledger) is None
    save(ledger, lease, settled(lease.record, State.DONE))
    clock.advance(10_000)
    assert claim(ledger) is None


def test_a_holder_that_was_overtaken_can_write_no_more(ledger: Ledger, clock: ManualClock) -> None:
    old = held(ledger)
    clock.advance(121)
    new = held(ledger)
    with pytest.raises(LostLease):
        save(ledger, old, replace(old.record, execution="mine"))
    save(ledger, new, replace(new.record, execution="the one that counts"))
    assert stored(ledger).execution == "the one that counts"
    assert new.record.fence > old.record.fence


def test_a_release_lets_the_next_claim_in_at_once(ledger: Ledger) -> None:
    lease = held(ledger)
    save(ledger, lease, released(lease.record, NOW + timedelta(minutes=5)))
    again = held(ledger)
    assert again.record.fence == 2


def test_a_message_that_says_nothing_new_waits_for_the_due_time(ledger: Ledger, clock: ManualClock) -> None:
    lease = held(ledger)
    fetched = replace(lease.record, build={"id": KEY.id})
    save(ledger, lease, released(fetched, NOW + timedelta(minutes=5)))
    assert claim(ledger, only_if_due=True) is None
    assert claim(ledger, only_if_due=False) is not None
    clock.advance(600)
    assert claim(ledger, only_if_due=True) is not None


def test_a_message_about_a_build_that_was_not_fetched_yet_is_always_new(ledger: Ledger) -> None:
    lease = held(ledger)
    save(ledger, lease, released(lease.record, NOW + timedelta(minutes=5)))
    assert claim(ledger, only_if_due=True) is not None


def test_an_unconfirmed_build_is_taken_up_again_when_another_message_comes(ledger: Ledger) -> None:
    lease = held(ledger)
    save(ledger, lease, settled(lease.record, State.UNCONFIRMED))
    assert stored(ledger).due is None
    assert held(ledger).record.state is State.OPEN


def test_whatever_is_not_done_is_on_the_due_list_when_its_time_comes(ledger: Ledger, clock: ManualClock) -> None:
    lease = held(ledger)
    assert ledger.store.due("builds", show_time(clock()), 10, timeout=SOON) == []
    clock.advance(121)
    due = ledger.store.due("builds", show_time(clock()), 10, timeout=SOON)
    assert [name for name, _ in due] == [KEY.digest]
    again = ledger.take(due[0][1], timeout=SOON)
    assert again is not None
    assert again.record.fence == lease.record.fence + 1
    save(ledger, again, settled(again.record, State.DONE))
    clock.advance(10_000)
    assert ledger.store.due("builds", show_time(clock()), 10, timeout=SOON) == []


@dataclass(frozen=True)
class Lossy:
    """A store whose writes take effect while their replies are lost."""

    store: Store
    answer: Callable[[], Stored | None]

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        self.store.create(collection, name, document, timeout=timeout)
        return self.answer()

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        self.store.replace(collection, name, document, revision, timeout=timeout)
        return self.answer()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def conflict() -> None:
    """Raise what a retry inside a client library makes of a lost reply: somebody was first, and it was us."""


def silence() -> Stored | None:
    raise Unavailable("no answer in time", ambiguous=True)


@pytest.mark.parametrize("answer", [conflict, silence])
def test_a_claim_whose_reply_was_lost_is_ours_all_the_same(ledger: Ledger, answer: Callable[[], None]) -> None:
    lossy = replace(ledger, store=Lossy(ledger.store, answer))
    lease = held(lossy)
    assert lease.record == stored(ledger)
    save(ledger, lease, replace(lease.record, execution="went on"))


@pytest.mark.parametrize("answer", [conflict, silence])
def test_a_write_whose_reply_was_lost_is_ours_all_the_same(ledger: Ledger, answer: Callable[[], None]) -> None:
    lease = held(ledger)
    lossy = replace(ledger, store=Lossy(ledger.store, answer))
    after = save(lossy, lease, replace(lease.record, execution="one"))
    save(ledger, after, replace(after.record, execution="two"))
    assert stored(ledger).execution == "two"


def test_somebody_elses_claim_is_not_taken_for_ours(ledger: Ledger) -> None:
    other = replace(ledger, nonce=lambda: "another")
    held(other)
    blind = replace(ledger, store=Blind(ledger.store))
    assert claim(blind) is None


@dataclass(frozen=True)
class Blind:
    """A store that reads nothing the first time: the record was created in between."""

    store: Store
    reads: itertools.count[int] = itertools.count()  # noqa: RUF009 - one test, one counter

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        return None if next(self.reads) == 0 else self.store.read(collection, name, timeout=timeout)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def test_a_store_that_is_away_is_not_mistaken_for_a_lost_race(ledger: Ledger) -> None:
    away = replace(ledger, store=WriteSwallowingStore(ledger.store))
    with pytest.raises(Unavailable):
        claim(away)


@dataclass(frozen=True)
class WriteSwallowingStore:
    """A store that reads, and writes nothing."""

    store: Store

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        return silence()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def a_full_record() -> Record:
    finding = Finding(Check.LOGS_HAVE_NO_ERRORS, Outcome.FAILS, "seen", "do this")
    error = Repeated("a", 14, NOW, "0", "text")
    judgement = Judgement(Verdict.FAILED, (finding,), NOW, "an execution", (error,), "a digest", "1.2.3")
    return Record(
        KEY,
        created=NOW,
        state=State.OPEN,
        fence=3,
        owner="nonce",
        lease_until=NOW,
        due=NOW,
        attempts=2,
        error="why",
        announced=False,
        build={"id": KEY.id, "source": {}},
        images=("sha256:1", "sha256:2"),
        intent=NOW,
        looked=NOW,
        execution="an execution",
        extras=("another",),
        whole=NOW,
        judgement=judgement,
        recorded=True,
        published=True,
        told=True,
        posting=NOW,
        channel="C1",
        ts="1.2",
        warned=True,
        nonce="saved",
        requests=2,
        args=("--once",),
        container="main",
        claimants=("somebody's",),
        upload=True,
    )


def test_a_record_is_read_as_it_was_written(store: Store) -> None:
    record = a_full_record()
    store.create(BUILDS, "a", record_document(record), timeout=SOON)
    found = store.read(BUILDS, "a", timeout=SOON)
    assert found is not None
    assert found.document == record_document(record)
    assert parse_record(found.document) == record


def test_fields_that_a_later_version_adds_or_an_earlier_one_lacked_do_no_harm() -> None:
    document = record_document(a_full_record())
    old = {name: document[name] for name in ("key", "created", "state", "fence")}
    assert parse_record(old | {"something_new": 1}) == Record(KEY, created=NOW, fence=3)


@pytest.mark.parametrize(("field", "value"), [("fence", "3"), ("attempts", None), ("told", 1), ("channel", [])])
def test_a_field_of_another_type_is_nothing_that_this_version_reads(field: str, value: object) -> None:
    with pytest.raises(Malformed, match=f"{field}: expected"):
        parse_record(record_document(a_full_record()) | {field: value})


def test_each_failure_in_a_row_waits_longer_up_to_ten_minutes_and_keeps_what_was_done() -> None:
    record, waits = replace(a_full_record(), attempts=0), []
    for _ in range(8):
        record = after_failure(record, "away", NOW)
        assert record.due is not None
        waits.append((record.due - NOW).total_seconds())
    assert waits == [30, 60, 120, 240, 480, 600, 600, 600]
    assert (record.owner, record.lease_until, record.execution) == ("", None, "an execution")


def test_a_service_that_asks_for_patience_gets_it() -> None:
    record = after_failure(a_full_record(), "slow down", NOW, retry_after=1_800)
    assert record.due == NOW + timedelta(minutes=30)
