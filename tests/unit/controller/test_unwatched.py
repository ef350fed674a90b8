"""Builds in places that nobody watches are told of once a place and hour, and a flood of names buys nothing."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.controller.world import World, world
from verifier.controller.unwatched import MOST_PLACES, note_unwatched, tell_unwatched
from verifier.facts.build import BuildKey
from verifier.standin.dates import with_plain_dates as undated

__all__ = ["world"]


def came(world: World, location: str, times: int = 1) -> None:
    for number in range(times):
        note_unwatched(BuildKey("vividly-dev", location, f"b{number}"), world.deployment(), world.budget())


def swept(world: World) -> list[str]:
    """Return the lines that Slack heard in a sweep."""
    before = len(world.messages)
    tell_unwatched(world.deployment(), world.clock(), world.budget())
    return [message.text for message in world.messages[before:]]


def test_a_place_is_one_entry_an_hour_however_many_builds_ran_there(world: World) -> None:
    came(world, "europe-west9", 30)
    came(world, "asia-east1")
    assert world.entries == [
        {"kind": "unwatched", "project": "vividly-dev", "location": "europe-west9"},
        {"kind": "unwatched", "project": "vividly-dev", "location": "asia-east1"},
    ]
    world.clock.advance(3600)
    came(world, "europe-west9", 2)
    assert len(world.entries) == 3


def test_of_an_hour_twenty_places_are_named_and_the_rest_is_one_entry_and_counted(world: World) -> None:
    for number in range(MOST_PLACES + 7):
        came(world, f"region-{number}")
    assert [entry.get("location", "") for entry in world.entries] == [f"region-{n}" for n in range(MOST_PLACES)] + [""]
    (text,) = swept(world)
    assert "places that are (named 27 times) not watched" in text
    assert text.count("For example") == 5


def test_slack_hears_of_it_once_an_hour(world: World) -> None:
    assert swept(world) == []
    came(world, "europe-west9")
    (text,) = swept(world)
    assert undated(text).splitlines() == [
        f"🟡 Builds ran in a place that is not watched, since {world.clock():%Y-%m-%d %H:%M} UTC",
        "Nobody judges them. Either a project or region is missing in the settings, or somebody forges messages.",
        "For example project vividly-dev, location europe-west9",
    ]
    came(world, "asia-east1")
    assert swept(world) == []
    world.clock.advance(timedelta(minutes=61).total_seconds())
    (text,) = swept(world)
    assert "asia-east1" in text
    assert "europe-west9" not in text
