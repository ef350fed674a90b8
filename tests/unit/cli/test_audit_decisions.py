"""What a function decided takes the place of what an audit can judge by the source alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.delegating_store import DelegatingStore
from tests.fixtures.builds import document
from tests.unit.cli.ledger import record_of
from verifier.adapters.sqlite import SqliteStore
from verifier.checks.policy import Policy
from verifier.checks.verdict import Check, Verdict
from verifier.cli.audit_decisions import FunctionDecisions
from verifier.controller.ledger import BUILDS, Record, record_document
from verifier.errors import Denied
from verifier.facts.build import parse_build
from verifier.history.judge import judge_listed
from verifier.history.judged_build import JudgedBuild
from verifier.services import Stored

NAME = "projects/p/locations/r/functions/build-verifier"
BUILD = judge_listed(parse_build(document("commit-resolved-git")), Policy())
TRIGGERED = replace(BUILD, trigger_id="9d6f0c58", verdict=Verdict.VERIFIED)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(tmp_path / "ledger.sqlite")) as store:
        yield store


def keep(store: SqliteStore, record: Record) -> None:
    assert store.create(BUILDS, record.key.digest, record_document(record), timeout=5)


def test_a_build_whose_worker_failed_is_failed(store: SqliteStore) -> None:
    record = record_of(Verdict.FAILED, TRIGGERED.key)
    keep(store, record)
    decisions = FunctionDecisions(NAME, store)
    found = decisions.decided(TRIGGERED)
    assert (found.verdict, found.judgement) == (Verdict.FAILED, record.judgement)
    assert decisions.problems == []


def test_of_an_old_record_the_verdict_is_taken_and_the_audits_own_findings_stay(store: SqliteStore) -> None:
    record = record_of(Verdict.FAILED, TRIGGERED.key)
    assert record.judgement is not None
    keep(store, replace(record, judgement=replace(record.judgement, findings=())))
    found = FunctionDecisions(NAME, store).decided(TRIGGERED)
    assert found.verdict is found.judgement.verdict is Verdict.FAILED
    assert found.judgement.finding(Check.SOURCE_IS_A_COMMIT) == BUILD.judgement.finding(Check.SOURCE_IS_A_COMMIT)


@pytest.mark.parametrize(
    "build",
    [replace(TRIGGERED, trigger_id=""), replace(TRIGGERED, verdict=None)],
    ids=["by hand", "not judged"],
)
def test_a_build_that_no_worker_can_have_run_for_is_as_it_was(store: SqliteStore, build: JudgedBuild) -> None:
    keep(store, record_of(Verdict.FAILED, build.key))
    assert FunctionDecisions(NAME, store).decided(build) == build


def test_a_build_without_a_decision_is_as_it_was(store: SqliteStore) -> None:
    decisions = FunctionDecisions(NAME, store)
    assert decisions.decided(TRIGGERED) == TRIGGERED
    keep(store, replace(record_of(Verdict.FAILED, TRIGGERED.key), judgement=None))
    assert decisions.decided(TRIGGERED) == TRIGGERED
    assert decisions.problems == []


def test_a_record_that_can_not_be_read_is_a_problem_of_that_build_alone(store: SqliteStore) -> None:
    other = replace(TRIGGERED, key=replace(TRIGGERED.key, id="other"))
    keep(store, record_of(Verdict.FAILED, other.key))
    assert store.create(BUILDS, TRIGGERED.key.digest, {"version": 99}, timeout=5)
    decisions = FunctionDecisions(NAME, store)
    assert decisions.decided(TRIGGERED) == TRIGGERED
    assert decisions.decided(other).verdict is Verdict.FAILED
    (problem,) = decisions.problems
    assert str(problem).startswith(f"the record of {TRIGGERED.key.name}: ")


@dataclass
class RefusingLedger(DelegatingStore):
    """A ledger that nobody may read."""

    asked: int = 0

    def read(self, *_: Any, **__: Any) -> Stored | None:
        self.asked += 1
        raise Denied("reading builds", fix="grant roles/datastore.viewer")


def test_a_refused_ledger_is_asked_once_and_told(store: SqliteStore) -> None:
    refusing = RefusingLedger(store)
    decisions = FunctionDecisions(NAME, refusing)
    assert [decisions.decided(TRIGGERED) for _ in range(3)] == [TRIGGERED] * 3
    assert refusing.asked == 1
    (problem,) = decisions.problems
    assert str(problem).startswith(f"the ledger of {NAME}: ")
