"""Which greens are posted, and the line of the day: what is read, and what contradicts another key is refused."""

from __future__ import annotations

from datetime import UTC, time
from zoneinfo import ZoneInfo

import pytest

from tests.unit.checks.test_policy_file import policy, problems
from verifier.checks.day import Daily
from verifier.checks.policy import Greens, Policy

ROUTE = '[[slack.route]]\nverdicts = ["VERIFIED"]\nchannel = "C1"\n'
MORE = ROUTE.replace('"VERIFIED"', '"VERIFIED", "FAILED"')


@pytest.mark.parametrize(
    ("text", "greens"),
    [
        ("", Greens.WORKER),
        ("post_verified_worker = true", Greens.WORKER),
        ("post_verified_worker = false", Greens.NONE),
        ('post = ["VERIFIED"]', Greens.WORKER),
        ('verified = "worker"', Greens.WORKER),
        ('verified = "changes"', Greens.CHANGES),
        ('verified = "none"', Greens.NONE),
        ('verified = "worker"\npost_verified_worker = true', Greens.WORKER),
        ('verified = "none"\npost_verified_worker = false', Greens.NONE),
        ('verified = "changes"\npost = ["FAILED"]', Greens.CHANGES),
        (f'verified = "none"\n{MORE}', Greens.NONE),
        (f'verified = "changes"\n{ROUTE}', Greens.CHANGES),
        (f"post_verified_worker = false\n{ROUTE}", Greens.NONE),
    ],
)
def test_which_greens_are_posted_is_read(text: str, greens: Greens) -> None:
    assert policy(f"[slack]\n{text}").verified is greens


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'verified = "changes"\npost = ["FAILED", "VERIFIED"]',
            "slack.verified: expected it left out, since VERIFIED in `post` posts every one, got 'changes'",
        ),
        (
            'verified = "changes"\npost_verified_worker = true',
            "slack.verified: expected \"worker\", which `post_verified_worker` says, or it alone, got 'changes'",
        ),
        (
            'verified = "worker"\npost_verified_worker = false',
            "slack.verified: expected \"none\", which `post_verified_worker` says, or it alone, got 'worker'",
        ),
        (
            f'verified = "none"\n{ROUTE}',
            'slack.verified: expected "worker" or "changes", since a route is for VERIFIED alone, got \'none\'',
        ),
        ('verified = "some"', "slack.verified: expected one of worker, changes, none, got 'some'"),
    ],
)
def test_what_contradicts_another_key_is_told_once(text: str, problem: str) -> None:
    assert problems(f"[slack]\n{text}") == [problem]


@pytest.mark.parametrize(
    ("text", "daily"),
    [
        ("", None),
        ('daily = "09:00"', Daily(time(9), UTC)),
        ('daily = "23:59"\ntime_zone = "UTC"', Daily(time(23, 59), UTC)),
        (
            'daily = "00:05"\ntime_zone = "America/Argentina/Buenos_Aires"\ndaily_channel = "G1"',
            Daily(time(0, 5), ZoneInfo("America/Argentina/Buenos_Aires"), "G1"),
        ),
    ],
)
def test_when_and_where_the_day_has_its_line_is_read(text: str, daily: Daily | None) -> None:
    assert policy(f"[slack]\n{text}").daily == daily


@pytest.mark.parametrize("given", ['"9:00"', '"24:00"', '"09:60"', '"nine"', "9", "09:00:00", '""'])
def test_a_line_is_due_at_no_other_kind_of_time(given: str) -> None:
    [problem] = problems(f"[slack]\ndaily = {given}")
    assert problem.startswith('slack.daily: expected a time of day, such as "09:00", got ')


@pytest.mark.parametrize(
    "name", ["Europe/Berln", "Europe", "../etc/passwd", "/etc/passwd", "Mars Standard Time", "", "."]
)
def test_a_zone_that_nobody_knows_is_told_once(name: str) -> None:
    [problem] = problems(f'[slack]\ndaily = "09:00"\ntime_zone = "{name}"')
    assert problem.startswith("slack.time_zone: expected the name of a time zone, such as Europe/Berlin or UTC, got ")
    assert problem.endswith("got ''" if not name else f"got '{name}'")


@pytest.mark.parametrize("key", ["time_zone", "daily_channel"])
def test_what_is_for_a_line_that_nobody_wants_is_refused(key: str) -> None:
    value = {"time_zone": "Europe/Berlin", "daily_channel": "C1"}[key]
    [problem] = problems(f'[slack]\n{key} = "{value}"')
    assert problem == f'slack.daily: expected a time of day, such as "09:00", since `{key}` is for it, got nothing'


@pytest.mark.parametrize("name", ["a\\u0000b", "x" * 5_000, "Europe//Berlin", " Europe/Berlin"])
def test_a_name_that_no_zone_can_have_is_told_too(name: str) -> None:
    [problem] = problems(f'[slack]\ndaily = "09:00"\ntime_zone = "{name}"')
    assert problem.startswith("slack.time_zone: expected the name of a time zone")


def test_a_days_line_goes_to_a_channel_by_its_id() -> None:
    [problem] = problems('[slack]\ndaily = "09:00"\ndaily_channel = "#builds"')
    assert problem == "slack.daily_channel: expected a channel's id, such as C0123456789, got '#builds'"


def test_nobody_has_a_line_who_has_not_asked_for_one() -> None:
    assert Policy().daily is None
