"""Scripted trouble: which call of the stand-in fails, when, and how. It keeps the record of calls, too."""

from __future__ import annotations

import threading
from dataclasses import dataclass

KINDS = ("before", "after", "slow", "hang")


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of trouble for one kind of call. Raise ValueError when it could never hit anything."""

    call: str
    """The method's name, such as `GetBuild` or `chat.postMessage`; `*` is every call."""
    kind: str
    """`before` fails without effect, `after` takes effect and then fails, `slow` works, but takes `seconds` longer,
    `hang` never answers until the client gives up."""
    status: str = "UNAVAILABLE"
    """A gRPC status name; for Slack an HTTP status such as `500`, or one of Slack's error codes."""
    first: int = 1
    """The first matching call that it hits, counted from when the fault was added."""
    times: int = 1
    """How many calls in a row it hits; 0 is for ever."""
    seconds: float = 0.0
    """How long `slow` waits."""
    retry_after: float | None = None
    """The wait in seconds that the failure asks the client for."""
    in_metadata: bool = False
    """It asks so as HTTP does, in the metadata at the end of the answer, and not in a detail of its status."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"expected a fault of kind {', '.join(KINDS)}, got {self.kind!r}")
        if self.first < 1 or self.times < 0:
            raise ValueError(f"expected first >= 1 and times >= 0, got first={self.first} times={self.times}")

    def hits(self, ordinal: int) -> bool:
        """Whether it hits the call with this number among those that match it."""
        return ordinal >= self.first and (self.times == 0 or ordinal < self.first + self.times)


class Faults:
    """The faults in force and the calls that arrived. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[tuple[Fault, int]] = []
        self._calls: list[str] = []

    def add(self, fault: Fault) -> None:
        """Put a fault in force, counting its matching calls from now on."""
        with self._lock:
            self._planned.append((fault, 0))

    def clear(self) -> None:
        """Lift every fault; the record of calls stays."""
        with self._lock:
            self._planned.clear()

    def next(self, call: str) -> Fault | None:
        """Record one call and say which fault hits it, if any: of several, the one that was added first."""
        with self._lock:
            self._calls.append(call)
            self._planned = [(fault, seen + (fault.call in (call, "*"))) for fault, seen in self._planned]
            return next((f for f, seen in self._planned if f.call in (call, "*") and f.hits(seen)), None)

    @property
    def calls(self) -> tuple[str, ...]:
        """Every call since the start or the last `forget`, in order of arrival."""
        with self._lock:
            return tuple(self._calls)

    def forget(self) -> None:
        """Empty the record of calls; the faults stay."""
        with self._lock:
            self._calls.clear()
