"""A job's runs as they are stored."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from verifier.checks.job_runs import MOST_DIGESTS, DigestRuns, JobRuns, NewerBuild, Tie
from verifier.controller.runs.job_runs import job_document, parse_job
from verifier.errors import Malformed
from verifier.facts.execution import JobName

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOB = JobName("vividly-dev", "us-central1", "worker")
RUNS = DigestRuns(
    "sha256:aa",
    "repo/worker",
    since=NOON,
    last=NOON,
    runs=3,
    tie=Tie.BUILD,
    told=("wrong",),
    begun=NOON,
    ceased=NOON,
    generation=4,
    ended=NOON,
    sought=NOON,
)
WHOLE = JobRuns(
    JOB,
    begun=NOON,
    due=NOON,
    looked=NOON,
    generation=3,
    args="ab",
    digest="sha256:aa",
    newest=NOON,
    execution="e",
    digests=(RUNS,),
    recent=("x", "y"),
    starts=(NOON,),
    started=True,
    newer=NewerBuild("projects/p/locations/l/builds/b", "c0ffee", "sha256:bb", NOON),
    newer_sought=NOON,
)


@pytest.mark.parametrize("job", [WHOLE, JobRuns(JOB, begun=NOON)])
def test_what_is_stored_is_read_as_it_was(job: JobRuns) -> None:
    assert parse_job(json.loads(json.dumps(job_document(job)))) == job


def test_a_field_that_an_earlier_version_did_not_store_has_its_default() -> None:
    document = {name: value for name, value in job_document(WHOLE).items() if name not in {"problem", "starts"}}
    assert parse_job({**document, "starts": [], "unheard_of": 1}) == replace(WHOLE, starts=())


@pytest.mark.parametrize("change", [{"version": 2}, {"job": "x"}, {"digests": 3}, {"begun": "yesterday"}])
def test_what_can_not_be_read_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        parse_job({**job_document(WHOLE), **change})


def test_the_oldest_digests_are_forgotten_first() -> None:
    job = WHOLE
    for number in range(MOST_DIGESTS):
        moment = NOON + timedelta(hours=number + 1)
        job = job.with_digest(DigestRuns(f"sha256:{number}", "repo/worker", since=moment, last=moment))
    assert job.of("sha256:aa") is None
    assert len(job.digests) == MOST_DIGESTS


def test_what_runs_now_is_what_the_newest_run_ran() -> None:
    assert WHOLE.now == RUNS
    assert JobRuns(JOB, begun=NOON).now is None
