"""What the entry about an execution's end says, and what it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from verifier.errors import Malformed
from verifier.facts.execution import JobName
from verifier.history.completions import CompletedRun, UnreadCompletion, completion_of

DIGEST = "sha256:" + "ab" * 32
IMAGE = "us-central1-docker.pkg.dev/p/r/worker"
JOB = JobName("vividly-dev", "us-central1", "worker")


def entry(**changes: Any) -> dict[str, Any]:
    """Return an entry about an execution that succeeded; changes are of its response's parts, or of its status code."""
    container = {"image": f"{IMAGE}@{DIGEST}", "env": [{"name": "TOKEN", "value": "hunter2"}], "args": ["--secret"]}
    response = {
        "metadata": {"creationTimestamp": "2026-08-11T14:46:06.723160Z"},
        "spec": {"template": {"spec": {"containers": changes.get("containers", [container])}}},
        "status": changes.get("status", {"succeededCount": 1}),
    }
    return {
        "resource": {"labels": {"job_name": "worker", "location": "us-central1", "project_id": "vividly-dev"}},
        "timestamp": "2026-08-11T14:48:53.003964123Z",
        "protoPayload": {
            "resourceName": "namespaces/vividly-dev/executions/worker-lpgt2",
            "status": {"code": changes.get("code", 0)},
            "response": changes.get("response", response),
        },
    }


def test_it_says_which_image_ran_when_and_how_it_went_and_nothing_of_its_environment() -> None:
    created = datetime(2026, 8, 11, 14, 46, 6, 723160, UTC)
    ended = datetime(2026, 8, 11, 14, 48, 53, 3964, UTC)
    expected = CompletedRun(JOB, "worker-lpgt2", DIGEST, IMAGE, created, ended, failed=False)
    assert completion_of(entry(), {}) == expected
    assert "hunter2" not in repr(completion_of(entry(), {}))


@pytest.mark.parametrize(
    ("status", "code", "failed"),
    [
        ({"succeededCount": 1}, 0, False),
        ({"failedCount": 1}, 10, True),
        ({"failedCount": 1.0}, 4, True),
        ({"cancelledCount": 1}, 1, False),
        ({"cancelledCount": 1}, 10, False),
        ({"failedCount": 1, "cancelledCount": 1}, 1, True),
        ({}, 5, True),
        (None, 0, False),
    ],
)
def test_it_failed_when_a_task_did_or_when_it_came_to_nothing(status: Any, code: int, *, failed: bool) -> None:
    found = completion_of(entry(status=status, code=code), {})
    assert isinstance(found, CompletedRun)
    assert found.failed is failed


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"containers": [{"image": "a"}, {"image": "b"}]}, "it ran 2 containers, and which one counts is not known"),
        ({"containers": []}, "it ran 0 containers, and which one counts is not known"),
        ({"containers": [{"image": "r/worker:latest"}]}, "its image has no digest: r/worker:latest"),
        ({"containers": [{"image": "r/worker@md5:aa"}]}, "its image has no digest: r/worker@md5:aa"),
        ({"containers": [{}]}, "the entry has not the shape that was expected (KeyError)"),
        ({"response": {}}, "the entry has not the shape that was expected (KeyError)"),
        ({"response": None}, "the entry has not the shape that was expected (TypeError)"),
    ],
)
def test_what_does_not_say_for_certain_what_ran_is_kept_as_that(changes: dict[str, Any], why: str) -> None:
    found = completion_of(entry(**changes), {})
    assert isinstance(found, UnreadCompletion)
    assert (found.job, found.execution, found.why) == (JOB, "worker-lpgt2", why)


@pytest.mark.parametrize("broken", [{}, {"timestamp": "yesterday"}, {"resource": None}, {"protoPayload": 3}])
def test_an_entry_that_names_no_job_or_moment_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        completion_of({**entry(), **broken} if broken else {}, {})


@pytest.mark.parametrize(
    ("known", "digest"), [({IMAGE}, DIGEST), ({IMAGE, "r/proxy"}, None), ({"r/other"}, None), (set(), None)]
)
def test_of_several_containers_the_one_counts_whose_image_is_known_to(known: set[str], digest: str | None) -> None:
    containers = [{"image": f"r/proxy@sha256:{'cd' * 32}"}, {"image": f"{IMAGE}@{DIGEST}"}]
    found = completion_of(entry(containers=containers), {JOB: known})
    assert getattr(found, "digest", None) == digest
