"""How a worker's execution is judged: a row for each check and outcome, and how bad news never improves one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from tests.unit.builders import DIGEST, FINISHED, IMAGE, WORKER, logged, pushed, ran
from verifier.checks.execution import image_finding, own_container, run_findings
from verifier.checks.verdict import Check, Finding, Outcome
from verifier.facts.execution import Completion, Container, Execution
from verifier.facts.logs import Ending

OVERDUE = FINISHED + timedelta(minutes=61)
LOOK = "gcloud run jobs executions describe dev-vividly-content-worker-x7k2p --region=us-central1 --project=vividly-dev"
NONE_YET = {"completed": None, "completion": Completion.UNKNOWN, "succeeded": 0}
WAITING = ran(started=None, containers=(Container("", f"{IMAGE}:latest"),), **NONE_YET)
RUNNING = ran(**NONE_YET)
FAILED = ran(completion=Completion.FALSE, succeeded=0, failed=1)
CANCELLED = ran(completion=Completion.FALSE, succeeded=0, cancelled=1, message="Cancelled by user.")
RETRIED = ran(retried=1)
EXIT = Ending("0", "0", "", "exit", 1)
OOM = Ending("2", "1", "", "memory", 0)
OTHER = f"sha256:{'9c' * 32}"
STARTED = "execution dev-vividly-content-worker-x7k2p"


def judged(execution: Execution, *endings: Ending, settled: bool = True) -> tuple[Finding, ...]:
    """Return the findings where the logs tell of these ends of attempts."""
    return run_findings(execution, WORKER, OVERDUE, replace(logged(), endings=endings), settled=settled)


def of(check: Check, findings: tuple[Finding, ...]) -> tuple[Outcome, str]:
    (found,) = [finding for finding in findings if finding.check is check]
    return found.outcome, found.seen


STARTS = {
    "it never started": (WAITING, Outcome.FAILS, "it had not started 61 minutes after its creation"),
    "a condition failed": (
        replace(WAITING, stuck=True, message="Image 'worker:latest' not found."),
        Outcome.FAILS,
        "it never started: Image 'worker:latest' not found.",
    ),
    "it failed before it started": (
        replace(FAILED, started=None),
        Outcome.FAILS,
        "it never started",
    ),
    "no GPU to be had": (
        replace(FAILED, started=None, message="There is not enough capacity for GPUs."),
        Outcome.COULD_NOT_CHECK,
        "the platform could not start it: There is not enough capacity for GPUs.",
    ),
    "cancelled before": (
        replace(CANCELLED, started=None),
        Outcome.COULD_NOT_CHECK,
        "cancelled before it started: Cancelled by user.",
    ),
    "it runs": (RUNNING, Outcome.HOLDS, STARTED),
    "it failed": (FAILED, Outcome.HOLDS, STARTED),
    "it succeeded": (ran(), Outcome.HOLDS, STARTED),
}


@pytest.mark.parametrize(("execution", "outcome", "seen"), STARTS.values(), ids=STARTS.keys())
def test_whether_it_started(execution: Execution, outcome: Outcome, seen: str) -> None:
    assert of(Check.WORKER_STARTED, judged(execution)) == (outcome, seen)


INTERNAL = "Task x-task0 failed with exit code: 0 and message: Internal error running task."
ENDS: dict[str, tuple[Execution, tuple[Ending, ...], Outcome, str]] = {
    "overdue": (RUNNING, (), Outcome.FAILS, "it was still running 61 minutes after its creation"),
    "success": (ran(), (), Outcome.HOLDS, "1/1 tasks succeeded"),
    "a task failed": (
        replace(FAILED, exited=True, message="it exited with an error."),
        (EXIT,),
        Outcome.FAILS,
        "0/1 tasks succeeded: it exited with an error.; attempt 0 of task 0 ended with exit code 1",
    ),
    "a time-out": (
        replace(FAILED, message="The configured timeout was reached."),
        (),
        Outcome.FAILS,
        "0/1 tasks succeeded: The configured timeout was reached.",
    ),
    "a failure without a word": (FAILED, (), Outcome.FAILS, "0/1 tasks succeeded"),
    "a failure beside cancelled tasks": (
        ran(completion=Completion.FALSE, tasks=3, succeeded=0, failed=1, cancelled=2),
        (),
        Outcome.FAILS,
        "0/3 tasks succeeded",
    ),
    "the platform failed": (
        replace(FAILED, message=INTERNAL),
        (),
        Outcome.COULD_NOT_CHECK,
        f"0/1 tasks succeeded, and the platform failed: {INTERNAL}",
    ),
    "the platform failed after a crash": (
        replace(FAILED, message=INTERNAL, retried=1),
        (EXIT,),
        Outcome.FAILS,
        f"0/1 tasks succeeded: {INTERNAL}; attempt 0 of task 0 ended with exit code 1",
    ),
    "somebody cancelled it": (
        CANCELLED,
        (),
        Outcome.COULD_NOT_CHECK,
        "0/1 tasks succeeded, 1 cancelled: Cancelled by user.",
    ),
    "somebody cancelled it after a crash": (
        CANCELLED,
        (EXIT,),
        Outcome.FAILS,
        "0/1 tasks succeeded: Cancelled by user.; attempt 0 of task 0 ended with exit code 1",
    ),
    "a retry without a crash": (
        RETRIED,
        (),
        Outcome.HOLDS,
        "1/1 tasks succeeded; 1 attempt was tried again by the platform, without any sign of a crash",
    ),
    "a crash that a retry made good": (
        RETRIED,
        (EXIT,),
        Outcome.FAILS,
        "1/1 tasks succeeded, but only after a crash: attempt 0 of task 0 ended with exit code 1",
    ),
    "crashes that retries made good": (
        ran(tasks=3, succeeded=3, retried=2),
        (OOM, EXIT),
        Outcome.FAILS,
        "3/3 tasks succeeded, but only after a crash: attempt 1 of task 2 ran out of memory, and 1 more",
    ),
    "the logs contradict the execution": (
        ran(),
        (EXIT,),
        Outcome.COULD_NOT_CHECK,
        "1/1 tasks succeeded, and yet the logs tell of a crash: attempt 0 of task 0 ended with exit code 1",
    ),
}


@pytest.mark.parametrize(("execution", "endings", "outcome", "seen"), ENDS.values(), ids=ENDS.keys())
def test_whether_it_succeeded(execution: Execution, endings: tuple[Ending, ...], outcome: Outcome, seen: str) -> None:
    assert of(Check.WORKER_SUCCEEDED, judged(execution, *endings)) == (outcome, seen)


@pytest.mark.parametrize("number", [1, 2])
def test_a_retry_whose_cause_can_not_be_read_is_not_known_to_be_harmless(number: int) -> None:
    execution = ran(retried=number)
    unread = run_findings(execution, WORKER, OVERDUE)
    assert of(Check.WORKER_SUCCEEDED, unread)[0] is Outcome.COULD_NOT_CHECK
    assert of(Check.WORKER_SUCCEEDED, judged(execution, settled=False))[0] is Outcome.COULD_NOT_CHECK


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("exit", "ended with exit code 9"),
        ("signal", "ended by signal 9"),
        ("memory", "ran out of memory"),
        ("start", "could not be started"),
        ("timeout", "ran into its time limit"),
        ("of a later version", "crashed"),
    ],
)
def test_every_kind_of_end_is_told_in_words(how: str, said: str) -> None:
    _, seen = of(Check.WORKER_SUCCEEDED, judged(RETRIED, Ending("", "", "", how, 9)))
    assert seen.endswith(f"attempt 0 of task 0 {said}")


@pytest.mark.parametrize(
    ("execution", "endings"), list(product((ran(), RETRIED, FAILED, CANCELLED), ((), (EXIT,), (EXIT, OOM))))
)
def test_an_end_more_never_improves_a_verdict(execution: Execution, endings: tuple[Ending, ...]) -> None:
    worst_first = [Outcome.FAILS, Outcome.COULD_NOT_CHECK, Outcome.HOLDS]
    before, _ = of(Check.WORKER_SUCCEEDED, judged(execution, *endings))
    after, _ = of(Check.WORKER_SUCCEEDED, judged(execution, *endings, replace(OOM, how="signal")))
    assert worst_first.index(after) <= worst_first.index(before)


def test_what_is_not_green_names_the_command_that_shows_the_execution() -> None:
    for execution in (WAITING, replace(WAITING, stuck=True), RUNNING, FAILED, CANCELLED, replace(FAILED, blamed=True)):
        (*_, finding) = judged(execution)
        assert LOOK in finding.remedy


# the image


PROXY = Container("proxy", f"gcr.io/cloud-sql/proxy@{OTHER}")
MAIN = Container("main", f"{IMAGE}@{DIGEST}")
IMAGES: dict[str, tuple[tuple[Container, ...], str, Outcome, str]] = {
    "what was pushed": ((Container("", f"{IMAGE}@{DIGEST}"),), "", Outcome.HOLDS, f"ran {DIGEST[:19]}"),
    "what was pushed, by another name": (
        (Container("", f"mirror.gcr.io/worker@{DIGEST}"),),
        "",
        Outcome.HOLDS,
        f"ran {DIGEST[:19]}",
    ),
    "beside a sidecar": ((PROXY, MAIN), "", Outcome.HOLDS, f"ran {DIGEST[:19]}"),
    "not resolved": (
        (Container("", f"{IMAGE}:latest"),),
        "",
        Outcome.COULD_NOT_CHECK,
        "Cloud Run does not show the digest of the image that ran",
    ),
    "another build's": (
        (Container("", f"{IMAGE}@{OTHER}"),),
        "projects/p/locations/l/builds/b",
        Outcome.COULD_NOT_CHECK,
        f"superseded: ran {OTHER[:19]}, made by projects/p/locations/l/builds/b",
    ),
    "nobody's": (
        (Container("", f"{IMAGE}@{OTHER}"),),
        "",
        Outcome.COULD_NOT_CHECK,
        f"ran {OTHER[:19]}, pushed {DIGEST[:19]}, and no known build made what ran",
    ),
    "of containers of which none is known to be the worker": (
        (PROXY, Container("", "other:1")),
        "",
        Outcome.COULD_NOT_CHECK,
        "which of its containers is the worker is not certain: proxy (gcr.io/cloud-sql/proxy), without a name (other)",
    ),
    "no container at all": (
        (),
        "",
        Outcome.COULD_NOT_CHECK,
        "which of its containers is the worker is not certain: none",
    ),
}


@pytest.mark.parametrize(("containers", "made_by", "outcome", "seen"), IMAGES.values(), ids=IMAGES.keys())
def test_whether_it_ran_the_built_image(
    containers: tuple[Container, ...], made_by: str, outcome: Outcome, seen: str
) -> None:
    build, execution = pushed(), ran(containers=containers)
    found = image_finding(build, execution, own_container(execution, WORKER, build), made_by)
    assert (found.check, found.outcome, found.seen) == (Check.WORKER_RAN_THE_BUILT_IMAGE, outcome, seen)


def test_a_build_without_images_can_not_be_compared() -> None:
    build, execution = pushed(results={}), ran()
    found = image_finding(build, execution, own_container(execution, WORKER, build), "")
    assert (found.outcome, found.seen) == (Outcome.COULD_NOT_CHECK, "the build records no pushed image")


def test_a_named_container_is_the_worker_whatever_the_others_run() -> None:
    build, execution = pushed(), ran(containers=(replace(PROXY, name="worker"), MAIN))
    named = replace(WORKER, container="worker")
    assert own_container(execution, named, build) == replace(PROXY, name="worker")
    assert own_container(execution, replace(WORKER, container="nobody"), build) is None
    assert own_container(execution, WORKER, build) == MAIN
