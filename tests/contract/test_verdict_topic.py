"""Verdicts and the function's own work on Pub/Sub topics: what is published is what a subscriber pulls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from time import sleep
from typing import Any

import grpc
import pytest
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from tests.busy import BUSY_SECONDS
from tests.contract.adapters import answering, timed_trouble, trouble
from verifier.adapters.pubsub import OwnWorkTopic, VerdictTopic
from verifier.errors import Denied, Missing, Refused, Unavailable
from verifier.services import MOST_AT_ONCE

TOPIC = "projects/acme/topics/verdicts"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Whoever wants to act on verdicts."""

    address: str
    topic: str
    client: Any
    subscription: str

    def pull(self, most: int = 1) -> list[tuple[Any, dict[str, str]]]:
        """Return the payloads and the attributes of so many messages at most."""
        answer = self.client.pull(subscription=self.subscription, max_messages=most, timeout=10)
        ids = [received.ack_id for received in answer.received_messages]
        self.client.acknowledge(subscription=self.subscription, ack_ids=ids, timeout=10)
        messages = [received.message for received in answer.received_messages]
        return [(json.loads(message.data), dict(message.attributes)) for message in messages]


@pytest.fixture
def subscriber(pubsub_emulator: str, project: str) -> Iterator[Subscriber]:
    topic, subscription = f"projects/{project}/topics/verdicts", f"projects/{project}/subscriptions/reader"
    with grpc.insecure_channel(pubsub_emulator) as channel:
        PublisherClient(transport=PublisherGrpcTransport(channel=channel)).create_topic(name=topic, timeout=10)
        client = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        client.create_subscription(name=subscription, topic=topic, timeout=10)
        yield Subscriber(pubsub_emulator, topic, client, subscription)


def publish(address: str, topic: str = TOPIC, timeout: float = 5) -> None:
    VerdictTopic(topic, address).publish({"verdict": "FAILED"}, {}, timeout=timeout)


def test_what_is_published_is_pulled(subscriber: Subscriber) -> None:
    payload = {
        "verdict": "FAILED",
        "text": "grüß Gott ∅ 🔴\n",
        "numbers": [1, 0.25, -3, 9007199254740993],
        "nothing": None,
        "nested": {"findings": [{"check": "source_is_a_commit", "holds": True}], "empty": {}},
    }
    attributes = {"verdict": "FAILED", "trigger": "grüße", "build": ""}
    topic = VerdictTopic(subscriber.topic, subscriber.address)
    topic.publish(payload, attributes, timeout=10)
    assert subscriber.pull() == [(payload, attributes)]
    topic.publish({"verdict": "VERIFIED"}, {}, timeout=10)
    assert subscriber.pull() == [({"verdict": "VERIFIED"}, {})]


def test_every_piece_of_work_that_is_handed_out_is_a_message_of_its_own(subscriber: Subscriber) -> None:
    work = [{"kind": "record", "name": f"{number:064x}"} for number in range(MOST_AT_ONCE)]
    OwnWorkTopic(subscriber.topic, subscriber.address).hand_out(work, timeout=30)
    pulled = list[str]()
    while len(pulled) < len(work) and (some := subscriber.pull(500)):
        pulled += [payload["name"] for payload, attributes in some if not attributes and payload["kind"] == "record"]
    assert sorted(pulled) == [item["name"] for item in work]


def test_a_topic_that_is_not_there_is_missing_by_its_name(pubsub_emulator: str, project: str) -> None:
    topic = f"projects/{project}/topics/nowhere"
    error = trouble(lambda: publish(pubsub_emulator, topic, timeout=10))
    assert isinstance(error, Missing)
    assert topic in str(error)


def test_what_is_no_topic_is_refused(pubsub_emulator: str) -> None:
    assert isinstance(trouble(lambda: publish(pubsub_emulator, "verdicts", timeout=10)), Refused)


def test_a_denied_call_names_the_permission_the_role_and_the_topic() -> None:
    def deny(context: grpc.ServicerContext) -> bytes:
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "User not authorized to perform this action.")

    with answering(deny) as (address, calls):
        error = trouble(lambda: publish(address))
    assert isinstance(error, Denied)
    for word in ("pubsub.topics.publish", "roles/pubsub.publisher", TOPIC):
        assert word in str(error)
    assert calls == ["Publish"]


@pytest.mark.parametrize("status", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED, grpc.StatusCode.INTERNAL])
def test_a_message_that_may_have_been_published_is_not_published_again(status: grpc.StatusCode) -> None:
    def fail(context: grpc.ServicerContext) -> bytes:
        context.abort(status, "try again")

    with answering(fail) as (address, calls):
        error = trouble(lambda: publish(address))
    assert isinstance(error, Unavailable)
    assert error.ambiguous
    assert calls == ["Publish"]


def test_a_call_that_hangs_is_given_up_in_time() -> None:
    def hang(context: grpc.ServicerContext) -> bytes:
        while context.is_active():
            sleep(0.01)
        return b""

    with answering(hang) as (address, calls):
        error, took = timed_trouble(lambda: publish(address, timeout=1))
    assert isinstance(error, Unavailable)
    assert took < BUSY_SECONDS
    assert calls in (["Publish"], [])  # on a busy machine it may not get there
