"""A day is the calendar's in a time zone, and its line is due once, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from verifier.checks.day import BuildsOfDay, CodeRun, Daily, JobsAndRuns, RunsOfDay

BERLIN = ZoneInfo("Europe/Berlin")
NINE = Daily(time(9), BERLIN)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-28T07:59:59", date(2026, 11, 27)),
        ("2026-11-28T08:00:00", date(2026, 11, 28)),
        ("2026-11-28T22:59:59", date(2026, 11, 28)),
        ("2026-11-28T23:00:00", date(2026, 11, 28)),
        ("2026-11-29T08:00:00", date(2026, 11, 29)),
        ("2026-07-01T07:00:00", date(2026, 7, 1)),
        # Clocks were put back on 25 October, and forward on 29 March.
        ("2026-10-25T07:59:59", date(2026, 10, 24)),
        ("2026-10-25T08:00:00", date(2026, 10, 25)),
        ("2026-03-29T06:59:59", date(2026, 3, 28)),
        ("2026-03-29T07:00:00", date(2026, 3, 29)),
    ],
)
def test_a_line_is_due_at_its_time_of_day_in_its_zone(now: str, due: date) -> None:
    assert NINE.due_on(utc(now)) == due


@pytest.mark.parametrize(
    ("due", "since", "hours"),
    [
        (date(2026, 11, 28), "2026-11-26T23:00:00", 24),
        (date(2026, 10, 26), "2026-10-24T22:00:00", 25),
        (date(2026, 3, 30), "2026-03-28T23:00:00", 23),
    ],
    ids=["as usual", "clocks put back", "clocks put forward"],
)
def test_a_day_goes_from_midnight_to_midnight_of_its_zone(due: date, since: str, hours: int) -> None:
    day = NINE.day_before(due)
    assert (day.date, day.since) == (due - timedelta(days=1), utc(since))
    assert day.until - day.since == timedelta(hours=hours)
    assert (day.has(day.since), day.has(day.until)) == (True, False)
    assert (day.since.tzinfo, day.until.tzinfo, day.zone) == (UTC, UTC, BERLIN)


def test_a_line_early_in_the_day_is_due_on_the_zones_own_day() -> None:
    early = Daily(time(0, 30), BERLIN)
    assert early.due_on(utc("2026-11-27T23:29:59")) == date(2026, 11, 27)
    assert early.due_on(utc("2026-11-27T23:30:00")) == date(2026, 11, 28)
    assert Daily(time(22), ZoneInfo("America/New_York")).due_on(utc("2026-11-28T02:59:59")) == date(2026, 11, 26)


def test_days_follow_upon_each_other_without_a_gap() -> None:
    dues = [date(2026, 1, 1) + timedelta(days=number) for number in range(366)]
    days = [NINE.day_before(due) for due in dues]
    assert [day.until for day in days[:-1]] == [day.since for day in days[1:]]


@pytest.mark.parametrize(("at", "day"), [(time(2, 30), date(2026, 3, 29)), (time(2, 30), date(2026, 10, 25))])
def test_a_time_that_clocks_skip_or_show_twice_is_due_once(at: time, day: date) -> None:
    daily, moment = Daily(at, BERLIN), utc(day.isoformat()) - timedelta(hours=2)
    dues = [daily.due_on(moment + timedelta(minutes=number)) for number in range(26 * 60)]
    assert dues == sorted(dues)
    assert set(dues) == {day - timedelta(days=1), day}


def test_the_day_before_is_yesterday_until_midnight_of_its_zone() -> None:
    day = NINE.day_before(date(2026, 11, 28))
    assert day.is_yesterday(utc("2026-11-28T22:59:59"))
    assert not day.is_yesterday(utc("2026-11-28T23:00:00"))


def test_a_day_on_which_nothing_was_is_whole() -> None:
    nothing = BuildsOfDay(right=0, red=0, over=0, exempt=0, unbuilt=0, open=0, is_whole=True)
    assert BuildsOfDay() == nothing
    assert RunsOfDay() == RunsOfDay((), regressed=0, partly=0, unseen=0, is_whole=True)
    assert Daily(time(9)) == Daily(time(9), UTC, "")


def test_of_what_came_of_builds_each_counts_once() -> None:
    assert BuildsOfDay(right=1, red=20, over=7, exempt=300, unbuilt=4_000, open=50_000).count == 54_321


def test_what_jobs_ran_is_told_in_an_order_of_its_own() -> None:
    assert [*CodeRun] == [CodeRun.VERIFIED, CodeRun.EXEMPT, CodeRun.RED, CodeRun.UNKNOWN]
    assert RunsOfDay(((CodeRun.RED, JobsAndRuns(1, 2)),)).by_code[0][1] == JobsAndRuns(jobs=1, runs=2)
