"""What every call to Google Cloud promises: one try, in time, and our own errors, with what to do about them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.busy import BUSY_SECONDS, LONG_SECONDS
from tests.contract.adapters import RESIZER, Google, answering, google_standing, nobody_there, timed_trouble, trouble
from tests.contract.standin import JOB, START
from verifier.adapters.cloud_build import CloudBuild
from verifier.adapters.cloud_logging import CloudLogging
from verifier.adapters.cloud_run import CloudRunJobs
from verifier.adapters.pubsub import VerdictTopic
from verifier.errors import Denied, Missing, RateLimited, Refused, Unavailable
from verifier.facts.build import BuildKey
from verifier.standin.faults import Fault

KEY = BuildKey("acme", "europe-west1", "b1")
Call = Callable[[str, float], Any]


def write(address: str, timeout: float) -> None:
    CloudLogging("acme", address).write(
        insert_id="a", time=START, severity="INFO", labels={}, payload={}, timeout=timeout
    )


CALLS: dict[str, Call] = {
    "GetBuild": lambda address, timeout: CloudBuild(address).fetch(KEY, timeout=timeout),
    "ListBuilds": lambda address, timeout: CloudBuild(address).finished(
        "acme", "europe-west1", START, START, "", timeout=timeout
    ),
    "RunJob": lambda address, timeout: CloudRunJobs(address).start(RESIZER, (), {"A": "b"}, timeout=timeout),
    "ListExecutions": lambda address, timeout: CloudRunJobs(address).started_for(
        RESIZER, "A", "b", START, timeout=timeout
    ),
    "GetExecution": lambda address, timeout: CloudRunJobs(address).observe(f"{JOB}/executions/e1", timeout=timeout),
    "ListLogEntries": lambda address, timeout: list(CloudLogging("home", address).read("acme", "", timeout=timeout)),
    "WriteLogEntries": write,
    "Publish": lambda address, timeout: VerdictTopic("projects/acme/topics/verdicts", address).publish(
        {}, {}, timeout=timeout
    ),
}
SCRIPTED = sorted(CALLS.keys() - {"Publish"})
"""Those that the stand-in knows."""
GRANTS = {
    "GetBuild": ("cloudbuild.builds.get", "roles/cloudbuild.builds.viewer"),
    "ListBuilds": ("cloudbuild.builds.list", "roles/cloudbuild.builds.viewer"),
    "RunJob": ("run.jobs.runWithOverrides", "roles/run.jobsExecutorWithOverrides"),
    "ListExecutions": ("run.executions.list", "roles/run.viewer"),
    "GetExecution": ("run.executions.get", "roles/run.viewer"),
    "ListLogEntries": ("logging.logEntries.list", "roles/logging.viewer"),
    "WriteLogEntries": ("logging.logEntries.create", "roles/logging.logWriter"),
}


@pytest.fixture
def google() -> Iterator[Google]:
    with google_standing() as google:
        google.put_job()
        google.cloud.put_build({"id": "b1", "projectId": "acme", "name": KEY.name})
        yield google


@pytest.mark.parametrize("status", ["UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN", "ABORTED", "DATA_LOSS"])
@pytest.mark.parametrize("name", SCRIPTED)
def test_a_call_whose_outcome_is_unknown_is_ambiguous_and_is_not_tried_again(
    google: Google, name: str, status: str
) -> None:
    google.faults.add(Fault(name, "before", status, times=0))
    error = trouble(lambda: CALLS[name](google.address, 5))
    assert isinstance(error, Unavailable)
    assert (error.ambiguous, error.retry_after) == (True, None)
    assert str(error).endswith("; try again later")
    assert google.faults.calls == (name,)


@pytest.mark.parametrize("status", ["INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE", "UNIMPLEMENTED"])
@pytest.mark.parametrize("name", SCRIPTED)
def test_a_refusal_that_does_not_heal_carries_the_services_own_words(google: Google, name: str, status: str) -> None:
    google.faults.add(Fault(name, "before", status, times=0))
    error = trouble(lambda: CALLS[name](google.address, 5))
    assert isinstance(error, Refused)
    assert f"scripted {status} before {name}" in str(error)
    assert google.faults.calls == (name,)


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_used_up_quota_took_no_effect_and_says_how_long_to_wait(google: Google, name: str) -> None:
    google.faults.add(Fault(name, "before", "RESOURCE_EXHAUSTED", times=0, retry_after=12.5))
    error = trouble(lambda: CALLS[name](google.address, 5))
    assert isinstance(error, Unavailable)
    assert (error.ambiguous, error.retry_after) == (False, 12.5)
    assert google.faults.calls == (name,)


@pytest.mark.parametrize("name", SCRIPTED)
def test_how_long_to_wait_may_stand_in_the_metadata_as_well(google: Google, name: str) -> None:
    google.faults.add(Fault(name, "before", "RESOURCE_EXHAUSTED", retry_after=12, in_metadata=True))
    error = trouble(lambda: CALLS[name](google.address, 5))
    assert isinstance(error, RateLimited)
    assert error.retry_after == 12


@pytest.mark.parametrize(("name", "api"), [("GetBuild", "cloudbuild"), ("ListLogEntries", "logging")])
def test_a_used_up_quota_says_how_many_calls_a_minute_it_takes(google: Google, name: str, api: str) -> None:
    google.cloud.empty_pages = 0
    google.cloud.quotas.put(api, 0)
    error = trouble(lambda: CALLS[name](google.address, 5))
    assert isinstance(error, RateLimited)
    assert error.limit == 0
    google.cloud.quotas.put(api, 75)
    for _ in range(75):
        CALLS[name](google.address, 5)
    error = trouble(lambda: CALLS[name](google.address, 5))
    assert isinstance(error, RateLimited)
    assert (error.limit, error.retry_after) == (75, None)


def test_an_overloaded_service_may_say_how_long_to_wait_too(google: Google) -> None:
    google.faults.add(Fault("GetBuild", "before", "UNAVAILABLE", retry_after=2))
    error = trouble(lambda: CALLS["GetBuild"](google.address, 5))
    assert isinstance(error, Unavailable)
    assert (error.ambiguous, error.retry_after) == (True, 2)


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_quota_may_not_say_how_long_to_wait(google: Google, name: str) -> None:
    google.faults.add(Fault(name, "before", "RESOURCE_EXHAUSTED"))
    error = trouble(lambda: CALLS[name](google.address, 5))
    assert isinstance(error, Unavailable)
    assert error.retry_after is None


@pytest.mark.parametrize("name", SCRIPTED)
def test_what_is_not_there_is_missing(google: Google, name: str) -> None:
    google.faults.add(Fault(name, "before", "NOT_FOUND"))
    assert isinstance(trouble(lambda: CALLS[name](google.address, 5)), Missing)
    assert google.faults.calls == (name,)


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_denied_call_names_the_permission_the_role_and_the_project(google: Google, name: str) -> None:
    permission, role = GRANTS[name]
    google.cloud.deny(permission)
    error = trouble(lambda: CALLS[name](google.address, 5))
    assert isinstance(error, Denied)
    grant = str(error).rpartition("; needs ")[2]
    assert permission in grant
    assert f"(it is in {role})" in grant
    assert "acme" in grant
    assert google.faults.calls == (name,)


def test_a_caller_without_identity_is_denied(google: Google) -> None:
    google.faults.add(Fault("GetBuild", "before", "UNAUTHENTICATED"))
    assert isinstance(trouble(lambda: CALLS["GetBuild"](google.address, 5)), Denied)


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_call_that_hangs_is_given_up_in_time(google: Google, name: str) -> None:
    google.faults.add(Fault(name, "hang", times=0))
    error, took = timed_trouble(lambda: CALLS[name](google.address, 1))
    assert isinstance(error, Unavailable)
    assert error.ambiguous
    assert took < BUSY_SECONDS
    assert google.faults.calls in ((name,), ())  # on a busy machine it may not get there


@pytest.mark.parametrize("name", CALLS)
def test_where_nobody_answers_a_call_is_given_up_in_time(name: str) -> None:
    with nobody_there() as address:
        error, took = timed_trouble(lambda: CALLS[name](address, 2))
    assert isinstance(error, Unavailable)
    assert took < BUSY_SECONDS


def fresh_python(script: str, **environment: str) -> str:
    """Return what a fresh Python prints with these variables."""
    command = [sys.executable, "-c", script]
    ran = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=True, timeout=LONG_SECONDS
    )
    return ran.stdout


def test_a_proxy_of_the_environment_does_not_stand_between_us_and_this_machine(google: Google) -> None:
    script = (
        "from verifier.facts.build import BuildKey\n"
        "from verifier.adapters.cloud_build import CloudBuild\n"
        f"print(CloudBuild({google.address!r}).fetch({KEY!r}, timeout=20).key.id)"
    )
    with answering(lambda _: b"") as (proxy, _):
        assert fresh_python(script, http_proxy=f"http://{proxy}", no_proxy="") == "b1\n"


def test_wiring_loads_no_client_library_before_a_service_is_asked_for() -> None:
    script = "import sys, verifier.adapters.wiring\nprint(*sorted(sys.modules))"
    heavy = ("grpc", "google.", "slack_sdk", "sqlite3", "verifier.adapters.", "verifier.standin")
    loaded = {name for name in fresh_python(script).split() if name.startswith(heavy)}
    # `google.cloud` is an empty namespace, which some of its packages make whenever Python starts.
    assert loaded - {"google.cloud"} == {"verifier.adapters.wiring"}
