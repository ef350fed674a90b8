"""Scenarios in which one write arrives late, while sweeps come every few seconds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from tests.calls import WRITES
from tests.simulation.fault_plan import Call, CallOutcome, FaultPlan, unavailable
from tests.simulation.random_faults import MOST_LATE
from tests.simulation.scenarios import SCENARIOS, started

_EVERY = 7.0
"""Seconds between two sweeps: whoever looks again too soon does so before the write has arrived."""


class LateWrite(NamedTuple):
    """One write that is late."""

    scenario: str
    call: str
    ordinal: int
    """It is the so-many-th call of this name."""
    late: float
    """By so many seconds."""


class LateWritePlan(FaultPlan):
    """One call is given up by its caller, and arrives; all others work."""

    def __init__(self, write: LateWrite) -> None:
        self._write = write

    def outcome(self, call: Call) -> CallOutcome:
        if (call.name, call.ordinal) != (self._write.call, self._write.ordinal):
            return CallOutcome()
        error = unavailable(ambiguous=True)
        return CallOutcome(effect=False, error=error, seconds=call.timeout, late=self._write.late)


def late_writes() -> Iterator[LateWrite]:
    """Yield all of them."""
    for scenario in ("upload", "worker", "silent"):
        for call in sorted(WRITES):
            for ordinal in range(1, 5):
                for late in (1.0, 10.0, MOST_LATE - 1):
                    yield LateWrite(scenario, call, ordinal, late)


def run_late_write(write: LateWrite) -> None:
    """Run the write's scenario, with a sweep every few seconds. Raises ViolationFound."""
    simulation, _ = started(SCENARIOS[write.scenario], LateWritePlan(write), f"{write}")
    simulation.kernel.at(15.0, partial(simulation.sweeps, _EVERY))
    simulation.run(30.0)
    simulation.settle(exactly=True)
