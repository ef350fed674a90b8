"""What is known late: logs that can't be read yet, and ways back. Nothing is said before all of it is known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.controller.watch.deployed import HOUR, JOB, MINUTE, WatchedTeam, digest
from tests.unit.controller.world import NOW, SOON, World, world
from verifier.checks.watch.earlier import with_earlier
from verifier.checks.watch.watching import WatchOutcome
from verifier.controller.error_book import ERRORS, book_document, empty_book, name_of, parse_book
from verifier.controller.runs.job_runs import RUNS
from verifier.controller.runs.run_document import run_document
from verifier.errors import Denied
from verifier.times import show_time

__all__ = ["world"]

HALF = timedelta(minutes=30)
LESSON = "KeyError: 'lesson'"
DENIED = Denied("may not read", fix="grant roles/logging.viewer")


@pytest.fixture
def deployed(world: World) -> WatchedTeam:
    """Return a job that ran an image of before 12 times."""
    made = WatchedTeam(world)
    made.build("a")
    assert made.every(HALF, 12, "a") == []
    return made


def test_a_checkpoint_waits_for_the_logs_of_runs_before_it_and_says_how_late_it_is(deployed: WatchedTeam) -> None:
    record = deployed.build("b")
    deployed.every(HALF, 7, "b")
    deployed.run("b")
    deployed.logs.trouble = DENIED
    deployed.go_on(50 * MINUTE)
    assert deployed.notes(record) == []
    deployed.logs.trouble = None
    deployed.go_on(7 * MINUTE)
    [note] = deployed.notes(record)
    assert note.startswith("After 4 h 15 min since 620ddba in dev-vividly-content-worker: 8 runs, 8 succeeded")
    assert deployed.audited(record) == [("checkpoint", "after-14400s")]


def test_another_team_whose_logs_can_not_be_read_keeps_no_checkpoint_waiting(deployed: WatchedTeam) -> None:
    record, store = deployed.build("b"), deployed.world.store
    deployed.every(HALF, 7, "b")
    run = run_document(deployed.run("b"))
    theirs = {"job": "projects/other/locations/us-central1/jobs/j", "reading": show_time(NOW + 20 * HOUR)}
    for number in range(450):
        store.create(RUNS, f"their-{number}", {**run, **theirs}, timeout=SOON)
    deployed.go_on(40 * MINUTE)
    [note] = deployed.notes(record)
    assert note.startswith("4 h since 620ddba in dev-vividly-content-worker: 8 runs, 8 succeeded")


def test_a_watch_is_over_when_the_logs_of_its_day_are_read_or_given_up(deployed: WatchedTeam) -> None:
    deployed.build("b")
    deployed.every(HALF, 46, "b")
    deployed.logs.trouble = DENIED
    deployed.run("b")
    deployed.go_on(40 * MINUTE)
    assert deployed.watch("b").outcome is WatchOutcome.WATCHING
    deployed.go_on(HOUR)
    assert deployed.watch("b").outcome is WatchOutcome.INCONCLUSIVE


def test_logs_that_are_never_readable_keep_no_watch_open(deployed: WatchedTeam) -> None:
    deployed.build("b")
    deployed.logs.trouble = DENIED
    deployed.every(HALF, 54, "b")
    watch = deployed.watch("b")
    assert (watch.outcome, watch.read) == (WatchOutcome.INCONCLUSIVE, 0)


def test_what_the_last_run_of_a_digest_had_is_told_though_another_one_runs_already(deployed: WatchedTeam) -> None:
    record = deployed.build("b")
    deployed.every(HALF, 8, "b")
    deployed.logs.trouble = DENIED
    deployed.run("b", LESSON, failed=True)
    deployed.go_on(2 * MINUTE)
    deployed.build("c")
    deployed.run("c")
    deployed.go_on(10 * MINUTE)
    deployed.logs.trouble = None
    deployed.go_on(10 * MINUTE)
    assert deployed.watch("b").outcome is WatchOutcome.REGRESSED
    assert [kind for kind, _ in deployed.audited(record)] == ["regressed", "watch-ended"]


def test_runs_of_there_and_back_that_are_read_together_are_three_stretches(deployed: WatchedTeam) -> None:
    deployed.logs.trouble = DENIED
    for name in ("a", "b", "a"):
        deployed.run(name)
        deployed.go_on(2 * MINUTE)
    deployed.logs.trouble = None
    deployed.go_on(10 * MINUTE)
    assert deployed.watch("b").outcome is WatchOutcome.ROLLED_BACK
    deployed.every(HALF, 1, "c")
    assert deployed.watch("a").outcome is WatchOutcome.REPLACED


def test_whose_place_is_taken_is_told_by_when_it_ran_and_not_by_when_it_was_read(deployed: WatchedTeam) -> None:
    deployed.run("b", whole=False)
    deployed.go_on(2 * MINUTE)
    deployed.run("c")
    deployed.go_on(20 * MINUTE)
    deployed.run("d")
    deployed.go_on(20 * MINUTE)
    assert [deployed.watch(name).outcome for name in "abc"] == [WatchOutcome.REPLACED] * 3


def test_what_ran_before_may_be_read_after_a_watch_has_begun_and_is_then_what_it_is_compared_with(world: World) -> None:
    team = WatchedTeam(world)
    for name in ("a", "b"):
        team.build(name)
        team.every(HALF, 1, name)
    assert (team.watch("b").found, team.watch("b").baseline) == (False, 1)
    stored = world.store.read(ERRORS, name_of(JOB), timeout=SOON)
    assert stored is not None
    earlier = empty_book()
    for number in range(20):
        created = NOW - (21 - number) * HOUR
        earlier = earlier.with_run([], run=f"of-before-{number}", digest=digest("z"), created=created, now=created)
    book = book_document(with_earlier(parse_book(stored.document), earlier), JOB, "before")
    world.store.replace(ERRORS, name_of(JOB), book, stored.revision, timeout=SOON)
    team.every(HALF, 1, "b", LESSON)
    [once] = team.sayings()
    assert once.lines[1].startswith("Not in the 21 runs before")


def test_a_way_back_to_what_is_watched_no_more_ends_the_watch_between(deployed: WatchedTeam) -> None:
    deployed.go_on(20 * HOUR)
    assert deployed.watch("a").outcome is WatchOutcome.CLEAN
    record = deployed.build("b")
    deployed.every(HALF, 1, "b")
    deployed.every(HALF, 1, "a")
    assert deployed.watch("b").outcome is WatchOutcome.ROLLED_BACK
    assert deployed.audited(record) == [("watch-ended", "ended")]
    assert (deployed.watch("a").outcome, deployed.kept("a").due) == (WatchOutcome.CLEAN, None)
