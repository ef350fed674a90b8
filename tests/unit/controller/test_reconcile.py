"""How an attempt ends, and what the ledger holds before anybody is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.builders import POLICY, pushed, uploaded
from tests.unit.controller.world import CHANNEL, NOW, World, world
from verifier.checks.policy import Policy
from verifier.checks.verdict import Check, Verdict
from verifier.controller.ledger import Record, State
from verifier.controller.reconcile import Progress, reconcile, reconcile_running, resume
from verifier.errors import Refused, ServiceError, Stopping, Unavailable
from verifier.facts.build import Build

__all__ = ["world"]

UPLOAD = uploaded(createTime="2026-11-23T01:58:00Z")
KEY = UPLOAD.key
NAMED = replace(POLICY, name_submitter=True)
RECORD = Record(KEY, created=NOW, due=NOW)


def announced(world: World, build: Build | None = UPLOAD, policy: Policy = POLICY) -> str:
    world.build = build
    return reconcile(KEY, world.deployment(policy), world.budget(), only_if_due=True)


# 10 decide


def test_10_the_verdict_is_saved_before_its_message_is_made(world: World) -> None:
    """Who cannot make the message, for whatever reason, finds the verdict in the ledger the next time."""
    world.submitters_error = ValueError("a defect")
    with pytest.raises(ValueError, match="a defect"):
        announced(world, policy=NAMED)
    record = world.record(KEY)
    assert record.judgement is not None
    assert record.judgement.verdict is Verdict.LOCAL_SOURCE
    assert (record.posting, record.channel, record.recorded, record.told) == (NOW, CHANNEL, True, False)
    assert (record.error, record.due) == ("ValueError: a defect", NOW + timedelta(seconds=30))
    world.submitters_error = None
    world.clock.advance(30)
    assert reconcile(KEY, world.deployment(NAMED), world.budget()) == ""
    assert [kind["kind"] for kind in world.entries] == ["verdict"]
    assert len(world.messages) == 1
    assert world.called.count("fetch") == 1


def test_10_what_is_not_posted_has_no_intent_to_post(world: World) -> None:
    assert announced(world, pushed(), replace(POLICY, workers=())) == ""
    record = world.record(KEY)
    assert (record.state, record.posting, record.channel, record.told) == (State.DONE, None, "", False)
    assert world.called == ["fetch", "trigger", "audit"]


def test_10_the_images_are_saved_with_the_verdict(world: World) -> None:
    announced(world)
    assert world.record(KEY).images == tuple(image.digest for image in UPLOAD.images)


def test_10_a_build_that_did_not_succeed_is_counted_with_the_policy_and_version_of_the_day(world: World) -> None:
    announced(world, pushed(status="FAILURE"))
    judgement = world.record(KEY).judgement
    assert judgement is not None
    assert (judgement.verdict, judgement.findings) == (None, ())
    assert (judgement.policy, judgement.version) == (POLICY.digest, "test")


def test_5_a_build_that_the_listing_found_says_so_in_its_findings(world: World) -> None:
    world.build = UPLOAD
    reconcile(KEY, world.deployment(), world.budget(), announced=False)
    judgement = world.record(KEY).judgement
    assert judgement is not None
    finding = judgement.finding(Check.BUILD_WAS_ANNOUNCED)
    assert finding is not None
    assert finding.seen.startswith("no message came")


# how it ends


def test_13_what_everybody_has_heard_of_is_done(world: World) -> None:
    assert announced(world) == ""
    record = world.record(KEY)
    assert (record.state, record.owner, record.due, record.told) == (State.DONE, "", None, True)
    assert world.called == ["fetch", "audit", "post"]


@pytest.mark.parametrize(
    ("answer", "said", "due", "unsaid"),
    [
        (Unavailable("no answer", ambiguous=True), "no answer", None, NOW),
        (Refused("not in the channel", wide=True), "not in the channel", None, NOW),
        (Refused("too long"), "too long", NOW + timedelta(hours=1), None),
    ],
    ids=["no-answer", "refused-channel", "refused-message"],
)
def test_12_what_slack_alone_has_not_heard_of_waits_for_slack(
    world: World, answer: ServiceError, said: str, due: object, unsaid: object
) -> None:
    world.posts = [answer]
    assert announced(world) == said
    record = world.record(KEY)
    assert (record.state, record.error, record.due, record.unsaid) == (State.OPEN, said, due, unsaid)


def test_12_only_that_slack_is_away_counts_against_slack(world: World) -> None:
    world.build, world.posts = UPLOAD, [Unavailable("no answer")]
    assert resume(world.put(RECORD), world.deployment(), world.budget()) == Progress("no answer", unsaid=True)


def test_4_a_build_that_is_not_known_yet_is_asked_for_again_and_given_up_after_a_quarter_of_an_hour(
    world: World,
) -> None:
    said = f"{KEY.name}: expected a build, got none"
    assert announced(world, None) == said
    assert world.record(KEY).due == NOW + timedelta(seconds=60)
    world.clock.advance(15 * 60 - 1)
    assert announced(world, None) == said
    world.clock.advance(900)
    assert announced(world, None) == ""
    record = world.record(KEY)
    assert (record.state, record.due, record.warned) == (State.UNCONFIRMED, None, True)
    assert [entry["kind"] for entry in world.entries] == ["unconfirmed"]


def test_4_a_build_that_goes_on_waits_without_trouble(world: World) -> None:
    assert announced(world, pushed(status="WORKING")) == ""
    record = world.record(KEY)
    assert (record.build, record.due) == (None, NOW + timedelta(seconds=60))


def test_a_process_that_is_asked_to_end_hands_its_record_over_at_once(world: World) -> None:
    world.posts = [Stopping("asked to end")]
    with pytest.raises(Stopping):
        announced(world)
    record = world.record(KEY)
    assert (record.owner, record.due, record.attempts, record.posting) == ("", NOW, 0, None)
    assert record.judgement is not None


def test_a_run_that_has_ended_is_taken_up_at_once_and_one_that_nobody_started_is_not(world: World) -> None:
    build = pushed()
    running = replace(
        RECORD, build=build.document, intent=NOW, tried=NOW, execution="gone", due=NOW + timedelta(hours=1)
    )
    world.put(running)
    assert reconcile_running(KEY, world.deployment(), world.budget()) == ""
    assert world.called[:2] == ["trigger", "observe"]
    world.called.clear()
    other = replace(KEY, id="4e841fcb-6a1d-4c57-9a53-000000000000")
    world.put(replace(RECORD, key=other))
    assert reconcile_running(other, world.deployment(), world.budget()) == ""
    assert world.called == []
