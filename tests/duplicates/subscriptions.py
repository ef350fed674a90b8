"""Topics with push subscriptions on the real Pub/Sub emulator, as a deployment has them; what is given up stays."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import grpc
from google.pubsub_v1 import (
    DeadLetterPolicy,
    PublisherClient,
    PubsubMessage,
    PushConfig,
    RetryPolicy,
    SubscriberClient,
    Subscription,
)
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

_PATHS = ("/builds", "/executions", "/sweep")
_GIVEN_UP_AFTER = 20
_ACK_SECONDS = 60
_BACKOFF = (timedelta(seconds=0.5), timedelta(seconds=5))
_TIMEOUT = 10.0


@dataclass
class Subscriptions:
    """One for each path of the function, and one for the dead letters."""

    project: str
    publisher: Any
    subscriber: Any
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def publish(self, path: str, data: bytes, attributes: Mapping[str, str], *, copies: int = 1) -> str:
        """Publish a message for this path so many times. Returns a number of its own."""
        message = PubsubMessage(data=data, attributes=dict(attributes))
        topic = self._topic(path.strip("/"))
        self.publisher.publish(topic=topic, messages=[message] * copies, timeout=_TIMEOUT)
        return str(next(self._numbers))

    def make(self, url: str) -> None:
        """Make the topics, and push what is published to this address."""
        self.publisher.create_topic(name=self._topic("dead-letters"), timeout=_TIMEOUT)
        self._subscribe(Subscription(name=self._subscription("dead-letters"), topic=self._topic("dead-letters")))
        for path in _PATHS:
            name = path.strip("/")
            self.publisher.create_topic(name=self._topic(name), timeout=_TIMEOUT)
            self._subscribe(
                Subscription(
                    name=self._subscription(name),
                    topic=self._topic(name),
                    push_config=PushConfig(push_endpoint=f"{url}{path}"),
                    ack_deadline_seconds=_ACK_SECONDS,
                    retry_policy=RetryPolicy(minimum_backoff=_BACKOFF[0], maximum_backoff=_BACKOFF[1]),
                    dead_letter_policy=DeadLetterPolicy(
                        dead_letter_topic=self._topic("dead-letters"), max_delivery_attempts=_GIVEN_UP_AFTER
                    ),
                )
            )

    def dead_letters(self) -> list[bytes]:
        """Return what was given up, as far as it was published before this question."""
        letters, last = list[bytes](), b"the last letter"
        self.publish("/dead-letters", last, {})
        while last not in letters:
            answer = self.subscriber.pull(
                subscription=self._subscription("dead-letters"), max_messages=100, timeout=_TIMEOUT
            )
            letters += [received.message.data for received in answer.received_messages]
        return [letter for letter in letters if letter != last]

    def _subscribe(self, subscription: Subscription) -> None:
        self.subscriber.create_subscription(request=subscription, timeout=_TIMEOUT)

    def _topic(self, name: str) -> str:
        return f"projects/{self.project}/topics/{name}"

    def _subscription(self, name: str) -> str:
        return f"projects/{self.project}/subscriptions/{name}"


@contextmanager
def push_subscriptions(emulator: str, project: str) -> Iterator[Subscriptions]:
    """Yield the subscriptions, of which none is made yet."""
    with grpc.insecure_channel(emulator) as channel:
        publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        yield Subscriptions(project, publisher, subscriber)
