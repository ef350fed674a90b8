"""Slack away for hours, or refusing for good: every verdict is safe, told once in the end, and nothing is hammered."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.story.town import LEASE, WATCHED, Town, TownServices, a_town, town
from verifier.adapters.slack_errors import FIXES
from verifier.adapters.sqlite import SqliteStore
from verifier.controller.budget import Budget
from verifier.controller.sweep import sweep
from verifier.errors import Unavailable
from verifier.facts.build import BuildKey
from verifier.services import Chat, Message, Posted
from verifier.standin.faults import Fault

__all__ = ["town"]

SECOND = timedelta(seconds=1)


@pytest.fixture
def strict() -> Iterator[Town]:
    """A town whose Slack takes one message a second a channel."""
    with closing(SqliteStore(":memory:")) as store, a_town(store, rate_limit=True) as made:
        yield made


def told(town: Town) -> list[str]:
    """The ids of the builds that Slack was told of, in the order of posting."""
    keys = [(message.metadata or {})["event_payload"]["key"] for message in town.slack.messages]
    return [key.rpartition("/")[2].partition("@")[0] for key in keys]


def waiting(town: Town, number: int) -> list[BuildKey]:
    """So many verdicts that Slack has not heard of, a second apart."""
    outage = Fault("chat.postMessage", "before", status="503", times=0)
    town.faults.add(outage)
    keys = []
    for _ in range(number):
        keys.append(town.upload())
        town.announce(keys[-1])
        town.clock.advance(1)
    town.faults.clear()
    return keys


def test_after_twelve_hours_without_slack_500_verdicts_are_told_once_each_in_order_a_second_apart(
    strict: Town,
) -> None:
    """240 sweeps may ask Slack three times each, and every verdict once when it is fresh."""
    town, keys = strict, list[BuildKey]()
    town.faults.add(Fault("chat.postMessage", "before", status="503", times=0))
    for turn in range(1, 241):
        town.clock.advance(180)
        while len(keys) < 500 * turn // 240:
            keys.append(town.upload())
            town.announce(keys[-1])
            town.clock.advance(0.01)
        town.sweep()
    assert len(keys) == 500
    assert town.calls("chat.postMessage") <= 500 + 3 * 240
    assert len(town.cloud.audit_entries()) == 500
    town.faults.clear()
    town.faults.forget()
    town.live(20)
    assert told(town) == [key.id for key in keys]
    assert all(later.time - earlier.time >= SECOND for earlier, later in pairwise(town.slack.messages))
    assert town.calls("chat.postMessage") == 500, "none was refused for its pace"
    assert {town.record(key).state for key in keys} == {"done"}


def test_a_verdict_that_waits_for_slack_is_not_tried_again_by_a_message_that_says_nothing_new(town: Town) -> None:
    [key] = waiting(town, 1)
    before = town.record(key)
    town.announce(key)
    assert town.record(key) == before
    assert before.due is None
    assert before.judgement is not None
    assert before.unsaid == before.judgement.decided


def test_a_fresh_verdict_is_told_at_once_though_others_wait(town: Town) -> None:
    old = waiting(town, 3)
    fresh = town.upload()
    town.announce(fresh)
    town.live(1)
    assert told(town) == [key.id for key in (fresh, *old)]


def test_one_message_that_slack_never_takes_holds_up_no_other(town: Town) -> None:
    keys = waiting(town, 4)
    town.faults.add(Fault("chat.postMessage", "before", status="500"))
    town.live(1)
    assert told(town) == [key.id for key in keys[1:]]
    town.live(1)
    assert told(town)[-1] == keys[0].id


class Picky:
    """Slack, but for the messages about these builds, which it never answers."""

    def __init__(self, slack: Chat, stuck: Collection[str]) -> None:
        self._slack = slack
        self._stuck = stuck

    def post(self, message: Message, *, timeout: float) -> Posted:
        if message.key.partition("@")[0] in self._stuck:
            raise Unavailable("Slack does not answer", ambiguous=True)
        return self._slack.post(message, timeout=timeout)

    def find(self, message: Message, since: datetime, *, timeout: float) -> Posted | None:
        return self._slack.find(message, since, timeout=timeout)


def test_several_messages_that_slack_never_takes_hold_up_no_other_either(town: Town) -> None:
    keys = waiting(town, 9)
    picky = Picky(town.world.services.chat, {key.name for key in keys[:4]})
    services = town.world.services
    assert isinstance(services, TownServices)
    town.world = replace(town.world, services=replace(services, chat=picky))
    town.live(2)
    assert sorted(told(town)) == [key.id for key in keys[4:]]


def test_a_message_that_reaches_slack_after_it_was_given_up_is_not_posted_again(town: Town) -> None:
    town.faults.add(Fault("chat.postMessage", "before", status="503"))
    key = town.upload()
    town.announce(key)
    town.clock.advance(1)
    town.sweep()
    assert town.calls("conversations.history") == 0, "it would not be found yet"
    late = Message("", "It is here.", (), f"{key.name}@LOCAL_SOURCE")
    town.world.services.chat.post(late, timeout=5)
    town.live(1)
    assert town.record(key).state == "done"
    assert len(town.slack.messages) == 1


def test_what_is_due_and_what_waits_for_slack_are_taken_up_in_turn(strict: Town) -> None:
    """A sweep that has time for a few records only gives both queues their share."""
    town = strict
    unsaid = waiting(town, 20)
    town.faults.add(Fault("GetBuild", "before", times=0))
    due = [town.triggered(branch="experiment") for _ in range(20)]
    for key in due:
        town.announce(key)
    town.faults.clear()
    town.clock.advance(300)
    brief = Budget(town.clock, town.clock() + timedelta(seconds=20))
    sweep(town.world, WATCHED, brief, LEASE)
    done = {key for key in (*unsaid, *due) if town.record(key).state == "done"}
    assert 0 < len(done & set(due)) < 20
    assert 0 < len(done & set(unsaid)) < 20


def test_messages_whose_answers_were_lost_for_hours_are_found_and_not_posted_again(town: Town) -> None:
    town.faults.add(Fault("chat.postMessage", "after", status="500", times=0))
    keys = []
    for _ in range(12):
        keys.append(town.upload())
        town.announce(keys[-1])
        town.clock.advance(1_800)
    town.faults.clear()
    town.live(3)
    assert told(town) == [key.id for key in keys]
    assert town.calls("chat.postMessage") == 12
    assert {town.record(key).state for key in keys} == {"done"}


@pytest.mark.parametrize("code", FIXES)
def test_a_refusal_keeps_the_verdict_is_audited_once_with_its_fix_tried_seldom_and_told_once_when_mended(
    town: Town, code: str
) -> None:
    town.faults.add(Fault("chat.postMessage", "before", status=code.removeprefix("HTTP "), times=0))
    key = town.upload()
    town.announce(key)
    assert town.verdict(key) == "LOCAL_SOURCE"
    for tries in (1, 2, 3):
        assert town.calls("chat.postMessage") == tries
        for _ in range(3):
            assert town.calls("chat.postMessage") == tries
            town.clock.advance(100)
            town.sweep()
    entries = town.cloud.audit_entries()
    assert [entry["labels"]["kind"] for entry in entries] == ["verdict", "undelivered"]
    assert FIXES[code].format(channel="C0BUILDS01") in str(entries[1]["jsonPayload"])
    town.faults.clear()
    for _ in range(7):
        town.clock.advance(100)
        town.sweep()
    assert told(town) == [key.id]
    assert town.record(key).state == "done"
