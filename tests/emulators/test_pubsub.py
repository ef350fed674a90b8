"""The Pub/Sub emulator is real enough to carry a message."""

from __future__ import annotations

import grpc
from google.pubsub_v1 import PublisherClient, PubsubMessage, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport


def test_what_is_published_is_pulled(pubsub_emulator: str, project: str) -> None:
    topic, subscription = f"projects/{project}/topics/verdicts", f"projects/{project}/subscriptions/reader"
    with grpc.insecure_channel(pubsub_emulator) as channel:
        publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        publisher.create_topic(name=topic, timeout=10)
        subscriber.create_subscription(name=subscription, topic=topic, timeout=10)
        message = PubsubMessage(data=b"verdict", attributes={"verdict": "FAILED"})
        publisher.publish(topic=topic, messages=[message], timeout=10)
        pulled = subscriber.pull(subscription=subscription, max_messages=1, timeout=10)
    assert [(got.message.data, dict(got.message.attributes)) for got in pulled.received_messages] == [
        (b"verdict", {"verdict": "FAILED"})
    ]
