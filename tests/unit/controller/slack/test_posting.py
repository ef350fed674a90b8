"""The table of what is done about a record's Slack message, a row each, and what is known after a failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from tests.unit.builders import pushed
from tests.unit.controller.world import CHANNEL, NOW, World, world
from verifier.controller.ledger import Record
from verifier.controller.slack.posting import Move, after_failed_post, next_move, post
from verifier.errors import OutOfTime, Refused, Stopping, Unavailable
from verifier.services import Message

__all__ = ["world"]

RECORD = Record(pushed().key, created=NOW)
INTENDED = replace(RECORD, posting=NOW - timedelta(minutes=5))
LANDING = timedelta(seconds=45)
MOMENT = timedelta(microseconds=1)
MESSAGE = Message(CHANNEL, "text", (), "key")


def move(record: Record, *, wanted: bool = True, intended_now: bool = False, paused: bool = False) -> Move:
    return next_move(record, is_wanted=wanted, intended_now=intended_now, is_history_paused=paused, now=NOW)


@pytest.mark.parametrize("record", [replace(RECORD, told=True), replace(INTENDED, told=True, unanswered=NOW)])
@pytest.mark.parametrize(("intended_now", "paused"), list(product((False, True), repeat=2)))
def test_what_slack_has_is_not_posted_whatever_else_the_record_says(
    record: Record, intended_now: bool, paused: bool
) -> None:
    assert move(record, intended_now=intended_now, paused=paused) is Move.REST


@pytest.mark.parametrize("record", [RECORD, INTENDED, replace(INTENDED, unanswered=NOW)])
def test_what_policy_does_not_want_posted_is_not_even_if_it_wanted_it_before(record: Record) -> None:
    assert move(record, wanted=False) is Move.REST


def test_what_this_attempt_intends_is_posted_without_a_look() -> None:
    assert move(INTENDED, intended_now=True, paused=True) is Move.POST


def test_without_an_intent_no_message_can_exist_so_it_is_intended_and_posted() -> None:
    assert move(RECORD, paused=True) is Move.INTEND_AND_POST


def test_an_older_intent_is_looked_for() -> None:
    assert move(INTENDED) is Move.LOOK


def test_nobody_looks_while_slack_wants_its_history_left_unread() -> None:
    assert move(INTENDED, paused=True) is Move.AWAIT_HISTORY
    assert move(replace(INTENDED, unanswered=NOW), paused=True) is Move.AWAIT_HISTORY


@pytest.mark.parametrize(
    ("ago", "expected"),
    [(timedelta(0), Move.AWAIT_LANDING), (LANDING - MOMENT, Move.AWAIT_LANDING), (LANDING, Move.LOOK)],
)
def test_what_may_be_on_its_way_is_looked_for_once_it_must_have_arrived(ago: timedelta, expected: Move) -> None:
    assert move(replace(INTENDED, unanswered=NOW - ago)) is expected


@pytest.mark.parametrize(
    ("error", "known"),
    [
        (Unavailable("no answer", ambiguous=True), {"unanswered": NOW}),
        (Unavailable("busy", retry_after=30), {"posting": None}),
        (OutOfTime("no time"), {"posting": None}),
        (Refused("not in the channel", wide=True), {"posting": None}),
        (Refused("this message is too long"), {"posting": None}),
        (Stopping("asked to end"), {"posting": None}),
    ],
    ids=["no-answer", "busy", "no-time", "refused-channel", "refused-message", "stopping"],
)
def test_only_what_was_certainly_not_posted_is_not_intended_any_more(
    error: Unavailable | Refused | Stopping, known: dict[str, object]
) -> None:
    assert after_failed_post(error, NOW) == known


def test_a_post_waits_for_its_turn_in_the_channel(world: World) -> None:
    deployment = world.deployment()
    for _ in range(3):
        post(deployment, MESSAGE, world.budget())
    assert world.clock() == NOW + timedelta(seconds=3 - 1)
