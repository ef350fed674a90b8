"""How instances share a channel: each of them is a deployment of its own over one ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.controller.world import CHANNEL, LEASE, NOW, SOON, World, world
from verifier.controller.budget import Deployment
from verifier.controller.slack.channel import (
    CHANNELS,
    HISTORY,
    POSTING,
    change_channel,
    document_name,
    hold,
    is_closed,
    pauses_heeded,
    read_channel,
    save_held,
    take_second,
)
from verifier.controller.slack.channel_state import ChannelState
from verifier.controller.slack.posting import post
from verifier.errors import OutOfTime, Refused, ServiceError, Unavailable
from verifier.services import Document, Message, Store, Stored

__all__ = ["world"]

MINUTE = timedelta(minutes=1)
MESSAGE = Message(CHANNEL, "text", (), "key")


def state(world: World, name: str = CHANNEL) -> ChannelState:
    return read_channel(world.store, name, world.budget())


def seconds(world: World, times: int, channel: str = CHANNEL) -> list[float]:
    return [take_second(world.deployment(), channel, world.budget()) for _ in range(times)]


def fails(world: World, error: ServiceError, deployment: Deployment | None = None) -> None:
    """Let Slack answer so to the next message."""
    world.posts = [error]
    with pytest.raises(type(error)):
        post(deployment or world.deployment(), MESSAGE, world.budget())


def test_each_message_has_a_second_of_its_own_whichever_instance_posts_it(world: World) -> None:
    assert seconds(world, 3) == [0, 1, 2]
    assert seconds(world, 1, "C0OTHER001") == [0]
    world.clock.advance(2.5)
    assert seconds(world, 1) == [0.5]
    world.clock.advance(60)
    assert seconds(world, 1) == [0]


def test_whoever_would_wait_longer_than_five_seconds_goes_to_the_queue_and_so_do_all_after_it(world: World) -> None:
    assert seconds(world, 6) == [0, 1, 2, 3, 4, 5]
    for moved in (0.0, 30.0, 149.0):
        world.clock.advance(moved)
        with pytest.raises(Unavailable, match=r"nothing was posted, other messages come first"):
            seconds(world, 1)
    world.clock.advance(1.0)
    assert seconds(world, 1) == [0], "nothing waits for ever behind a queue that nobody knows"


@pytest.mark.parametrize("method", [POSTING, HISTORY])
def test_a_pause_that_slack_asks_of_one_instance_is_heeded_by_all_in_every_channel(world: World, method: str) -> None:
    with pytest.raises(Unavailable), pauses_heeded(world.deployment(), method, CHANNEL):
        raise Unavailable("busy", retry_after=60)
    assert is_closed(world.deployment(), method, world.budget())
    assert not is_closed(world.deployment(), HISTORY if method == POSTING else POSTING, world.budget())
    world.clock.advance(60)
    assert not is_closed(world.deployment(), method, world.budget())


def test_while_slack_wants_a_pause_nothing_is_posted_anywhere(world: World) -> None:
    fails(world, Unavailable("busy", retry_after=60))
    with pytest.raises(Unavailable, match="Slack asked for a pause"):
        seconds(world, 1, "C0OTHER001")
    assert state(world, "C0OTHER001").away == NOW, "for that channel, too, Slack is away from now on"
    assert world.called == ["post"]


def test_a_channel_in_which_slack_refuses_everything_is_left_for_five_minutes_and_says_why(world: World) -> None:
    fails(world, Refused("not in the channel", fix="invite it", wide=True))
    for _ in range(2):
        with pytest.raises(Refused, match="not in the channel; invite it") as refused:
            seconds(world, 1)
        assert refused.value.wide
        world.clock.advance(100)
    assert seconds(world, 1, "C0OTHER001") == [0]
    world.clock.advance(100)
    assert seconds(world, 1) == [0]


@pytest.mark.parametrize(
    ("error", "away"),
    [(Unavailable("no answer"), NOW), (OutOfTime("no time"), None), (Refused("this message is too long"), None)],
    ids=["no-answer", "no-time", "this-message-alone"],
)
def test_slack_is_away_when_it_does_not_answer_and_not_when_we_had_no_time(
    world: World, error: ServiceError, away: object
) -> None:
    fails(world, error)
    assert state(world).away == away
    assert state(world).is_waiting(NOW) is not isinstance(error, Refused)


def test_who_holds_a_channel_posts_there_one_message_a_second_and_nobody_else_does(world: World) -> None:
    deployment = world.deployment()
    held = hold(deployment, CHANNEL, world.budget())
    assert held is not None
    assert hold(deployment, CHANNEL, world.budget()) is None
    with pytest.raises(Unavailable, match="other messages come first"):
        seconds(world, 1)
    mine = replace(deployment, held=held)
    assert [take_second(mine, CHANNEL, world.budget()) for _ in range(3)] == [0, 1, 2]
    assert take_second(mine, "C0OTHER001", world.budget()) == 0, "elsewhere it is one of many"


def test_a_holder_begins_after_the_seconds_that_others_took(world: World) -> None:
    seconds(world, 3)
    held = hold(world.deployment(), CHANNEL, world.budget())
    assert take_second(replace(world.deployment(), held=held), CHANNEL, world.budget()) == 3


def test_the_lease_of_a_holder_that_died_is_over_after_a_while(world: World) -> None:
    first = hold(world.deployment(), CHANNEL, world.budget())
    assert first is not None
    world.clock.advance(LEASE.total_seconds())
    assert hold(world.deployment(), CHANNEL, world.budget()) is not None
    assert not save_held(world.deployment(), first, replace(first.channel, owner="")), "it is another's by now"


@pytest.mark.parametrize("error", [Unavailable("busy", retry_after=60), Refused("no such channel", wide=True)])
def test_nobody_holds_a_channel_while_slack_takes_nothing_there(world: World, error: ServiceError) -> None:
    fails(world, error)
    assert hold(world.deployment(), CHANNEL, world.budget()) is None


def test_what_one_channel_takes_says_nothing_of_another_that_is_held(world: World) -> None:
    held = hold(world.deployment(), "C0OTHER001", world.budget())
    assert held is not None
    post(replace(world.deployment(), held=held), MESSAGE, world.budget())
    assert not held.is_reached
    post(replace(world.deployment(), held=held), MESSAGE._replace(channel="C0OTHER001"), world.budget())
    assert held.is_reached


class _LostReplies:
    """A store whose first writes take effect, and answer nothing."""

    def __init__(self, store: Store, lost: int) -> None:
        self._store, self._lost = store, lost

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def _heard(self, written: Stored | None) -> Stored | None:
        self._lost -= 1
        if self._lost >= 0:
            raise Unavailable("no answer", ambiguous=True)
        return written

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        return self._heard(self._store.create(collection, name, document, timeout=timeout))

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        return self._heard(self._store.replace(collection, name, document, revision, timeout=timeout))


def test_a_lost_reply_costs_a_second_and_no_lease(world: World) -> None:
    store = world.store
    world.store = _LostReplies(store, 1)
    assert seconds(world, 1) == [1]
    world.store = _LostReplies(store, 1)
    world.clock.advance(60)
    held = hold(world.deployment(), CHANNEL, world.budget())
    assert held is not None
    world.store = _LostReplies(store, 1)
    assert save_held(world.deployment(), held, replace(held.channel, is_told=True))
    world.store = store
    assert state(world).is_told


def test_a_ledger_that_does_not_answer_keeps_a_message_waiting_and_says_so(world: World) -> None:
    world.store = _LostReplies(world.store, 99)
    with pytest.raises(Unavailable, match="nothing was posted, the ledger does not say whose turn it is") as error:
        seconds(world, 1)
    assert not error.value.ambiguous


def test_a_change_that_changes_nothing_is_not_written(world: World) -> None:
    seconds(world, 1)
    before = world.store.read(CHANNELS, document_name(CHANNEL), timeout=SOON)
    change_channel(world.store, CHANNEL, lambda channel: channel, lambda: SOON)
    assert world.store.read(CHANNELS, document_name(CHANNEL), timeout=SOON) == before
