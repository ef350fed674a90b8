"""What Slack hears beside verdicts: kept once, in its place, in the thread of what it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.controller.test_notes import TS, decided, sayings, told
from tests.unit.controller.world import CHANNEL, NOW, SOON, World, world
from verifier.controller.ledger import State, settled
from verifier.controller.says import SAYINGS, Saying, name_of_saying, parse_saying, say, saying_document
from verifier.controller.slack.channel import read_channel
from verifier.errors import Malformed
from verifier.times import show_time

__all__ = ["world"]

SAYING = Saying("pinned/worker", "", ("worker: its image is pinned", "Do this: look at it"))


def kept(world: World, saying: Saying = SAYING) -> dict[str, Any]:
    say(world.deployment(), saying, world.budget())
    stored = world.store.read(SAYINGS, name_of_saying(saying.key), timeout=SOON)
    assert stored is not None
    return dict(stored.document)


def test_it_waits_in_its_channels_queue_behind_verdicts_and_the_channel_is_due(world: World) -> None:
    document = kept(world)
    assert document["queue"] == f"{CHANNEL}|2 {show_time(NOW)}"
    assert (document["channel"], document["lines"], document["thread"]) == (CHANNEL, list(SAYING.lines), "")
    assert read_channel(world.store, CHANNEL, world.budget()).due == NOW


def test_the_same_key_again_is_the_same_saying(world: World) -> None:
    first = kept(world)
    world.clock.advance(60)
    assert kept(world, replace(SAYING, lines=("other words",))) == first
    assert len(sayings(world)) == 1


def test_a_channel_that_policy_names_is_its_channel(world: World) -> None:
    assert kept(world, replace(SAYING, channel="C0OTHER001"))["channel"] == "C0OTHER001"


def test_what_is_about_a_build_replies_to_its_message(world: World) -> None:
    record = replace(told(), channel="C0ROUTED01")
    world.put(record)
    document = kept(world, replace(SAYING, about=record.key, broadcast=True, mention="here"))
    assert (document["channel"], document["thread"], document["broadcast"]) == ("C0ROUTED01", TS, True)
    assert (document["about"], document["mention"]) == (record.key.name, "here")


def test_what_is_about_a_second_verdict_goes_to_the_thread_of_the_first(world: World) -> None:
    record = replace(told(), thread="1795300000.000100")
    world.put(record)
    assert kept(world, replace(SAYING, about=record.key))["thread"] == "1795300000.000100"


@pytest.mark.parametrize("case", ["no record", "not told", "webhook"])
def test_what_is_about_a_build_without_such_a_message_stands_by_itself(world: World, case: str) -> None:
    record = told()
    match case:
        case "not told":
            world.put(settled(decided(), State.DONE))
        case "webhook":
            world.put(record)
            world.can_edit = False
    document = kept(world, replace(SAYING, about=record.key))
    assert (document["channel"], document["thread"]) == (CHANNEL, "")


def test_a_saying_is_read_as_it_was_written(world: World) -> None:
    document = kept(world, replace(SAYING, mention="here"))
    assert saying_document(parse_saying(document)) == document


def test_a_saying_of_a_later_version_is_read_without_what_it_does_not_know(world: World) -> None:
    document = kept(world)
    assert parse_saying({**document, "colour": "red"}) == parse_saying(document)


@pytest.mark.parametrize("wrong", [{"created": "yesterday"}, {"key": None, "lines": 7}, {"created": 5}])
def test_what_can_not_be_read_is_malformed(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="expected something to say"):
        parse_saying({**kept(world), **wrong})
