"""A Pub/Sub topic for whoever wants to act on verdicts.

The generated publisher client, not the batching one: it publishes at once and needs no thread that outlives a request.
An emulator's address is given by hand, since this client does not read `PUBSUB_EMULATOR_HOST` itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

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
        grant = needs("pubsub.topics.publish", self._topic, "roles/pubsub.publisher")
        with translated(f"publishing to {self._topic}", grant):
            self._client.publish(
                request=PublishRequest(topic=self._topic, messages=[message]), timeout=timeout, retry=None
            )
