"""Pub/Sub topics: for whoever wants to act on verdicts, and for the function's own work.

The generated publisher client, not the batching one: it publishes at once and needs no thread that outlives a request.
An emulator's address is given by hand, since this client does not read `PUBSUB_EMULATOR_HOST` itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from google.pubsub_v1 import PublisherClient, PublishRequest, PubsubMessage
from google.pubsub_v1.services.publisher import transports

from verifier.adapters.google import connected, needs, translated
from verifier.services import Document


class VerdictTopic:
    """The `Announcer` service."""

    def __init__(self, topic: str, emulator: str = "") -> None:
        self._topic = topic
        self._client = connected(PublisherClient, transports.PublisherGrpcTransport, emulator)

    def publish(self, payload: Document, attributes: Mapping[str, str], *, timeout: float) -> None:
        """See `services.Announcer.publish`."""
        message = PubsubMessage(data=json.dumps(payload).encode(), attributes=dict(attributes))
        _publish(self._client, self._topic, [message], timeout)


class OwnWorkTopic:
    """The `WorkTopic` service."""

    def __init__(self, topic: str, emulator: str = "") -> None:
        self._topic = topic
        self._client = connected(PublisherClient, transports.PublisherGrpcTransport, emulator)

    def hand_out(self, work: Sequence[Document], *, timeout: float) -> None:
        """See `services.WorkTopic.hand_out`."""
        messages = [PubsubMessage(data=json.dumps(item, separators=(",", ":")).encode()) for item in work]
        _publish(self._client, self._topic, messages, timeout)


def _publish(client: PublisherClient, topic: str, messages: list[PubsubMessage], timeout: float) -> None:
    grant = needs("pubsub.topics.publish", topic, "roles/pubsub.publisher")
    with translated(f"publishing to {topic}", grant):
        client.publish(request=PublishRequest(topic=topic, messages=messages), timeout=timeout, retry=None)
