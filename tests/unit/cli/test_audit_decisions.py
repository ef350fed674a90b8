"""What a function decided takes the place of what an audit can judge by the source alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.delegating_store import DelegatingStore
from tests.fixtures.builds import document
from tests.unit.checks.watch.made import CRASH, after, run, watch
from tests.unit.cli.ledger import DIGEST, NOW, REGION, WATCHED, WORKER, a_town, record_of
from verifier.adapters.sqlite import SqliteStore
from verifier.checks.policy import Policy
from verifier.checks.verdict import Check, Verdict
from verifier.cli.audit_decisions import FunctionDecisions
from verifier.controller.ledger import BUILDS, Record, record_document
from verifier.controller.watch.watch_document import WATCHES, KeptWatch, name_of_watch, watch_document
from verifier.errors import Denied
from verifier.facts.build import parse_build
from verifier.facts.execution import JobName
from verifier.history.job_lines import JobLine
from verifier.history.judge import judge_listed
from verifier.history.judged_build import JudgedBuild
from verifier.history.watch_status import WatchStatus
from verifier.services import Stored
from verifier.standin.clock import ManualClock

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


def line(*digests: str, job: JobName = WORKER) -> JobLine:
    return JobLine(job.resource, 1, 0, None, None, None, 1, frozenset(digests))


def test_the_watch_of_what_a_job_runs_is_found_and_that_of_nothing_else(store: SqliteStore) -> None:
    kept = KeptWatch(replace(watch(), job=WORKER, digest=DIGEST), due=NOW)
    assert store.create(WATCHES, name_of_watch(WORKER, DIGEST), watch_document(kept), timeout=5)
    other = replace(WORKER, job="another")
    decisions = FunctionDecisions(NAME, store)
    found = decisions.watches([line("sha256:sidecar", DIGEST), line(DIGEST, job=other)])
    assert found == {WORKER.resource: WatchStatus(kept.watch, (), NOW), other.resource: None}
    assert decisions.watches([line("sha256:newer")]) == {WORKER.resource: None}
    assert decisions.problems == []


def test_of_a_refused_ledger_no_watch_is_asked_for(store: SqliteStore) -> None:
    refusing = RefusingLedger(store)
    decisions = FunctionDecisions(NAME, refusing)
    assert decisions.watches([line(DIGEST), line(DIGEST)]) == {}
    assert decisions.watches([line(DIGEST)]) == {}
    assert refusing.asked == 1
    (problem,) = decisions.problems
    assert str(problem).startswith(f"the ledger of {NAME}: ")


def test_an_audit_says_how_what_a_job_runs_goes(tmp_path: Path) -> None:
    asked = ("audit", "--project", WATCHED, "--job", f"{REGION}/{WORKER.job}", "--no-who")
    clock = ManualClock(NOW - timedelta(hours=2))
    with a_town(tmp_path, clock) as town:
        town.run_worker(clock)
        town.put_watch(replace(after(watch(), run(0, CRASH)), reasons=("crash",)))
        said = " ".join(town.ask(*asked).stdout.split())
        assert f"{WORKER.job}: 1 execution, none failed; it runs an image of no listed build" in said
        assert " watch: REGRESSED, WATCHING since 2026-11-12 02:00 UTC: 1 run, none failed, none not read;" in said
        (job,) = json.loads(town.ask(*asked, "--format", "json").stdout)["summary"]["jobs"]
        assert (job["watch"]["outcome"], job["watch"]["digest"]) == ("REGRESSED", DIGEST)
        file = tmp_path / "report.html"
        assert town.ask(*asked, "--format", "html", "--output", str(file)).exit_code == 0
        unscripted = file.read_text().partition("<noscript>")[2].partition("</noscript>")[0]
        assert "watch: REGRESSED, WATCHING since " in unscripted
