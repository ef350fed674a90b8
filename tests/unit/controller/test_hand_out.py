"""What is published, in which order, and what is not published again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.controller.world import SOON, WorkRecorder, World, world
from verifier.controller.hand_out import MOST_HANDED_OUT, NOT_AGAIN_FOR, HandedOut, hand_out
from verifier.controller.turns import Waiting
from verifier.controller.work import PLACE, RECORD
from verifier.errors import Denied

__all__ = ["world"]


def due(name: str, moment: str = "2026-11-23T01:00") -> Waiting:
    """Return a record that is due, of the project that its name begins with."""
    return Waiting(RECORD, name, project=name[0], due=moment, title=name)


def handed(world: World, *work: Waiting) -> str:
    """Hand out this work; return the names of what was published."""
    topic = WorkRecorder()
    hand_out(world.deployment(), topic, work, world.budget())
    return " ".join(name for _, name in topic.taken())


def test_each_piece_is_published_with_its_kind_and_name_by_project_in_turn(world: World) -> None:
    topic = WorkRecorder()
    assert hand_out(world.deployment(), topic, [due("a1"), due("a2"), due("b1")], world.budget()) == HandedOut(3)
    assert topic.batches == [[("record", "a1"), ("record", "b1"), ("record", "a2")]]


def test_what_was_handed_out_is_not_handed_out_again_for_two_minutes(world: World) -> None:
    assert handed(world, due("a1")) == "a1"
    world.clock.advance(NOT_AGAIN_FOR.total_seconds() - 1)
    assert handed(world, due("a1"), due("a2")) == "a2"
    world.clock.advance(1)
    assert handed(world, due("a1"), due("a2")) == "a1"


def place(name: str) -> Waiting:
    """Return a place that is due, of the project that its name begins with."""
    return Waiting(PLACE, name, project=name[0], due="2026-11-23T01:00", title=name)


def test_no_more_places_are_handed_out_than_their_payer_may_list_in_a_minute_and_records_all_the_same(
    world: World,
) -> None:
    topic, limits = WorkRecorder(), {"a": ("home", 2), "b": ("home", 2), "c": ("c", 0)}
    deployment = replace(world.deployment(), listings=lambda project: limits[project])
    work = [place("a1"), place("a2"), place("b1"), place("c1"), place("c2"), due("a3"), due("b3")]
    assert hand_out(deployment, topic, work, world.budget()).count == 6
    assert [name for _, name in topic.taken()] == ["a1", "b1", "c1", "a3", "b3", "c2"]
    assert hand_out(deployment, topic, work, world.budget()).count == 1
    assert topic.taken()[-1] == ("place", "a2")


def test_what_is_due_anew_is_handed_out_anew(world: World) -> None:
    assert handed(world, due("a1")) == "a1"
    assert handed(world, due("a1", "2026-11-23T01:30")) == "a1"


def test_so_many_are_handed_out_in_one_sweep_and_every_project_has_its_part(world: World) -> None:
    topic = WorkRecorder()
    work = [due(f"a{number:05d}") for number in range(5_000)] + [due("b1")]
    assert hand_out(world.deployment(), topic, work, world.budget()).count == MOST_HANDED_OUT
    assert [len(batch) for batch in topic.batches] == [1_000, 1_000]
    assert ("record", "b1") in topic.batches[0][:2]
    assert hand_out(world.deployment(), topic, work, world.budget()).count == MOST_HANDED_OUT
    assert hand_out(world.deployment(), topic, work, world.budget()).count == 5_001 - 2 * MOST_HANDED_OUT
    assert hand_out(world.deployment(), topic, work, world.budget()).count == 0
    assert len(set(topic.taken())) == 5_001


def test_the_memory_is_one_document_that_holds_five_minutes(world: World) -> None:
    for number in range(10):
        handed(world, due(f"a{number}"))
        world.clock.advance(60)
    stored = world.store.read("marks", "handed-out", timeout=SOON)
    assert stored is not None
    assert len(stored.document["pages"]) == 5


def test_a_memory_that_is_lost_costs_a_second_message_and_nothing_else(world: World) -> None:
    handed(world, due("a1"))
    stored = world.store.read("marks", "handed-out", timeout=SOON)
    assert stored is not None
    assert world.store.replace("marks", "handed-out", {"pages": []}, stored.revision, timeout=SOON)
    assert handed(world, due("a1")) == "a1"


def test_what_was_not_published_is_not_remembered(world: World) -> None:
    topic = WorkRecorder(refusal=Denied("no"))
    with pytest.raises(Denied):
        hand_out(world.deployment(), topic, [due("a1")], world.budget())
    assert handed(world, due("a1")) == "a1"


def test_where_nothing_is_due_nothing_is_read_or_written(world: World) -> None:
    assert handed(world) == ""
    assert world.store.read("marks", "handed-out", timeout=SOON) is None


def test_what_is_still_due_after_two_minutes_is_overdue_until_its_due_time_moves(world: World) -> None:
    topic, deployment = WorkRecorder(), world.deployment()
    assert hand_out(deployment, topic, [due("a1"), due("a2")], world.budget()).overdue == ()
    world.clock.advance(NOT_AGAIN_FOR.total_seconds())
    moved = due("a2", "2026-11-23T01:30")
    assert hand_out(deployment, topic, [due("a1"), moved], world.budget()) == HandedOut(2, (due("a1"),))


def test_how_much_was_handed_out_in_the_two_minutes_before_is_said(world: World) -> None:
    topic, deployment = WorkRecorder(), world.deployment()
    hand_out(deployment, topic, [due("a1"), due("a2")], world.budget())
    world.clock.advance(60)
    assert hand_out(deployment, topic, [due("a3")], world.budget()) == HandedOut(1, before=2)
    world.clock.advance(NOT_AGAIN_FOR.total_seconds())
    assert hand_out(deployment, topic, [due("a4")], world.budget()) == HandedOut(1)


def test_no_more_are_handed_out_than_are_asked_for(world: World) -> None:
    topic = WorkRecorder()
    hand_out(world.deployment(), topic, [due("a1"), due("a2")], world.budget(), most=1)
    assert topic.taken() == [("record", "a1")]
