"""What is posted, where, and with which text; and what each of Slack's answers means for the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import pytest

from tests.unit.builders import DECIDED, EXECUTION, POLICY, SHA, judged, logged, pushed, tried, uploaded
from tests.unit.controller.world import CHANNEL, NOW, World, world
from verifier.checks.judgement import Judgement
from verifier.checks.policy import Greens, Policy, Route
from verifier.checks.verdict import Verdict
from verifier.controller.attempt import Done, RequeueAt, SlackUnreachable
from verifier.controller.ledger import Record
from verifier.controller.notify import channel_for, message_about, notify
from verifier.controller.slack.channel import HISTORY, pauses_heeded
from verifier.errors import Refused, ServiceError, Stopping, Unavailable
from verifier.facts.build import Build
from verifier.facts.source import Source, source_of
from verifier.services import Posted

__all__ = ["world"]

SECURITY, FAILURES = "C0SECURITY1", "C0FAILURES1"
ROUTED = replace(
    POLICY,
    routes=(
        Route(channel=SECURITY, verdicts=frozenset({Verdict.LOCAL_SOURCE})),
        Route(channel=FAILURES, verdicts=frozenset({Verdict.FAILED})),
    ),
)
FAR_PAST = NOW - timedelta(minutes=5)


class ToldBuild(NamedTuple):
    """A build and what was decided about it."""

    build: Build
    source: Source
    judgement: Judgement


UPLOAD = ToldBuild(*judged(uploaded()))
VERIFIED = ToldBuild(*tried(pushed(), logged()))
VERIFIED_BY_SOURCE = ToldBuild(*judged(pushed()))
SAYS_A_PULL_REQUEST = ToldBuild(*judged(pushed(substitutions={"_PR_NUMBER": "7", "COMMIT_SHA": SHA}), policy=Policy()))
FOR_A_PULL_REQUEST = SAYS_A_PULL_REQUEST._replace(judgement=replace(SAYS_A_PULL_REQUEST.judgement, pull_request="7"))
_FAILED = pushed(status="FAILURE")
NOT_BUILT = ToldBuild(_FAILED, source_of(_FAILED), Judgement(None, (), DECIDED))


# posted at all? where?


@pytest.mark.parametrize(
    ("told", "policy", "channel"),
    [
        (UPLOAD, POLICY, CHANNEL),
        (UPLOAD, ROUTED, SECURITY),
        (UPLOAD, replace(POLICY, posts=frozenset({Verdict.FAILED})), None),
        (VERIFIED, POLICY, CHANNEL),
        (VERIFIED, ROUTED, CHANNEL),
        (VERIFIED, replace(POLICY, verified=Greens.NONE), None),
        (VERIFIED_BY_SOURCE, POLICY, None),
        (FOR_A_PULL_REQUEST, Policy(), None),
        (SAYS_A_PULL_REQUEST, Policy(), CHANNEL),
        (NOT_BUILT, POLICY, CHANNEL),
        (NOT_BUILT, ROUTED, FAILURES),
        (NOT_BUILT, replace(POLICY, post_failed_builds=False), None),
        (NOT_BUILT, Policy(), None),
    ],
)
def test_policy_says_what_is_posted_and_where(
    world: World, told: ToldBuild, policy: Policy, channel: str | None
) -> None:
    assert channel_for(told.build, told.judgement, world.deployment(policy)) == channel


def test_without_a_channel_it_is_posted_to_where_the_webhook_leads(world: World) -> None:
    assert channel_for(UPLOAD.build, UPLOAD.judgement, replace(world.deployment(), channel="")) == ""


@pytest.mark.parametrize("told", [UPLOAD, VERIFIED, NOT_BUILT], ids=["local", "verified", "not-built"])
@pytest.mark.parametrize("policy", [POLICY, ROUTED], ids=["default", "routed"])
def test_the_text_alone_would_be_routed_to_the_same_channel(world: World, told: ToldBuild, policy: Policy) -> None:
    channel = channel_for(told.build, told.judgement, world.deployment(policy))
    attempt = world.attempt(record(told), policy)
    kept = message_about(attempt, *told, channel="elsewhere")
    assert kept.channel == "elsewhere"
    assert kept.key == f"{told.build.key.name}@{told.judgement.verdict or told.build.status}"
    assert notify(attempt, *told, intended_now=True) == Done()
    assert world.messages == [kept._replace(channel=channel or "")]


# which text?


CREATED = ToldBuild(*judged(uploaded(createTime="2026-11-23T01:58:00Z")))
NAMED = replace(POLICY, name_submitter=True)


@pytest.mark.parametrize(
    ("told", "policy", "called"),
    [(CREATED, NAMED, ["submitter"]), (CREATED, POLICY, []), (UPLOAD, NAMED, []), (VERIFIED, NAMED, [])],
    ids=["local", "policy-does-not-want-it", "no-time-of-creation", "verified"],
)
def test_who_submitted_a_local_build_is_asked_only_where_policy_lets_it_be_told(
    world: World, told: ToldBuild, policy: Policy, called: list[str]
) -> None:
    message_about(world.attempt(record(told), policy), *told, channel=CHANNEL)
    assert world.called == called


def test_a_message_does_not_fail_when_nobody_says_who_it_was(world: World) -> None:
    world.submitters_error = Unavailable("no answer")
    attempt = world.attempt(record(CREATED), NAMED)
    assert "LOCAL_SOURCE" in message_about(attempt, *CREATED, channel=CHANNEL).text
    assert world.called == ["submitter"]


# what becomes of it


def record(told: ToldBuild) -> Record:
    """Return the record right after its verdict was saved."""
    saved = Record(told.build.key, created=NOW, due=NOW, build=told.build.document, judgement=told.judgement)
    return replace(saved, posting=NOW, channel=CHANNEL)


class Ended(NamedTuple):
    """How it ended, what the record would say of it, and which calls were made."""

    ending: Done | RequeueAt | SlackUnreachable
    noted: dict[str, object]
    called: list[str]


def ended(world: World, of: Record, *, intended_now: bool = False, policy: Policy = POLICY) -> Ended:
    attempt = world.attempt(of, policy)
    ending = notify(attempt, *UPLOAD, intended_now=intended_now)
    return Ended(ending, attempt.noted, world.called)


TOLD = {"told": True, "channel": CHANNEL, "ts": "1795400000.000100"}
UNANSWERED, BUSY = Unavailable("no answer", ambiguous=True), Unavailable("busy")
CLOSED, TOO_LONG = Refused("not in the channel", wide=True), Refused("this message is too long")
AGAIN = RequeueAt(NOW + timedelta(hours=1), {"refused": True, "error": "this message is too long"})


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, Ended(Done(), TOLD, ["post"])),
        (UNANSWERED, Ended(SlackUnreachable("no answer"), {"unanswered": NOW}, ["post"])),
        (BUSY, Ended(SlackUnreachable("busy"), {"posting": None}, ["post"])),
        (
            CLOSED,
            Ended(SlackUnreachable("not in the channel"), {"posting": None, "refused": True}, ["post", "audit"]),
        ),
        (TOO_LONG, Ended(AGAIN, {"posting": None}, ["post", "audit"])),
    ],
    ids=["posted", "no-answer", "busy", "refused-channel", "refused-message"],
)
def test_what_slack_answers_to_a_fresh_message_is_what_the_record_says(
    world: World, answer: ServiceError | None, expected: Ended
) -> None:
    world.posts = [answer] if answer else []
    assert ended(world, record(UPLOAD), intended_now=True) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Posted(CHANNEL, "1795400000.000100"), Ended(Done(), TOLD, ["find"])),
        (BUSY, Ended(SlackUnreachable("busy"), {}, ["find"])),
        (CLOSED, Ended(SlackUnreachable("not in the channel"), {"refused": True}, ["find", "audit"])),
        (TOO_LONG, Ended(AGAIN, {}, ["find", "audit"])),
        (None, Ended(Done(), TOLD, ["find", "post"])),
    ],
    ids=["found", "busy", "refused-channel", "refused-message", "not-found"],
)
def test_a_message_of_an_earlier_attempt_is_looked_for_before_it_is_posted(
    world: World, answer: Posted | ServiceError | None, expected: Ended
) -> None:
    world.finds = [answer]
    assert ended(world, replace(record(UPLOAD), posting=FAR_PAST)) == expected


def test_the_intent_to_post_again_is_saved_with_where_before_slack_is_asked(world: World) -> None:
    moved = replace(record(UPLOAD), posting=FAR_PAST, channel="C0BEFORE001")
    assert ended(world, moved, policy=ROUTED).ending == Done()
    assert [message.channel for message in world.looked_for] == ["C0BEFORE001"]
    assert [message.channel for message in world.messages] == [SECURITY]
    saved = world.record(UPLOAD.build.key)
    assert (saved.posting, saved.channel) == (NOW, SECURITY)


def test_a_refusal_that_the_audit_trail_knows_of_is_not_told_again(world: World) -> None:
    world.posts = [TOO_LONG]
    assert ended(world, replace(record(UPLOAD), refused=True), intended_now=True).called == ["post"]


def test_while_a_message_may_be_on_its_way_slack_is_not_asked(world: World) -> None:
    waits = ended(world, replace(record(UPLOAD), posting=FAR_PAST, unanswered=NOW))
    said = "Slack did not answer a moment ago: the message may still be on its way"
    assert waits == Ended(SlackUnreachable(said), {}, [])


@pytest.mark.parametrize(
    ("error", "said"), [("busy", "busy"), ("", "Slack asked for a pause: its history is not read yet")]
)
def test_while_history_pauses_slack_is_not_asked_and_the_last_trouble_stays(
    world: World, error: str, said: str
) -> None:
    attempt = world.attempt(replace(record(UPLOAD), posting=FAR_PAST, error=error))
    with pytest.raises(Unavailable), pauses_heeded(attempt.deployment, HISTORY, CHANNEL):
        raise Unavailable("busy", retry_after=60)
    assert notify(attempt, *UPLOAD, intended_now=False) == SlackUnreachable(said)
    assert world.called == []


def test_a_process_that_is_asked_to_end_does_not_leave_an_intent_behind(world: World) -> None:
    world.posts = [Stopping("asked to end")]
    attempt = world.attempt(record(UPLOAD))
    with pytest.raises(Stopping):
        notify(attempt, *UPLOAD, intended_now=True)
    assert attempt.noted == {"posting": None}


def test_the_execution_of_a_verified_build_is_in_its_message(world: World) -> None:
    attempt = world.attempt(record(VERIFIED))
    assert EXECUTION.rpartition("/")[2] in str(message_about(attempt, *VERIFIED, channel=CHANNEL).blocks)
