"""The pusher against an endpoint over real HTTP."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from tests.busy import BUSY_SECONDS, LONG_SECONDS
from verifier.standin.loopback import LoopbackServer, Reply, Request
from verifier.standin.push import Pusher
from verifier.times import parse_time

FAST = (0.01, 0.04)


class Endpoint:
    """Answers with these statuses in turn, the last one for ever; 0 closes the connection without an answer."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.times: list[float] = []

    def __call__(self, request: Request) -> Reply | None:
        with self._lock:
            self.requests.append(request)
            self.times.append(time.monotonic())
            status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        return Reply(b"", status) if status else None

    @property
    def envelopes(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.requests]


def test_the_envelope_has_every_field_that_pub_sub_sends() -> None:
    endpoint = Endpoint(204)
    with LoopbackServer(endpoint) as server, Pusher(server.address) as pusher:
        identifier = pusher.publish("/builds", b'{"id": "b"}', {"buildId": "b", "status": "SUCCESS"})
        assert pusher.drain(LONG_SECONDS)
    (request,) = endpoint.requests
    (envelope,) = endpoint.envelopes
    assert (request.verb, request.path) == ("POST", "/builds")
    assert request.headers["content-type"] == "application/json"
    message = envelope.pop("message")
    assert envelope == {
        "subscription": "projects/stand-in/subscriptions/build-verifier-builds",
        "deliveryAttempt": 1,
    }
    assert parse_time(message["publishTime"]).tzinfo is not None
    assert message == {
        "data": base64.b64encode(b'{"id": "b"}').decode(),
        "attributes": {"buildId": "b", "status": "SUCCESS"},
        "messageId": identifier,
        "message_id": identifier,
        "publishTime": message["publishTime"],
        "publish_time": message["publishTime"],
    }


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_status_that_acknowledges_ends_the_delivery(status: int) -> None:
    endpoint = Endpoint(status)
    with LoopbackServer(endpoint) as server, Pusher(server.address, backoff=FAST) as pusher:
        pusher.publish("/sweep", b"{}", {})
        assert pusher.drain(LONG_SECONDS)
        assert (pusher.deliveries, pusher.acknowledged, pusher.outstanding) == (1, 1, 0)


@pytest.mark.parametrize("status", [0, 203, 301, 400, 404, 429, 500, 503])
def test_any_other_answer_and_none_is_delivered_again(status: int) -> None:
    endpoint = Endpoint(status, 204)
    with LoopbackServer(endpoint) as server, Pusher(server.address, backoff=FAST) as pusher:
        pusher.publish("/builds", b"{}", {})
        assert pusher.drain(LONG_SECONDS)
        assert (pusher.deliveries, pusher.acknowledged) == (2, 1)
    first, second = endpoint.envelopes
    assert (first["deliveryAttempt"], second["deliveryAttempt"]) == (1, 2)
    assert first["message"] == second["message"]


def test_the_waits_between_redeliveries_double_up_to_the_longest() -> None:
    endpoint = Endpoint(*[500] * 12, 204)
    with LoopbackServer(endpoint) as server, Pusher(server.address, backoff=(0.02, 0.04)) as pusher:
        pusher.publish("/builds", b"{}", {})
        assert pusher.drain(LONG_SECONDS)
    waits = [later - earlier for earlier, later in pairwise(endpoint.times)]
    assert all(wait >= least for wait, least in zip(waits, [0.02] + [0.04] * 11, strict=True))
    assert min(waits[6:]) < 1.28, "without the longest they would all be longer"


def test_an_answer_after_the_ack_deadline_does_not_count() -> None:
    late = threading.Event()
    calls: list[int] = []

    def respond(request: Request) -> Reply:
        calls.append(1)
        if len(calls) == 1:
            late.wait(LONG_SECONDS)
        return Reply(b"", 204)

    with (
        LoopbackServer(respond) as server,
        Pusher(server.address, backoff=FAST, ack_deadline=1.0) as pusher,
    ):
        pusher.publish("/builds", b"{}", {})
        assert pusher.drain(LONG_SECONDS)
        assert (pusher.deliveries, pusher.acknowledged) == (2, 1)
        late.set()


def test_copies_are_separate_deliveries_with_one_message_id() -> None:
    endpoint = Endpoint(204)
    with LoopbackServer(endpoint) as server, Pusher(server.address) as pusher:
        identifier = pusher.publish("/builds", b"{}", {}, copies=3)
        other = pusher.publish("/builds", b"{}", {})
        assert pusher.drain(LONG_SECONDS)
        assert (pusher.deliveries, pusher.acknowledged) == (4, 4)
    counted = Counter(envelope["message"]["messageId"] for envelope in endpoint.envelopes)
    assert counted == {identifier: 3, other: 1}


def test_several_deliveries_are_under_way_at_once() -> None:
    together = threading.Barrier(4)

    def respond(request: Request) -> Reply:
        together.wait(LONG_SECONDS)
        return Reply(b"", 204)

    with LoopbackServer(respond) as server, Pusher(server.address) as pusher:
        for _ in range(4):
            pusher.publish("/builds", b"{}", {})
        assert pusher.drain(LONG_SECONDS)
        assert pusher.deliveries == 4


def await_a_second_delivery(pusher: Pusher) -> None:
    """Wait until a delivery was repeated. Raises AssertionError when none is."""
    until = time.monotonic() + LONG_SECONDS
    while pusher.deliveries < 2:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_drain_says_when_something_is_still_outstanding() -> None:
    with LoopbackServer(Endpoint(500)) as server, Pusher(server.address, backoff=FAST) as pusher:
        pusher.publish("/builds", b"{}", {})
        assert not pusher.drain(0.1)
        assert (pusher.outstanding, pusher.acknowledged) == (1, 0)
        await_a_second_delivery(pusher)


def test_a_closed_port_is_tried_again() -> None:
    with LoopbackServer(Endpoint(204)) as server:
        address = server.address
    with Pusher(address, backoff=FAST) as pusher:
        pusher.publish("/builds", b"{}", {})
        assert not pusher.drain(0.1)
        await_a_second_delivery(pusher)


def test_leaving_breaks_off_what_hangs() -> None:
    arrived, release = threading.Event(), threading.Event()

    def respond(request: Request) -> Reply | None:
        arrived.set()
        release.wait(LONG_SECONDS)
        return None

    with LoopbackServer(respond) as server:
        started = time.monotonic()
        with Pusher(server.address, ack_deadline=60) as pusher:
            pusher.publish("/builds", b"{}", {})
            assert arrived.wait(LONG_SECONDS)
        assert time.monotonic() - started < BUSY_SECONDS
        release.set()
