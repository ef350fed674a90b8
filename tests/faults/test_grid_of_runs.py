"""Every call about runs with every fault, once, twice and always: each run counts once, or it is said why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest

from tests.calls import OF_RUNS
from tests.faults.grid import EmptyAnswerInjector, GridFaultPlan, TimedKernel, When
from tests.faults.table import FaultKind
from tests.faults.test_grid import GRID, INVOCATION_SECONDS
from tests.simulation.runs import RunInvariants, counted_wrongly, run_message
from tests.simulation.simulator import Simulation
from tests.simulation.world_model import JOB
from tests.tally import CountCase
from verifier.controller.runs.job_runs import JOBS, RUNS, name_of_job, parse_job
from verifier.services import Stored
from verifier.times import show_time

_CALLS = sorted({"jobs.observe", "jobs.describe", "jobs.listed", "store.create", "store.replace", "store.delete"})
_CELLS = [(call, fault) for call in _CALLS for fault in GRID]
_END = 4 * 3600.0
_SWEEP_EVERY = 240.0


@dataclass
class RunsCell:
    """One cell of the grid, played: five runs in three hours, and documents of runs that are to be deleted."""

    call: str
    fault: FaultKind
    when: When
    log: list[str] = field(default_factory=list)

    def play(self) -> Simulation:
        """Return the simulation at its end."""
        self.plan, self.kernel = GridFaultPlan(self.call, self.fault, self.when, {}), TimedKernel()

        def note(severity: str, message: str, **fields: object) -> None:
            self.log.append(f"{severity} {message} {fields}")

        simulation = Simulation(Random(7), self.plan, f"the cell {self}", self.kernel, note, watches=True)
        simulation.invariants.__class__ = RunInvariants
        simulation.injector.__class__ = EmptyAnswerInjector
        simulation.world.lasts = (60.0,)
        simulation.install()
        world, kernel = simulation.world, simulation.kernel
        for number in range(2):
            old = show_time(kernel.clock() + timedelta(hours=number))
            simulation.services.store.held[RUNS, f"old-{number}"] = Stored({"expires": old}, "1")
        for at, is_told in ((100.0, True), (200.0, False), (3_550.0, True), (4_000.0, True), (6_000.0, False)):
            kernel.at(at, lambda is_told=is_told: self._run(simulation, is_told=is_told))  # type: ignore[misc]
        kernel.at(60.0, lambda: simulation.sweeps(_SWEEP_EVERY))
        simulation.run(_END)
        assert len(world.runs) == 5
        return simulation

    def _run(self, simulation: Simulation, *, is_told: bool) -> None:
        run = simulation.world.start("", "")
        if is_told:
            delay = run.ended - simulation.kernel.seconds + 5.0
            simulation.pubsub.send("/executions", run_message(run.name), delay=delay)

    def is_in_time(self) -> bool:
        """Return whether each invocation ended in time."""
        return max(invocation.seconds for invocation in self.kernel.invocations) <= INVOCATION_SECONDS


@pytest.mark.parametrize(("call", "fault"), _CELLS)
@pytest.mark.parametrize("when", [When.FIRST, When.SECOND], ids=lambda when: when.value)
def test_a_fault_once_leaves_each_run_counted_once(when: When, call: str, fault: FaultKind, case: CountCase) -> None:
    case("cells of the grid of faults, about runs")
    cell = RunsCell(call, fault, when)
    simulation = cell.play()
    assert cell.plan.hits == 1
    assert counted_wrongly(simulation) == ""
    assert [name for collection, name in simulation.services.store.held if name.startswith("old-")] == []
    assert cell.is_in_time()


@pytest.mark.parametrize("fault", GRID)
@pytest.mark.parametrize("call", ["jobs.observe", "jobs.describe", "jobs.listed", "store.delete"])
def test_a_fault_that_never_ends_counts_what_can_be_counted_and_is_said(
    call: str, fault: FaultKind, case: CountCase
) -> None:
    case("cells of the grid of faults, about runs")
    cell = RunsCell(call, fault, When.ALWAYS)
    simulation = cell.play()
    job = parse_job(simulation.services.store.held[JOBS, name_of_job(JOB)].document)
    counted = sum(one.runs + one.apart for one in job.digests)
    assert cell.plan.hits > 0
    assert cell.is_in_time()
    is_missing = fault is FaultKind.ABSENT
    if call == "jobs.listed":
        assert (counted, bool(job.problem)) == (3, True)
        assert any(line.startswith("WARNING") and JOB.job in line for line in cell.log)
    elif call == "jobs.describe" and is_missing:
        assert (counted, bool(job.problem)) == (3, True)
    elif call == "jobs.observe":
        assert counted == 5, "a look needs no other call"
    else:
        assert counted_wrongly(simulation) == ""
    if call == "store.delete":
        assert any("old runs" in line for line in cell.log)


def test_every_call_that_is_about_runs_alone_is_in_this_grid_or_in_that_of_the_ties() -> None:
    assert OF_RUNS - set(_CALLS) == {"store.holders", "builds.created"}
