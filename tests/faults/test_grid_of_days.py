"""The sweep that says the line of a day, with a fault at each of its calls: it is said once, and about the same day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time, timedelta
from random import Random

import pytest

from tests.faults.grid import EmptyAnswerInjector, GridFaultPlan, TimedKernel, When
from tests.faults.table import FaultKind
from tests.faults.test_grid import GRID, INVOCATION_SECONDS
from tests.simulation.fault_plan import WORKS, Call, CallOutcome
from tests.simulation.simulator import Simulation
from tests.tally import CountCase
from verifier.checks.day import Daily
from verifier.controller.ledger import BUILDS
from verifier.services import Stored
from verifier.times import show_time

DUE = 1800.0
"""When the line is due, in seconds from the beginning."""
END = 2 * 3600.0
KEY = "daily/2026-11-22"
CALLS = {"store.read": 10, "store.due": 20, "store.create": 2, "store.replace": 4, "chat.post": 1}
"""So many of each there are in the sweep that says the line, and in what follows from it, at the least."""


@dataclass
class DayFaultPlan(GridFaultPlan):
    """From when the line is due on, so many calls of this name work, the next one has this fault, all else works."""

    after: int = 0
    kernel: TimedKernel | None = None

    def outcome(self, call: Call) -> CallOutcome:
        """Return what becomes of this call."""
        if call.name != self.call or self.kernel is None or self.kernel.seconds < DUE:
            return WORKS
        self._seen[call.name] += 1
        if self._seen[call.name] != self.after + 1:
            return WORKS
        self.hits += 1
        return self._fault(call)


def played(call: str, fault: FaultKind, after: int = 0) -> tuple[Simulation, DayFaultPlan, TimedKernel]:
    """Return a simulation in which a line became due, at its end."""
    kernel = TimedKernel()
    plan = DayFaultPlan(call, fault, When.FIRST, {}, after=after, kernel=kernel)
    name = f"the day's cell {call} × {fault} × {after}"
    simulation = Simulation(Random(7), plan, name, kernel, lambda *_, **__: None)
    simulation.injector.__class__ = EmptyAnswerInjector
    old = show_time(kernel.clock() - timedelta(days=9))
    simulation.services.store.held[BUILDS, "old"] = Stored(
        {"created": old, "state": "done", "cut_due": None, "queue": None, "due": None}, "1"
    )
    due = (kernel.clock() + timedelta(seconds=DUE)).time()
    assert due == time(2, 30)
    entry, before = simulation.pubsub.entry_point, simulation.deployment
    wants_a_line = replace(before, policy=replace(before.policy, daily=Daily(due)))
    simulation.pubsub.entry_point = replace(entry, deployment=wants_a_line)
    simulation.install()
    kernel.at(60.0, lambda: simulation.sweeps(240.0))
    simulation.run(END)
    return simulation, plan, kernel


def told(simulation: Simulation) -> list[str]:
    return [key for _, _, key in simulation.world.messages]


def kinds(simulation: Simulation) -> list[str]:
    return [labels["kind"] for labels, _ in simulation.world.audit.values()]


@pytest.mark.parametrize("fault", GRID)
@pytest.mark.parametrize("call", CALLS)
def test_a_fault_at_any_call_leaves_the_line_said_once(call: str, fault: FaultKind, case: CountCase) -> None:
    for after in range(0, CALLS[call], 1 if CALLS[call] < 5 else 3):
        case("cells of the grid of faults, about days")
        simulation, plan, kernel = played(call, fault, after)
        assert plan.hits == 1
        is_refused = call == "chat.post" and fault in (FaultKind.FORBIDDEN, FaultKind.ABSENT)
        assert told(simulation) == ([] if is_refused else [KEY]), (call, fault, after)
        assert kinds(simulation) == (["undelivered"] if is_refused else [])
        assert max(invocation.seconds for invocation in kernel.invocations) <= INVOCATION_SECONDS
