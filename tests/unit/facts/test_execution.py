"""An execution succeeded when the counts say so; what the platform writes beside them decides nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from verifier.errors import Malformed
from verifier.facts.execution import Completion, Container, Execution, JobName, Phase, parse_execution_name

JOB = JobName("vividly-dev", "us-central1", "dev-vividly-content-worker")
CREATED = datetime(2026, 11, 3, 9, 20, tzinfo=UTC)
DIGEST = f"sha256:{'4e' * 32}"
JUST_CREATED = Execution(
    name=f"{JOB.resource}/executions/dev-vividly-content-worker-x7k2p",
    created=CREATED,
    started=None,
    completed=None,
    completion=Completion.UNKNOWN,
    message="",
    exited=False,
    tasks=1,
    succeeded=0,
    failed=0,
    cancelled=0,
    retried=0,
    containers=(Container("", "us-central1-docker.pkg.dev/vividly-dev/vividly/content-worker:latest"),),
    build="",
)
RUNNING = replace(JUST_CREATED, started=CREATED + timedelta(seconds=11))
ENDED = replace(RUNNING, completed=CREATED + timedelta(seconds=60), completion=Completion.FALSE)
SUCCEEDED = replace(ENDED, completion=Completion.TRUE, succeeded=1, message="Execution completed successfully in 42.5s")


CENSUS = {
    "just created, without any condition": (JUST_CREATED, Phase.WAITING),
    "started": (RUNNING, Phase.RUNNING),
    "a first attempt failed and another runs": (replace(RUNNING, retried=1), Phase.RUNNING),
    "success": (SUCCEEDED, Phase.SUCCEEDED),
    "success of many tasks": (replace(SUCCEEDED, tasks=40, succeeded=40), Phase.SUCCEEDED),
    "success after a retry": (replace(SUCCEEDED, retried=1), Phase.SUCCEEDED),
    "success without a completion time": (replace(SUCCEEDED, completed=None), Phase.SUCCEEDED),
    "exit code 1": (
        replace(
            ENDED,
            exited=True,
            failed=1,
            retried=3,
            message="Task x-task0 failed with exit code: 1 and message: it exited",
        ),
        Phase.FAILED,
    ),
    "timeout, without a reason": (
        replace(ENDED, failed=1, message="The configured timeout was reached."),
        Phase.FAILED,
    ),
    "out of memory, with exit code 0": (
        replace(
            ENDED, failed=1, message="Task x-task0 failed with exit code: 0 and message: The memory limit was reached."
        ),
        Phase.FAILED,
    ),
    "internal error, with exit code 0": (
        replace(ENDED, failed=1, message="failed with exit code: 0 and message: Internal error running task."),
        Phase.FAILED,
    ),
    "cancelled by somebody": (replace(ENDED, cancelled=1, message="Cancelled by user."), Phase.CANCELLED),
    "cancelled without reason or message": (replace(ENDED, cancelled=1), Phase.CANCELLED),
    "cancelled before it started": (
        replace(ENDED, started=None, completed=None, cancelled=1),
        Phase.CANCELLED,
    ),
    "image missing: no task ever counted": (replace(ENDED, started=None, message="Image not found"), Phase.FAILED),
    "cheerful words on a failure": (replace(ENDED, failed=1, message=SUCCEEDED.message), Phase.FAILED),
    "all tasks succeeded, but not completed true": (replace(ENDED, succeeded=1), Phase.FAILED),
    "completed true, but one task is missing": (replace(SUCCEEDED, tasks=2), Phase.FAILED),
    "completed true, but one task failed": (replace(SUCCEEDED, tasks=2, failed=1), Phase.FAILED),
    "completed true, but one failed beside all": (replace(SUCCEEDED, failed=1), Phase.FAILED),
    "completed true, but one was cancelled": (replace(SUCCEEDED, tasks=2, cancelled=1), Phase.CANCELLED),
    "a task failed, the others were cancelled": (replace(ENDED, tasks=3, failed=1, cancelled=2), Phase.FAILED),
    "a condition failed before anything started": (replace(JUST_CREATED, stuck=True), Phase.FAILED),
    "a condition failed while it ran": (replace(RUNNING, stuck=True), Phase.FAILED),
    "completed true, but one was cancelled beside all": (replace(SUCCEEDED, cancelled=1), Phase.CANCELLED),
    "completed true of no tasks at all": (replace(SUCCEEDED, tasks=0, succeeded=0), Phase.FAILED),
}


@pytest.mark.parametrize(("execution", "phase"), CENSUS.values(), ids=CENSUS.keys())
def test_the_phase_follows_from_condition_and_counts(execution: Execution, phase: Phase) -> None:
    assert execution.phase is phase


@pytest.mark.parametrize("execution", [execution for execution, _ in CENSUS.values()], ids=CENSUS.keys())
def test_no_message_or_reason_changes_the_phase(execution: Execution) -> None:
    assert replace(execution, exited=not execution.exited).phase is execution.phase
    for message in ("", "Execution completed successfully in 1s", "failed with exit code: 0", "Cancelled by user."):
        assert replace(execution, message=message).phase is execution.phase


def test_each_retry_is_an_attempt_more() -> None:
    assert replace(SUCCEEDED, tasks=4, retried=2).attempts == 6


@pytest.mark.parametrize(
    ("message", "is_the_platforms"),
    [
        ("Task x-task0 failed with exit code: 0 and message: Internal error running task.", True),
        ("There is currently not enough capacity for GPUs in this region.", True),
        ("The zone does not have enough resources available to fulfill the request.", True),
        ("Quota exceeded for total allowable count of GPUs per project per region.", True),
        ("Task x-task0 failed with exit code: 1 and message: The container exited with an error.", False),
        ("Task x-task0 failed with message: The configured timeout was reached.", False),
        ("The configured memory limit was reached.", False),
        ("Image 'worker:latest' not found.", False),
        ("", False),
    ],
)
def test_the_platforms_own_failures_are_told_by_its_words(message: str, is_the_platforms: bool) -> None:
    assert replace(ENDED, failed=1, message=message).platform_failed is is_the_platforms


def test_a_reason_of_the_platforms_own_is_its_failure_whatever_it_says() -> None:
    assert replace(ENDED, failed=1, blamed=True).platform_failed


@pytest.mark.parametrize(
    "execution",
    [
        replace(ENDED, failed=1, exited=True, message="Internal error running task."),
        replace(SUCCEEDED, message="Internal error running task."),
        replace(RUNNING, message="Internal error running task."),
        replace(ENDED, cancelled=1, blamed=True),
    ],
    ids=["a container exited", "it succeeded", "it runs", "it was cancelled"],
)
def test_nothing_else_is_the_platforms_failure(execution: Execution) -> None:
    assert not execution.platform_failed


WORKER = Container("worker", f"us-docker.pkg.dev/vividly/worker@{DIGEST}", ("--once",))
PROXY = Container("proxy", f"mirror.gcr.io/cloud-sql/proxy:2@sha256:{'7f' * 32}")


def test_the_digests_are_known_once_their_tags_are_resolved() -> None:
    assert JUST_CREATED.digests == frozenset()
    assert replace(RUNNING, containers=(WORKER, Container("", "plain:latest"))).digests == {DIGEST}
    assert Container("", f"plain@{DIGEST[7:]}").digest == ""


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("us-docker.pkg.dev/vividly/worker", "us-docker.pkg.dev/vividly/worker"),
        ("us-docker.pkg.dev/vividly/worker:latest", "us-docker.pkg.dev/vividly/worker"),
        (f"mirror.gcr.io/vividly/worker:1@{DIGEST}", "mirror.gcr.io/vividly/worker"),
        ("localhost:5000/worker", "localhost:5000/worker"),
    ],
)
def test_a_containers_repository_has_neither_tag_nor_digest(image: str, repository: str) -> None:
    assert Container("", image).repository == repository


OWN = {
    "the only one": ((WORKER,), "", frozenset[str](), WORKER),
    "the only one, though the build pushes another": ((WORKER,), "", frozenset({"other"}), WORKER),
    "the one of this name": ((PROXY, WORKER), "worker", frozenset[str](), WORKER),
    "the one of this name, whatever it runs": ((PROXY, WORKER), "proxy", frozenset({WORKER.repository}), PROXY),
    "the only one that runs what was built": ((PROXY, WORKER), "", frozenset({WORKER.repository}), WORKER),
    "none has this name": ((WORKER,), "main", frozenset({WORKER.repository}), None),
    "two run what was built": ((WORKER, replace(WORKER, name="b")), "", frozenset({WORKER.repository}), None),
    "none of several runs what was built": ((PROXY, WORKER), "", frozenset({"other"}), None),
    "there is none at all": ((), "", frozenset({WORKER.repository}), None),
}


@pytest.mark.parametrize(("containers", "name", "repositories", "own"), OWN.values(), ids=OWN.keys())
def test_the_workers_own_container_is_told_from_its_sidecars(
    containers: tuple[Container, ...], name: str, repositories: frozenset[str], own: Container | None
) -> None:
    assert replace(RUNNING, containers=containers).container(name, repositories) == own


def test_an_executions_name_gives_its_job_and_short_name() -> None:
    assert parse_execution_name(SUCCEEDED.name) == (JOB, "dev-vividly-content-worker-x7k2p")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "dev-vividly-content-worker-x7k2p",
        "namespaces/vividly-dev/executions/dev-vividly-content-worker-x7k2p",
        JOB.resource,
        f"{JOB.resource}/executions/",
        f"{JOB.resource}/executions/x/tasks/y",
        f"/{JOB.resource}/executions/x",
        "projects//locations/l/jobs/j/executions/e",
        "projects/p/locations/l/jobs/j/executions/\ud800",
    ],
)
def test_another_kind_of_name_is_malformed(name: str) -> None:
    with pytest.raises(Malformed, match="execution name: expected projects/P/locations/L/jobs/J/executions/E, got "):
        parse_execution_name(name)
