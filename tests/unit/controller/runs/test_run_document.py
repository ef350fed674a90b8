"""A run as it is stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from verifier.controller.runs.run_document import parse_run, run_document
from verifier.errors import Malformed
from verifier.facts.execution import JobName
from verifier.facts.run import EndedRun, RunKind, RunOutcome
from verifier.times import show_time

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOB = JobName("vividly-dev", "us-central1", "worker")
RUN = EndedRun(
    f"{JOB.resource}/executions/worker-x7k2p",
    JOB,
    "sha256:aa",
    "repo/worker",
    NOON,
    NOON + timedelta(minutes=5),
    RunOutcome.FAILED,
    RunKind.OWN,
    "scheduler@vividly-dev.iam.gserviceaccount.com",
    7,
)


def test_what_is_stored_is_read_as_it_was() -> None:
    assert parse_run(json.loads(json.dumps(run_document(RUN)))) == RUN


def test_a_run_expires_35_days_after_its_end() -> None:
    assert run_document(RUN)["expires"] == show_time(RUN.ended + timedelta(days=35))


def test_a_run_is_a_small_document_without_what_it_was_started_with() -> None:
    document = run_document(RUN)
    assert len(json.dumps(document)) < 800
    assert not {"env", "args", "containers"} & set(document)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "version 1, got version 2"),
        ({"job": "nonsense"}, "expected projects/P"),
        ({"created": "noon"}, "expected a run"),
        ({"kind": "of-tomorrow"}, "expected a run"),
    ],
)
def test_what_a_later_version_wrote_or_is_no_run_is_malformed(changes: dict[str, object], said: str) -> None:
    with pytest.raises(Malformed, match=said):
        parse_run({**run_document(RUN), **changes})
