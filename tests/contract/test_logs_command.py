"""`verifier logs --job` over the stand-in of Cloud Logging."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from google.cloud.logging_v2.types import LogEntry
from google.protobuf.json_format import ParseDict

from tests.contract.adapters import Google, google_standing
from tests.unit.history.log_documents import JOB, LOG, TRACEBACK, entry
from verifier.cli import main
from verifier.demo.scenario import story
from verifier.standin.faults import Fault

PROJECT = "vividly-dev"


@pytest.fixture
def google() -> Iterator[Google]:
    with google_standing() as google:
        yield google


def put(google: Google, values: list[dict[str, Any]]) -> None:
    numbered = [value | {"insertId": f"{number:04}"} for number, value in enumerate(values)]
    google.cloud.put_entries([ParseDict(value, LogEntry.pb()()) for value in numbered])


def run(google: Google, *words: str, job: str = JOB, since: str = "2026-11-01") -> Result:
    environment = {"VERIFIER_GOOGLE_ENDPOINT": google.address, "GOOGLE_CLOUD_PROJECT": PROJECT}
    return CliRunner().invoke(main, ["logs", "--job", job, "--since", since, *words], env=environment)


def found(result: Result) -> dict[str, Any]:
    (line,) = result.stdout.splitlines()
    document: dict[str, Any] = json.loads(line)
    return document


def test_a_jobs_errors_are_read_from_the_cloud(google: Google) -> None:
    put(google, [*LOG, entry(5, "ERROR worker: not ours", job="us-central1/other")])
    document = found(run(google, "--json"))
    assert [error["name"] for error in document["errors"]] == ["ERROR worker: no tenant 17", "KeyError: 'lesson'"]
    assert document["file"] == f"projects/{PROJECT}/locations/us-central1/jobs/content-worker"
    result = run(google)
    assert (result.exit_code, result.stderr) == (3, "")


def test_the_bad_night_of_the_story_is_one_error(google: Google) -> None:
    script = next(episode.script for episode in story(google.clock()) if len(episode.script.lines) > 10)
    put(google, [entry(round(line.at * 10), line.text, line.severity, log=line.stream) for line in script.lines])
    (error,) = found(run(google, "--json"))["errors"]
    assert (error["count"], error["rule"]) == (14, "severity")
    assert "Mapper" in error["name"]


def test_a_trace_that_a_calm_line_announced_is_no_error_though_such_lines_are_not_asked_for_at_first(
    google: Google,
) -> None:
    put(google, [entry(1, "INFO worker: retrying"), *(entry(1, line) for line in TRACEBACK.split("\n"))])
    result = run(google, "--json")
    assert found(result)["errors"] == []
    assert found(result)["ignored"] == [{"name": "announced by a calm line", "count": 1}]
    assert result.exit_code == 0


def test_a_job_that_wrote_nothing_is_never_taken_for_clean(google: Google) -> None:
    put(google, LOG)
    for words in ({"job": "us-central1/absent"}, {"since": "2026-11-24"}):
        result = run(google, **words)
        assert result.exit_code == 2
        assert "expected log entries, found none" in result.stderr


def test_a_refusal_is_one_line_and_exit_code_two(google: Google) -> None:
    google.faults.add(Fault("ListLogEntries", "before", status="PERMISSION_DENIED"))
    result = run(google)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "roles/logging.viewer" in result.stderr
