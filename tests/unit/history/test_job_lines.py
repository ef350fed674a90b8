"""What each job ran, in a line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from verifier.checks.verdict import Verdict
from verifier.facts.build import BuildKey
from verifier.history.job_lines import JobLine, job_line_document, job_lines
from verifier.history.judged_build import Run

START = datetime(2026, 11, 3, 14, 2, tzinfo=UTC)
PLACE = "projects/p/locations/us-central1/jobs"
GOOD, LOCAL = BuildKey("p", "global", "85cffd8e-1"), BuildKey("p", "global", "4e841fcb-1")
VERDICTS = {GOOD: Verdict.VERIFIED, LOCAL: Verdict.LOCAL_SOURCE}


def ran(hour: int, build: BuildKey | None, job: str = "worker", *, well: bool | None = True, digest: str = "") -> Run:
    started = START + timedelta(hours=hour)
    digests = frozenset({digest or (build.id if build else "unknown")}) - {"none"}
    verdict = VERDICTS[build] if build else None
    return Run(f"{PLACE}/{job}/executions/{job}-{hour}", started, None, well, digests, build, verdict)


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        (
            [ran(0, GOOD), ran(1, LOCAL), ran(2, LOCAL, well=False), ran(3, LOCAL, well=None)],
            (
                "worker: 4 executions, 1 failed; it runs build 4e841fcb, LOCAL_SOURCE, since 2026-11-03 15:02 UTC "
                "(3 executions)"
            ),
        ),
        (
            [ran(0, LOCAL), ran(1, GOOD)],
            (
                "worker: 2 executions, none failed; it runs build 85cffd8e, VERIFIED, since 2026-11-03 15:02 UTC "
                "(1 execution)"
            ),
        ),
        (
            [ran(0, GOOD), ran(1, None)],
            (
                "worker: 2 executions, none failed; it runs an image of no listed build, since 2026-11-03 15:02 UTC "
                "(1 execution)"
            ),
        ),
        ([ran(0, None, digest="none")], "worker: 1 execution, none failed; none shows its image"),
        (
            [ran(0, GOOD), ran(1, None, digest="none")],
            (
                "worker: 2 executions, none failed; it runs build 85cffd8e, VERIFIED, since 2026-11-03 14:02 UTC "
                "(1 execution)"
            ),
        ),
    ],
)
def test_a_line_says_how_often_how_it_went_and_what_runs_now(runs: list[Run], text: str) -> None:
    assert [line.text for line in job_lines(runs)] == [text]
    assert job_lines(runs[::-1]) == job_lines(runs)


def test_jobs_are_apart_and_by_name() -> None:
    lines = job_lines([ran(0, GOOD, "worker"), ran(1, LOCAL, "api"), ran(2, LOCAL, "worker")])
    assert [(line.name, line.executions, line.verdict) for line in lines] == [
        ("api", 1, Verdict.LOCAL_SOURCE),
        ("worker", 2, Verdict.LOCAL_SOURCE),
    ]
    assert job_lines([]) == []


def test_scripts_get_the_same() -> None:
    (line,) = job_lines([ran(0, GOOD), ran(1, GOOD, well=False)])
    assert job_line_document(line) == {
        "job": f"{PLACE}/worker",
        "executions": 2,
        "failed": 1,
        "build": GOOD.name,
        "verdict": "VERIFIED",
        "since": "2026-11-03T14:02:00.000000Z",
        "in_a_row": 2,
    }
    nothing = JobLine(f"{PLACE}/worker", 1, 0, None, None, None, 0)
    assert {job_line_document(nothing)[name] for name in ("build", "verdict", "since")} == {None}
