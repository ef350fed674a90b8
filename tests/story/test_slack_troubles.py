"""Slack away for hours, or refusing for good: every verdict is safe, told once in the end, and nothing is hammered."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.story.harness import LEASE, POLICY, WATCHED, Harness, HarnessServices, a_harness, harness
from verifier.adapters.slack_errors import FIXES
from verifier.adapters.sqlite import SqliteStore
from verifier.checks.policy import Late
from verifier.controller.budget import Budget
from verifier.controller.sweep import sweep
from verifier.errors import Unavailable
from verifier.facts.build import BuildKey
from verifier.services import Chat, Message, Posted
from verifier.standin.faults import Fault

__all__ = ["harness"]

SECOND = timedelta(seconds=1)


@pytest.fixture
def strict() -> Iterator[Harness]:
    """Yield a harness whose Slack takes one message a second a channel."""
    with closing(SqliteStore(":memory:")) as store, a_harness(store, rate_limit=True) as made:
        yield made


def told(harness: Harness) -> list[str]:
    """Return the ids of the builds that Slack was told of, in the order of posting."""
    keys = [(message.metadata or {})["event_payload"]["key"] for message in harness.slack.messages]
    return [key.rpartition("/")[2].partition("@")[0] for key in keys]


def waiting(harness: Harness, number: int) -> list[BuildKey]:
    """Return so many verdicts that Slack has not heard of, a second apart."""
    outage = Fault("chat.postMessage", "before", status="503", times=0)
    harness.faults.add(outage)
    keys = []
    for _ in range(number):
        keys.append(harness.upload())
        harness.announce(keys[-1])
        harness.clock.advance(1)
    harness.faults.clear()
    return keys


def test_after_twelve_hours_without_slack_500_verdicts_are_told_once_each_in_order_a_second_apart(
    strict: Harness,
) -> None:
    """240 sweeps may ask Slack three times each, and every verdict once when it is fresh."""
    harness, keys = strict, list[BuildKey]()
    harness.use(replace(POLICY, late=Late.ALL))
    harness.faults.add(Fault("chat.postMessage", "before", status="503", times=0))
    for turn in range(1, 241):
        harness.clock.advance(180)
        while len(keys) < 500 * turn // 240:
            keys.append(harness.upload())
            harness.announce(keys[-1])
            harness.clock.advance(0.01)
        harness.sweep()
    assert len(keys) == 500
    assert harness.calls("chat.postMessage") <= 500 + 3 * 240
    assert len(harness.cloud.audit_entries()) == 500
    harness.faults.clear()
    harness.faults.forget()
    harness.live(20)
    assert told(harness) == [key.id for key in keys]
    assert all(later.time - earlier.time >= SECOND for earlier, later in pairwise(harness.slack.messages))
    assert harness.calls("chat.postMessage") == 500, "none was refused for its pace"
    assert {harness.record(key).state for key in keys} == {"done"}


def test_a_verdict_that_waits_for_slack_is_not_tried_again_by_a_message_that_says_nothing_new(harness: Harness) -> None:
    [key] = waiting(harness, 1)
    before = harness.record(key)
    harness.announce(key)
    assert harness.record(key) == before
    assert before.due is None
    assert before.judgement is not None
    assert before.unsaid == before.judgement.decided


def test_a_fresh_verdict_goes_behind_those_that_wait(harness: Harness) -> None:
    old = waiting(harness, 3)
    fresh = harness.upload()
    harness.announce(fresh)
    assert told(harness) == []
    harness.live(1)
    assert told(harness) == [key.id for key in (*old, fresh)]


def test_after_hours_without_slack_one_line_tells_of_all_and_what_is_still_red_follows(strict: Harness) -> None:
    harness = strict
    harness.faults.add(Fault("chat.postMessage", "before", status="503", times=0))
    for _ in range(9):
        harness.announce(harness.upload())
        harness.live(10)
    harness.faults.clear()
    harness.live(3)
    line, *rest = [message.text for message in harness.slack.messages]
    assert line.startswith("Slack was away for 1 h 3")
    assert "1 red follows" in line
    assert "other messages are in the audit trail" in line
    assert len(rest) < 9
    assert "LOCAL_SOURCE" in rest[-1]


def test_one_message_that_slack_never_takes_holds_up_no_other(harness: Harness) -> None:
    keys = waiting(harness, 4)
    harness.faults.add(Fault("chat.postMessage", "before", status="500"))
    harness.live(1)
    assert told(harness) == [key.id for key in keys[1:]]
    harness.live(1)
    assert told(harness)[-1] == keys[0].id


class Picky:
    """Slack, but for the messages about these builds, which it never answers."""

    def __init__(self, slack: Chat, stuck: Collection[str]) -> None:
        self._slack = slack
        self._stuck = stuck
        self.can_edit = slack.can_edit

    def post(self, message: Message, *, timeout: float) -> Posted:
        if message.key.partition("@")[0] in self._stuck:
            raise Unavailable("Slack does not answer", ambiguous=True)
        return self._slack.post(message, timeout=timeout)

    def edit(self, message: Message, posted: Posted, *, timeout: float) -> None:
        self._slack.edit(message, posted, timeout=timeout)

    def find(self, message: Message, since: datetime, *, timeout: float) -> Posted | None:
        return self._slack.find(message, since, timeout=timeout)


def test_several_messages_that_slack_never_takes_hold_up_no_other_either(harness: Harness) -> None:
    keys = waiting(harness, 9)
    picky = Picky(harness.deployment.services.chat, {key.name for key in keys[:4]})
    services = harness.deployment.services
    assert isinstance(services, HarnessServices)
    harness.deployment = replace(harness.deployment, services=replace(services, chat=picky))
    harness.live(2)
    assert sorted(told(harness)) == [key.id for key in keys[4:]]


def test_a_message_that_reaches_slack_after_it_was_given_up_is_not_posted_again(harness: Harness) -> None:
    harness.faults.add(Fault("chat.postMessage", "before", status="503"))
    key = harness.upload()
    harness.announce(key)
    harness.clock.advance(1)
    harness.sweep()
    assert harness.calls("conversations.history") == 0, "it would not be found yet"
    late = Message("", "It is here.", (), f"{key.name}@LOCAL_SOURCE")
    harness.deployment.services.chat.post(late, timeout=5)
    harness.live(1)
    assert harness.record(key).state == "done"
    assert len(harness.slack.messages) == 1


def test_what_is_due_and_what_waits_for_slack_are_taken_up_in_turn(strict: Harness) -> None:
    """A sweep that has time for a few records only gives both queues their share."""
    harness = strict
    unsaid = waiting(harness, 20)
    harness.faults.add(Fault("GetBuild", "before", times=0))
    due = [harness.triggered(branch="experiment") for _ in range(20)]
    for key in due:
        harness.announce(key)
    harness.faults.clear()
    harness.clock.advance(300)
    brief = Budget(harness.clock, harness.clock() + timedelta(seconds=20))
    sweep(harness.deployment, WATCHED, brief, LEASE)
    assert 0 < sum(harness.record(key).judgement is not None for key in due) < 20
    assert 0 < sum(harness.record(key).state == "done" for key in unsaid) < 20


def test_messages_whose_answers_were_lost_for_hours_are_found_and_not_posted_again(harness: Harness) -> None:
    harness.use(replace(POLICY, late=Late.ALL))
    harness.faults.add(Fault("chat.postMessage", "after", status="500", times=0))
    keys = []
    for _ in range(12):
        keys.append(harness.upload())
        harness.announce(keys[-1])
        harness.clock.advance(1_800)
    harness.faults.clear()
    harness.live(3)
    assert told(harness) == [key.id for key in keys]
    assert harness.calls("chat.postMessage") == 12
    assert {harness.record(key).state for key in keys} == {"done"}


@pytest.mark.parametrize("code", FIXES)
def test_a_refusal_keeps_the_verdict_is_audited_once_with_its_fix_tried_seldom_and_told_once_when_mended(
    harness: Harness, code: str
) -> None:
    harness.faults.add(Fault("chat.postMessage", "before", status=code.removeprefix("HTTP "), times=0))
    key = harness.upload()
    harness.announce(key)
    assert harness.verdict(key) == "LOCAL_SOURCE"
    for tries in (1, 2, 3):
        assert harness.calls("chat.postMessage") == tries
        for _ in range(3):
            assert harness.calls("chat.postMessage") == tries
            harness.clock.advance(100)
            harness.sweep()
    entries = harness.cloud.audit_entries()
    assert [entry["labels"]["kind"] for entry in entries] == ["verdict", "undelivered"]
    assert FIXES[code].format(channel="C0BUILDS01") in str(entries[1]["jsonPayload"])
    harness.faults.clear()
    for _ in range(7):
        harness.clock.advance(100)
        harness.sweep()
    assert told(harness) == [key.id]
    assert harness.record(key).state == "done"
