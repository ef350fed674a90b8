"""The line of a day, whole: what it says, and what it leaves out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from verifier.checks.day import BuildsOfDay, CodeRun, Daily, JobsAndRuns, RunsOfDay
from verifier.reporting.day_text import day_line

DAY = Daily(time(9), ZoneInfo("Europe/Berlin")).day_before(date(2026, 11, 28))
NINE = datetime(2026, 11, 28, 8, tzinfo=UTC)
BUILDS = BuildsOfDay(right=38, red=2, over=2)
VERIFIED = (CodeRun.VERIFIED, JobsAndRuns(20, 204))
RUNS = RunsOfDay((VERIFIED,))
SAID = "Yesterday, Fri 27 Nov: 40 builds, 38 right, 2 red (over), 0 open."


def test_a_usual_day() -> None:
    assert day_line(DAY, BUILDS, RUNS, NINE) == f"{SAID} 20 jobs ran verified code in 204 runs, 0 regressed."


def test_where_no_job_is_watched_nothing_is_said_of_runs() -> None:
    assert day_line(DAY, BUILDS, None, NINE) == SAID


@pytest.mark.parametrize(
    ("builds", "said"),
    [
        (BuildsOfDay(right=1), "1 build, 1 right, 0 red, 0 open."),
        (BuildsOfDay(right=1, red=3), "4 builds, 1 right, 3 red, 0 open."),
        (BuildsOfDay(red=3, over=1, open=2), "5 builds, 0 right, 3 red (1 over), 2 open."),
        (
            BuildsOfDay(right=1000, exempt=4, unbuilt=300),
            "1,304 builds, 1,000 right, 0 red, 0 open, 4 exempt, 300 not built.",
        ),
        (
            BuildsOfDay(right=9_999, red=1, is_whole=False),
            "at least 10,000 builds, and of those that were counted 9,999 right, 1 red, 0 open.",
        ),
        (BuildsOfDay(), "no builds."),
    ],
)
def test_what_is_said_of_builds(builds: BuildsOfDay, said: str) -> None:
    assert day_line(DAY, builds, None, NINE) == f"Yesterday, Fri 27 Nov: {said}"


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (RunsOfDay(), "No runs."),
        (RunsOfDay(((CodeRun.RED, JobsAndRuns(1, 1)),), 1), "1 job ran red code in 1 run, 1 regressed."),
        (
            RunsOfDay((VERIFIED, (CodeRun.RED, JobsAndRuns(1, 3)), (CodeRun.UNKNOWN, JobsAndRuns(2, 1_009)))),
            (
                "20 jobs ran verified code in 204 runs, 1 ran red code in 3 runs, "
                "2 ran code of which nothing is certain in 1,009 runs, 0 regressed."
            ),
        ),
        (
            RunsOfDay((VERIFIED,), partly=1),
            "20 jobs ran verified code in 204 runs, 0 regressed; 1 job was not watched all day.",
        ),
        (
            RunsOfDay((VERIFIED,), unseen=2),
            "At least 20 jobs ran verified code in 204 runs, 0 regressed; 2 jobs could not be looked at.",
        ),
        (
            RunsOfDay((VERIFIED,), is_whole=False),
            "At least 20 jobs ran verified code in 204 runs, 0 regressed; not all could be counted in time.",
        ),
        (RunsOfDay(unseen=1), "No runs; 1 job could not be looked at."),
    ],
)
def test_what_is_said_of_runs(runs: RunsOfDay, said: str) -> None:
    assert day_line(DAY, BUILDS, runs, NINE) == f"{SAID} {said}"


def test_a_day_without_anything_is_a_sign_of_life() -> None:
    assert day_line(DAY, BuildsOfDay(), RunsOfDay(), NINE) == "Yesterday, Fri 27 Nov: no builds, no runs."
    assert day_line(DAY, BuildsOfDay(), RunsOfDay(unseen=1), NINE) == (
        "Yesterday, Fri 27 Nov: no builds. No runs; 1 job could not be looked at."
    )


def test_a_line_that_is_said_after_the_next_midnight_says_yesterday_of_no_other_day() -> None:
    late = datetime(2026, 11, 29, 0, tzinfo=UTC)
    assert day_line(DAY, BuildsOfDay(), None, late) == "Fri 27 Nov: no builds."


def test_a_day_that_was_not_seen_whole_says_since_when_it_was() -> None:
    since = datetime(2026, 11, 27, 14, 4, tzinfo=UTC)
    assert day_line(DAY, BuildsOfDay(right=2), None, NINE, since) == (
        "Yesterday, Fri 27 Nov, since 15:04: 2 builds, 2 right, 0 red, 0 open."
    )
