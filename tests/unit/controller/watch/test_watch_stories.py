"""What a team may do to a watch: deploy all day, log without end, and run what only ever breaks by itself."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.unit.controller.watch.deployed import HOUR, JOB, WatchedTeam, digest
from tests.unit.controller.world import World, world
from verifier.checks.watch.watching import MOST_ERRORS_WATCHED, WatchOutcome
from verifier.controller.error_book import ERRORS, name_of
from verifier.controller.watch.watch_document import WATCHES, name_of_watch
from verifier.facts.run import RunOutcome

__all__ = ["world"]

TEN, HALF = timedelta(minutes=10), timedelta(minutes=30)
CLIP = "ValueError: no clip"
MOST_CHARACTERS = 300_000
"""Of a document: Firestore takes thrice as much."""


@pytest.fixture
def deployed(world: World) -> WatchedTeam:
    """Return a job that ran an image of before 12 times, with one error in half of its runs."""
    made = WatchedTeam(world)
    made.build("a")
    for number in range(12):
        made.run("a", *([CLIP] if number % 2 else []))
        assert pass_by(made, HALF) == []
    return made


def pass_by(team: WatchedTeam, span: timedelta) -> list[str]:
    """Let time go by in longer steps, and return what went wrong: the same work is due."""
    troubles = []
    for _ in range(span // TEN):
        team.world.clock.advance(TEN.total_seconds())
        troubles += [*team.work(), *team.work()]
    return troubles


def test_two_builds_an_hour_for_a_whole_day_say_nothing_at_all(deployed: WatchedTeam) -> None:
    names = [f"n{number:02}" for number in range(48)]
    records = []
    for name in names:
        records.append(deployed.build(name))
        for number in range(3):
            deployed.run(name, *([CLIP] if number else []))
            assert pass_by(deployed, TEN) == []
    pass_by(deployed, HALF)
    assert (deployed.said(), [note for record in records for note in deployed.notes(record)]) == ([], [])
    watches = [deployed.watch(name) for name in names]
    assert {watch.outcome for watch in watches[:-1]} == {WatchOutcome.REPLACED}
    assert {watch.runs for watch in watches} == {3}
    assert [deployed.audited(record) for record in records] == [[("watch-ended", "ended")]] * 47 + [[]]


def test_errors_without_end_are_a_bounded_document_and_counted_beyond_it(deployed: WatchedTeam) -> None:
    record = deployed.build("b")
    for number in range(4):
        deployed.run("b", *(f"Error{number * 40 + each}: it broke" for each in range(40)), failed=True)
        pass_by(deployed, HALF)
    deployed.every(HALF, 7, "b")
    watch = deployed.watch("b")
    assert (len(watch.errors), watch.beyond) == (MOST_ERRORS_WATCHED, 4 * 40 - MOST_ERRORS_WATCHED)
    assert any("and 100 more than can be told apart" in note for note in deployed.notes(record))
    loud = [lines for lines in deployed.said() if lines[0].startswith("🔴")]
    assert len(loud) == 3 + 3  # three a run, of the two runs whose errors there was room for
    kept = [(WATCHES, name_of_watch(JOB, digest("b"))), (ERRORS, name_of(JOB))]
    for collection, name in kept:
        stored = deployed.world.store.read(collection, name, timeout=1)
        assert stored is not None
        assert len(json.dumps(stored.document)) < MOST_CHARACTERS


def test_a_digest_of_which_no_run_counts_is_not_run_after_a_week(deployed: WatchedTeam) -> None:
    deployed.build("b")
    deployed.run("b", outcome=RunOutcome.PLATFORM)
    pass_by(deployed, 24 * HOUR)
    assert deployed.said() == []
    assert (deployed.watch("b").outcome, deployed.watch("b").runs) == (WatchOutcome.WATCHING, 0)
    deployed.world.clock.advance(timedelta(days=6, hours=1).total_seconds())
    deployed.work()
    assert deployed.watch("b").outcome is WatchOutcome.NOT_RUN
    assert deployed.said() == []


def test_a_sweep_that_comes_hours_late_tells_one_checkpoint_and_says_when(deployed: WatchedTeam) -> None:
    record = deployed.build("b")
    deployed.every(HALF, 3, "b")
    deployed.world.clock.advance(timedelta(hours=6).total_seconds())
    assert deployed.work() == []
    assert deployed.work() == []
    [note] = deployed.notes(record)
    assert note.startswith("After 7 h 2")
    assert deployed.audited(record) == [("checkpoint", "after-14400s")]
