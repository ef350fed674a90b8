"""A topic for verdicts on the Pub/Sub emulator, with a subscriber."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class VerdictTopicReader:
    """The topic and its subscriber."""

    emulator: str
    name: str
    subscription: str
    client: Any

    def received(self) -> Counter[str]:
        """Return how often each verdict was published since the last time, and each other event.

        An event is known by its first word; the same message again counts once.
        """
        answer = self.client.pull(subscription=self.subscription, max_messages=100, timeout=_TIMEOUT)
        received = answer.received_messages
        self.client.acknowledge(
            subscription=self.subscription, ack_ids=[one.ack_id for one in received], timeout=_TIMEOUT
        )
        payloads = [json.loads(data) for data in {one.message.data for one in received}]
        return Counter(payload.get("event", payload["verdict"]).partition("-")[0] for payload in payloads)


@contextmanager
def a_verdict_topic(emulator: str, project: str) -> Iterator[VerdictTopicReader]:
    """Yield a new topic in this project."""
    name, subscription = f"projects/{project}/topics/verdicts", f"projects/{project}/subscriptions/reader"
    with grpc.insecure_channel(emulator) as channel:
        PublisherClient(transport=PublisherGrpcTransport(channel=channel)).create_topic(name=name, timeout=_TIMEOUT)
        client = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        client.create_subscription(name=subscription, topic=name, timeout=_TIMEOUT)
        yield VerdictTopicReader(emulator, name, subscription, client)
