"""What a channel's document says about whose turn it is: a row a state."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from tests.unit.controller.world import NOW
from verifier.controller.slack.channel_state import ChannelState, channel_document, parse_channel
from verifier.errors import Refused

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
CHANNEL = ChannelState("C0BUILDS01")
WHOLE = ChannelState(
    "C0BUILDS01",
    due=NOW + 3 * MINUTE,
    free=NOW,
    closed=NOW + MINUTE,
    refusal="not in the channel",
    fix="invite it",
    away=NOW - MINUTE,
    waiting=NOW + SECOND,
    owner="nonce-1",
    until=NOW + 2 * MINUTE,
    summed_up=NOW - SECOND,
    summed_since=NOW - 2 * MINUTE,
    reds="[]",
    is_told=True,
)


@pytest.mark.parametrize(
    ("channel", "place"),
    [
        (CHANNEL, NOW),
        (replace(CHANNEL, free=NOW - MINUTE), NOW),
        (replace(CHANNEL, free=NOW + 5 * SECOND), NOW + 5 * SECOND),
        (replace(CHANNEL, free=NOW + 5.1 * SECOND), None),
        (replace(CHANNEL, waiting=NOW + SECOND), None),
        (replace(CHANNEL, waiting=NOW), NOW),
        (replace(CHANNEL, owner="nonce-1", until=NOW + SECOND), None),
        (replace(CHANNEL, owner="nonce-1", until=NOW), NOW),
        (replace(CHANNEL, closed=NOW + SECOND), None),
        (replace(CHANNEL, closed=NOW), NOW),
    ],
    ids=[
        "new",
        "long-free",
        "five-seconds-off",
        "too-far-off",
        "older-ones-wait",
        "they-had-their-chance",
        "worked-off",
        "lease-is-over",
        "closed",
        "open-again",
    ],
)
def test_a_message_goes_by_itself_only_where_nothing_comes_before_it(channel: ChannelState, place: object) -> None:
    assert channel.place(NOW) == place


@pytest.mark.parametrize(("asked", "granted"), [(60.0, 60.0), (0.0, 0.0), (-5.0, 0.0), (9e9, 3600.0)])
def test_a_pause_is_as_long_as_slack_asks_but_never_longer_than_an_hour(asked: float, granted: float) -> None:
    assert CHANNEL.shut(NOW, asked).closed == NOW + timedelta(seconds=granted)


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    closed = CHANNEL.shut(NOW, 60).shut(NOW, 1)
    assert closed.closed == NOW + MINUTE
    assert closed.is_closed(NOW + MINUTE - SECOND)
    assert not closed.is_closed(NOW + MINUTE)


def test_why_slack_refuses_everything_is_kept_with_the_pause() -> None:
    closed = CHANNEL.shut(NOW, 60, Refused("not in the channel", fix="invite it", wide=True))
    assert (closed.refusal, closed.fix) == ("not in the channel", "invite it")


def test_a_refusal_that_is_over_is_no_reason_of_a_later_pause() -> None:
    refused = CHANNEL.shut(NOW, 60, Refused("not in the channel", fix="invite it", wide=True))
    assert refused.shut(NOW + SECOND, 1).refusal == "not in the channel"
    later = refused.shut(NOW + MINUTE, 1)
    assert (later.refusal, later.fix) == ("", "")


def test_what_is_turned_away_waits_three_minutes_and_does_not_move_that_on() -> None:
    waiting = CHANNEL.left_waiting(NOW, is_away=False)
    assert (waiting.waiting, waiting.away) == (NOW + 3 * MINUTE, None)
    assert waiting.left_waiting(NOW + MINUTE, is_away=False).waiting == NOW + 3 * MINUTE
    assert waiting.left_waiting(NOW + MINUTE, is_away=False, longer=True).waiting == NOW + 4 * MINUTE
    assert waiting.left_waiting(NOW + 3 * MINUTE, is_away=False).waiting == NOW + 6 * MINUTE


def test_slack_is_away_since_the_first_message_that_did_not_reach_it() -> None:
    away = CHANNEL.left_waiting(NOW, is_away=True)
    assert away.away == NOW
    assert away.left_waiting(NOW + MINUTE, is_away=True).away == NOW
    assert away.left_waiting(NOW + MINUTE, is_away=False).away == NOW


def test_a_channel_is_read_as_it_was_written() -> None:
    assert all(getattr(WHOLE, item.name) != item.default for item in fields(ChannelState))
    assert parse_channel(channel_document(WHOLE), "C0BUILDS01") == WHOLE
    assert parse_channel(channel_document(CHANNEL), "C0BUILDS01") == CHANNEL


@pytest.mark.parametrize("odd", [{"owner": 7}, {"is_told": "yes"}, {"free": 3}, {"later": "word"}, {}])
def test_what_cannot_be_read_of_it_is_as_if_it_had_never_been_known(odd: dict[str, object]) -> None:
    assert parse_channel(odd, "C0BUILDS01") == CHANNEL
