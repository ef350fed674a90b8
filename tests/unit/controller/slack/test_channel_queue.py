"""What waits for Slack after it was away, and how many instances share a channel's queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.builders import EXECUTION, POLICY, judged, uploaded
from tests.unit.controller.world import CHANNEL, LEASE, NOW, SOON, World, world
from verifier.checks.policy import Late, Policy
from verifier.checks.verdict import Verdict
from verifier.config import Watched
from verifier.controller.ledger import Record, State, waiting_for_slack
from verifier.controller.slack.channel import change_channel, hold, read_channel
from verifier.controller.sweep import sweep
from verifier.errors import ServiceError, Stopping, Unavailable
from verifier.services import Posted
from verifier.times import show_time

__all__ = ["world"]

WATCHED = Watched({"vividly-dev": ""}, frozenset({"us-central1"}))
NO_ANSWER, LOST = Unavailable("no answer"), Unavailable("no answer", ambiguous=True)
GREEN = Verdict.VERIFIED
HOURS = timedelta(hours=2, minutes=7)


def missed(world: World, number: int, *, image: str = "", verdict: Verdict = Verdict.LOCAL_SOURCE) -> Record:
    """Let a verdict wait for Slack, later than those with a smaller number."""
    name = image or f"pkg/image-{number}"
    pushed: dict[str, Any] = {"results": {"images": [{"name": f"{name}:latest", "digest": f"sha256:{number:064x}"}]}}
    build = uploaded(id=f"4e841fcb-0000-4000-8000-{number:012d}", name="", **pushed)
    _, _, judgement = judged(build)
    told = NOW - HOURS + timedelta(seconds=number)
    record = Record(build.key, created=told, build=build.document)
    execution = EXECUTION if verdict is GREEN else ""
    record = replace(record, judgement=replace(judgement, decided=told, verdict=verdict, execution=execution))
    world.put(replace(record, unsaid=told, recorded=True, published=True, channel=CHANNEL))
    return record


def away(world: World, since: datetime) -> None:
    """Let Slack have been away since then."""
    change_channel(world.store, CHANNEL, lambda channel: replace(channel, away=since), lambda: SOON)


def night(world: World) -> list[Record]:
    """Two hours without Slack: two reds that are still red, and five other messages."""
    away(world, NOW - HOURS)
    return [
        missed(world, 1, image="pkg/worker"),
        missed(world, 2, image="pkg/worker"),
        missed(world, 3, image="pkg/api", verdict=Verdict.FAILED),
        missed(world, 4, image="pkg/api", verdict=GREEN),
        missed(world, 5, verdict=GREEN),
        missed(world, 6, verdict=Verdict.INCONCLUSIVE),
        missed(world, 7, image="pkg/site", verdict=Verdict.FAILED),
    ]


def swept(world: World, policy: Policy = POLICY) -> None:
    """Sweep as another process would, in time to come."""
    assert sweep(world.deployment(policy), WATCHED, world.budget(), LEASE) is not None


def told(world: World) -> list[str]:
    """Return the last digits of the builds that Slack has heard of, and `line` for the line about many."""
    keys = [message.key for message in world.messages]
    return ["line" if key.startswith("away@") else key.partition("@")[0][-1] for key in keys]


def test_after_two_hours_there_is_one_line_and_then_what_is_still_red(world: World) -> None:
    records = night(world)
    swept(world)
    assert told(world) == ["line", "2", "7"]
    first = world.messages[0]
    assert first.text == "Slack was away for 2 h 7 min. 2 reds follow; 5 other messages are in the audit trail."
    assert first.channel == CHANNEL
    stored = [world.record(record.key) for record in records]
    assert {record.state for record in stored} == {State.DONE}
    assert [record.key.id[-1] for record in stored if record.summed_up] == ["1", "3", "4", "5", "6"]
    assert all(record.told for record in stored)


def test_policy_may_want_every_message_all_the_same(world: World) -> None:
    night(world)
    swept(world, replace(POLICY, late=Late.ALL))
    assert told(world) == ["1", "2", "3", "4", "5", "6", "7"]


@pytest.mark.parametrize(("minutes", "expected"), [(15.0, ["1", "2"]), (15.1, ["line", "2"])])
def test_fifteen_minutes_are_not_long(world: World, minutes: float, expected: list[str]) -> None:
    away(world, NOW - timedelta(minutes=minutes))
    missed(world, 1, image="pkg/worker")
    missed(world, 2, image="pkg/worker")
    swept(world)
    assert told(world) == expected


def test_where_nothing_waits_nothing_is_said_of_slack_having_been_away(world: World) -> None:
    away(world, NOW - HOURS)
    change_channel(world.store, CHANNEL, lambda channel: channel.left_waiting(NOW, is_away=True), lambda: SOON)
    swept(world)
    assert told(world) == []
    assert read_channel(world.store, CHANNEL, world.budget()).away is None


@pytest.mark.parametrize("error", [NO_ANSWER, Unavailable("busy", retry_after=30)], ids=["no-answer", "busy"])
def test_a_line_that_was_certainly_not_posted_tells_the_next_time_of_all_that_came_meanwhile(
    world: World, error: ServiceError
) -> None:
    night(world)
    world.posts = [error]
    swept(world)
    assert told(world) == []
    world.clock.advance(60)
    missed(world, 8, verdict=GREEN)
    swept(world)
    assert told(world) == ["line", "2", "7"]
    assert "2 h 8 min. 2 reds follow; 6 other" in world.messages[0].text


@pytest.mark.parametrize(("found", "expected"), [(Posted(CHANNEL, "1"), ["2", "7"]), (None, ["line", "2", "7"])])
def test_a_line_that_may_stand_in_slack_is_looked_for_before_it_is_posted_again(
    world: World, found: Posted | None, expected: list[str]
) -> None:
    night(world)
    world.posts, world.finds = [LOST], [found]
    swept(world)
    world.clock.advance(60)
    swept(world)
    assert told(world) == expected
    assert [message.key for message in world.looked_for[:1]] == [f"away@{read_since(world)}"]


def test_where_slack_does_not_say_whether_a_line_stands_nobody_waits_for_it(world: World) -> None:
    night(world)
    world.posts, world.finds = [LOST], [NO_ANSWER]
    swept(world)
    world.clock.advance(60)
    swept(world)
    assert told(world) == ["1", "2", "3", "4", "5", "6", "7"]


def read_since(world: World) -> str:
    """Return since when Slack was away, as a key has it."""
    return (NOW - HOURS).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_who_dies_after_the_line_leaves_the_rest_to_the_next_and_nothing_is_posted_twice(world: World) -> None:
    records = night(world)
    world.posts = [Posted(CHANNEL, "1"), Stopping("asked to end")]
    swept(world)
    world.clock.advance(LEASE.total_seconds() + 60)
    swept(world)
    assert sorted(told(world)) == ["2", "7", "line"]
    assert {world.record(record.key).state for record in records} == {State.DONE}


def test_while_another_instance_works_the_queue_off_nobody_else_does(world: World) -> None:
    missed(world, 1)
    assert hold(world.deployment(), CHANNEL, world.budget()) is not None
    swept(world)
    assert told(world) == []
    world.clock.advance(LEASE.total_seconds())
    swept(world)
    assert told(world) == ["1"]


def test_when_the_queue_is_empty_the_next_message_goes_by_itself_again(world: World) -> None:
    missed(world, 1)
    swept(world)
    channel = read_channel(world.store, CHANNEL, world.budget())
    assert (channel.due, channel.waiting, channel.owner) == (None, None, "")
    assert channel.place(world.clock()) is not None


def test_verdicts_come_before_what_is_no_verdict(world: World) -> None:
    first, second = missed(world, 1), missed(world, 2)
    plain = replace(world.record(first.key), judgement=None)
    assert waiting_for_slack(plain).queue == f"{CHANNEL}|1 {show_time(plain.unsaid or NOW)}"
    assert (waiting_for_slack(world.record(second.key)).queue or "") < (waiting_for_slack(plain).queue or "")
