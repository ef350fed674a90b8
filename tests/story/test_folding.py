"""Further red messages of one kind within an hour reply to the first one, and the channel shows them as well."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.story.harness import Harness, harness
from verifier.checks.policy import Route
from verifier.checks.verdict import Verdict
from verifier.facts.build import BuildKey
from verifier.standin.faults import Fault

__all__ = ["harness"]


def uploads(harness: Harness, *minutes: float) -> list[BuildKey]:
    """Announce an upload after each of these pauses."""
    keys = []
    for pause in minutes:
        harness.clock.advance(timedelta(minutes=pause).total_seconds())
        key = harness.upload()
        harness.announce(key)
        keys.append(key)
    return keys


def with_policy(harness: Harness, **changes: Any) -> None:
    harness.use(replace(harness.deployment.policy, **changes))


def test_the_third_upload_in_an_hour_replies_to_the_first_and_is_shown_in_the_channel(harness: Harness) -> None:
    with_policy(harness, routes=(Route(mention="here"),))
    uploads(harness, 0, 20, 33)
    first, second, third = harness.slack.messages
    assert not first.thread
    for message, words in (
        (second, "Again: the second upload in 20 min."),
        (third, "Again: the third upload in 53 min."),
    ):
        assert (message.thread, message.broadcast) == (first.ts, True)
        assert words in message.text.splitlines()
        assert "<!here>" in message.text.splitlines()[0]


def test_after_the_hour_one_stands_by_itself_again(harness: Harness) -> None:
    uploads(harness, 0, 61)
    assert [message.thread for message in harness.slack.messages] == ["", ""]


def test_another_verdict_is_a_message_of_its_own(harness: Harness) -> None:
    uploads(harness, 0)
    key = harness.triggered(branch="not-allowed")
    with_policy(harness, branches=("main",), posts=frozenset({Verdict.LOCAL_SOURCE, Verdict.FAILED}))
    harness.announce(key)
    _, second = harness.slack.messages
    assert "FAILED" in second.text
    assert not second.thread


def test_a_team_can_have_each_by_itself(harness: Harness) -> None:
    with_policy(harness, fold=timedelta())
    uploads(harness, 0, 1)
    assert [message.thread for message in harness.slack.messages] == ["", ""]


def test_where_the_first_message_is_gone_the_next_one_stands_by_itself(harness: Harness) -> None:
    uploads(harness, 0)
    (first,) = harness.slack.messages
    harness.slack.workspace.delete(first.ts)
    uploads(harness, 5)
    (second,) = harness.slack.messages
    assert not second.thread
    assert "Again: the second upload in 5 min." in second.text.splitlines()


@pytest.mark.parametrize("when", ["before", "after"])
def test_one_that_slack_did_not_answer_is_looked_for_in_the_thread_and_posted_once(harness: Harness, when: str) -> None:
    uploads(harness, 0)
    harness.faults.add(Fault("chat.postMessage", when, "reset"))
    uploads(harness, 10)
    harness.live(5)
    first, second = harness.slack.messages
    assert (second.thread, second.broadcast) == (first.ts, True)
    assert "Again: the second upload in 10 min." in second.text.splitlines()
