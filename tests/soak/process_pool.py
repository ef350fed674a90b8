"""Several processes of the function that share the work, as instances do; one that is killed is replaced at once."""

from __future__ import annotations

import selectors
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from tests.busy import LONG_SECONDS
from tests.crashes.processes import FunctionProcess

THREADS = 4
"""Deliveries that one process has in hand at once."""


class Delivery(NamedTuple):
    """A push."""

    path: str
    body: bytes


@dataclass
class LoadStatistics:
    """What the processes did."""

    deliveries: int = 0
    calls: int = 0
    """Those of deliveries that were answered."""
    crashes: int = 0
    faults: Counter[str] = field(default_factory=Counter)


@dataclass
class ProcessPool:
    """The processes, and what each has in hand."""

    start: Callable[[], FunctionProcess]
    statistics: LoadStatistics
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _in_hand: dict[FunctionProcess, set[int]] = field(default_factory=dict)

    def start_process(self) -> None:
        """Start one process more."""
        process = self.start()
        self._in_hand[process] = set()
        self._selector.register(process, selectors.EVENT_READ)

    def deliver_all(self, now: datetime, deliveries: Sequence[Delivery]) -> set[int]:
        """Deliver all of these, at this moment of virtual time. Returns the positions of the acknowledged ones."""
        waiting, acknowledged = deque(range(len(deliveries))), set[int]()
        self.statistics.deliveries += len(deliveries)
        while waiting or any(self._in_hand.values()):
            for process, in_hand in self._in_hand.items():
                while waiting and len(in_hand) < THREADS:
                    number = waiting.popleft()
                    process.hand(number, now, *deliveries[number])
                    in_hand.add(number)
            ready = self._selector.select(LONG_SECONDS)
            assert ready, "no process has answered for minutes"
            for key, _ in ready:
                answer = self._received(key.fileobj)
                if answer and answer["status"] in (200, 204):
                    acknowledged.add(answer["number"])
        return acknowledged

    def _received(self, process: Any) -> Mapping[str, Any] | None:
        answer: Mapping[str, Any] | None = process.answer()
        assert answer is not None, "a process ended that nobody killed"
        if "killed_at" in answer:
            self.statistics.crashes += 1
            self._stop_process(process)
            self.start_process()
            return None
        self._in_hand[process].discard(answer["number"])
        self.statistics.calls += answer["calls"]
        self.statistics.faults.update(answer["faults"])
        return answer

    def _stop_process(self, process: FunctionProcess) -> None:
        self._selector.unregister(process)
        del self._in_hand[process]
        process.end()

    def end(self) -> None:
        """End all of them."""
        for process in [*self._in_hand]:
            self._stop_process(process)
        self._selector.close()


@contextmanager
def a_process_pool(
    start: Callable[[], FunctionProcess], statistics: LoadStatistics, size: int
) -> Iterator[ProcessPool]:
    """Yield so many processes, until the block ends."""
    pool = ProcessPool(start, statistics)
    try:
        for _ in range(size):
            pool.start_process()
        yield pool
    finally:
        pool.end()
