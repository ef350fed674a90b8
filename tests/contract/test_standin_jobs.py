"""The stand-in's Cloud Run jobs, seen through the real client library."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.cloud.run_v2 import Condition

from tests.contract.standin import DIGEST, IMAGE, JOB, PLACE, START, StandIn, refusal, standing
from verifier.standin.script import Line, Script

OTHER_DIGEST = "sha256:" + "cd" * 32


@pytest.fixture
def google() -> Iterator[StandIn]:
    with standing() as google:
        google.cloud.tag(f"{IMAGE}:latest", DIGEST)
        yield google


def put_job(google: StandIn, script: Script | None = None, **more: Any) -> None:
    settings: dict[str, Any] = {"image": IMAGE, "script": script or Script(), **more}
    google.cloud.put_job("acme", "europe-west1", "resizer", **settings)


def condition(execution: Any, kind: str) -> Any:
    (found,) = [condition for condition in execution.conditions if condition.type_ == kind]
    return found


def counts(execution: Any) -> dict[str, int]:
    names = ("running", "succeeded", "failed", "cancelled", "retried")
    return {name: getattr(execution, f"{name}_count") for name in names if getattr(execution, f"{name}_count")}


def test_an_execution_that_was_just_created_has_no_conditions_and_shows_the_tag(google: StandIn) -> None:
    put_job(google)
    operation = google.jobs.run_job(name=JOB, timeout=5)
    execution = google.execution(operation.metadata.name)
    assert operation.metadata == execution
    assert not operation.operation.done
    assert list(execution.conditions) == []
    assert execution.template.containers[0].image == IMAGE
    assert (execution.job, execution.create_time, execution.reconciling) == ("resizer", START, True)
    assert "start_time" not in execution
    assert counts(execution) == {}


def test_a_running_execution_shows_the_digest_and_what_it_waits_for(google: StandIn) -> None:
    put_job(google, tasks=3)
    name = google.run_job()
    google.clock.advance(1)
    execution = google.execution(name)
    assert execution.template.containers[0].image == f"{IMAGE}@{DIGEST}"
    assert execution.start_time == START + timedelta(seconds=1)
    assert condition(execution, "Started").state is Condition.State.CONDITION_SUCCEEDED
    assert condition(execution, "ContainerReady").state is Condition.State.CONDITION_SUCCEEDED
    assert condition(execution, "Completed").state is Condition.State.CONDITION_RECONCILING
    assert counts(execution) == {"running": 3}


def test_a_tag_is_resolved_when_the_execution_is_created(google: StandIn) -> None:
    put_job(google)
    before = google.run_job()
    google.cloud.tag(IMAGE, OTHER_DIGEST)
    after = google.run_job()
    google.clock.advance(1)
    images = [google.execution(name).template.containers[0].image for name in (before, after)]
    assert images == [f"{IMAGE}@{DIGEST}", f"{IMAGE}@{OTHER_DIGEST}"]


def test_an_image_by_digest_needs_no_tag(google: StandIn) -> None:
    put_job(google, image=f"localhost:5000/resizer@{OTHER_DIGEST}")
    name = google.run_job()
    google.clock.advance(1)
    assert google.execution(name).template.containers[0].image == f"localhost:5000/resizer@{OTHER_DIGEST}"


@pytest.mark.parametrize(
    ("script", "message", "reason", "counted", "code"),
    [
        (Script(), "Execution completed successfully in 2s.", 0, {"succeeded": 1}, None),
        (
            Script(exit_code=3),
            "Task {}-task0 failed with exit code: 3 and message: The container exited with an error.",
            Condition.ExecutionReason.NON_ZERO_EXIT_CODE,
            {"failed": 1},
            10,
        ),
        (
            Script(outcome="timeout"),
            "Task {}-task0 failed with message: The configured timeout was reached.",
            0,
            {"failed": 1},
            4,
        ),
        (
            Script(outcome="oom"),
            "Task {}-task0 failed with exit code: 0 and message: The configured memory limit was reached.",
            0,
            {"failed": 1},
            10,
        ),
        (
            Script(outcome="internal-error"),
            "Task {}-task0 failed with exit code: 0 and message: Internal error running task.",
            0,
            {"failed": 1},
            10,
        ),
        (
            Script(outcome="cancelled"),
            "Cancelled by user.",
            Condition.ExecutionReason.CANCELLED,
            {"cancelled": 1},
            1,
        ),
        (Script(outcome="cancelled-silently"), "", 0, {"cancelled": 1}, 1),
    ],
    ids=lambda value: value.outcome if isinstance(value, Script) else "",
)
def test_an_execution_ends_in_the_shapes_that_the_platform_shows(
    google: StandIn, script: Script, message: str, reason: int, counted: dict[str, int], code: int | None
) -> None:
    put_job(google, script)
    name = google.run_job()
    google.clock.advance(60)
    execution, short = google.execution(name), name.rpartition("/")[2]
    completed = condition(execution, "Completed")
    succeeded = code is None
    assert completed.state == (4 if succeeded else 3)
    assert (completed.message, completed.execution_reason) == (message.format(short), reason)
    assert counts(execution) == counted
    assert execution.completion_time == START + timedelta(seconds=3)
    assert not execution.reconciling
    assert condition(execution, "Retry").severity is Condition.Severity.INFO
    entry = google.cloud.completion_entry(name)
    assert entry["severity"] == ("INFO" if succeeded else "ERROR")
    assert entry["protoPayload"]["status"].get("code") == code


def test_a_crash_that_a_retry_mends_counts_as_retried_and_succeeded(google: StandIn) -> None:
    put_job(google, Script(fail_attempts=1), max_retries=3)
    name = google.run_job()
    google.clock.advance(4)
    assert counts(google.execution(name)) == {"running": 1}
    google.clock.advance(1)
    assert counts(google.execution(name)) == {"succeeded": 1, "retried": 1}


def test_crashes_beyond_the_retries_fail_the_execution(google: StandIn) -> None:
    put_job(google, Script(fail_attempts=3), max_retries=1, tasks=2)
    name = google.run_job()
    google.clock.advance(5)
    assert counts(google.execution(name)) == {"failed": 2, "retried": 2}


def test_an_execution_that_never_starts_stays_as_it_was_created(google: StandIn) -> None:
    put_job(google, Script(outcome="never-starts"))
    name = google.run_job()
    before = google.execution(name)
    google.clock.advance(86400)
    assert google.execution(name) == before
    assert google.cloud.finished_executions() == ()


def test_a_tag_that_does_not_exist_fails_the_execution_before_it_starts(google: StandIn) -> None:
    put_job(google, image=f"{IMAGE}:v9")
    name = google.run_job()
    google.clock.advance(2)
    execution = google.execution(name)
    completed = condition(execution, "Completed")
    assert (completed.state, completed.reason) == (
        Condition.State.CONDITION_FAILED,
        Condition.CommonReason.CONTAINER_MISSING,
    )
    assert completed.message == f"Image '{IMAGE}:v9' not found."
    assert "start_time" not in execution
    assert counts(execution) == {}
    response = google.cloud.completion_entry(name)["protoPayload"]["response"]
    assert response["spec"]["template"]["spec"]["containers"][0]["image"] == f"{IMAGE}:v9"


def test_overrides_merge_the_environment_and_replace_the_arguments(google: StandIn) -> None:
    put_job(google, env={"MODE": "slow", "KEEP": "1"}, args=["--all"])
    env = [{"name": "MODE", "value": "fast"}, {"name": "BUILD", "value": "b1"}]
    changed = google.run_job(container_overrides=[{"env": env, "args": ["--one"]}], task_count=4, timeout="60s")
    cleared = google.run_job(container_overrides=[{"clear_args": True}])
    container = google.execution(changed).template.containers[0]
    assert {variable.name: variable.value for variable in container.env} == {"MODE": "fast", "KEEP": "1", "BUILD": "b1"}
    assert list(container.args) == ["--one"]
    assert google.execution(changed).task_count == 4
    assert google.execution(changed).template.timeout == timedelta(seconds=60)
    assert list(google.execution(cleared).template.containers[0].args) == []


def test_a_changed_job_changes_its_next_execution_only(google: StandIn) -> None:
    put_job(google, Script(exit_code=1))
    first = google.run_job()
    put_job(google, Script())
    second = google.run_job()
    google.clock.advance(10)
    assert [counts(google.execution(name)) for name in (first, second)] == [{"failed": 1}, {"succeeded": 1}]


def test_a_job_shows_its_tag_and_its_latest_execution(google: StandIn) -> None:
    put_job(google, tasks=2, max_retries=1, env={"A": "b"})
    name = google.run_job()
    google.clock.advance(30)
    job = google.jobs.get_job(name=JOB, timeout=5)
    assert job.template.template.containers[0].image == IMAGE
    assert (job.template.task_count, job.template.template.max_retries, job.execution_count) == (2, 1, 1)
    assert job.latest_created_execution.name == name.rpartition("/")[2]


@pytest.mark.parametrize("method", ["get_job", "run_job"])
def test_a_job_that_does_not_exist_is_not_found(google: StandIn, method: str) -> None:
    assert refusal(lambda: getattr(google.jobs, method)(name=JOB, timeout=5)) == (
        "NOT_FOUND",
        "Resource 'resizer' of kind 'JOB' in region 'europe-west1' in project 'acme' does not exist.",
    )


def test_an_execution_that_does_not_exist_is_not_found(google: StandIn) -> None:
    assert refusal(lambda: google.execution(f"{JOB}/executions/resizer-zzzzz"))[0] == "NOT_FOUND"
    assert refusal(lambda: google.execution("resizer-zzzzz"))[0] == "INVALID_ARGUMENT"


def test_executions_are_listed_newest_first_across_pages(google: StandIn) -> None:
    put_job(google)
    names = [google.run_job() for _ in range(5)]
    google.cloud.put_job("acme", "europe-west1", "other", image=IMAGE, script=Script())
    other = google.jobs.run_job(name=f"{PLACE}/jobs/other", timeout=5).metadata.name

    def listed(**request: Any) -> list[str]:
        return [found.name for found in google.executions.list_executions(request=request, timeout=5)]

    assert listed(parent=JOB, page_size=2) == names[::-1]
    assert listed(parent=f"{PLACE}/jobs/-") == [other, *names[::-1]]
    assert listed(parent=f"{PLACE}/jobs/nothing") == []
    assert refusal(lambda: listed(parent=JOB, page_size=-1))[0] == "INVALID_ARGUMENT"


def test_a_project_number_is_as_good_as_its_id(google: StandIn) -> None:
    google.cloud.put_project("acme", "4711")
    put_job(google)
    name = google.jobs.run_job(name=JOB.replace("acme", "4711"), timeout=5).metadata.name
    assert name.startswith(JOB)
    assert google.execution(name.replace("acme", "4711")).name == name


def test_running_with_overrides_is_a_permission_of_its_own(google: StandIn) -> None:
    put_job(google)
    google.cloud.deny("run.jobs.runWithOverrides")
    google.run_job()
    status, message = refusal(lambda: google.run_job(task_count=2))
    assert (status, message.partition(" denied")[0]) == (
        "PERMISSION_DENIED",
        "Permission 'run.jobs.runWithOverrides'",
    )


@pytest.mark.parametrize("method", ["GetJob", "RunJob", "GetExecution", "ListExecutions"])
def test_every_call_can_be_denied(google: StandIn, method: str) -> None:
    put_job(google)
    name = google.run_job()
    calls = {
        "GetJob": lambda: google.jobs.get_job(name=JOB),
        "RunJob": google.run_job,
        "GetExecution": lambda: google.execution(name),
        "ListExecutions": lambda: google.executions.list_executions(parent=JOB),
    }
    google.cloud.deny(method)
    assert refusal(calls[method])[0] == "PERMISSION_DENIED"


@pytest.mark.parametrize("request_fields", [{"validate_only": True}, {"etag": "x"}])
def test_what_the_stand_in_cannot_play_is_refused_instead_of_ignored(
    google: StandIn, request_fields: dict[str, Any]
) -> None:
    put_job(google)
    call = {"name": JOB, **request_fields}
    assert refusal(lambda: google.jobs.run_job(request=call, timeout=5))[0] == "UNIMPLEMENTED"
    two = [{"name": "a"}, {"name": "b"}]
    assert refusal(lambda: google.run_job(container_overrides=two))[0] == "INVALID_ARGUMENT"
    assert list(google.executions.list_executions(parent=JOB)) == []


def test_the_completion_entry_carries_what_ran_and_how_it_was_started(google: StandIn) -> None:
    put_job(google, tasks=2)
    name = google.run_job(container_overrides=[{"env": [{"name": "BUILD", "value": "b1"}]}])
    google.clock.advance(60)
    entry, short = google.cloud.completion_entry(name), name.rpartition("/")[2]
    payload = entry["protoPayload"]
    container = payload["response"]["spec"]["template"]["spec"]["containers"][0]
    assert payload["methodName"] == "/Jobs.RunJob"
    assert payload["resourceName"] == f"namespaces/acme/executions/{short}"
    assert payload["status"] == {"message": f"Execution {short} has completed successfully."}
    assert entry["labels"] == {"run.googleapis.com/execution_name": short}
    assert entry["logName"] == "projects/acme/logs/cloudaudit.googleapis.com%2Fsystem_event"
    assert entry["timestamp"] == "2026-03-01T12:00:04.000000Z"
    assert container["image"] == f"{IMAGE}@{DIGEST}"
    assert container["env"] == [{"name": "BUILD", "value": "b1"}]
    assert payload["response"]["status"]["succeededCount"] == 2
    assert payload["response"]["status"]["conditions"][0]["status"] == "True"


def test_the_completion_entry_of_a_failure_says_so(google: StandIn) -> None:
    put_job(google, Script(exit_code=1), tasks=2)
    name = google.run_job()
    google.clock.advance(60)
    payload = google.cloud.completion_entry(name)["protoPayload"]
    short = name.rpartition("/")[2]
    assert payload["status"]["message"] == f"Execution {short} has failed to complete, 0/2 tasks were a success."
    assert payload["response"]["status"]["conditions"][0]["reason"] == "NonZeroExitCode"
    assert "succeededCount" not in payload["response"]["status"]


def test_executions_are_finished_once_their_completion_entry_is_written(google: StandIn) -> None:
    put_job(google, Script(runs=30))
    slow = google.run_job()
    put_job(google, Script(runs=5))
    quick = google.run_job()
    google.clock.advance(6.5)
    assert google.cloud.finished_executions() == ()
    with pytest.raises(ValueError, match="has finished"):
        google.cloud.completion_entry(quick)
    google.clock.advance(30)
    assert google.cloud.finished_executions() == (quick, slow)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ({"outcome": "explodes"}, "expected an outcome"),
        ({"outcome": "oom", "exit_code": 1}, "only with the outcome 'exit'"),
        ({"outcome": "timeout", "fail_attempts": 1}, "only with the outcome 'exit'"),
        ({"runs": 2, "lines": (Line(2.5, "late"),)}, "within the 2 s"),
        ({"runs": 2, "crash_lines": (Line(-1, "early"),)}, "within the 2 s"),
    ],
)
def test_a_script_that_contradicts_itself_is_refused(script: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Script(**script)


def test_lines_and_digests_are_checked_as_well(google: StandIn) -> None:
    with pytest.raises(ValueError, match="expected a stream"):
        Line(0, "x", stream="stdlog")
    with pytest.raises(ValueError, match="expected a digest"):
        google.cloud.tag(IMAGE, "latest")
