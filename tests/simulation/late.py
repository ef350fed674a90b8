"""Plays in which one write arrives late, while sweeps come every few seconds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from tests.calls import WRITES
from tests.simulation.chance import MOST_LATE
from tests.simulation.fate import Call, Destiny, Fate, unavailable
from tests.simulation.plays import PLAYS, begun

_EVERY = 7.0
"""Seconds between two sweeps: whoever looks again too soon does so before the write has arrived."""


class Cell(NamedTuple):
    """One write that is late."""

    play: str
    call: str
    ordinal: int
    """It is the so-many-th call of this name."""
    late: float
    """By so many seconds."""


class Late(Destiny):
    """One call is given up by its caller, and arrives; all others work."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell

    def fate(self, call: Call) -> Fate:
        if (call.name, call.ordinal) != (self._cell.call, self._cell.ordinal):
            return Fate()
        error = unavailable(ambiguous=True)
        return Fate(effect=False, error=error, seconds=call.timeout, late=self._cell.late)


def cells() -> Iterator[Cell]:
    """All of them."""
    for play in ("upload", "worker", "silent"):
        for call in sorted(WRITES):
            for ordinal in range(1, 5):
                for late in (1.0, 10.0, MOST_LATE - 1):
                    yield Cell(play, call, ordinal, late)


def perform(cell: Cell) -> None:
    """The cell's play, with a sweep every few seconds. Raises Unlawful."""
    life, _ = begun(PLAYS[cell.play], Late(cell), f"{cell}")
    life.kernel.at(15.0, partial(life.sweeps, _EVERY))
    life.live(30.0)
    life.settle(exactly=True)
