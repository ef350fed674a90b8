"""A day's builds and runs are counted in the ledger, each once, and what was not counted is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.delegating_store import DelegatingStore
from tests.unit.builders import POLICY, judged, pushed, uploaded
from tests.unit.controller.watch.deployed import HOUR, JOB, WATCHED, WatchedTeam, digest
from tests.unit.controller.world import SOON, UNWATCHED, World, world
from verifier.checks.day import BuildsOfDay, CalendarDay, CodeRun, Daily, JobsAndRuns, RunsOfDay
from verifier.checks.job_runs import JobRuns
from verifier.checks.verdict import Verdict
from verifier.controller.budget import Budget
from verifier.controller.day_count import MOST, MOST_REDS, builds_of, runs_of
from verifier.controller.ledger import BUILDS, Record, State, record_document, verified_images
from verifier.controller.runs.job_runs import JOBS, job_document, name_of_job
from verifier.controller.watch.watch_document import WATCHES, name_of_watch
from verifier.facts.build import Build
from verifier.facts.execution import JobName
from verifier.facts.run import RunKind
from verifier.services import Document, Stored
from verifier.times import show_time

__all__ = ["world"]

DAILY = Daily(time(9), ZoneInfo("Europe/Berlin"))
DAY = DAILY.day_before(date(2026, 11, 23))
"""The day before the world's clock: 22 November, from 23:00 to 23:00 UTC."""
NOON = DAY.since + timedelta(hours=12)
GREEN, RED, LOCAL = Verdict.VERIFIED, Verdict.FAILED, Verdict.LOCAL_SOURCE


def build_of(number: int, image: str, *more: str) -> Build:
    images = [
        {"name": f"{one}:latest", "digest": f"sha256:{number:060x}{at:04x}"} for at, one in enumerate((image, *more))
    ]
    identity = f"4e841fcb-0000-4000-8000-{number:012d}"
    return pushed(id=identity, name="", results={"images": images if image else []})


def put(
    world: World,
    number: int,
    verdict: Verdict | None,
    at: datetime = NOON,
    *images: str,
    notes: Sequence[Document] = (),
) -> Record:
    """Have a build known since then, judged a minute later."""
    build = build_of(number, *(images or ("pkg/worker",)))
    _, _, judgement = judged(build)
    decided = at + timedelta(minutes=1)
    record = Record(build.key, at, State.DONE, build=build.document, notes=tuple(notes))
    verified = verified_images((image.untagged for image in build.images), decided) if verdict is GREEN else ()
    record = replace(record, judgement=replace(judgement, verdict=verdict, decided=decided), verified=verified)
    world.put(record)
    return record


def counted(world: World, day: CalendarDay = DAY) -> BuildsOfDay:
    return builds_of(day, world.store, world.clock(), world.budget())


def test_each_build_of_the_day_is_in_one_count(world: World) -> None:
    verdicts = [GREEN] * 5 + [LOCAL, RED, RED] + [Verdict.EXEMPT] * 2 + [Verdict.INCONCLUSIVE, None, None, None]
    for number, verdict in enumerate(verdicts):
        put(world, number, verdict, NOON - timedelta(minutes=number))
    world.put(Record(build_of(90, "").key, NOON))
    world.put(Record(build_of(91, "").key, NOON, State.UNCONFIRMED))
    assert counted(world) == BuildsOfDay(right=5, red=3, over=3, exempt=2, unbuilt=3, open=2)
    assert counted(world).count == len(verdicts) + 1


def test_a_build_counts_on_the_day_on_which_it_was_first_heard_of(world: World) -> None:
    tick = timedelta(microseconds=1)
    for number, at in enumerate([DAY.since - tick, DAY.since, DAY.until - tick, DAY.until]):
        put(world, number, GREEN, at)
    assert counted(world).right == 2
    assert counted(world, DAILY.day_before(date(2026, 11, 22))).right == 1


def test_what_a_later_version_stored_is_open(world: World) -> None:
    record = put(world, 1, GREEN)
    document = record_document(replace(record, key=build_of(2, "").key))
    later = {**document, "judgement": {**document["judgement"], "verdict": "SPLENDID"}}
    world.store.create(BUILDS, "later", later, timeout=SOON)
    assert counted(world) == BuildsOfDay(right=1, open=1)


GOES_ON = {"kind": "runs", "key": "runs/worker", "job": "worker", "since": "2026-11-22T12:00:00.000000Z"}
RAN = {**GOES_ON, "until": "2026-11-22T13:00:00.000000Z"}
IS_OVER = {"kind": "over", "key": "over", "commit": "85cffd8", "since": "2026-11-22T13:00:00.000000Z"}


@pytest.mark.parametrize(
    ("notes", "later", "over"),
    [
        ((), (), 0),
        ((), ("pkg/worker",), 1),
        ((), ("pkg/worker", "pkg/other"), 1),
        ((), ("pkg/other",), 0),
        ((RAN,), (), 0),
        ((RAN, IS_OVER), (), 1),
        ((GOES_ON,), ("pkg/worker",), 0),
        ((GOES_ON, {**IS_OVER, "key": "over/a"}), ("pkg/worker",), 0),
    ],
    ids=[
        "nothing since",
        "built right since",
        "with another image",
        "another image alone",
        "ran",
        "runs no more",
        "still runs",
        "still runs in one job",
    ],
)
def test_a_red_one_is_over_where_that_is_known(
    world: World, notes: Sequence[Document], later: Sequence[str], over: int
) -> None:
    put(world, 1, LOCAL, NOON, notes=notes)
    if later:
        put(world, 2, GREEN, NOON + timedelta(hours=1), *later)
    assert (counted(world).red, counted(world).over) == (1, over)


def test_a_red_one_is_over_only_once_everything_that_it_pushed_was_built_right(world: World) -> None:
    put(world, 1, RED, NOON, "pkg/worker", "pkg/api")
    put(world, 2, GREEN, NOON + timedelta(hours=1), "pkg/worker")
    assert counted(world).over == 0
    put(world, 3, GREEN, NOON + timedelta(hours=2), "pkg/api")
    assert counted(world).over == 1


def test_what_was_built_right_before_or_not_at_all_ends_nothing(world: World) -> None:
    put(world, 1, GREEN, NOON - timedelta(hours=1))
    put(world, 2, RED, NOON)
    put(world, 3, Verdict.INCONCLUSIVE, NOON + timedelta(hours=1))
    put(world, 4, RED, NOON + timedelta(hours=1), "")
    assert (counted(world).red, counted(world).over) == (2, 0)


def test_what_is_built_right_on_the_next_morning_ends_a_red_of_the_day(world: World) -> None:
    put(world, 1, RED, DAY.until - timedelta(hours=1))
    put(world, 2, GREEN, DAY.until + timedelta(hours=1))
    assert counted(world) == BuildsOfDay(red=1, over=1)


@dataclass
class FullPages(DelegatingStore):
    """A store that notes what is asked of it."""

    pages: list[int] = field(default_factory=list)
    reads: int = 0

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        self.reads += 1
        return super().read(collection, name, timeout=timeout)

    def due(
        self,
        collection: str,
        now: str,
        limit: int,
        *,
        field: str = "due",
        since: str = "",
        only: Sequence[str] = (),
        timeout: float,
    ) -> list[tuple[str, Stored]]:
        assert only, "records are large: what is not needed is not read"
        found = super().due(collection, now, limit, field=field, since=since, only=only, timeout=timeout)
        self.pages.append(len(found))
        return found


def test_many_builds_of_one_moment_are_counted_page_by_page(world: World) -> None:
    for number in range(450):
        put(world, number, GREEN, NOON if number < 440 else NOON + HOUR)
    store = FullPages(world.store)
    assert builds_of(DAY, store, world.clock(), world.budget()) == BuildsOfDay(right=450)
    assert store.pages == [200, 200, 400, 200, 400, 450]


@pytest.mark.parametrize(("verdict", "pages"), [(GREEN, [200]), (RED, [200, 200, 3])])
def test_builds_of_later_are_looked_through_only_where_one_was_red(
    world: World, verdict: Verdict, pages: list[int]
) -> None:
    put(world, 1, verdict)
    for number in range(2, 402):
        put(world, number, GREEN, DAY.until + timedelta(seconds=number), "pkg/other")
    store = FullPages(world.store)
    assert builds_of(DAY, store, world.clock(), world.budget()).count == 1
    assert store.pages == pages


def test_no_more_than_so_many_are_counted_and_that_is_said(world: World) -> None:
    @dataclass
    class Endless(DelegatingStore):
        numbers: int = 0

        def due(self, collection: str, now: str, limit: int, **_: object) -> list[tuple[str, Stored]]:
            first, self.numbers = self.numbers, self.numbers + limit
            at = [show_time(NOON + timedelta(milliseconds=number)) for number in range(first, self.numbers)]
            record = {"state": "done", "judgement": {"verdict": "VERIFIED", "decided": ""}}
            return [
                (f"b{number}", Stored({**record, "created": moment}, "1")) for number, moment in enumerate(at, first)
            ]

    found = builds_of(DAY, Endless(world.store), world.clock(), world.budget())
    assert (found.right, found.is_whole) == (MOST, False)


def test_where_time_is_up_the_count_is_not_whole(world: World) -> None:
    put(world, 1, GREEN)
    short = Budget(world.clock, world.clock() + timedelta(seconds=14))
    assert builds_of(DAY, world.store, world.clock(), short) == BuildsOfDay(is_whole=False)


def test_of_very_many_reds_some_are_asked_whether_they_are_over(world: World) -> None:
    for number in range(MOST_REDS + 10):
        put(world, number, LOCAL, NOON + timedelta(seconds=number))
    put(world, 900, GREEN, NOON + HOUR)
    store = FullPages(world.store)
    found = builds_of(DAY, store, world.clock(), world.budget())
    assert (found.red, found.over, store.reads) == (MOST_REDS + 10, MOST_REDS, MOST_REDS)


# what jobs ran

RUN_DAY = DAILY.day_before(date(2026, 11, 25))
"""A day after the beginning of the world's clock, which goes forward."""


def team_of(world: World, *jobs: JobName, at: datetime = RUN_DAY.since + 12 * HOUR) -> WatchedTeam:
    """Return a team whose clock stands then: without another word at noon of the day that is counted."""
    world.clock.advance((at - world.clock()).total_seconds())
    team = WatchedTeam(world)
    team.policy = replace(POLICY, jobs=tuple(replace(job, project="") for job in jobs))
    return team


def runs(world: World, team: WatchedTeam, day: CalendarDay = RUN_DAY) -> RunsOfDay | None:
    return runs_of(day, world.deployment(team.policy), WATCHED, world.budget())


def begun(world: World, job: JobName, **changes: object) -> None:
    """Let the job have been watched since before the day."""
    document = job_document(replace(JobRuns(job, begun=RUN_DAY.since - HOUR), **changes))  # type: ignore[arg-type]
    world.store.create(JOBS, name_of_job(job), document, timeout=SOON)


def test_runs_are_counted_by_what_they_ran(world: World) -> None:
    jobs = [replace(JOB, job=f"job-{number}") for number in range(5)]
    team = team_of(world, *jobs)
    for name, verdict in (("a", "VERIFIED"), ("b", "LOCAL_SOURCE"), ("c", "EXEMPT"), ("d", "INCONCLUSIVE")):
        team.build(name, verdict)
    for job in jobs:
        begun(world, job)
        team.run("a", job=job)
        team.run("a", job=job, failed=True)
    team.run("b", job=jobs[0])
    team.run("c", job=jobs[1])
    team.run("d", job=jobs[2])
    team.run("unknown", job=jobs[2])
    team.run("a", job=jobs[3], kind=RunKind.TRIAL)
    team.run("a", job=jobs[4], kind=RunKind.OTHER_ARGUMENTS)
    assert runs(world, team) == RunsOfDay(
        (
            (CodeRun.VERIFIED, JobsAndRuns(5, 11)),
            (CodeRun.EXEMPT, JobsAndRuns(1, 1)),
            (CodeRun.RED, JobsAndRuns(1, 1)),
            (CodeRun.UNKNOWN, JobsAndRuns(1, 2)),
        )
    )


def test_a_run_counts_on_the_day_on_which_it_ended(world: World) -> None:
    team = team_of(world, JOB, at=RUN_DAY.since - HOUR)
    begun(world, JOB)
    team.build("a")
    minute = timedelta(minutes=1)
    for ends in (RUN_DAY.since - minute, RUN_DAY.since, RUN_DAY.until - minute, RUN_DAY.until):
        world.clock.advance((ends - minute - world.clock()).total_seconds())
        team.run("a")
    assert runs(world, team) == RunsOfDay(((CodeRun.VERIFIED, JobsAndRuns(1, 2)),))


def test_an_image_that_got_worse_is_counted_for_each_job_that_ran_it(world: World) -> None:
    jobs = [replace(JOB, job=f"job-{number}") for number in range(3)]
    team = team_of(world, *jobs)
    for job in jobs:
        begun(world, job)
        team.run("a", job=job)
        outcome = {"outcome": "WATCHING" if job is jobs[0] else "REGRESSED"}
        world.store.create(WATCHES, name_of_watch(job, digest("a")), outcome, timeout=SOON)
    found = runs(world, team)
    assert found is not None
    assert found.regressed == 2


def test_what_is_not_watched_any_more_is_not_counted_and_where_nothing_is_watched_nothing_is_said(world: World) -> None:
    team = team_of(world, JOB)
    begun(world, JOB)
    team.run("a")
    team.policy = replace(UNWATCHED, jobs=(JobName("", "us-central1", "another"),))
    assert runs(world, team) == RunsOfDay()
    team.policy = UNWATCHED
    assert runs(world, team) is None


def test_a_job_whose_watching_began_on_the_day_and_one_that_cannot_be_looked_at_are_known(world: World) -> None:
    jobs = [replace(JOB, job=f"job-{number}") for number in range(5)]
    team = team_of(world, *jobs)
    begun(world, jobs[0], begun=RUN_DAY.since + HOUR)
    begun(world, jobs[1], problem="permission denied", generation=3)
    begun(world, jobs[2], page="the next one", generation=3)
    begun(world, jobs[3], problem="no such job")
    world.store.create(JOBS, "later", {"job": f"{jobs[4].resource}", "version": 99}, timeout=SOON)
    team.run("a", job=jobs[0])
    found = runs(world, team)
    assert found is not None
    assert (found.partly, found.unseen) == (1, 3)


def test_an_upload_is_counted_once_however_it_was_announced(world: World) -> None:
    build = uploaded()
    _, _, judgement = judged(build)
    world.put(Record(build.key, NOON, State.OPEN, judgement=judgement, build=build.document, unsaid=NOON))
    assert counted(world) == BuildsOfDay(red=1)
