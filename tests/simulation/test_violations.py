"""What goes wrong is told with the seed that shows it, whatever becomes of the exception that said so first."""

from __future__ import annotations

from random import Random
from unittest.mock import patch

import pytest

from tests.simulation.fault_plan import NoFaults, unavailable
from tests.simulation.invariants import InvariantBroken
from tests.simulation.mutants import MUTANTS
from tests.simulation.simulator import Simulation, ViolationFound, run_seed
from tests.simulation.world_model import WorldModel
from verifier.controller import sweep


def test_a_broken_invariant_stays_broken_when_another_exception_takes_its_place() -> None:
    simulation = Simulation(Random(1), NoFaults(), "the name of it")
    simulation.install()

    def swallowed(*_: object) -> int:
        try:
            simulation.invariants.acknowledged(simulation.kernel.process(), "/builds", "a build that nobody knows")
        except InvariantBroken:
            raise unavailable() from None
        return 0

    simulation.kernel.at(60.0, simulation.sweeps)
    with patch.object(sweep, "enrol", swallowed), pytest.raises(ViolationFound) as raised:
        simulation.run(100.0)
    first, second, *_ = str(raised.value).splitlines()
    assert first == "a message about a build that nobody knows was acknowledged, and nothing was written"
    assert second == "To see it again: the name of it"


def test_a_broken_invariant_says_which_seed_shows_it() -> None:
    lease = MUTANTS["lease shorter than the call"]
    with lease.planted(), pytest.raises(ViolationFound, match=r"python -m tests\.simulation --seed 1\n"):
        run_seed(1)


def test_whatever_else_goes_wrong_says_which_seed_shows_it() -> None:
    with (
        patch.object(WorldModel, "build", lambda *_: 1 / 0),
        pytest.raises(ViolationFound, match=r"ZeroDiv.*\n.* --seed 7$"),
    ):
        run_seed(7)
