"""What the ledger asks of its store: which calls, how long each may take, and what it believes of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from verifier.checks.judgement import Judgement
from verifier.checks.verdict import Verdict
from verifier.controller.known_done import KNOWN_FOR
from verifier.controller.ledger import BUILDS, MARKS, Lease, Ledger, Record, State, parse_record, record_document
from verifier.errors import LostLease, Malformed, Unavailable
from verifier.facts.build import BuildKey
from verifier.services import Document, Stored
from verifier.standin.clock import ManualClock

KEY = BuildKey("vividly-dev", "us-central1", "4e841fcb-1b2c-4d3e-8f90-a1b2c3d4e5f6")
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LEASE = timedelta(seconds=120)
IN_TIME = 20.0
WAITING = Record(KEY, created=NOW, build={"id": KEY.id}, due=NOW)
RUNNING = replace(WAITING, intent=NOW)
JUDGED = Judgement(Verdict.VERIFIED, (), NOW)


@dataclass
class Shelf:
    """A store of one document. Each call takes its time by the clock, and is written down with its timeout."""

    clock: ManualClock
    takes: float = 0.0
    document: Document | None = None
    revision: int = 0
    asked: list[tuple[str, str, str, float]] = field(default_factory=list)
    believes_writes: bool = True
    """Otherwise it says that somebody else was first, whoever was."""
    keeps_writes: bool = True
    loses_replies: bool = False
    is_known_to_be_away: bool = False
    forgets: bool = False
    """It shows nothing to who reads after a write."""

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        self._asked("read", collection, name, timeout)
        wrote = any(call != "read" for call, *_ in self.asked)
        if self.document is None or (self.forgets and wrote):
            return None
        return Stored(self.document, str(self.revision))

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        self._asked("create", collection, name, timeout)
        return self._write(document) if self.document is None else None

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        self._asked("replace", collection, name, timeout)
        return self._write(document) if revision == str(self.revision) else None

    def due(
        self,
        collection: str,
        now: str,
        limit: int,
        *,
        field: str = "due",
        since: str = "",
        only: Sequence[str] = (),
        timeout: float,
    ) -> list[tuple[str, Stored]]:
        raise NotImplementedError("the ledger lists nothing")

    def present(
        self, collection: str, names: Sequence[str], *, unless: tuple[str, str] | None = None, timeout: float
    ) -> set[str]:
        raise NotImplementedError("the ledger lists nothing")

    def holding(self, collection: str, field: str, value: str, *, timeout: float) -> Stored | None:
        raise NotImplementedError("the ledger looks for nothing by its content")

    def holders(
        self, collection: str, field: str, value: str, limit: int, *, timeout: float
    ) -> list[tuple[str, Stored]]:
        raise NotImplementedError("the ledger looks for nothing by its content")

    def delete(self, collection: str, names: Sequence[str], *, timeout: float) -> None:
        raise NotImplementedError("the ledger deletes nothing")

    def put(self, record: Record) -> Stored:
        self.document, self.revision = record_document(record), self.revision + 1
        return Stored(self.document, str(self.revision))

    def record(self) -> Record:
        assert self.document is not None
        return parse_record(self.document)

    def calls(self) -> list[str]:
        return [call for call, *_ in self.asked]

    def timeouts(self) -> list[float]:
        return [timeout for *_, timeout in self.asked]

    def _asked(self, call: str, collection: str, name: str, timeout: float) -> None:
        self.asked.append((call, collection, name, timeout))
        self.clock.advance(self.takes)

    def _write(self, document: Document) -> Stored | None:
        if self.is_known_to_be_away:
            raise Unavailable("nobody answers")
        if self.keeps_writes:
            self.document, self.revision = document, self.revision + 1
        if self.loses_replies:
            raise Unavailable("the reply was lost", ambiguous=True)
        return Stored(document, str(self.revision)) if self.believes_writes else None


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(ManualClock(NOW))


def ledger_of(shelf: Shelf) -> Ledger:
    return Ledger(shelf, shelf.clock, LEASE, lambda: "mine")


def claim(shelf: Shelf, *, announced: bool = True, only_if_due: bool = False) -> Lease | None:
    return ledger_of(shelf).claim(KEY, announced=announced, only_if_due=only_if_due, timeout=IN_TIME)


# claims


@pytest.mark.parametrize("announced", [True, False])
def test_a_first_claim_creates_the_record_and_says_whether_a_message_came(shelf: Shelf, announced: bool) -> None:
    lease = claim(shelf, announced=announced)
    assert lease is not None
    assert lease.record == shelf.record()
    assert lease.record == Record(
        KEY, created=NOW, fence=1, owner="mine", lease_until=NOW + LEASE, due=NOW + LEASE, announced=announced
    )
    assert lease.revision == "1"
    assert [asked[:3] for asked in shelf.asked] == [("read", BUILDS, KEY.digest), ("create", BUILDS, KEY.digest)]


def test_a_record_that_is_done_costs_one_read_and_the_rest_of_it_is_not_looked_at(shelf: Shelf) -> None:
    shelf.document = {"state": "done", "judgement": "no judgement at all"}
    assert (claim(shelf), ledger_of(shelf).claim_running(KEY, timeout=IN_TIME)) == (None, None)
    assert shelf.calls() == ["read", "read"]


def again(ledger: Ledger, *, only_if_due: bool = True) -> Lease | None:
    return ledger.claim(KEY, announced=True, only_if_due=only_if_due, timeout=IN_TIME)


def test_another_message_about_a_record_that_was_lately_seen_done_costs_no_call(shelf: Shelf) -> None:
    shelf.document = {"state": "done"}
    ledger = ledger_of(shelf)
    assert [again(ledger) for _ in range(3)] == [None, None, None]
    assert shelf.calls() == ["read"]
    shelf.clock.advance(KNOWN_FOR.total_seconds())
    assert again(ledger) is None
    assert shelf.calls() == ["read", "read"]


def test_a_record_that_was_opened_again_elsewhere_is_taken_by_whoever_finds_it_due(
    shelf: Shelf,
) -> None:
    shelf.document, ledger = {"state": "done"}, ledger_of(shelf)
    assert again(ledger) is None
    opened = shelf.put(WAITING)
    assert again(ledger) is None
    assert ledger.take(opened, timeout=IN_TIME) is not None
    shelf.put(WAITING)
    assert again(ledger) is not None, "who took it knows that it is open"


def test_a_record_that_was_opened_again_elsewhere_is_taken_by_a_message_after_two_minutes(shelf: Shelf) -> None:
    shelf.document, ledger = {"state": "done"}, ledger_of(shelf)
    assert again(ledger) is None
    shelf.put(WAITING)
    shelf.clock.advance(KNOWN_FOR.total_seconds())
    assert again(ledger) is not None


def test_who_asks_for_more_than_a_message_says_is_told_by_the_ledger_itself(shelf: Shelf) -> None:
    shelf.document, ledger = {"state": "done"}, ledger_of(shelf)
    assert again(ledger) is None
    shelf.put(WAITING)
    assert again(ledger, only_if_due=False) is not None


def test_a_record_that_is_open_is_not_known_to_be_done(shelf: Shelf) -> None:
    shelf.put(replace(WAITING, due=NOW + LEASE))
    ledger = ledger_of(shelf)
    assert [again(ledger) for _ in range(2)] == [None, None]
    assert shelf.calls() == ["read", "read"]


def test_done_in_the_words_of_a_later_version_is_not_taken_for_done(shelf: Shelf) -> None:
    shelf.document = {"state": "done", "version": 2}
    with pytest.raises(Malformed, match="expected a record of version 1 at most"):
        claim(shelf)
    with pytest.raises(Malformed, match="expected a record of version 1 at most"):
        ledger_of(shelf).claim_running(KEY, timeout=IN_TIME)


@pytest.mark.parametrize("there_before", [False, True])
def test_a_claim_whose_reply_was_lost_is_taken_up_again_by_its_process_and_by_no_other(
    shelf: Shelf, there_before: bool
) -> None:
    if there_before:
        shelf.put(WAITING)
    ledger, shelf.loses_replies, shelf.forgets = ledger_of(shelf), True, True
    with pytest.raises(Unavailable):
        ledger.claim(KEY, announced=True, only_if_due=False, timeout=IN_TIME)
    shelf.loses_replies = shelf.forgets = False
    assert claim(shelf) is None
    again = ledger.claim(KEY, announced=True, only_if_due=True, timeout=IN_TIME)
    assert again is not None
    assert again.record.fence == 2


def test_a_lease_that_was_given_is_nobody_elses_whatever_became_of_its_later_writes(shelf: Shelf) -> None:
    ledger = ledger_of(shelf)
    lease = ledger.claim(KEY, announced=True, only_if_due=False, timeout=IN_TIME)
    assert lease is not None
    shelf.is_known_to_be_away = True
    with pytest.raises(Unavailable):
        ledger.save(lease, lease.record, timeout=IN_TIME)
    assert ledger.claim(KEY, announced=True, only_if_due=False, timeout=IN_TIME) is None


@pytest.mark.parametrize("is_there", [False, True])
def test_a_ledger_has_answered_once_a_record_was_read(shelf: Shelf, is_there: bool) -> None:
    ledger = ledger_of(shelf)
    assert not ledger.contact.answered
    if is_there:
        shelf.put(RUNNING)
    ledger.claim_running(KEY, timeout=IN_TIME)
    assert ledger.contact.answered


def test_a_record_that_is_there_is_taken_as_it_was_read(shelf: Shelf) -> None:
    shelf.put(replace(WAITING, fence=6, announced=False))
    lease = claim(shelf)
    assert lease is not None
    assert (lease.record.fence, lease.record.announced, lease.record.owner) == (7, False, "mine")
    assert (lease.record, lease.revision) == (shelf.record(), "2")
    assert [asked[:3] for asked in shelf.asked] == [("read", BUILDS, KEY.digest), ("replace", BUILDS, KEY.digest)]


@pytest.mark.parametrize(
    ("record", "is_taken_now"),
    [
        (replace(WAITING, due=NOW), True),
        (replace(WAITING, due=NOW + timedelta(microseconds=1)), False),
        (replace(WAITING, due=None), True),
        (replace(WAITING, due=None, unsaid=NOW), False),
        (replace(WAITING, build=None, due=NOW + LEASE), True),
        (replace(WAITING, build=None, due=None, unsaid=NOW), True),
    ],
    ids=["due", "not-yet-due", "never-due", "in-slacks-queue", "not-fetched", "not-fetched-in-slacks-queue"],
)
def test_another_message_about_a_build_that_was_fetched_waits_for_its_time(
    shelf: Shelf, record: Record, is_taken_now: bool
) -> None:
    shelf.put(record)
    assert (claim(shelf, only_if_due=True) is not None) is is_taken_now
    shelf.put(record)
    assert claim(shelf, only_if_due=False) is not None, "whoever has a reason takes it"


# what a listing finds


def test_a_record_that_is_opened_is_due_now_and_nobodys(shelf: Shelf) -> None:
    ledger_of(shelf).open(KEY, timeout=IN_TIME)
    assert shelf.record() == Record(KEY, created=NOW, due=NOW, announced=False)
    assert [asked[0] for asked in shelf.asked] == ["create"]


def test_a_record_that_was_given_up_is_opened_again_with_all_that_it_knows(shelf: Shelf) -> None:
    given_up = replace(WAITING, state=State.UNCONFIRMED, due=None, fence=4, warned=True)
    shelf.put(given_up)
    ledger_of(shelf).open(KEY, timeout=IN_TIME)
    assert shelf.record() == replace(given_up, state=State.OPEN, due=NOW)


@pytest.mark.parametrize(
    "record",
    [
        replace(WAITING, state=State.DONE, due=None),
        replace(WAITING, due=NOW + LEASE),
        replace(WAITING, owner="another", lease_until=NOW + LEASE, due=NOW + LEASE),
    ],
    ids=["done", "waits", "leased"],
)
def test_any_other_record_is_left_as_it_is_when_its_build_is_listed(shelf: Shelf, record: Record) -> None:
    shelf.put(record)
    ledger_of(shelf).open(KEY, timeout=IN_TIME)
    assert shelf.record() == record
    assert "replace" not in [asked[0] for asked in shelf.asked]


def test_who_takes_a_record_as_it_was_read_does_not_wait_unless_told_to(shelf: Shelf) -> None:
    waits = replace(WAITING, due=NOW + LEASE)
    assert ledger_of(shelf).take(shelf.put(waits), only_if_due=True, timeout=IN_TIME) is None
    assert ledger_of(shelf).take(shelf.put(waits), timeout=IN_TIME) is not None


@pytest.mark.parametrize(
    "record",
    [
        replace(WAITING, state=State.DONE),
        replace(WAITING, owner="another", lease_until=NOW + timedelta(microseconds=1)),
    ],
    ids=["done", "leased"],
)
def test_what_is_done_or_anothers_is_not_taken_and_not_touched(shelf: Shelf, record: Record) -> None:
    shelf.put(record)
    assert claim(shelf) is None
    assert shelf.calls() == ["read"]


@pytest.mark.parametrize(
    "record",
    [
        replace(WAITING, owner="another", lease_until=NOW),
        replace(WAITING, owner="another", lease_until=None),
        replace(WAITING, owner="", lease_until=NOW + LEASE),
    ],
    ids=["over", "without-an-end", "nobodys"],
)
def test_a_lease_that_is_over_or_nobodys_keeps_nobody_out(shelf: Shelf, record: Record) -> None:
    shelf.put(record)
    assert claim(shelf) is not None


def test_an_end_of_an_execution_finds_the_record_whose_worker_runs(shelf: Shelf) -> None:
    shelf.put(RUNNING)
    lease = ledger_of(shelf).claim_running(KEY, timeout=IN_TIME)
    assert lease is not None
    assert (lease.record.owner, lease.record.intent) == ("mine", NOW)


@pytest.mark.parametrize(
    "record", [None, WAITING, replace(RUNNING, judgement=JUDGED), replace(WAITING, judgement=JUDGED)]
)
def test_an_end_that_nobody_waits_for_writes_nothing(shelf: Shelf, record: Record | None) -> None:
    if record:
        shelf.put(record)
    assert ledger_of(shelf).claim_running(KEY, timeout=IN_TIME) is None
    assert shelf.calls() == ["read"]


# writes, and what is believed of their answers


@pytest.mark.parametrize("troubles", [{"believes_writes": False}, {"loses_replies": True}], ids=["conflict", "silence"])
def test_our_own_write_is_known_again_whatever_its_answer(shelf: Shelf, troubles: dict[str, bool]) -> None:
    stored = shelf.put(WAITING)
    strange = replace(shelf, **troubles)  # type: ignore[arg-type]  # switches alone
    lease = ledger_of(strange).take(stored, timeout=IN_TIME)
    assert lease == Lease(strange.record(), "2")
    assert strange.calls() == ["replace", "read"]


def test_a_write_without_effect_whose_answer_was_lost_is_told_as_lost(shelf: Shelf) -> None:
    stored = shelf.put(WAITING)
    shelf.loses_replies, shelf.keeps_writes = True, False
    with pytest.raises(Unavailable, match="the reply was lost"):
        ledger_of(shelf).take(stored, timeout=IN_TIME)
    assert shelf.calls() == ["replace", "read"]


def test_a_store_that_is_known_not_to_have_written_is_not_asked_again(shelf: Shelf) -> None:
    stored = shelf.put(WAITING)
    shelf.is_known_to_be_away = True
    with pytest.raises(Unavailable, match="nobody answers"):
        ledger_of(shelf).take(stored, timeout=IN_TIME)
    assert shelf.calls() == ["replace"]


@pytest.mark.parametrize("troubles", [{"keeps_writes": False}, {"forgets": True}], ids=["unchanged", "gone"])
def test_a_refusal_that_nobody_else_is_the_cause_of_is_an_error(shelf: Shelf, troubles: dict[str, bool]) -> None:
    stored = shelf.put(WAITING)
    strange = replace(shelf, believes_writes=False, **troubles)  # type: ignore[arg-type]  # switches alone
    with pytest.raises(Unavailable) as refused:
        ledger_of(strange).take(stored, timeout=IN_TIME)
    assert str(refused.value) == (
        f"{KEY.digest}: expected the ledger to take the record or to show another, got neither"
    )


def test_a_record_that_another_wrote_meanwhile_is_theirs(shelf: Shelf) -> None:
    stored = shelf.put(WAITING)
    shelf.put(replace(WAITING, owner="another", lease_until=NOW + LEASE))
    assert ledger_of(shelf).take(stored, timeout=IN_TIME) is None
    assert shelf.record().owner == "another"


def test_a_save_leaves_what_is_written_and_the_next_revision(shelf: Shelf) -> None:
    lease = claim(shelf)
    assert lease is not None
    after = ledger_of(shelf).save(lease, replace(lease.record, execution="one"), timeout=IN_TIME)
    assert after == Lease(replace(lease.record, execution="one"), "2")
    assert shelf.record() == after.record


def test_a_save_by_who_was_overtaken_changes_nothing_and_names_the_build(shelf: Shelf) -> None:
    lease = claim(shelf)
    assert lease is not None
    theirs = shelf.put(replace(lease.record, owner="another"))
    with pytest.raises(LostLease, match=KEY.id):
        ledger_of(shelf).save(lease, replace(lease.record, execution="one"), timeout=IN_TIME)
    assert shelf.document == theirs.document


# time


def test_each_of_several_calls_gets_what_the_ones_before_have_left(shelf: Shelf) -> None:
    shelf.takes, shelf.believes_writes = 6.0, False
    assert claim(shelf) is not None
    assert shelf.calls() == ["read", "create", "read"]
    assert shelf.timeouts() == [20.0, 14.0, 8.0]


def test_so_do_the_calls_for_a_record_that_is_there(shelf: Shelf) -> None:
    shelf.put(RUNNING)
    shelf.takes, shelf.believes_writes = 6.0, False
    assert claim(shelf) is not None
    assert shelf.calls() == ["read", "replace", "read"]
    assert shelf.timeouts() == [20.0, 14.0, 8.0]


def test_so_do_the_calls_for_a_worker_that_runs(shelf: Shelf) -> None:
    shelf.put(RUNNING)
    shelf.takes, shelf.believes_writes = 6.0, False
    assert ledger_of(shelf).claim_running(KEY, timeout=IN_TIME) is not None
    assert shelf.timeouts() == [20.0, 14.0, 8.0]


def test_so_do_the_calls_for_a_save(shelf: Shelf) -> None:
    stored = shelf.put(WAITING)
    shelf.takes, shelf.believes_writes = 6.0, False
    ledger_of(shelf).save(Lease(WAITING, stored.revision), RUNNING, timeout=IN_TIME)
    assert shelf.timeouts() == [20.0, 14.0]


def test_no_call_gets_less_than_half_a_second(shelf: Shelf) -> None:
    shelf.takes, shelf.believes_writes = 19.75, False
    assert claim(shelf) is not None
    assert shelf.timeouts() == [20.0, 0.5, 0.5]


def test_the_collections_keep_their_names() -> None:
    assert (BUILDS, MARKS) == ("builds", "marks")
