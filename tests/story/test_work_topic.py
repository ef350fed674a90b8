"""Sweeps that hand out: a message of the work topic may be lost, doubled, late or forged, and nothing comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from tests.story.harness import LEASE, PROJECT, REGION, WATCHED, Harness, HarnessServices, harness
from verifier.checks.policy import Policy
from verifier.config import Watched
from verifier.controller.places import cursor_name
from verifier.controller.sweep import Swept, sweep
from verifier.controller.work import WorkContext, WorkDone, do_work
from verifier.services import Document
from verifier.standin.faults import Fault

__all__ = ["harness"]


@dataclass
class HeldTopic:
    """A work topic that a test takes the messages from."""

    messages: list[tuple[str, str]] = field(default_factory=list)

    def hand_out(self, work: Sequence[Document], *, timeout: float) -> None:
        self.messages += [(item["kind"], item["name"]) for item in work]


@pytest.fixture
def topic(harness: Harness) -> HeldTopic:
    """Return the topic that the harness has from now on."""
    services = harness.deployment.services
    assert isinstance(services, HarnessServices)
    topic = HeldTopic()
    harness.deployment = replace(harness.deployment, services=replace(services, work_topic=topic))
    return topic


def deliver(harness: Harness, kind: str, name: str, watched: Watched = WATCHED) -> WorkDone:
    return do_work(kind, name, WorkContext(harness.deployment, watched, harness.budget()))


def swept(harness: Harness, watched: Watched = WATCHED) -> Swept:
    done = sweep(harness.deployment, watched, harness.budget(), LEASE)
    assert done is not None
    return done


def live(harness: Harness, topic: HeldTopic, minutes: int, *, copies: int = 1, lost: int = 0) -> None:
    """Let time pass with a sweep a minute; of its messages the first ones may be lost, the others come at once."""
    for _ in range(minutes):
        harness.clock.advance(60)
        swept(harness)
        messages, topic.messages = topic.messages[lost:], []
        for message in messages * copies:
            deliver(harness, *message)


def test_a_silent_build_is_found_run_and_judged_though_no_sweep_does_more_than_hand_out(
    harness: Harness, topic: HeldTopic
) -> None:
    live(harness, topic, 1)
    key = harness.triggered()
    live(harness, topic, 25)
    assert harness.verdict(key) == "VERIFIED"
    assert (harness.executions(), len(harness.slack.messages)) == (1, 1)


def test_messages_that_come_twice_change_nothing(harness: Harness, topic: HeldTopic) -> None:
    live(harness, topic, 1, copies=2)
    key = harness.triggered()
    live(harness, topic, 25, copies=2)
    assert harness.verdict(key) == "VERIFIED"
    assert (harness.executions(), len(harness.slack.messages), len(harness.cloud.audit_entries())) == (1, 1, 1)


def test_the_same_message_at_the_same_moment_is_done_once(harness: Harness, topic: HeldTopic) -> None:
    harness.faults.add(Fault("GetBuild", "before", times=1))
    key = harness.upload()
    harness.announce(key)
    harness.clock.advance(60)
    swept(harness)
    (message,) = [message for message in topic.messages if message[0] == "record"]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: deliver(harness, *message), range(6)))
    assert harness.verdict(key) == "LOCAL_SOURCE"
    assert (len(harness.slack.messages), len(harness.cloud.audit_entries())) == (1, 1)


def test_where_every_message_is_lost_the_sweep_does_the_work_some_minutes_later(
    harness: Harness, topic: HeldTopic
) -> None:
    live(harness, topic, 1, lost=99)
    key = harness.triggered()
    live(harness, topic, 40, lost=99)
    assert harness.verdict(key) == "VERIFIED"
    assert len(harness.slack.messages) == 1


def test_what_comes_late_finds_nothing_to_do(harness: Harness, topic: HeldTopic) -> None:
    harness.faults.add(Fault("GetBuild", "before", times=1))
    key = harness.upload()
    harness.announce(key)
    harness.clock.advance(60)
    swept(harness)
    late = list(topic.messages)
    live(harness, topic, 5)
    assert harness.verdict(key) == "LOCAL_SOURCE"
    harness.faults.forget()
    assert [deliver(harness, *message).ignored != "" for message in late] == [True] * len(late)
    assert not harness.faults.calls


@pytest.mark.parametrize(
    ("kind", "name"),
    [("record", "of-nobody"), ("place", "sweep"), ("place", "of-nobody"), ("of-tomorrow", "x"), ("record", "done")],
)
def test_a_forged_message_costs_no_call_but_a_read(harness: Harness, topic: HeldTopic, kind: str, name: str) -> None:
    key = harness.upload()
    harness.announce(key)
    swept(harness)
    harness.faults.forget()
    done = deliver(harness, kind, key.digest if name == "done" else name)
    assert done.ignored
    assert not done.trouble
    assert not harness.faults.calls


def test_a_project_that_is_deleted_in_mid_sweep_is_named_and_keeps_nobody_waiting(
    harness: Harness, topic: HeldTopic
) -> None:
    both = Watched({PROJECT: "", "vividly-gone": ""}, frozenset({REGION}))
    swept(harness, both)
    topic.messages.clear()
    harness.clock.advance(1_200)
    swept(harness, both)
    topic.messages = [message for message in topic.messages if message[0] == "place"]
    assert len(topic.messages) == 2
    harness.faults.add(Fault("ListBuilds", "before", status="PERMISSION_DENIED", times=1))
    done = [deliver(harness, *message, watched=both) for message in topic.messages]
    assert sorted(bool(one.trouble) for one in done) == [False, True]
    assert next(one.trouble for one in done if one.trouble).startswith((f"{PROJECT}/", "vividly-gone/"))
    assert deliver(harness, "place", cursor_name("vividly-gone", REGION), watched=WATCHED).ignored
    assert not swept(harness).problems


def test_a_region_that_hangs_is_left_alone_for_a_minute_and_others_are_listed(
    harness: Harness, topic: HeldTopic
) -> None:
    watched = Watched({PROJECT: ""}, frozenset({REGION, "europe-west1"}))
    swept(harness, watched)
    harness.clock.advance(1_200)
    breaker, now = harness.deployment.breaker, harness.clock()
    for project in ("a", "b"):
        breaker.note(project, "europe-west1", failed=True, seconds=8.0, now=now)
    done = [deliver(harness, "place", cursor_name(PROJECT, region), watched) for region in (REGION, "europe-west1")]
    assert (done[0], bool(done[1].ignored)) == (WorkDone(), True)
    assert harness.calls("ListBuilds") == 1


def test_a_thousand_records_of_a_project_without_permission_keep_a_good_one_waiting_for_no_sweep(
    harness: Harness, topic: HeldTopic
) -> None:
    harness.use(Policy())
    harness.faults.add(Fault("GetBuild", "before", status="PERMISSION_DENIED", times=0))
    for number in range(300):
        denied = harness.upload(id=f"4e841fcb-9999-4000-8000-{number:012d}", name="", projectId="vividly-denied")
        harness.announce(denied)
    good = harness.upload()
    harness.announce(good)
    harness.faults.clear()
    harness.clock.advance(3_600)
    topic.messages.clear()
    swept(harness)
    records = [name for kind, name in topic.messages if kind == "record"]
    assert records.index(good.digest) < 2
    deliver(harness, "record", good.digest)
    assert harness.verdict(good) == "LOCAL_SOURCE"


def test_the_memory_of_what_was_handed_out_may_be_lost(harness: Harness, topic: HeldTopic) -> None:
    store = harness.deployment.services.store
    swept(harness)
    first = list(topic.messages)
    stored = store.read("marks", "handed-out", timeout=5)
    assert stored is not None
    store.replace("marks", "handed-out", {"pages": []}, stored.revision, timeout=5)
    swept(harness)
    assert [kind for kind, _ in first] == ["place", "job"]
    assert topic.messages == first * 2
    done = [bool(deliver(harness, *message).ignored) for message in topic.messages]
    assert done == [False, False, True, True]


def test_a_lease_that_ends_brings_a_place_back(harness: Harness, topic: HeldTopic) -> None:
    """Whoever listed it died: its due time was moved by a lease, and no further."""
    swept(harness)
    harness.clock.advance(1_200)
    store, name = harness.deployment.services.store, cursor_name(PROJECT, REGION)
    stored = store.read("marks", name, timeout=5)
    assert stored is not None
    leased = {**stored.document, "due": "2026-11-23T02:22:00.000000Z"}
    store.replace("marks", name, leased, stored.revision, timeout=5)
    assert deliver(harness, "place", name).ignored
    harness.clock.advance(timedelta(seconds=120).total_seconds())
    assert deliver(harness, "place", name) == WorkDone()
    assert harness.calls("ListBuilds") == 1
