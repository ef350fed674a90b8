"""What each job ran, in a line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.checks.watch.made import CRASH, after, quiet, run, watch
from verifier.checks.verdict import Verdict
from verifier.checks.watch.ending import ended_by_itself
from verifier.checks.watch.watching import Watch, WatchOutcome
from verifier.facts.build import BuildKey
from verifier.history.job_lines import JobLine, job_line_document, job_lines, with_watches
from verifier.history.judged_build import Run
from verifier.history.watch_status import WatchStatus

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
        "watch": None,
    }
    nothing = JobLine(f"{PLACE}/worker", 1, 0, None, None, None, 0)
    assert {job_line_document(nothing)[name] for name in ("build", "verdict", "since")} == {None}


WORSE = replace(after(watch(), run(0), run(1, CRASH, failed=True)), reasons=("crash",))
DAY = timedelta(days=1)


def line_with(watched: WatchStatus | None) -> JobLine:
    (line,) = with_watches(job_lines([ran(0, GOOD)]), {f"{PLACE}/worker": watched})
    return line


def status_of(one: Watch) -> WatchStatus:
    return WatchStatus(one, ("KeyError: 'Clip'",), one.since + DAY if one.ended is None else None)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (
            WORSE,
            (
                "watch: REGRESSED, WATCHING since 2026-11-12 02:00 UTC: 2 runs, 1 failed, none not read; "
                "errors: 1 new, 0 known, 1 gone; next checkpoint 2026-11-13 02:00 UTC"
            ),
        ),
        (
            ended_by_itself(quiet(watch(), 8), watch().since + DAY),
            (
                "watch: CLEAN since 2026-11-12 02:00 UTC until 2026-11-13 02:00 UTC: 8 runs, none failed, "
                "none not read; errors: 0 new, 0 known, 1 gone"
            ),
        ),
        (
            replace(WORSE, ended=watch().since + DAY, outcome=WatchOutcome.REGRESSED),
            (
                "watch: REGRESSED since 2026-11-12 02:00 UTC until 2026-11-13 02:00 UTC: 2 runs, 1 failed, "
                "none not read; errors: 1 new, 0 known, 1 gone"
            ),
        ),
    ],
)
def test_a_line_says_how_it_goes_where_the_ledger_knows(one: Watch, text: str) -> None:
    assert line_with(status_of(one)).watch_text == text


def test_where_the_ledger_knows_no_watch_the_line_says_so_and_where_it_was_not_asked_nothing() -> None:
    assert line_with(None).watch_text == "watch: none that is known"
    assert [line.watch_text for line in with_watches(job_lines([ran(0, GOOD)]), {})] == [""]


def test_scripts_get_the_watch() -> None:
    assert job_line_document(line_with(status_of(WORSE)))["watch"] == {
        "digest": WORSE.digest,
        "outcome": "REGRESSED",
        "since": "2026-11-12T02:00:00.000000Z",
        "ended": None,
        "runs": 2,
        "failed": 1,
        "unread": 0,
        "errors": {"new": 1, "known": 0, "gone": 1},
        "new_errors": ["KeyError: crash"],
        "next_checkpoint": "2026-11-13T02:00:00.000000Z",
    }
