"""Pushes messages as a Pub/Sub push subscription does: again and again until they are acknowledged."""

from __future__ import annotations

import base64
import heapq
import itertools
import json
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from verifier.standin.clock import Clock, system_clock
from verifier.times import show_time

_ACKNOWLEDGED = frozenset({102, 200, 201, 202, 204})
_WORKERS = 8
_SUBSCRIPTION = "projects/stand-in/subscriptions/build-verifier-{}"


@dataclass(order=True, slots=True)
class _Delivery:
    """One copy of a message on its way; ordered by when it is due."""

    due: float
    number: int
    path: str = field(compare=False)
    envelope: Mapping[str, Any] = field(compare=False)
    attempt: int = field(default=1, compare=False)


class Pusher:
    """A push subscription on everything that is published, from the start of its `with` block to the end.

    What is not acknowledged by then is dropped, and deliveries under way are broken off.
    """

    def __init__(
        self,
        url: str,
        *,
        backoff: tuple[float, float] = (0.2, 5.0),
        ack_deadline: float = 60,
        clock: Clock = system_clock,
    ) -> None:
        """`url`: where the endpoint listens, http only. `backoff`: the first wait and the longest, in seconds.

        `clock` says when a message was published.
        """
        self._clock = clock
        self._host = urlsplit(url).netloc
        self._backoff = backoff
        self._ack_deadline = ack_deadline
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._waiting: list[_Delivery] = []
        self._under_way: set[HTTPConnection] = set()
        self._closing = False
        self._deliveries = self._acknowledged = self._outstanding = 0
        self._workers = [threading.Thread(target=self._work, daemon=True) for _ in range(_WORKERS)]

    @property
    def deliveries(self) -> int:
        """How often something was pushed, redeliveries included."""
        return self._deliveries

    @property
    def acknowledged(self) -> int:
        """How many copies were acknowledged."""
        return self._acknowledged

    @property
    def outstanding(self) -> int:
        """How many copies were published and are not acknowledged yet."""
        return self._outstanding

    def __enter__(self) -> Self:
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            for connection in self._under_way:
                _break_off(connection)
        for worker in self._workers:
            worker.join()

    def publish(self, path: str, data: bytes, attributes: Mapping[str, str], *, copies: int = 1) -> str:
        """Push a message to this path of the endpoint until it is acknowledged, and say its id.

        With `copies`, so many deliveries with the same id run at once, as happens on the real service now and then.
        """
        number = next(self._numbers)
        identifier, moment = f"{10**15 + number}", show_time(self._clock())
        envelope = {
            "message": {
                "data": base64.b64encode(data).decode(),
                "attributes": dict(attributes),
                "messageId": identifier,
                "message_id": identifier,
                "publishTime": moment,
                "publish_time": moment,
            },
            "subscription": _SUBSCRIPTION.format(path.strip("/") or "push"),
        }
        with self._changed:
            for _ in range(copies):
                self._outstanding += 1
                heapq.heappush(self._waiting, _Delivery(time.monotonic(), next(self._numbers), path, envelope))
            self._changed.notify_all()
        return identifier

    def drain(self, timeout: float) -> bool:
        """Wait until nothing is outstanding; False when something still is after so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._outstanding, timeout)

    def _work(self) -> None:
        while (delivery := self._next()) is not None:
            done = self._push(delivery)
            with self._changed:
                if done:
                    self._acknowledged += 1
                    self._outstanding -= 1
                else:
                    first, longest = self._backoff
                    delivery.due = time.monotonic() + min(first * 2 ** min(delivery.attempt - 1, 30), longest)
                    delivery.attempt += 1
                    heapq.heappush(self._waiting, delivery)
                self._changed.notify_all()

    def _next(self) -> _Delivery | None:
        """Return the next delivery, once it is due; None when the pusher closes."""
        with self._changed:
            while not self._closing:
                wait = self._waiting[0].due - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    self._deliveries += 1
                    return heapq.heappop(self._waiting)
                self._changed.wait(wait)
        return None

    def _push(self, delivery: _Delivery) -> bool:
        """Whether the endpoint acknowledges the delivery before the deadline."""
        body = json.dumps({**delivery.envelope, "deliveryAttempt": delivery.attempt})
        connection = HTTPConnection(self._host, timeout=self._ack_deadline)
        try:
            connection.connect()
            with self._changed:
                if self._closing:
                    return False
                self._under_way.add(connection)
            connection.request("POST", delivery.path, body, {"Content-Type": "application/json"})
            return connection.getresponse().status in _ACKNOWLEDGED
        except (OSError, HTTPException):
            return False
        finally:
            with self._changed:
                self._under_way.discard(connection)
            connection.close()


def _break_off(connection: HTTPConnection) -> None:
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
