"""Days of a team, counted in messages: a green one, and a week of a job that fails now and then."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from tests.unit.controller.watch.deployed import HOUR, JOB, WATCHED, WatchedTeam
from tests.unit.controller.world import World, world
from verifier.checks.day import Daily
from verifier.checks.watch.watching import WatchOutcome
from verifier.controller.daily import tell_day

__all__ = ["world"]

STEP = timedelta(minutes=20)


def passes(team: WatchedTeam, span: timedelta) -> None:
    """Let time go by in longer steps: the same work is due."""
    for _ in range(span // STEP):
        team.world.clock.advance(STEP.total_seconds())
        assert team.work() == []
        assert team.work() == []


def test_a_green_day_of_40_builds_and_20_jobs_has_no_reply_at_all_and_one_line_where_policy_wants_it(
    world: World,
) -> None:
    team = WatchedTeam(world)
    jobs = [replace(JOB, job=f"job-{number}") for number in range(20)]
    team.policy = replace(team.policy, jobs=tuple(replace(job, project="") for job in jobs))
    names = [[f"{kind}{number:02}" for number in range(20)] for kind in "abc"]
    wants_a_line = replace(team.policy, daily=Daily(time(9), ZoneInfo("Europe/Berlin")))
    tell_day(world.deployment(wants_a_line), WATCHED, world.budget())
    for each in names[1:]:
        for name in each:
            team.build(name)
    for hours, each in zip((6, 9, 9), names, strict=True):
        for _ in range(hours):
            for job, name in zip(jobs, each, strict=True):
                team.run(name, "ValueError: known to all", job=job)
            passes(team, HOUR)
    passes(team, HOUR)
    assert team.said() == []
    assert {team.watch(name, job).outcome for job, name in zip(jobs, names[1], strict=True)} == {WatchOutcome.REPLACED}
    assert all(team.watch(name, job).runs == 9 for job, name in zip(jobs, names[2], strict=True))
    passes(team, 4 * HOUR)
    for _ in range(2):
        world.clock.advance(2_400)
        tell_day(world.deployment(wants_a_line), WATCHED, world.budget())
    [[line]] = team.said()
    assert line == (
        "Yesterday, Mon 23 Nov, since 03:23: 40 builds, 40 right, 0 red, 0 open. "
        "20 jobs ran verified code in 300 runs, 20 ran code of which nothing is certain in 120 runs, 0 regressed; "
        "20 jobs were not watched all day."
    )


def test_a_flaky_week_of_one_deployment_a_day_calls_nobody(world: World) -> None:
    team = WatchedTeam(world)
    for day, name in enumerate("abcdefg"):
        if day:
            team.build(name)
        for hour in range(26):
            flaky = (day * 26 + hour) % 11 == 0
            team.run(name, *(["TimeoutError: no answer"] if flaky else []), failed=flaky)
            passes(team, HOUR)
    assert team.said() == []
    assert {team.watch(name).outcome for name in "bcdef"} == {WatchOutcome.CLEAN}
