"""Several lives of the function that share the work, as instances do; whoever dies is replaced at once."""

from __future__ import annotations

import selectors
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from tests.crashes.nursery import Life

THREADS = 4
"""Deliveries that one life has in hand at once."""
_PATIENCE_SECONDS = 120.0


class Delivery(NamedTuple):
    """A push."""

    path: str
    body: bytes


@dataclass
class Tally:
    """What the crew did."""

    deliveries: int = 0
    calls: int = 0
    """Those of deliveries that were answered."""
    deaths: int = 0
    faults: Counter[str] = field(default_factory=Counter)


@dataclass
class Crew:
    """The lives, and what each has in hand."""

    born: Callable[[], Life]
    tally: Tally
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _in_hand: dict[Life, set[int]] = field(default_factory=dict)

    def hire(self) -> None:
        """One life more."""
        life = self.born()
        self._in_hand[life] = set()
        self._selector.register(life, selectors.EVENT_READ)

    def work(self, now: datetime, deliveries: Sequence[Delivery]) -> set[int]:
        """Do all of these, at this moment of virtual time. Answers with the places of those that were acknowledged."""
        waiting, acknowledged = deque(range(len(deliveries))), set[int]()
        self.tally.deliveries += len(deliveries)
        while waiting or any(self._in_hand.values()):
            for life, in_hand in self._in_hand.items():
                while waiting and len(in_hand) < THREADS:
                    number = waiting.popleft()
                    life.hand(number, now, *deliveries[number])
                    in_hand.add(number)
            ready = self._selector.select(_PATIENCE_SECONDS)
            assert ready, "no life has answered for minutes"
            for key, _ in ready:
                answer = self._heard(key.fileobj)
                if answer and answer["status"] in (200, 204):
                    acknowledged.add(answer["number"])
        return acknowledged

    def _heard(self, life: Any) -> Mapping[str, Any] | None:
        answer: Mapping[str, Any] | None = life.answer()
        assert answer is not None, "a process ended that nobody killed"
        if "died" in answer:
            self.tally.deaths += 1
            self._dismiss(life)
            self.hire()
            return None
        self._in_hand[life].discard(answer["number"])
        self.tally.calls += answer["calls"]
        self.tally.faults.update(answer["faults"])
        return answer

    def _dismiss(self, life: Life) -> None:
        self._selector.unregister(life)
        del self._in_hand[life]
        life.end()

    def end(self) -> None:
        """Let all of them go."""
        for life in [*self._in_hand]:
            self._dismiss(life)
        self._selector.close()


@contextmanager
def a_crew(born: Callable[[], Life], tally: Tally, size: int) -> Iterator[Crew]:
    """So many lives, until the block ends."""
    crew = Crew(born, tally)
    try:
        for _ in range(size):
            crew.hire()
        yield crew
    finally:
        crew.end()
