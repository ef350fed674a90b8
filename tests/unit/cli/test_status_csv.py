"""`verifier status --format csv`: every digest that ran, from the entries of the platform."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from click.testing import Result

from tests.unit.cli.ledger import (
    BUILD,
    COMMIT,
    DIGEST,
    IMAGE,
    NOW,
    REGION,
    WORKER,
    DeployedTown,
    a_town,
    job_with,
    record_of,
    runs_of,
)
from verifier.checks.verdict import Verdict
from verifier.standin.clock import ManualClock
from verifier.standin.faults import Fault
from verifier.standin.job_book import JobPath, Overrides
from verifier.standin.script import Script, Sidecar
from verifier.times import show_time

OTHER = "sha256:" + "77" * 32
START = NOW - timedelta(days=2)
PATH = JobPath(WORKER.project, WORKER.location, WORKER.job)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def town(tmp_path: Path, clock: ManualClock) -> Iterator[DeployedTown]:
    with a_town(tmp_path, clock) as town:
        put_job(town, Script())
        town.cloud.tag(f"{IMAGE}:latest", DIGEST)
        yield town


def put_job(town: DeployedTown, script: Script, *sidecars: Sidecar) -> None:
    town.cloud.put_job(*WORKER_PLACE, image=f"{IMAGE}:latest", script=script, container="main", sidecars=sidecars)


WORKER_PLACE = (WORKER.project, WORKER.location, WORKER.job)


def run(town: DeployedTown, clock: ManualClock, times: int = 1) -> None:
    for _ in range(times):
        town.cloud.run_job(PATH, Overrides({}))
        clock.advance(600)


def rows(result: Result) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(result.stdout)))


def test_each_digest_is_a_row_with_its_build_and_how_it_was_judged(town: DeployedTown, clock: ManualClock) -> None:
    run(town, clock, 2)
    put_job(town, Script(exit_code=1))
    run(town, clock)
    town.put_job(job_with(runs_of(runs=0, failed=0)))
    town.put_record(record_of(Verdict.VERIFIED))
    result = town.ask("status", "--format", "csv")
    assert (result.exit_code, result.stderr) == (0, "")
    assert rows(result) == [
        {
            "job": WORKER.resource,
            "digest": DIGEST,
            "image": IMAGE,
            "build": BUILD.name,
            "commit": COMMIT,
            "verdict": "VERIFIED",
            "policy": "ab" * 32,
            "exception": "",
            "first run": show_time(START),
            "last run": show_time(START + timedelta(minutes=20)),
            "runs": "3",
            "failed": "1",
            "gap": "",
        }
    ]


def test_a_digest_that_the_job_does_not_know_is_looked_for_among_all_builds(
    town: DeployedTown, clock: ManualClock
) -> None:
    run(town, clock)
    town.put_job(job_with())
    assert [(row["build"], row["verdict"]) for row in rows(town.ask("status", "--format", "csv"))] == [
        ("unknown", "unknown")
    ]
    town.put_record(record_of(Verdict.LOCAL_SOURCE))
    result = town.ask("status", "--format", "csv")
    assert result.exit_code == 3
    assert [(row["build"], row["verdict"]) for row in rows(result)] == [(BUILD.name, "LOCAL_SOURCE")]


def test_the_time_is_what_was_asked_for(town: DeployedTown, clock: ManualClock) -> None:
    run(town, clock)
    until = clock()
    town.cloud.tag(f"{IMAGE}:latest", OTHER)
    run(town, clock)
    town.put_job(job_with())
    found = rows(town.ask("status", "--format", "csv", "--since", show_time(until)))
    assert [row["digest"] for row in found] == [OTHER]
    found = rows(town.ask("status", "--format", "csv", "--until", show_time(until)))
    assert [row["digest"] for row in found] == [DIGEST]


def test_a_time_without_entries_a_run_without_one_and_one_that_can_not_be_read_are_rows(
    town: DeployedTown, clock: ManualClock
) -> None:
    put_job(town, Script(), Sidecar("proxy", f"{IMAGE}:latest"))
    run(town, clock)
    town.put_job(job_with(runs_of(since=START, last=START, runs=5, failed=0)))
    town.put_record(record_of(Verdict.VERIFIED))
    result = town.ask("status", "--format", "csv", "--since", "2025-01-01")
    assert result.exit_code == 4
    found = rows(result)
    assert [(row["digest"], row["runs"]) for row in found] == [("", ""), ("", "1"), (DIGEST, "5")]
    assert [row["gap"] for row in found] == [
        "entries are kept for 400 days",
        "it ran 2 containers, and which one counts is not known",
        "the ledger counted 5 runs of it, and 0 of them have an entry",
    ]
    assert found[0]["first run"] == "2025-01-01T00:00:00.000000Z"


def test_entries_that_can_not_be_read_are_a_gap_and_an_error(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()))
    town.faults.add(Fault("ListLogEntries", "before", status="PERMISSION_DENIED"))
    result = town.ask("status", "--format", "csv")
    assert result.exit_code == 2
    (gap,) = rows(result)
    assert gap["gap"].startswith("entries could not be read: reading which executions of vividly-dev ended")
    assert "needs logging.logEntries.list on project vividly-dev" in result.stderr


def test_one_job_can_be_asked_for_even_where_the_ledger_does_not_know_it(
    town: DeployedTown, clock: ManualClock
) -> None:
    run(town, clock)
    result = town.ask("status", "--format", "csv", "--job", f"{REGION}/{WORKER.job}")
    assert [row["digest"] for row in rows(result)] == [DIGEST]
    assert town.ask("status", "--format", "csv").exit_code == 4
    assert town.ask("status", "--format", "csv", "--job", "worker").exit_code == 2


def test_no_cell_is_a_formula(town: DeployedTown, clock: ManualClock) -> None:
    run(town, clock)
    town.put_job(job_with(runs_of("VERIFIED", build="=HYPERLINK(1)", commit="+1")))
    row, *_ = rows(town.ask("status", "--format", "csv"))
    assert (row["build"], row["commit"]) == ("'=HYPERLINK(1)", "'+1")


@pytest.mark.parametrize("words", [("--since", "1d"), ("--until", "1d"), ("--json", "--since", "1d")])
def test_a_time_is_refused_where_it_says_nothing(town: DeployedTown, words: tuple[str, ...]) -> None:
    result = town.ask("status", *words)
    assert result.exit_code == 2
    assert "expected it with --format csv" in result.stderr


def test_a_time_that_ends_before_it_begins_is_refused(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()))
    result = town.ask("status", "--format", "csv", "--since", "1d", "--until", "2d")
    assert result.exit_code == 2
    assert "--since: expected a moment before --until" in result.stderr


def test_of_no_job_nothing_can_be_told(town: DeployedTown) -> None:
    result = town.ask("status", "--format", "csv")
    assert (result.exit_code, result.stdout) == (4, "")
