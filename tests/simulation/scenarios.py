"""Short scenarios in which nothing is left to chance, and every crash in them: alone, and in every ordered pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random
from typing import NamedTuple

from tests.simulation.fault_plan import CRASHES, CallOutcome, FaultPlan, ScriptedFaults, unavailable
from tests.simulation.invariants import UNREADABLE_ENTRY
from tests.simulation.push import UNKNOWN, UNKNOWN_BUILD, UNREADABLE
from tests.simulation.simulator import Simulation, SimulationFigures
from tests.simulation.world_model import GOOD

Scenario = Callable[[Simulation], None]
_LOST = CallOutcome(error=unavailable(ambiguous=True))
_TROUBLES: Mapping[str, Mapping[str, Mapping[int, CallOutcome]]] = {
    "unanswered": {"jobs.start": {1: _LOST}, "chat.post": {1: _LOST}}
}
"""What goes wrong in a scenario besides crashes: the outcomes of its calls, by name and ordinal."""
_SWEEP_AT = {"silent": 660.0, "superseded": 300.0, "unanswered": 60.0, "unknown": 930.0, "worker": 300.0}
"""When the sweep begins to come: when it is needed, for an idle one is dull to crash."""


def upload(simulation: Simulation) -> None:
    """Build uploaded files."""
    simulation.announce(simulation.world.build(1, 2.0, 10.0, ""))


def worker(simulation: Simulation) -> None:
    """Build a commit, run its worker, and send the event that the run has ended."""
    simulation.announce(simulation.world.build(1, 2.0, 10.0, GOOD))


def unanswered(simulation: Simulation) -> None:
    """Do the same, where Cloud Run starts it and Slack posts the message, and neither answers."""
    worker(simulation)


def silent(simulation: Simulation) -> None:
    """Build without a message about it."""
    simulation.world.build(1, 2.0, 10.0, "")


def superseded(simulation: Simulation) -> None:
    """Build a commit whose image is replaced by another build's before the worker runs."""
    simulation.announce(simulation.world.build(1, 2.0, 10.0, GOOD), delay=10.0)
    simulation.announce(simulation.world.build(2, 2.0, 15.0, ""))


def early(simulation: Simulation) -> None:
    """Send a message that says SUCCESS while the build goes on; the true one is lost."""
    made = simulation.world.build(1, 2.0, 70.0, "")
    simulation.announce(made, delay=-65.0)


def unknown(simulation: Simulation) -> None:
    """Send a message about a build that nobody ever made."""
    simulation.pubsub.send("/builds", UNKNOWN, UNKNOWN_BUILD, delay=5.0)


def unreadable(simulation: Simulation) -> None:
    """Send a message that can't be read."""
    simulation.pubsub.send("/builds", UNREADABLE, UNREADABLE_ENTRY, delay=5.0)


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (upload, worker, unanswered, superseded, silent, early, unknown, unreadable)
}


class ScriptedCrash(NamedTuple):
    """A process is killed at this call."""

    number: int
    kind: str


def run_scenario(scenario: Scenario, *crashes: ScriptedCrash) -> tuple[SimulationFigures, list[str]]:
    """Run the scenario with these crashes, until all has settled. Returns the names of the calls, too.

    Raises ViolationFound.
    """
    outcomes: Mapping[int, CallOutcome] = {crash.number: CRASHES[crash.kind] for crash in crashes}
    named = " ".join(f"{crash.number}:{crash.kind}" for crash in crashes)
    plan = ScriptedFaults(outcomes, _TROUBLES.get(scenario.__name__, {}))
    simulation, before = started(scenario, plan, f"perform({scenario.__name__}, {named})")
    simulation.kernel.at(_SWEEP_AT.get(scenario.__name__, 120.0), simulation.sweeps)
    simulation.run(30.0)
    figures = simulation.settle(exactly=True)
    return figures, [call.name for call in simulation.injector.calls[before:]]


def started(scenario: Scenario, plan: FaultPlan, name: str) -> tuple[Simulation, int]:
    """Return a simulation in which this scenario begins, and the number of calls that its installation took."""
    simulation = Simulation(Random(1), plan, name)
    simulation.install()
    before = len(simulation.injector.calls)
    scenario(simulation)
    return simulation, before


@cache
def first_call() -> int:
    """Return the number of the first call of a scenario: those before it are the installation's."""
    simulation = Simulation(Random(1), ScriptedFaults(), "the installation")
    simulation.install()
    return len(simulation.injector.calls) + 1


def single_crashes(scenario: Scenario) -> Iterator[ScriptedCrash]:
    """Yield every crash point of a scenario."""
    begin = first_call()
    _, names = run_scenario(scenario)
    for number in range(begin, begin + len(names)):
        for kind in CRASHES:
            yield ScriptedCrash(number, kind)


def followers(scenario: Scenario, first: ScriptedCrash) -> list[ScriptedCrash]:
    """Return every crash that can follow this one. Raises ViolationFound when this one alone breaks an invariant."""
    _, names = run_scenario(scenario, first)
    return [
        ScriptedCrash(number, kind) for number in range(first.number + 1, first_call() + len(names)) for kind in CRASHES
    ]


def pairs(scenario: Scenario) -> Iterator[tuple[ScriptedCrash, ScriptedCrash]]:
    """Yield every ordered pair of crash points of a scenario."""
    for first in single_crashes(scenario):
        for second in followers(scenario, first):
            yield first, second
