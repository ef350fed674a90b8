"""What becomes known after a verdict, over the real adapters: edits, replies, and by a webhook their own messages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.story.harness import JOB, PROJECT, Harness, HarnessServices, harness
from verifier.adapters.slack import SlackWebhook
from verifier.checks.policy import Exemption, Policy
from verifier.controller.ledger import BUILDS, judged_anew, record_document
from verifier.controller.notes import Noted, note_on
from verifier.controller.says import Saying, say
from verifier.facts.build import BuildKey
from verifier.standin.dates import with_plain_dates
from verifier.standin.faults import Fault
from verifier.times import show_minute, show_time

__all__ = ["harness"]


def runs(harness: Harness, key: BuildKey) -> None:
    note = {"kind": "runs", "key": f"runs/{JOB.job}", "job": JOB.job, "since": show_time(harness.clock())}
    assert note_on(harness.deployment, key, note, harness.budget()) is Noted.NOTED


def over(harness: Harness, key: BuildKey) -> None:
    now = show_time(harness.clock())
    note = {"kind": "over", "key": "over", "commit": "85cffd8", "since": now, "began": now, "ended": now}
    note_on(harness.deployment, key, note, harness.budget())


def texts(harness: Harness) -> list[str]:
    return [with_plain_dates(message.text) for message in harness.slack.messages]


def local(harness: Harness) -> BuildKey:
    key = harness.upload()
    harness.announce(key)
    return key


def judge_anew(harness: Harness, key: BuildKey) -> None:
    store = harness.deployment.services.store
    stored = store.read(BUILDS, key.digest, timeout=5)
    anew = judged_anew(harness.record(key), harness.clock())
    assert stored is not None
    assert anew is not None
    store.replace(BUILDS, key.digest, record_document(anew), stored.revision, timeout=5)


def test_the_message_of_a_verdict_says_where_its_image_runs_and_then_that_it_is_over(harness: Harness) -> None:
    key = local(harness)
    (before,) = harness.slack.messages
    runs(harness, key)
    harness.live(2)
    (after,) = harness.slack.messages
    assert (after.ts, after.metadata, after.edited) == (before.ts, before.metadata, True)
    noted = harness.record(key).noted
    assert noted is not None
    assert (
        with_plain_dates(after.text)
        == f"{with_plain_dates(before.text)}\nRuns since {show_minute(noted)} in {JOB.job}."
    )
    over(harness, key)
    harness.live(2)
    (last,) = harness.slack.messages
    assert last.text.startswith("over: 85cffd8 runs since ")
    assert harness.calls("chat.postMessage") == 1
    assert harness.calls("chat.update") == 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("status", ["500", "reset", "429"])
def test_an_edit_is_made_whatever_becomes_of_the_first_try(harness: Harness, when: Any, status: str) -> None:
    key = local(harness)
    harness.faults.add(Fault("chat.update", when, status=status, retry_after=30 if status == "429" else None))
    runs(harness, key)
    harness.live(4)
    assert "Runs since " in texts(harness)[0]
    record = harness.record(key)
    assert (record.shown, record.queue, record.editing) == (1, None, None)


def test_by_a_webhook_what_becomes_known_is_a_message_of_its_own(harness: Harness) -> None:
    assert isinstance(harness.deployment.services, HarnessServices)
    services = replace(harness.deployment.services, chat=SlackWebhook(harness.slack.webhook_url))
    harness.deployment = replace(harness.deployment, services=services, channel="")
    key = local(harness)
    runs(harness, key)
    harness.live(2)
    runs_again = texts(harness)
    over(harness, key)
    harness.live(2)
    assert [text.partition(" ")[0] for text in texts(harness)] == ["🔴", "🔴", "over:"]
    assert runs_again[1].split("\n")[1].startswith("Runs since ")
    assert harness.calls("chat.update") == 0


def test_what_is_said_about_a_build_replies_to_its_message(harness: Harness) -> None:
    key = local(harness)
    say(harness.deployment, Saying("pinned", "", ("its image is pinned",), about=key), harness.budget())
    harness.live(2)
    parent, reply = harness.slack.messages
    assert (reply.text, reply.thread, reply.broadcast) == ("its image is pinned", parent.ts, False)


def test_a_reply_whose_answer_was_lost_is_found_in_its_thread(harness: Harness) -> None:
    key = local(harness)
    harness.faults.add(Fault("chat.postMessage", "after", "reset"))
    say(harness.deployment, Saying("pinned", "", ("its image is pinned",), about=key), harness.budget())
    harness.live(4)
    assert len(harness.slack.messages) == 2
    assert harness.calls("conversations.replies") == 1


def test_what_is_judged_anew_is_told_in_the_thread_of_the_first_verdict_and_shown_in_the_channel(
    harness: Harness,
) -> None:
    key = local(harness)
    runs(harness, key)
    harness.live(2)
    judge_anew(harness, key)
    harness.live(2)
    first, second = harness.slack.messages
    assert (second.thread, second.broadcast) == (first.ts, True)
    assert second.text == first.text
    assert second.metadata != first.metadata
    record = harness.record(key)
    assert (record.ts, record.thread, record.shown, record.again) == (second.ts, first.ts, 1, 1)
    over(harness, key)
    harness.live(2)
    assert [text.partition(" ")[0] for text in texts(harness)] == ["🔴", "over:"]


def test_a_second_verdict_is_told_whatever_it_is(harness: Harness) -> None:
    """Of a green build people hear nothing, unless they were told before that it was red."""
    key = local(harness)
    harness.use(Policy(exemptions=(Exemption("copies", bucket=f"{PROJECT}_cloudbuild"),)))
    judge_anew(harness, key)
    harness.live(2)
    first, second = harness.slack.messages
    assert (second.thread, second.broadcast) == (first.ts, False)
    assert harness.verdict(key) == "EXEMPT"


def test_where_the_first_message_is_gone_the_second_verdict_stands_by_itself(harness: Harness) -> None:
    key = local(harness)
    harness.slack.workspace.delete(harness.record(key).ts)
    judge_anew(harness, key)
    harness.live(2)
    (message,) = harness.slack.messages
    assert (message.thread, harness.record(key).thread) == ("", "")
