"""What ran when, as Cloud Run lists it: over gRPC, tied to builds by digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from tests.contract.adapters import Google, google_standing, nobody_there, trouble
from tests.contract.standin import DIGEST, IMAGE, START
from verifier.adapters.job_history import list_runs
from verifier.checks.verdict import Verdict
from verifier.errors import Denied, Missing, Unavailable
from verifier.facts.build import BuildKey
from verifier.facts.execution import JobName
from verifier.history.judged_build import Maker, Run
from verifier.standin.job_book import JobPath, Overrides
from verifier.standin.script import Script

JOB = JobName("acme", "europe-west1", "resizer")
BY_COMMIT = (BuildKey("acme", "europe-west1", "b1"), Verdict.VERIFIED)
BY_HAND = (BuildKey("acme", "global", "b2"), Verdict.LOCAL_SOURCE)
OTHER_DIGEST = "sha256:" + "cd" * 32


@pytest.fixture
def google() -> Iterator[Google]:
    with google_standing() as google:
        google.cloud.tag(f"{IMAGE}:latest", DIGEST)
        yield google


def put_job(google: Google, script: Script | None = None) -> None:
    google.cloud.put_job("acme", "europe-west1", "resizer", image=IMAGE, script=script or Script())


def execute(google: Google, *, passing: float = 60) -> str:
    """Start the job, and let so many seconds pass."""
    name = google.cloud.run_job(JobPath("acme", "europe-west1", "resizer"), Overrides({})).full_name
    google.clock.advance(passing)
    return name


def listed(
    google: Google, made_by: Mapping[str, Maker] | None = None, since: float = 0, until: float = 1e6
) -> list[Run]:
    start, end = START + timedelta(seconds=since), START + timedelta(seconds=until)
    return list_runs(JOB, start, end, made_by or {}, endpoint=google.address, timeout=10)


def test_each_execution_is_tied_to_the_build_that_pushed_its_digest(google: Google) -> None:
    put_job(google)
    first = execute(google)
    google.cloud.tag(f"{IMAGE}:latest", OTHER_DIGEST)
    second = execute(google)
    runs = listed(google, {DIGEST: BY_COMMIT, OTHER_DIGEST: BY_HAND})
    assert [(run.name, run.build, run.verdict) for run in runs] == [(second, *BY_HAND), (first, *BY_COMMIT)]
    assert runs[1].digests == {DIGEST}
    assert (runs[1].started, runs[1].ended) == (START + timedelta(seconds=1), START + timedelta(seconds=3))


def test_an_image_that_no_listed_build_made_has_no_build(google: Google) -> None:
    put_job(google)
    execute(google)
    (run,) = listed(google, {OTHER_DIGEST: BY_HAND})
    assert (run.build, run.verdict, run.digests) == (None, None, frozenset({DIGEST}))


@pytest.mark.parametrize(
    ("script", "succeeded"), [(Script(), True), (Script(exit_code=1), False), (Script(outcome="cancelled"), False)]
)
def test_how_an_execution_ended_is_told(google: Google, script: Script, succeeded: bool) -> None:
    put_job(google, script)
    execute(google)
    assert [run.succeeded for run in listed(google)] == [succeeded]


def test_an_execution_that_runs_has_no_end_and_one_that_waits_has_no_digest_yet(google: Google) -> None:
    put_job(google, Script(start_after=10, runs=600))
    running = execute(google, passing=10)
    waiting = execute(google, passing=5)
    runs = listed(google, {DIGEST: BY_COMMIT})
    assert [(run.name, run.ended, run.succeeded) for run in runs] == [(waiting, None, None), (running, None, None)]
    assert [run.build for run in runs] == [None, BY_COMMIT[0]]
    assert runs[0].started == START + timedelta(seconds=10)


def test_pages_are_followed_until_the_executions_are_too_old(google: Google) -> None:
    put_job(google)
    names = [execute(google) for _ in range(250)]
    assert [run.name for run in listed(google)] == names[::-1]
    assert [run.name for run in listed(google, since=60 * 120)] == names[:119:-1]


def test_what_was_created_after_the_time_is_left_out(google: Google) -> None:
    put_job(google)
    names = [execute(google) for _ in range(3)]
    assert [run.name for run in listed(google, until=60)] == [names[1], names[0]]


def test_a_job_without_executions_ran_nothing(google: Google) -> None:
    put_job(google)
    assert listed(google) == []


def test_a_job_that_does_not_exist_is_missing(google: Google) -> None:
    error = trouble(lambda: listed(google))
    assert isinstance(error, Missing)
    assert JOB.resource in str(error)
    assert "gcloud run jobs list --project=acme" in str(error)


@pytest.mark.parametrize("permission", ["run.executions.list", "run.jobs.get"])
def test_a_refusal_names_the_role(google: Google, permission: str) -> None:
    put_job(google)
    google.cloud.deny(permission)
    error = trouble(lambda: listed(google))
    assert isinstance(error, Denied)
    assert "roles/run.viewer" in str(error)


def test_nobody_there_is_unavailable() -> None:
    with nobody_there() as address:
        error = trouble(lambda: list_runs(JOB, START, START, {}, endpoint=address, timeout=2))
    assert isinstance(error, Unavailable)


def test_the_time_is_for_all_pages_together(google: Google) -> None:
    put_job(google)
    execute(google)
    error = trouble(lambda: list_runs(JOB, START, START, {}, endpoint=google.address, timeout=0))
    assert isinstance(error, Unavailable)
    assert "within 0 s" in str(error)
