"""Opening a record again: who may, what is kept, and that it happens once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from tests.delegating_store import DelegatingStore
from tests.unit.builders import DECIDED, uploaded
from verifier.adapters.sqlite import SqliteStore
from verifier.checks.judgement import Judgement
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.controller.again import (
    MOST_EARLIER,
    AgainAnswer,
    AgainOutcome,
    asked_again,
    judge_again,
    opened_again,
)
from verifier.controller.ledger import BUILDS, Record, State, cut, parse_record, record_document
from verifier.errors import Denied, Malformed, Unavailable
from verifier.reporting.audit_entry import AskedAgain
from verifier.services import Document, Stored

BUILD = uploaded()
KEY = BUILD.key
NOW = DECIDED + timedelta(hours=3)
WHO = "deployer@vividly-ops.iam.gserviceaccount.com"
FINDING = Finding(Check.SOURCE_IS_A_COMMIT, Outcome.FAILS, "local files", "push")
JUDGEMENT = Judgement(Verdict.LOCAL_SOURCE, (FINDING,), DECIDED, execution="projects/p/…/executions/e", policy="ab")
DONE = Record(
    KEY,
    created=DECIDED - timedelta(minutes=5),
    state=State.DONE,
    fence=4,
    build=BUILD.document,
    images=("sha256:aa",),
    intent=DECIDED,
    tried=DECIDED,
    execution="e",
    nonce="n-1",
    requests=2,
    ended=DECIDED,
    judgement=JUDGEMENT,
    recorded=True,
    published=True,
    told=True,
    posting=DECIDED,
    channel="C0BUILDS01",
    ts="17.1",
    upload=True,
    cut_due=DECIDED,
)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    with closing(SqliteStore(":memory:")) as store:
        yield store


def put(store: SqliteStore, record: Record) -> None:
    assert store.create(BUILDS, record.key.digest, record_document(record), timeout=5)


def stored(store: SqliteStore) -> Record:
    found = store.read(BUILDS, KEY.digest, timeout=5)
    assert found
    return parse_record(found.document)


def test_a_done_record_is_open_and_due_with_nothing_done_and_what_was_decided_before() -> None:
    anew = opened_again(DONE, WHO, NOW)
    short = {"verdict": "LOCAL_SOURCE", "findings": [], "errors": [], "execution": JUDGEMENT.execution}
    (earlier,) = anew.earlier
    assert {name: earlier[name] for name in short} == short
    assert anew == Record(
        KEY,
        created=DONE.created,
        fence=4,
        due=NOW,
        build=BUILD.document,
        images=("sha256:aa",),
        channel="C0BUILDS01",
        upload=True,
        thread="17.1",
        again=1,
        asked=NOW,
        asked_by=WHO,
        earlier=(earlier,),
    )


def test_what_was_opened_again_is_stored_and_read_as_it_was(store: SqliteStore) -> None:
    put(store, DONE)
    answer = judge_again(store, KEY, WHO, NOW)
    assert answer == AgainAnswer(AgainOutcome.REOPENED, stored(store))
    assert stored(store) == opened_again(DONE, WHO, NOW)


def test_a_third_verdict_answers_in_the_thread_of_the_first_and_knows_both() -> None:
    second = replace(
        opened_again(DONE, WHO, NOW),
        state=State.DONE,
        judgement=replace(JUDGEMENT, verdict=Verdict.VERIFIED),
        told=True,
        ts="17.2",
    )
    third = opened_again(second, WHO, NOW)
    assert (third.thread, third.again) == ("17.1", 2)
    assert [one["verdict"] for one in third.earlier] == ["LOCAL_SOURCE", "VERIFIED"]


def test_of_many_verdicts_the_latest_are_kept() -> None:
    record = DONE
    for number in range(MOST_EARLIER + 2):
        judged = replace(JUDGEMENT, execution=str(number))
        record = opened_again(replace(record, state=State.DONE, judgement=judged), WHO, NOW)
    assert [one["execution"] for one in record.earlier] == ["2", "3", "4", "5", "6"]


def test_what_was_cut_begins_like_a_new_record_and_is_fetched() -> None:
    anew = opened_again(cut(DONE, NOW), WHO, NOW)
    assert (anew.build, anew.created, anew.cut, anew.cut_due) == (None, NOW, None, None)
    assert [one["verdict"] for one in anew.earlier] == ["LOCAL_SOURCE"]


def test_a_build_that_was_given_up_is_asked_for_again_with_patience() -> None:
    given_up = Record(KEY, created=DECIDED, state=State.UNCONFIRMED, missing=DECIDED, warned=True)
    anew = opened_again(given_up, WHO, NOW)
    assert (anew.state, anew.due, anew.missing, anew.created, anew.again) == (State.OPEN, NOW, None, NOW, 1)
    assert (anew.earlier, anew.asked_by) == ((), WHO)


def test_a_build_without_a_record_is_not_given_one(store: SqliteStore) -> None:
    assert judge_again(store, KEY, WHO, NOW) == AgainAnswer(AgainOutcome.NO_RECORD)
    assert store.read(BUILDS, KEY.digest, timeout=5) is None


def test_a_build_that_is_being_judged_is_left_alone(store: SqliteStore) -> None:
    record = Record(KEY, created=NOW, due=NOW, owner="somebody", lease_until=NOW + timedelta(minutes=1))
    put(store, record)
    assert judge_again(store, KEY, WHO, NOW) == AgainAnswer(AgainOutcome.OPEN, record)
    assert stored(store) == record


def test_asking_twice_opens_it_once(store: SqliteStore) -> None:
    put(store, DONE)
    judge_again(store, KEY, WHO, NOW)
    before = stored(store)
    answer = judge_again(store, KEY, "a person", NOW + timedelta(seconds=2))
    assert (answer.outcome, answer.record) == (AgainOutcome.ASKED_BEFORE, before)
    assert stored(store) == before


@dataclass
class TroubledStore(DelegatingStore):
    """A store whose writes end in these errors, before or after they took effect."""

    inner: SqliteStore
    errors: list[Exception] = field(default_factory=list)
    lands: bool = False

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        if not self.errors:
            return self.inner.replace(collection, name, document, revision, timeout=timeout)
        if self.lands:
            self.inner.replace(collection, name, document, revision, timeout=timeout)
        raise self.errors.pop(0)


@pytest.mark.parametrize("lands", [True, False])
def test_a_write_whose_answer_is_lost_is_looked_for(store: SqliteStore, *, lands: bool) -> None:
    put(store, DONE)
    troubled = TroubledStore(store, [Unavailable("lost", ambiguous=True)], lands)
    answer = judge_again(troubled, KEY, WHO, NOW)
    assert answer.outcome is AgainOutcome.REOPENED
    assert stored(store) == opened_again(DONE, WHO, NOW)


@pytest.mark.parametrize("error", [Unavailable("away"), Denied("no", fix="needs datastore.entities.update")])
def test_a_write_that_is_refused_changes_nothing(store: SqliteStore, error: Exception) -> None:
    put(store, DONE)
    with pytest.raises(type(error)):
        judge_again(TroubledStore(store, [error]), KEY, WHO, NOW)
    assert stored(store) == DONE


def test_a_record_that_changes_all_the_time_is_given_up(store: SqliteStore) -> None:
    put(store, DONE)
    troubled = TroubledStore(store, [Unavailable("lost", ambiguous=True) for _ in range(6)])
    with pytest.raises(Unavailable, match="others change it all the time; try again"):
        judge_again(troubled, KEY, WHO, NOW)


def test_a_record_of_a_later_version_is_left_alone(store: SqliteStore) -> None:
    later = {**record_document(DONE), "version": 2}
    assert store.create(BUILDS, KEY.digest, later, timeout=5)
    with pytest.raises(Malformed, match="version 2"):
        judge_again(store, KEY, WHO, NOW)


def test_the_audit_trail_hears_who_asked_and_of_the_verdict_before() -> None:
    assert asked_again(DONE) is None
    anew = opened_again(DONE, WHO, NOW)
    assert asked_again(anew) == AskedAgain(1, WHO, NOW, Verdict.LOCAL_SOURCE)
    unjudged = opened_again(replace(DONE, judgement=replace(JUDGEMENT, verdict=None)), WHO, NOW)
    assert asked_again(unjudged) == AskedAgain(1, WHO, NOW, None)
