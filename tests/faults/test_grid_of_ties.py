"""The calls that tie and tell what runs, with every fault: once changes nothing, and always keeps nobody's verdict."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest

from tests.faults.grid import EmptyAnswerInjector, GridFaultPlan, TimedKernel, When
from tests.faults.table import FaultKind
from tests.faults.test_grid import GRID, INVOCATION_SECONDS
from tests.simulation.runs import run_message
from tests.simulation.simulator import Simulation
from tests.simulation.told_runs import heard, watched_job
from tests.simulation.world_model import ModelBuild
from tests.tally import CountCase
from verifier.checks.job_runs import Tie

_CALLS = ("store.holders", "builds.created", "audit.write", "chat.edit")
_CELLS = [(call, fault) for call in _CALLS for fault in GRID]
_END = 2 * 3600.0


@dataclass
class TiesCell:
    """One cell, played: an upload of before runs, then one that is announced, then the one of before again."""

    call: str
    fault: FaultKind
    when: When

    def play(self) -> Simulation:
        """Return the simulation at its end."""
        self.plan, self.kernel = GridFaultPlan(self.call, self.fault, self.when, {}), TimedKernel()
        simulation = Simulation(
            Random(7), self.plan, f"the cell {self}", self.kernel, log=lambda *_, **__: None, watches=True
        )
        simulation.injector.__class__ = EmptyAnswerInjector
        world, kernel = simulation.world, simulation.kernel
        world.lasts = (5.0,)
        before = world.build(1, 1.0, 2.0, "")
        kernel.run(10.0)
        simulation.install()
        announced = world.build(2, 400.0, 460.0, "")
        simulation.announce(announced)
        for at in (60.0, 600.0, 1_500.0, 2_400.0):
            kernel.at(at, lambda: self._run(simulation))
        for at in (1_400.0, 2_300.0):
            digest = before.digest if at < 2_000 else announced.digest
            kernel.at(at, lambda digest=digest: setattr(world, "tag", digest))  # type: ignore[misc]
        kernel.at(70.0, simulation.sweeps)
        simulation.run(_END)
        del world.builds[before.key]  # nobody is to judge it
        self.announced = announced
        return simulation

    def _run(self, simulation: Simulation) -> None:
        run = simulation.world.start("", "")
        delay = run.ended - simulation.kernel.seconds + 5.0
        simulation.pubsub.send("/executions", run_message(run.name), delay=delay)

    def assert_judged(self, simulation: Simulation, made: ModelBuild) -> None:
        """Assert that the build is judged, whatever became of its runs, and that each invocation ended in time."""
        record = simulation.invariants.records[made.key.name]
        assert record["judgement"]["verdict"] == "LOCAL_SOURCE"
        assert max(invocation.seconds for invocation in self.kernel.invocations) <= INVOCATION_SECONDS


@pytest.mark.parametrize(("call", "fault"), _CELLS)
@pytest.mark.parametrize("when", [When.FIRST, When.SECOND], ids=lambda when: when.value)
def test_a_fault_once_changes_nothing_that_is_told_of_runs(
    when: When, call: str, fault: FaultKind, case: CountCase
) -> None:
    case("cells of the grid of faults, about ties")
    cell = TiesCell(call, fault, when)
    simulation = cell.play()
    cell.assert_judged(simulation, cell.announced)
    assert cell.plan.hits == 1 or (call == "builds.created" and when is When.SECOND)
    assert sorted(heard(simulation).values()) == [["begun", "ceased", "begun"], ["begun", "ceased", "begun", "ceased"]]
    job = watched_job(simulation)
    assert [runs.tie for runs in job.digests] == [Tie.BUILD, Tie.BUILD]
    notes = [note for note in simulation.invariants.records[cell.announced.key.name]["notes"] if note["kind"] == "runs"]
    assert [note.get("until") for note in notes] == [None]


@pytest.mark.parametrize("fault", GRID)
@pytest.mark.parametrize("call", _CALLS)
def test_a_fault_that_never_ends_keeps_no_verdict_and_says_nothing_that_is_not_so(
    call: str, fault: FaultKind, case: CountCase
) -> None:
    case("cells of the grid of faults, about ties")
    cell = TiesCell(call, fault, When.ALWAYS)
    simulation = cell.play()
    assert cell.plan.hits > 0
    if call != "audit.write":
        cell.assert_judged(simulation, cell.announced)
    ties = {runs.digest: runs.tie for runs in watched_job(simulation).digests}
    if call == "store.holders":
        assert set(ties.values()) == {Tie.OPEN}
        assert heard(simulation) == {}
    elif call == "builds.created":
        assert ties[cell.announced.digest] is Tie.BUILD
        assert Tie.NONE not in ties.values(), "nobody knows before the builds of before are listed"
