"""google.pubsub.v1.Publisher: each message that the function publishes goes to whoever subscribes to its topic."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from typing import Any

from google.pubsub_v1 import types as pubsub_types

from verifier.standin.cloud import Cloud
from verifier.standin.messages import Method, Pb
from verifier.standin.refusal import not_found

Subscriber = Callable[[bytes, Mapping[str, str]], object]
"""Takes a message's data and attributes."""


class TopicService:
    """Topics, each with one subscriber. What is published to another one is refused, as a topic that does not exist."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._subscribers: dict[str, Subscriber] = {}

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Have every message that is published to this topic from now on."""
        with self._lock:
            self._subscribers[topic] = subscriber

    def methods(self) -> dict[str, Method]:
        """Its methods by their full name."""
        return {"/google.pubsub.v1.Publisher/Publish": Method(pubsub_types.PublishRequest.pb(), self._publish)}

    def _publish(self, request: Pb) -> Pb:
        self._cloud.require("Publish", request.topic)
        with self._lock:
            subscriber = self._subscribers.get(request.topic)
        if subscriber is None:
            raise not_found(f"Resource not found (resource={request.topic}).")
        for message in request.messages:
            subscriber(message.data, dict(message.attributes))
        answer: Any = pubsub_types.PublishResponse.pb()
        return answer(message_ids=[f"{10**15 + next(self._numbers)}" for _ in request.messages])
