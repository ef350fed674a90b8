"""Cloud Run and Pub/Sub: so many instances, each with so many requests at once, and what waits for one of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from tests.simulation.entry import EntryPoint
from tests.simulation.kernel import Kernel

INSTANCES, AT_ONCE = 4, 4
"""As Terraform sets `max_instance_count` and `max_instance_request_concurrency`."""
_DELIVERY_SECONDS = 0.1
_REQUEST_SECONDS = 0.03
"""What a request takes beside its calls: connections, decoding, the processor."""
_FIRST_BACKOFF, _LAST_BACKOFF = 10.0, 600.0
_WORTH_SECONDS = 600.0
"""For how long a message is kept in a subscription that keeps none for long."""
_KEPT = frozenset({"/builds", "/executions"})
_SWEEP_EVERY = 60.0


class Push(NamedTuple):
    """A message on its way."""

    path: str
    body: bytes
    published: float
    attempt: int = 1


@dataclass
class PushPlatform:
    """The function's instances and the subscriptions that push to them: these take turns, each oldest first."""

    kernel: Kernel
    instances: Sequence[EntryPoint]
    at_once: int = AT_ONCE
    is_down: bool = False
    """Every request is refused."""
    lost: int = 0
    """Messages that were too old before anybody took them."""
    busiest: int = 0
    """The most requests at once."""
    requests: int = 0
    _durations: list[float] = field(default_factory=list)
    _waiting: dict[str, deque[Push]] = field(default_factory=dict)
    _busy: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._busy = [0] * len(self.instances)

    def send(self, path: str, body: bytes, delay: float = 0.0) -> None:
        """Publish a message after this delay."""
        moment = self.kernel.seconds + delay
        self.kernel.at(moment + _DELIVERY_SECONDS, lambda: self._arrive(Push(path, body, moment)))

    def sweeps(self, body: bytes, until: float) -> None:
        """Send the sweep from now on every minute."""
        if self.kernel.seconds <= until:
            self.send("/sweep", body)
            self.kernel.after(_SWEEP_EVERY, lambda: self.sweeps(body, until))

    def billed(self, step: float) -> float:
        """Return the seconds of all requests so far, each rounded up to a step."""
        return sum(ceil(duration / step) * step for duration in self._durations)

    def waiting(self, path: str) -> int:
        """Return how many messages of a subscription wait for an instance."""
        return len(self._waiting.get(path, ()))

    def _arrive(self, message: Push) -> None:
        if self.is_down:
            self._refused(message)
            return
        self._waiting.setdefault(message.path, deque()).append(message)
        self._assign()

    def _refused(self, message: Push) -> None:
        """Let a message come again, later each time, where its subscription keeps it."""
        if message.path in _KEPT:
            wait = min(_FIRST_BACKOFF * 2 ** min(message.attempt - 1, 10), _LAST_BACKOFF)
            again = message._replace(attempt=message.attempt + 1)
            self.kernel.after(wait, lambda: self._arrive(again))

    def _assign(self) -> None:
        """Give what waits to the instances that have room."""
        while min(self._busy) < self.at_once and (message := self._next()) is not None:
            number = self._busy.index(min(self._busy))
            self._busy[number] += 1
            self.busiest = max(self.busiest, sum(self._busy))
            self.kernel.spawn(message.path, self._request(number, message))

    def _next(self) -> Push | None:
        """Return the next message; the subscription that it comes from has its next turn last."""
        for path in list(self._waiting):
            queue = self._waiting.pop(path)
            self._waiting[path] = queue
            while queue:
                message = queue.popleft()
                if path in _KEPT or self.kernel.seconds - message.published <= _WORTH_SECONDS:
                    return message
                self.lost += 1
        return None

    def _request(self, number: int, message: Push) -> Callable[[], None]:
        def handle() -> None:
            began = self.kernel.seconds
            self.requests += 1
            try:
                self.kernel.sleep(_REQUEST_SECONDS)
                if not 200 <= self.instances[number].deliver(message.path, message.body) < 300:
                    self._refused(message)
            finally:
                self._busy[number] -= 1
                self._durations.append(self.kernel.seconds - began)
                self.kernel.after(0.0, self._assign)

        return handle
