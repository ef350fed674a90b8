"""What is handed out between two sweeps, and when nothing is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.builders import uploaded
from tests.unit.controller.world import LEASE, NOW, WorkRecorder, World, world
from verifier.config import Watched
from verifier.controller.budget import KEEP_SECONDS, Budget
from verifier.controller.hand_out import MOST_HANDED_OUT, NOT_AGAIN_FOR
from verifier.controller.keep_handing_out import MANY, MOMENTS, keep_handing_out
from verifier.controller.ledger import Record
from verifier.controller.sweep import Swept, sweep
from verifier.errors import Denied

__all__ = ["world"]

WATCHED = Watched({"vividly-dev": ""}, frozenset({"us-central1"}))
MUCH = Swept(handed_out=MANY)


def due(world: World, number: int, seconds: float) -> str:
    """Let a record be due so many seconds after the sweep began; return its name."""
    key = uploaded(id=f"4e841fcb-1111-4000-8000-{number:012d}", name="").key
    world.put(Record(key, created=NOW, due=NOW + timedelta(seconds=seconds)))
    return key.digest


def kept_on(world: World, swept: Swept, *, seconds: float = 110.0, stopping: bool = False) -> list[set[str]]:
    """Keep handing out after this sweep, with so much time; return the names by the request that published them."""
    topic = WorkRecorder()
    world.work_topic = topic
    budget = Budget(world.clock, world.clock() + timedelta(seconds=seconds), lambda: stopping)
    assert keep_handing_out(world.deployment(), budget, world.clock(), swept) == ""
    return [{name for _, name in batch} for batch in topic.batches]


def test_where_much_is_due_what_comes_due_after_the_sweep_does_not_wait_for_the_next_one(world: World) -> None:
    names = [due(world, number, seconds) for number, seconds in enumerate([10, 29, 31, 44, 46])]
    assert kept_on(world, MUCH) == [{names[0]}, {names[1]}, {names[2], names[3]}]
    assert world.clock() == NOW + MOMENTS[-1]


@pytest.mark.parametrize("swept", [Swept(handed_out=MANY - 1), Swept(handed_out=1, handed_out_before=MANY - 2)])
def test_where_little_is_due_the_next_sweep_takes_care_of_it(world: World, swept: Swept) -> None:
    due(world, 1, 10)
    assert kept_on(world, swept) == []
    assert world.clock() == NOW


def test_what_was_handed_out_lately_is_much_too_for_it_may_have_been_put_off_since(world: World) -> None:
    name = due(world, 1, 10)
    assert kept_on(world, Swept(handed_out_before=MANY)) == [{name}]


def test_a_sweep_and_what_follows_it_hand_out_no_more_than_one_sweep_may(world: World) -> None:
    for number in range(3):
        due(world, number, 10)
    assert [len(batch) for batch in kept_on(world, Swept(handed_out=MOST_HANDED_OUT - 2))] == [2]


def test_what_was_handed_out_and_is_still_due_is_left_to_the_sweep_which_does_it_where_nobody_listens(
    world: World,
) -> None:
    name = due(world, 1, 10)
    assert kept_on(world, MUCH) == [{name}]
    world.clock.advance(NOT_AGAIN_FOR.total_seconds())
    assert kept_on(world, MUCH) == []
    swept = sweep(world.deployment(), WATCHED, world.budget(), LEASE)
    assert swept is not None
    assert swept.resumed == 1


def test_places_are_left_to_the_sweep_which_knows_how_many_lists_there_are_in_a_minute(world: World) -> None:
    cursor = {"project": "vividly-dev", "location": "us-central1", "due": "2026-01-01T00:00:00.000000Z"}
    assert world.store.create("marks", "place-1", cursor, timeout=4.0)
    assert kept_on(world, MUCH) == []


def test_a_moment_that_a_long_sweep_has_missed_is_left_out(world: World) -> None:
    topic, began = WorkRecorder(), world.clock()
    name = due(world, 1, 10)
    world.work_topic = topic
    world.clock.advance(40)
    assert keep_handing_out(world.deployment(), world.budget(), began, MUCH) == ""
    assert [name for _, name in topic.taken()] == [name]
    assert world.clock() == began + MOMENTS[-1]


def test_nobody_is_kept_who_is_to_end_or_has_no_time(world: World) -> None:
    due(world, 1, 10)
    assert kept_on(world, MUCH, stopping=True) == []
    assert kept_on(world, MUCH, seconds=MOMENTS[0].total_seconds() + KEEP_SECONDS - 1) == []
    assert world.clock() == NOW


def test_a_refusal_is_told_and_ends_it(world: World) -> None:
    due(world, 1, 10)
    world.work_topic = WorkRecorder(refusal=Denied("no publisher"))
    said = keep_handing_out(world.deployment(), world.budget(), world.clock(), MUCH)
    assert said.startswith("work topic: no publisher")
    assert world.clock() == NOW + MOMENTS[0]


def test_without_a_topic_the_sweep_has_done_it_all(world: World) -> None:
    due(world, 1, 10)
    assert keep_handing_out(world.deployment(), world.budget(), world.clock(), MUCH) == ""
    assert world.clock() == NOW
