"""What one sweep makes of Slack's answers, and whose turn it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.builders import judged, uploaded
from tests.unit.controller.world import CHANNEL, LEASE, NOW, UNWATCHED, WorkRecorder, World, world
from verifier.checks.policy import Policy, Route
from verifier.checks.verdict import Verdict
from verifier.config import Watched
from verifier.controller.ledger import Record
from verifier.controller.slack.channel import HISTORY, POSTING, pauses_heeded
from verifier.controller.slack.channel_queue import SlackSeen
from verifier.controller.sweep import describe, sweep
from verifier.controller.work import WorkContext, do_work
from verifier.errors import Denied, Unavailable
from verifier.services import Posted, Store

__all__ = ["world"]

WATCHED = Watched({"vividly-dev": ""}, frozenset({"us-central1"}))
ELSEWHERE = "C0ELSEWHERE"
ROUTED = replace(UNWATCHED, routes=(Route(channel=ELSEWHERE, verdicts=frozenset({Verdict.FAILED})),))
NO_ANSWER = Unavailable("no answer")


def seen(*reached: bool) -> SlackSeen:
    state = SlackSeen()
    for is_reached in reached:
        state = state.after(is_reached=is_reached)
    return state


@pytest.mark.parametrize(
    ("state", "is_in_doubt", "is_given_up"),
    [
        (seen(), False, False),
        (seen(False), False, False),
        (seen(False, False), True, False),
        (seen(False, False, True), False, False),
        (seen(False, False, False), False, True),
        (seen(False, True, False, True, False), False, False),
    ],
)
def test_slack_is_in_doubt_after_two_failures_in_a_row_and_given_up_after_three(
    state: SlackSeen, is_in_doubt: bool, is_given_up: bool
) -> None:
    assert (state.is_in_doubt, state.is_given_up) == (is_in_doubt, is_given_up)


def unsaid(world: World, number: int, channel: str = CHANNEL, **changes: Any) -> str:
    """Let a verdict wait for Slack, later than those with a smaller number."""
    build = uploaded(id=f"4e841fcb-0000-4000-8000-{number:012d}", name="")
    _, _, judgement = judged(build)
    told = NOW - timedelta(hours=1) + timedelta(seconds=number)
    record = Record(
        build.key, created=told, build=build.document, judgement=replace(judgement, decided=told, **changes)
    )
    world.put(replace(record, unsaid=told, recorded=True, published=True, channel=channel))
    return build.key.id


def due(world: World, number: int) -> None:
    """Let a build be due that Cloud Build does not know."""
    key = uploaded(id=f"4e841fcb-1111-4000-8000-{number:012d}", name="").key
    world.put(Record(key, created=NOW, due=NOW))


class CountedStore:
    """A store that counts its calls."""

    def __init__(self, inner: Store) -> None:
        self.calls: list[str] = []
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        return getattr(self._inner, name)


def swept(world: World, policy: Policy = UNWATCHED) -> list[str]:
    """Sweep, and return the calls that were made."""
    world.called.clear()
    assert sweep(world.deployment(policy), WATCHED, world.budget(), LEASE) is not None
    return world.called


def told(world: World) -> list[str]:
    """Return the ids of the builds that Slack has heard of, in their order."""
    return [message.key.rpartition("/")[2].partition("@")[0] for message in world.messages]


def paused(world: World, method: str) -> None:
    """Let Slack ask for a pause of one of its methods."""
    with pytest.raises(Unavailable), pauses_heeded(world.deployment(), method, "C0ANYWHERE"):
        raise Unavailable("busy", retry_after=60)


def test_slacks_queue_begins_and_both_have_their_turns(world: World) -> None:
    for number in range(3):
        unsaid(world, number)
    due(world, 7)
    assert swept(world) == ["post", "fetch", "post", "post"]


def test_when_two_in_a_row_fail_the_latest_is_tried_and_the_rest_after_it(world: World) -> None:
    ids = [unsaid(world, number) for number in range(5)]
    world.posts = [NO_ANSWER, NO_ANSWER]
    assert swept(world) == ["post"] * 5
    assert told(world) == [ids[4], ids[2], ids[3]]


def test_when_the_latest_fails_too_slack_is_left_for_the_next_sweep_and_what_is_due_goes_on(world: World) -> None:
    for number in range(5):
        unsaid(world, number)
    for number in range(5):
        due(world, number)
    world.posts = [NO_ANSWER] * 3
    assert swept(world) == ["post", "fetch", "post", "fetch", "post", "fetch", "fetch", "fetch"]
    assert told(world) == []


def test_while_slack_wants_its_history_left_unread_what_must_be_looked_for_is_passed_over(world: World) -> None:
    first, second = unsaid(world, 1), unsaid(world, 2)
    record = world.record(uploaded(id=first, name="").key)
    world.ledger.save(world.lease_of(record), replace(record, posting=NOW), timeout=5)
    paused(world, HISTORY)
    assert swept(world) == ["post"]
    assert told(world) == [second]
    assert world.record(record.key).fence == record.fence, "it is not even claimed"


def test_while_slack_wants_a_pause_nothing_is_claimed_in_any_channel(world: World) -> None:
    first, second = unsaid(world, 1), unsaid(world, 2, ELSEWHERE)
    paused(world, POSTING)
    assert swept(world) == []
    world.clock.advance(60)
    assert swept(world) == ["post", "post"]
    assert sorted(told(world)) == sorted([first, second])


def test_channels_have_their_turns_one_after_the_other_each_from_its_earliest_verdict(world: World) -> None:
    one = [unsaid(world, number) for number in (1, 2, 3)]
    other = [unsaid(world, number, ELSEWHERE, verdict=Verdict.FAILED) for number in (4, 5)]
    swept(world, ROUTED)
    assert [name for name in told(world) if name in one] == one
    assert [name for name in told(world) if name in other] == other
    assert set(told(world)[:2]) == {one[0], other[0]}


def test_where_slack_refuses_one_channel_the_others_hear_all_the_same(world: World) -> None:
    first, second = unsaid(world, 1), unsaid(world, 2)
    unsaid(world, 3, ELSEWHERE, verdict=Verdict.FAILED), unsaid(world, 4, ELSEWHERE, verdict=Verdict.FAILED)
    world.refusing = ELSEWHERE
    swept(world, ROUTED)
    assert told(world) == [first, second]
    assert world.called.count("post") == 3, "it is asked once"


def test_a_message_that_is_found_is_told_without_another(world: World) -> None:
    first = unsaid(world, 1)
    record = world.record(uploaded(id=first, name="").key)
    world.ledger.save(world.lease_of(record), replace(record, posting=NOW - timedelta(minutes=9)), timeout=5)
    world.finds = [Posted(CHANNEL, "1795400000.000100")]
    assert swept(world) == ["find"]
    assert world.record(record.key).told


def test_with_a_work_topic_what_is_due_is_handed_out_and_so_are_the_channels_for_which_something_waits(
    world: World,
) -> None:
    world.work_topic = topic = WorkRecorder()
    unsaid(world, 1)
    due(world, 7)
    done = sweep(world.deployment(), WATCHED, world.budget(), LEASE)
    assert done is not None
    assert world.called == []
    handed_out = topic.taken()
    assert [kind for kind, _ in handed_out] == ["place", "channel", "record"]
    assert (done.handed_out, done.resumed, done.problems) == (3, 0, ())
    assert describe(done)["message"] == "sweep completed: 0 resumed, 0 found by listing, 3 handed out"
    at = WorkContext(world.deployment(), WATCHED, world.budget())
    assert [do_work(*work, at).trouble for work in handed_out[1:2]] == [""]
    assert world.called == ["post"]


def test_where_the_work_topic_takes_nothing_the_sweep_does_all_of_it_and_says_so(world: World) -> None:
    world.work_topic = WorkRecorder(refusal=Denied("expected to publish, got PERMISSION_DENIED"))
    due(world, 7)
    done = sweep(world.deployment(), WATCHED, world.budget(), LEASE)
    assert done is not None
    assert world.called == ["fetch"]
    assert (done.handed_out, done.resumed) == (0, 1)
    assert done.problems[0] == "work topic: expected to publish, got PERMISSION_DENIED"


def test_a_project_whose_builds_are_not_known_keeps_no_other_waiting(world: World) -> None:
    for number in range(40):
        due(world, number)
    good = uploaded(id="4e841fcb-2222-4000-8000-000000000001", name="", projectId="vividly-ops")
    world.build = good
    world.put(Record(good.key, created=NOW, due=NOW))
    world.takes = 1.9
    assert sweep(world.deployment(), WATCHED, world.budget(), LEASE) is not None
    assert world.record(good.key).judgement is not None


def test_while_calls_for_one_project_hang_nobody_waits_for_it_any_more_in_this_sweep(world: World) -> None:
    for number in range(40):
        due(world, number)
    world.takes = 8.0
    sweep(world.deployment(), WATCHED, world.budget(), LEASE)
    assert world.called == ["fetch"]
    assert world.clock() < NOW + timedelta(seconds=10)


def test_a_sweep_that_finds_nothing_due_makes_18_calls_of_which_two_write_its_own_mark(world: World) -> None:
    sweep(world.deployment(), WATCHED, world.budget(), LEASE)
    world.store = counted = CountedStore(world.store)
    deployment = replace(world.deployment(), ledger=replace(world.ledger, store=counted))
    sweep(deployment, WATCHED, world.budget(), LEASE)
    assert sorted(counted.calls) == ["due"] * 11 + ["read"] * 5 + ["replace"] * 2


def test_what_nobody_does_is_done_by_the_sweep_after_two_minutes_which_says_so(world: World) -> None:
    world.work_topic = WorkRecorder()
    due(world, 7)
    assert swept(world) == swept(world) == []
    world.clock.advance(120)
    done = sweep(world.deployment(), WATCHED, world.budget(), LEASE)
    assert done is not None
    assert (world.called, done.resumed) == (["fetch"], 1)
    assert "got 2 that are still due" in done.problems[0]
