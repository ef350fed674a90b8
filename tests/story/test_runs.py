"""Runs that nobody started for a build, over the real adapters: each is confirmed, counted once and found again."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.story.harness import (
    CLEAN,
    FIXED,
    IMAGE,
    JOB,
    NUMBER,
    POLICY,
    PROJECT,
    REGION,
    WATCHED,
    Harness,
    a_harness,
    harness,
)
from tests.story.test_old_records import put
from verifier.adapters.sqlite import SqliteStore
from verifier.checks.job_runs import JobRuns
from verifier.controller.events import RunEnded, decode
from verifier.controller.runs.job_runs import JOBS, RUNS, name_of_job, name_of_run, parse_job
from verifier.controller.runs.observe import Seen, observe
from verifier.controller.runs.run_document import parse_run
from verifier.facts.run import A_PERSON, EndedRun, RunKind, RunOutcome
from verifier.standin.completion import completion_entry
from verifier.standin.faults import Fault
from verifier.standin.job_book import JobPath, Overrides
from verifier.standin.job_run import JobRun
from verifier.standin.script import Line, Script, Sidecar

__all__ = ["harness"]

PATH = JobPath(PROJECT, REGION, JOB.job)
SCHEDULER = f"scheduler@{PROJECT}.iam.gserviceaccount.com"
AS_IT_IS = Overrides({})


@pytest.fixture(autouse=True)
def _watched(harness: Harness) -> None:
    """Let the job be watched, and its image be there."""
    harness.cloud.tag(f"{IMAGE}:latest", "sha256:" + "01" * 32)
    harness.sweep()
    harness.clock.advance(60)


def run(harness: Harness, overrides: Overrides = AS_IT_IS, creator: str = SCHEDULER, seconds: float = 20) -> JobRun:
    """Let the job run to its end."""
    started = harness.cloud.run_job(PATH, overrides, creator)
    harness.clock.advance(seconds)
    return started


def told(harness: Harness, one: JobRun, **changes: Any) -> Seen:
    """Deliver the message that Cloud Run writes at the end of an execution, and return what became of it."""
    entry = completion_entry(one, NUMBER) | changes
    body = {"message": {"data": b64encode(json.dumps(entry).encode()).decode(), "messageId": "1"}}
    hint = decode(json.dumps(body).encode(), "/executions", WATCHED)
    assert isinstance(hint, RunEnded)
    return observe(hint.execution, hint.generation, harness.deployment, harness.budget()).seen


def known(harness: Harness) -> JobRuns:
    stored = harness.deployment.services.store.read(JOBS, name_of_job(JOB), timeout=5)
    assert stored is not None
    return parse_job(stored.document)


def kept(harness: Harness, one: JobRun) -> EndedRun:
    stored = harness.deployment.services.store.read(RUNS, name_of_run(one.full_name), timeout=5)
    assert stored is not None
    return parse_run(stored.document)


def counts(harness: Harness) -> tuple[int, int, int]:
    """Return how many runs count, how many of those failed, and how many are counted apart."""
    digests = known(harness).digests
    return tuple(sum(getattr(one, name) for one in digests) for name in ("runs", "failed", "apart"))


def test_a_run_of_the_schedulers_is_told_of_confirmed_and_counted(harness: Harness) -> None:
    one = run(harness)
    harness.faults.forget()
    assert told(harness, one) is Seen.COUNTED
    assert harness.calls("GetExecution") == 1
    assert harness.calls("ListLogEntries") == 0
    assert told(harness, one) is Seen.ALREADY
    assert counts(harness) == (1, 0, 0)
    found = kept(harness, one)
    assert (found.kind, found.outcome, found.account) == (RunKind.OWN, RunOutcome.SUCCEEDED, SCHEDULER)
    assert (found.digest, found.generation) == (one.digest, one.job_generation)


def test_what_a_message_says_of_digests_and_counts_is_not_believed(harness: Harness) -> None:
    one = run(harness)
    payload = completion_entry(one, NUMBER)["protoPayload"]
    forged = json.loads(json.dumps(payload).replace(one.digest, "sha256:" + "66" * 32).replace("succeeded", "failed"))
    told(harness, one, protoPayload=forged)
    assert (kept(harness, one).digest, counts(harness)) == (one.digest, (1, 0, 0))


def test_a_run_that_no_message_told_is_found_within_the_hour(harness: Harness) -> None:
    one, two = run(harness), run(harness)
    told(harness, two)
    harness.live(61)
    assert counts(harness) == (2, 0, 0)
    assert kept(harness, one).kind is RunKind.OWN
    harness.live(125)
    assert counts(harness) == (2, 0, 0)


def test_a_long_run_is_counted_when_it_has_ended_whoever_tells(harness: Harness) -> None:
    harness.job(replace(CLEAN, runs=3 * 3600.0))
    one = run(harness)
    assert told(harness, one) is Seen.EARLY
    harness.live(90)
    assert counts(harness) == (0, 0, 0)
    harness.live(200)
    assert counts(harness) == (1, 0, 0)
    assert told(harness, one) is Seen.ALREADY


def test_a_failing_run_a_persons_and_one_with_other_arguments(harness: Harness) -> None:
    harness.job(Script(lines=(Line(at=1.0, text="no"),), exit_code=1), args=("serve",))
    failing = run(harness, seconds=60)
    told(harness, failing)
    harness.job(CLEAN, args=("serve",))
    by_hand = run(harness, Overrides({}, ("--once",)), "ana@vividly.example")
    told(harness, by_hand)
    assert counts(harness) == (1, 1, 1)
    assert kept(harness, failing).outcome is RunOutcome.FAILED
    assert (kept(harness, by_hand).kind, kept(harness, by_hand).account) == (RunKind.OTHER_ARGUMENTS, A_PERSON)


def test_while_the_job_may_not_be_read_its_runs_count_and_nothing_is_compared(harness: Harness) -> None:
    harness.cloud.deny("GetJob")
    harness.job(CLEAN, args=("serve",))
    one = run(harness, Overrides({}, ("--once",)))
    assert told(harness, one) is Seen.COUNTED
    harness.live(65)
    assert (kept(harness, one).kind, known(harness).problem) == (RunKind.NOT_COMPARED, "")


def test_no_permission_to_look_is_said_by_the_jobs_name_and_made_up_for(harness: Harness) -> None:
    harness.cloud.deny("ListExecutions")
    one = run(harness)
    harness.live(70)
    problem = known(harness).problem
    assert "run.executions.list" in problem
    harness.cloud.allow("ListExecutions")
    harness.live(70)
    assert (counts(harness), known(harness).problem, kept(harness, one).digest) == ((1, 0, 0), "", one.digest)


def test_a_trial_of_ours_is_counted_apart_once_it_is_looked_at_and_is_not_what_the_job_runs(harness: Harness) -> None:
    key = harness.triggered(FIXED)
    harness.announce(key)
    harness.clock.advance(20)
    harness.finish(key)
    harness.live(65)
    assert harness.verdict(key) == "VERIFIED"
    assert (counts(harness), known(harness).digest) == ((0, 0, 1), "")
    told(harness, run(harness))
    assert counts(harness) == (1, 0, 1)
    assert known(harness).now == known(harness).digests[0]


def test_of_two_containers_the_one_that_policy_names_counts_and_else_the_run_is_uncertain(harness: Harness) -> None:
    harness.use(replace(POLICY, workers=tuple(replace(worker, image="") for worker in POLICY.workers)))
    sidecar = Sidecar("proxy", "gcr.io/cloud-sql/proxy@sha256:" + "0f" * 32)
    harness.job(CLEAN, container="main", sidecars=[sidecar])
    told(harness, run(harness))
    assert (known(harness).uncertain, counts(harness)) == (1, (0, 0, 0))
    harness.use(replace(POLICY, workers=tuple(replace(worker, container="main") for worker in POLICY.workers)))
    one = run(harness)
    told(harness, one)
    assert (known(harness).uncertain, known(harness).digest) == (1, one.digest)


def test_a_run_by_a_moved_tag_has_the_digest_that_it_ran_itself(harness: Harness) -> None:
    first = run(harness)
    harness.cloud.tag(f"{IMAGE}:latest", "sha256:" + "ab" * 32)
    second = run(harness)
    told(harness, second)
    told(harness, first)
    assert {one.digest: one.runs for one in known(harness).digests} == {first.digest: 1, second.digest: 1}
    assert known(harness).digest == second.digest


def test_an_environment_with_a_secret_is_stored_nowhere(harness: Harness) -> None:
    one = run(harness, Overrides({"DATABASE_URL": "postgres://ada:hunter2@db"}))
    told(harness, one)
    store = harness.deployment.services.store
    documents = [store.read(JOBS, name_of_job(JOB), timeout=5), store.read(RUNS, name_of_run(one.full_name), timeout=5)]
    assert all(found is not None and "hunter2" not in json.dumps(found.document) for found in documents)


def test_a_cloud_run_that_is_away_when_a_message_comes_is_asked_again(harness: Harness) -> None:
    one = run(harness)
    harness.faults.add(Fault("GetExecution", "before", status="UNAVAILABLE"))
    assert told(harness, one) is Seen.UNREAD
    harness.live(2)
    assert counts(harness) == (1, 0, 0)
    assert known(harness).look == known(harness).due or known(harness).tell is not None


def test_a_day_of_runs_costs_a_look_an_hour_and_two_reads_of_logs_a_run_at_the_most(harness: Harness) -> None:
    harness.faults.forget()
    for _ in range(48):
        one = run(harness, seconds=20)
        told(harness, one)
        harness.clock.advance(1780)
        harness.sweep()
    assert counts(harness) == (48, 0, 0)
    assert harness.calls("GetExecution") == 48
    assert harness.calls("ListExecutions") <= 25
    assert 48 <= harness.calls("ListLogEntries") <= 2 * 48
    assert known(harness).newest is not None
    assert harness.clock() - known(harness).newest < timedelta(hours=1)  # type: ignore[operator]


def test_an_upgrade_in_mid_flight_counts_from_its_first_sweep_on(tmp_path: Path) -> None:
    """0.1.0 has a worker's run under way, and the job has run by itself; neither is counted, and the next run is."""
    store = SqliteStore(tmp_path / "of-0.1.0.sqlite")
    with a_harness(store) as upgraded:
        key = put(upgraded, "0.1.0/on-trial")
        before = run(upgraded)
        upgraded.live(70)
        assert upgraded.record(key).state == "done"
        assert counts(upgraded) == (0, 0, 0)
        assert told(upgraded, before) is Seen.NOT_OF_AGE
        assert told(upgraded, run(upgraded)) is Seen.COUNTED
        assert counts(upgraded) == (1, 0, 0)
    store.close()
