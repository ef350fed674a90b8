"""How a worker's execution went: what is the worker's doing, what the platform's, and how long anybody waits for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.story.harness import CLEAN, IMAGE, POLICY, Harness, harness_with_logs
from verifier.checks.policy import Deadlines
from verifier.facts.build import BuildKey
from verifier.standin.script import Line, Script, Sidecar

__all__ = ["harness_with_logs"]

OK = (Line(at=1.0, text="query ok"),)
PROXY = Sidecar("proxy", "gcr.io/cloud-sql/proxy@sha256:" + "7f" * 32)


def judged(harness: Harness, script: Script, *, seconds: float = 20, **job: object) -> BuildKey:
    """Return a build whose worker runs by this script, so many seconds after its execution ended."""
    settings: dict[str, object] = {"max_retries": 3} | job
    harness.job(script, **settings)
    key = harness.triggered()
    harness.announce(key)
    harness.clock.advance(seconds)
    harness.finish(key)
    return key


def seen(harness: Harness, key: BuildKey, check: str) -> str:
    """Return what was seen of one check."""
    judgement = harness.record(key).judgement
    assert judgement is not None
    return next(finding.seen for finding in judgement.findings if str(finding.check) == check)


# retries


def test_a_retry_that_the_platform_only_counted_is_no_crash(harness: Harness) -> None:
    key = judged(harness, replace(CLEAN, counted_retries=1))
    harness.live(2)
    assert harness.verdict(key) == "VERIFIED"
    assert seen(harness, key, "worker_succeeded") == (
        "1/1 tasks succeeded; 1 attempt was tried again by the platform, without any sign of a crash"
    )


def test_an_attempt_that_the_platform_broke_off_is_no_crash_once_nothing_more_can_be_read_of_it(
    harness: Harness,
) -> None:
    key = judged(harness, replace(CLEAN, interruptions=1))
    harness.live(5)
    assert harness.verdict(key) is None, "it may have crashed: its exit line may come yet"
    harness.live(8)
    assert harness.verdict(key) == "VERIFIED"


def test_an_attempt_that_may_have_run_into_its_time_limit_is_not_excused(harness: Harness) -> None:
    key = judged(harness, replace(CLEAN, interruptions=1, runs=4.0), timeout_seconds=3)
    harness.live(13)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert harness.findings(key)["worker_succeeded"] == "could-not-check"
    assert harness.findings(key)["logs_are_complete"] == "could-not-check"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (Script(lines=OK, fail_attempts=2), "attempt 0 of task 0 ended with exit code 1, and 1 more"),
        (Script(lines=OK, fail_attempts=1, signal=11), "attempt 0 of task 0 ended by signal 11"),
    ],
    ids=["exit code", "signal"],
)
def test_a_crash_that_a_retry_hides_is_a_failure_and_told_at_once(harness: Harness, script: Script, said: str) -> None:
    key = judged(harness, script)
    harness.live(1)
    assert harness.verdict(key) == "FAILED"
    assert seen(harness, key, "worker_succeeded") == f"1/1 tasks succeeded, but only after a crash: {said}"


def test_a_crash_whose_exit_line_comes_late_is_found(harness: Harness) -> None:
    key = judged(harness, Script(lines=OK, fail_attempts=1, visible_after=120.0))
    harness.live(4)
    assert harness.verdict(key) == "FAILED"


# ends that are not the worker's doing


@pytest.mark.parametrize(
    ("outcome", "check", "said"),
    [
        ("internal-error", "worker_succeeded", "0/1 tasks succeeded, and the platform failed: Task "),
        ("no-capacity", "worker_started", "the platform could not start it: There is not enough capacity for GPUs"),
        ("cancelled", "worker_succeeded", "0/1 tasks succeeded, 1 cancelled: Cancelled by user."),
        ("cancelled-silently", "worker_succeeded", "0/1 tasks succeeded, 1 cancelled"),
    ],
)
def test_what_the_platform_or_a_person_did_is_told_in_the_platforms_words(
    harness: Harness, outcome: str, check: str, said: str
) -> None:
    key = judged(harness, Script(outcome=outcome), max_retries=0)
    harness.live(1)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert seen(harness, key, check).startswith(said)


def test_a_crash_before_somebody_cancelled_it_is_the_workers(harness: Harness) -> None:
    harness.job(
        Script(outcome="cancelled", lines=(Line(0.5, "Traceback (most recent call last):\nKeyError", "ERROR"),))
    )
    key = harness.triggered()
    harness.announce(key)
    harness.live(2)
    assert harness.verdict(key) == "FAILED"


# nobody waits


def test_a_condition_that_failed_is_told_at_once_and_not_at_the_deadline(harness: Harness) -> None:
    harness.job(Script(outcome="stuck"))
    key = harness.triggered()
    harness.announce(key)
    harness.live(2)
    assert harness.verdict(key) == "FAILED"
    assert seen(harness, key, "worker_started").startswith("it never started: Failed to access secret ")


@pytest.mark.parametrize(
    "script",
    [
        Script(exit_code=1, visible_after=86_400.0),
        Script(exit_code=1, signal=9, visible_after=86_400.0),
        Script(outcome="timeout", visible_after=86_400.0),
        Script(outcome="oom", visible_after=86_400.0),
    ],
    ids=["exit code", "signal", "timeout", "memory"],
)
def test_a_failure_that_is_certain_waits_for_no_logs(harness: Harness, script: Script) -> None:
    key = judged(harness, script, max_retries=0)
    harness.live(1)
    assert harness.verdict(key) == "FAILED"


def test_an_error_in_the_logs_of_a_success_does_not_wait_for_the_exit_line(harness: Harness) -> None:
    errors = (*OK, Line(at=1.5, text="Traceback (most recent call last):\nKeyError: 'a'", severity="ERROR"))
    harness.use(
        replace(POLICY, workers=(replace(POLICY.workers[0], deadlines=Deadlines(settle=timedelta(seconds=50))),))
    )
    key = judged(harness, Script(lines=errors, interruptions=1))
    harness.live(1)
    assert harness.verdict(key) == "FAILED"


# sidecars


def test_the_workers_own_container_is_compared_and_its_own_exit_line_counts(harness: Harness) -> None:
    named = replace(POLICY.workers[0], container="main")
    harness.use(replace(POLICY, workers=(named,)))
    key = judged(harness, CLEAN, container="main", sidecars=[replace(PROXY, exit_code=143)])
    harness.live(2)
    assert harness.verdict(key) == "VERIFIED"
    (run,) = harness.cloud.jobs.runs()
    assert dict(run.env)["VERIFIER_BUILD"] == key.name


def test_a_container_that_the_job_does_not_have_is_named_in_the_verdict(harness: Harness) -> None:
    harness.use(replace(POLICY, workers=(replace(POLICY.workers[0], container="worker"),)))
    key = judged(harness, CLEAN, container="main", sidecars=[PROXY])
    harness.live(16)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert "got 'worker'" in seen(harness, key, "worker_started")


def test_another_containers_image_is_not_taken_for_the_workers(harness: Harness) -> None:
    """The job's `main` runs what was built, and policy says that the worker is the other one."""
    harness.use(replace(POLICY, workers=(replace(POLICY.workers[0], container="main"),)))
    key = judged(harness, CLEAN, container="main", image=f"{IMAGE}-old@sha256:{'0d' * 32}")
    harness.live(2)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert harness.findings(key)["worker_ran_the_built_image"] == "could-not-check"
