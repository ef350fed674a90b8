"""When the worker is started, and that it is started once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.builders import EXECUTION, POLICY, WORKER, pushed, ran
from tests.unit.controller.world import NOW, World, world
from verifier.checks.verdict import Check, Outcome
from verifier.controller.attempt import RequeueAt, WorkerResult
from verifier.controller.ledger import Record
from verifier.controller.worker_run import run_worker
from verifier.facts.execution import Container, Execution
from verifier.services import ExecutionClaim

__all__ = ["world"]

BUILD = pushed()
PAUSE = timedelta(seconds=60)
FRESH = Record(BUILD.key, created=NOW, due=NOW, build=BUILD.document)
INTENDED = replace(FRESH, intent=NOW - PAUSE, tried=NOW - PAUSE, job=WORKER.job_for(BUILD).resource)
"""Somebody wanted to start it, and nobody knows whether it was."""
NONCE = "saved-before"
WITH_NONCE = replace(INTENDED, nonce=NONCE, requests=1)
LOOKED = replace(INTENDED, looked=NOW)
"""It was looked for once, in vain."""


def went(world: World, record: Record) -> WorkerResult | RequeueAt:
    return run_worker(world.attempt(record), BUILD, WORKER)


def test_a_start_saves_its_intent_first_and_is_looked_at_a_minute_later(world: World) -> None:
    attempt = world.attempt(FRESH)
    assert run_worker(attempt, BUILD, WORKER) == RequeueAt(NOW + PAUSE, {"execution": EXECUTION})
    assert world.called == ["start"]
    saved = world.record(BUILD.key)
    assert (saved.intent, saved.tried, saved.job) == (NOW, NOW, WORKER.job_for(BUILD).resource)


def test_after_an_intent_without_a_name_the_execution_is_looked_for_and_not_started(world: World) -> None:
    assert went(world, INTENDED) == RequeueAt(NOW + PAUSE, {"looked": NOW})
    assert world.called == ["started_for"]


@pytest.mark.parametrize("seconds", [0.0, 1.0, 59.999])
def test_before_the_pause_after_a_first_look_is_over_nothing_is_started(world: World, seconds: float) -> None:
    world.clock.advance(seconds)
    assert went(world, LOOKED) == RequeueAt(NOW + PAUSE, {})
    assert "start" not in world.called


def test_what_is_absent_twice_with_the_pause_in_between_is_started(world: World) -> None:
    world.clock.advance(PAUSE.total_seconds())
    assert went(world, LOOKED) == RequeueAt(NOW + 2 * PAUSE, {"execution": EXECUTION})
    assert world.called == ["started_for", "start"]


@pytest.mark.parametrize("record", [INTENDED, LOOKED], ids=["first look", "second look"])
def test_an_execution_that_is_found_counts_and_the_others_are_told_of(world: World, record: Record) -> None:
    other = f"{EXECUTION}-2"
    world.executions = [ExecutionClaim(EXECUTION, ""), ExecutionClaim(other, "whatever")]
    world.execution = ran(build=BUILD.key.name, completion=ran().completion)
    went(world, record)
    assert "start" not in world.called
    saved = world.record(BUILD.key)
    assert (saved.execution, saved.extras) == (EXECUTION, (other,))


def test_a_start_carries_the_builds_name_and_a_nonce_that_was_saved_before_it(world: World) -> None:
    worker = replace(WORKER, args=("--once",), container="main")
    run_worker(world.attempt(FRESH), BUILD, worker)
    saved = world.record(BUILD.key)
    assert saved.nonce
    assert (saved.requests, saved.args, saved.container) == (1, ("--once",), "main")
    env = {"VERIFIER_BUILD": BUILD.key.name, "VERIFIER_NONCE": saved.nonce}
    assert world.started == (("--once",), env, "main")


def test_every_start_for_a_build_carries_the_same_nonce(world: World) -> None:
    world.clock.advance(PAUSE.total_seconds())
    went(world, replace(WITH_NONCE, looked=NOW))
    assert world.started is not None
    assert world.started[1]["VERIFIER_NONCE"] == NONCE
    assert world.record(BUILD.key).requests == 2


def test_an_intent_of_version_0_1_0_goes_on_without_a_nonce(world: World) -> None:
    world.clock.advance(PAUSE.total_seconds())
    went(world, LOOKED)
    assert world.started == ((), {"VERIFIER_BUILD": BUILD.key.name}, "")
    assert world.record(BUILD.key).nonce == ""


def test_only_an_execution_with_the_nonce_is_ours(world: World) -> None:
    world.executions = [ExecutionClaim("forged", ""), ExecutionClaim("guessed", "other")]
    assert went(world, WITH_NONCE) == RequeueAt(NOW + PAUSE, {"looked": NOW})
    assert "observe" not in world.called


def test_what_was_tried_for_the_verdict_before_is_no_strangers(world: World) -> None:
    judged = {"verdict": "FAILED", "execution": f"{EXECUTION}-before"}
    names = (f"{EXECUTION}-before", f"{EXECUTION}-forged")
    world.executions = [ExecutionClaim(name, "another") for name in names] + [ExecutionClaim(EXECUTION, NONCE)]
    world.execution = ran(build=BUILD.key.name, nonce=NONCE)
    went(world, replace(WITH_NONCE, earlier=(judged,)))
    saved = world.record(BUILD.key)
    assert (saved.execution, saved.claimants) == (EXECUTION, (f"{EXECUTION}-forged",))


def test_as_many_executions_may_be_ours_as_were_asked_for_and_the_oldest_counts(world: World) -> None:
    world.executions = [ExecutionClaim(name, NONCE) for name in (EXECUTION, f"{EXECUTION}-2", f"{EXECUTION}-3")]
    world.execution = ran(build=BUILD.key.name, nonce=NONCE)
    result = went(world, replace(WITH_NONCE, requests=2))
    saved = world.record(BUILD.key)
    assert (saved.execution, saved.extras) == (EXECUTION, (f"{EXECUTION}-2",))
    assert saved.claimants == (f"{EXECUTION}-3",)
    assert isinstance(result, WorkerResult)
    assert [(finding.check, finding.outcome) for finding in result.findings] == [
        (Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK)
    ]


@pytest.mark.parametrize(
    "execution",
    [
        ran(build="another", nonce=NONCE),
        ran(build=BUILD.key.name, nonce=""),
        ran(build=BUILD.key.name, nonce="other"),
        ran(build=BUILD.key.name, nonce=NONCE, containers=(Container("", "worker:1", ("--version",)),)),
    ],
    ids=["another build", "no nonce", "another nonce", "other arguments"],
)
def test_an_execution_that_is_not_as_it_was_asked_for_proves_nothing(world: World, execution: Execution) -> None:
    world.execution = execution
    result = went(world, replace(WITH_NONCE, execution=EXECUTION, args=("--once",)))
    assert isinstance(result, WorkerResult)
    [finding] = result.findings
    assert (finding.check, finding.outcome) == (Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK)


def test_what_was_asked_for_twice_and_never_seen_is_given_up_after_the_deadline(world: World) -> None:
    long_ago = NOW - WORKER.deadlines.start - PAUSE
    gone = replace(LOOKED, tried=long_ago, looked=long_ago, starts=2)
    result = went(world, gone)
    assert isinstance(result, WorkerResult)
    [finding] = result.findings
    assert (finding.check, finding.outcome) == (Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK)
    assert finding.seen.endswith("Cloud Run never said that it started it, and shows no such execution")
    assert finding.remedy == "build again when Cloud Run answers"
    assert world.called == ["started_for"]


def test_after_one_unanswered_request_another_is_made_however_late_it_is(world: World) -> None:
    long_ago = NOW - WORKER.deadlines.start - PAUSE
    assert isinstance(went(world, replace(LOOKED, tried=long_ago, looked=long_ago, starts=1)), RequeueAt)
    assert world.called == ["started_for", "start"]


def test_the_job_that_was_intended_is_looked_for_even_if_policy_names_another_one_now(world: World) -> None:
    other = replace(WORKER, job=replace(WORKER.job, job="another-job"))
    attempt = world.attempt(INTENDED, replace(POLICY, workers=(other,)))
    run_worker(attempt, BUILD, other)
    assert world.jobs_asked == [WORKER.job_for(BUILD)]
