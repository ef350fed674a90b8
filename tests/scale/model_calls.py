"""What every outward call of the model goes through: it takes its assumed latency, is counted, and may hang."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from tests.simulation.kernel import Kernel, Killed
from verifier.errors import RateLimited, Unavailable

T = TypeVar("T")
LATENCIES: Mapping[str, float] = MappingProxyType(
    {
        "store.read": 0.012,
        "store.due": 0.020,
        "store.present": 0.020,
        "store.holding": 0.020,
        "store.holders": 0.020,
        "store.delete": 0.030,
        "store.create": 0.030,
        "store.replace": 0.030,
        "builds.fetch": 0.120,
        "builds.finished": 0.200,
        "builds.created": 0.200,
        "triggers.read": 0.120,
        "jobs.start": 0.350,
        "jobs.started_for": 0.200,
        "jobs.observe": 0.120,
        "jobs.describe": 0.120,
        "jobs.listed": 0.200,
        "logs.read": 0.400,
        "submitters.submitter": 0.400,
        "audit.write": 0.100,
        "chat.post": 0.350,
        "chat.find": 0.350,
        "work_topic.hand_out": 0.060,
    }
)
"""Seconds, assumed: what a call takes where nothing is wrong."""
_MINUTE = 60.0


@dataclass
class ServiceQuota:
    """The service's own count of calls in the last minute: what is above it is refused, and not counted."""

    per_minute: int = 0
    """0: as many as one likes."""
    refused: int = 0
    _calls: deque[float] = field(default_factory=deque)

    def take(self, now: float) -> None:
        """Count a call. Raise RateLimited when it is one too many."""
        if not self.per_minute:
            return
        while self._calls and self._calls[0] <= now - _MINUTE:
            self._calls.popleft()
        if len(self._calls) >= self.per_minute:
            self.refused += 1
            raise RateLimited("quota exceeded for calls a minute", limit=self.per_minute)
        self._calls.append(now)


@dataclass
class ModelCalls:
    """Every call goes through it."""

    kernel: Kernel
    counts: Counter[str] = field(default_factory=Counter)
    hangs: Callable[[str, str], bool] = lambda *_: False
    """Whether a call for this project in this location is never answered."""

    def call(self, name: str, timeout: float, effect: Callable[[], T], *, at: tuple[str, str] = ("", "")) -> T:
        """Make the call: its effect comes when half of its time is over. Raise what the service says."""
        process = self.kernel.process()
        if process.killed:
            raise Killed
        self.counts[name] += 1
        if at != ("", "") and self.hangs(*at):
            self.kernel.sleep(timeout)
            raise Unavailable(f"{name}: no answer within {timeout:g} s")
        seconds = LATENCIES[name]
        if seconds > timeout:
            self.kernel.sleep(timeout)
            raise Unavailable(f"{name}: no answer within {timeout:g} s", ambiguous=True)
        self.kernel.sleep(seconds / 2)
        answer = effect()
        self.kernel.sleep(seconds / 2)
        return answer
