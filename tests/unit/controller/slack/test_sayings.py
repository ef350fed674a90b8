"""What Slack hears beside verdicts is posted once, whatever dies on the way, and behind verdicts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.unit.builders import POLICY
from tests.unit.controller.slack.test_channel_queue import HOURS, WATCHED, away, missed
from tests.unit.controller.slack.test_edits import later, swept
from tests.unit.controller.test_notes import TS, note, told
from tests.unit.controller.world import CHANNEL, LEASE, NOW, SOON, World, world
from verifier.checks.policy import Late
from verifier.checks.verdict import Verdict
from verifier.controller.says import SAYINGS, Saying, name_of_saying, say
from verifier.controller.slack.channel import HISTORY, REPLIES, change_channel, read_channel
from verifier.controller.sweep import sweep
from verifier.errors import NoSuchThread, Refused, Stopping, Unavailable
from verifier.services import Posted

__all__ = ["world"]

LOST = Unavailable("no answer", ambiguous=True)


def said(world: World, key: str, **changes: Any) -> str:
    """Have something said, and return the name of its document."""
    saying = Saying(key, "", (key, "why it is so"), **changes)
    say(world.deployment(), saying, world.budget())
    return name_of_saying(key)


def document(world: World, name: str) -> dict[str, Any]:
    stored = world.store.read(SAYINGS, name, timeout=SOON)
    assert stored is not None
    return dict(stored.document)


def keys(world: World) -> list[str]:
    return [message.key for message in world.messages]


def test_it_is_posted_once_and_done(world: World) -> None:
    name = said(world, "pinned", mention="here")
    swept(world)
    later(world)
    (message,) = world.messages
    assert (message.channel, message.key, message.thread, message.broadcast) == (CHANNEL, "pinned", "", False)
    assert message.text == "pinned <!here>\nwhy it is so"
    after = document(world, name)
    assert (after["queue"], after["ts"], after["why"]) == (None, TS, "")
    assert read_channel(world.store, CHANNEL, world.budget()).due is None


def test_a_reply_stands_in_the_thread_of_its_builds_message(world: World) -> None:
    record = told()
    world.put(record)
    said(world, "worse", about=record.key, broadcast=True)
    swept(world)
    (message,) = world.messages
    assert (message.thread, message.broadcast) == (TS, True)


def test_the_intent_is_saved_and_the_message_looked_for_before_it_is_posted_again(world: World) -> None:
    record = told()
    world.put(record)
    name = said(world, "worse", about=record.key)
    world.posts = [LOST]
    swept(world)
    assert document(world, name)["posting"] is not None
    later(world, 40)
    assert world.called.count("find") == 0
    world.finds = [Posted(CHANNEL, "2.000000")]
    later(world, 60)
    assert [message.thread for message in world.looked_for] == [TS]
    assert (world.messages, document(world, name)["ts"]) == ([], "2.000000")


def test_a_message_that_is_not_found_is_posted_after_all(world: World) -> None:
    said(world, "pinned")
    world.posts = [LOST]
    swept(world)
    later(world, 100)
    assert keys(world) == ["pinned"]
    assert world.called.count("find") == 1


def test_a_process_that_died_after_its_intent_leaves_a_message_that_is_looked_for(world: World) -> None:
    name = said(world, "pinned")
    stored = world.store.read(SAYINGS, name, timeout=SOON)
    assert stored is not None
    dead = {**stored.document, "posting": stored.document["created"]}
    world.store.replace(SAYINGS, name, dead, stored.revision, timeout=SOON)
    world.finds = [Posted(CHANNEL, "2.000000")]
    swept(world)
    assert (keys(world), document(world, name)["queue"]) == ([], None)


@pytest.mark.parametrize(("method", "is_reply"), [(HISTORY, False), (REPLIES, True)])
def test_while_slack_wants_its_history_left_unread_it_waits(world: World, method: str, *, is_reply: bool) -> None:
    record = told()
    world.put(record)
    said(world, "pinned", about=record.key if is_reply else None)
    world.posts = [LOST]
    swept(world)
    world.clock.advance(100)
    change_channel(world.store, method, lambda state: state.shut(world.clock(), 90), lambda: SOON)
    swept(world)
    assert world.called.count("find") == 0
    later(world, 100)
    assert keys(world) == ["pinned"]


def test_a_reply_to_a_message_that_is_gone_stands_by_itself(world: World) -> None:
    record = told()
    world.put(record)
    said(world, "worse", about=record.key, broadcast=True)
    world.posts = [NoSuchThread("thread_not_found")]
    swept(world)
    (message,) = world.messages
    assert (message.key, message.thread, message.broadcast) == ("worse", "", False)
    later(world)
    assert len(world.messages) == 1


def test_what_slack_refuses_alone_is_given_up_and_audited_once(world: World) -> None:
    name = said(world, "pinned")
    world.posts = [Refused("no_text", fix="write one")]
    swept(world)
    later(world)
    later(world)
    assert world.called.count("post") == 1
    assert [entry["kind"] for entry in world.entries] == ["undelivered"]
    assert document(world, name)["why"] == "no_text; write one"


def test_what_slack_does_not_take_for_a_day_is_the_audit_trails(world: World) -> None:
    name = said(world, "pinned")
    world.posts = [Refused("token_revoked", wide=True)] * 400
    swept(world)
    later(world, 86_500)
    assert document(world, name)["why"] == "Slack did not take it for a day"
    assert [entry["kind"] for entry in world.entries] == ["undelivered"]


def test_a_process_that_is_asked_to_end_leaves_nothing_to_look_for(world: World) -> None:
    name = said(world, "pinned")
    world.posts = [Stopping("asked to end")]
    swept(world)
    assert document(world, name)["posting"] is None
    later(world, 130)
    assert keys(world) == ["pinned"]


def test_verdicts_go_first_then_edits_and_sayings_in_the_order_of_time(world: World) -> None:
    said(world, "first")
    world.clock.advance(1)
    record = told()
    world.put(record)
    note(world, record)
    world.clock.advance(1)
    said(world, "third")
    missed(world, 7)
    swept(world)
    later(world)
    assert keys(world)[0].partition("@")[0][-1] == "7"
    assert keys(world)[1:] == ["first", "third"]
    edit = world.called.index("edit")
    assert world.called[:edit].count("post") == 2


def test_what_is_told_afterwards_keeps_no_verdict_waiting(world: World) -> None:
    said(world, "first")
    state = read_channel(world.store, CHANNEL, world.budget())
    assert state.place(world.clock()) is not None


def test_what_was_left_without_its_channel_being_due_is_found_by_the_sweep(world: World) -> None:
    said(world, "first")
    change_channel(world.store, CHANNEL, lambda state: replace(state, due=None), lambda: SOON)
    swept(world)
    later(world)
    assert keys(world) == ["first"]


def test_messages_of_a_channel_are_a_second_apart(world: World) -> None:
    for number in range(4):
        said(world, f"{number}")
    moments: list[Any] = []

    class Dated(list[Any]):
        def append(self, item: Any) -> None:
            moments.append(world.clock())
            super().append(item)

    world.messages = Dated()
    swept(world)
    assert [after - before for before, after in pairwise(moments)] == [timedelta(seconds=1)] * 3


def test_after_slack_was_away_for_long_what_calls_nobody_is_the_audit_trails(world: World) -> None:
    record = replace(told(), channel=CHANNEL)
    world.put(record)
    stale = said(world, "stale", about=record.key)
    said(world, "loud", mention="here")
    note(world, record)
    missed(world, 1)
    missed(world, 2, verdict=Verdict.VERIFIED)
    away(world, NOW - HOURS)
    world.clock.advance(60)
    swept(world)
    later(world)
    line = world.messages[0]
    assert line.text == "Slack was away for 2 h 8 min. 2 reds follow; 2 other messages are in the audit trail."
    assert [key.partition("@")[0][-4:] for key in keys(world)][1:] == ["0001", "loud"]
    assert document(world, stale)["why"].startswith("Slack was away")
    assert len(world.edited) == 1


def test_what_waits_however_long_is_said_after_the_line_which_does_not_count_it(world: World) -> None:
    said(world, "daily/2026-11-22", patient=True)
    stale = said(world, "stale")
    missed(world, 1)
    away(world, NOW - HOURS)
    world.clock.advance(60)
    swept(world)
    later(world)
    assert world.messages[0].text == (
        "Slack was away for 2 h 8 min. 1 red follows; 1 other message is in the audit trail."
    )
    assert keys(world)[-1] == "daily/2026-11-22"
    assert len(keys(world)) == 3
    assert document(world, stale)["why"].startswith("Slack was away")


def test_policy_may_want_everything_said_all_the_same(world: World) -> None:
    said(world, "stale")
    missed(world, 1)
    away(world, NOW - HOURS)
    world.clock.advance(60)
    assert sweep(world.deployment(replace(POLICY, late=Late.ALL)), WATCHED, world.budget(), LEASE) is not None
    assert keys(world)[-1] == "stale"
    assert len(keys(world)) == 2
