"""Some seeds of the simulation: the first ones always, and as many that nobody has tried before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.calls import OF_RUNS
from tests.conftest import FIRST_FRESH_SEED
from tests.simulation.random_faults import EVERY_TROUBLE
from tests.simulation.simulator import Simulation, run_seed
from tests.tally import CountCases

# What a killed process was in the midst of is closed by the collector, in another process's time, and writes nothing.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

_ROOT = Path(__file__).parents[2]
_AT_ONCE = 75
_KNOWN = range(1, 441)
_FRESH = range(FIRST_FRESH_SEED, FIRST_FRESH_SEED + 150, _AT_ONCE)


def test_the_known_seeds_break_no_invariant_and_meet_every_trouble_at_every_call(tally: CountCases) -> None:
    met: set[tuple[str, str]] = set()
    simulations: list[Simulation] = []
    for seed in tally("known seeds", _KNOWN):
        run_seed(seed, watch=simulations.append)
        met |= {(call, outcome.trouble) for _, _, call, outcome in simulations.pop().injector.trace}
    of_builds = {(call, trouble) for trouble, calls in EVERY_TROUBLE.items() for call in calls - OF_RUNS}
    assert of_builds - met == set()


@pytest.mark.parametrize("first", _FRESH)
def test_no_seed_breaks_an_invariant(first: int, tally: CountCases) -> None:
    for seed in tally("fresh seeds", range(first, first + _AT_ONCE)):
        run_seed(seed)


def test_a_seed_runs_the_same_way_every_time_whatever_the_hashes() -> None:
    told = set()
    for hashes in ("1", "2"):
        program = "from tests.simulation.test_seeds import trace; print(trace(523))"
        ran = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": hashes},
            cwd=_ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        told.add(ran.stdout)
    assert len(told) == 1
    assert len(told.pop()) > 10_000


def trace(seed: int) -> str:
    """Return everything that is called in one seed, and what becomes of it."""
    simulations: list[Simulation] = []
    run_seed(seed, watch=simulations.append)
    return "\n".join(map(repr, simulations[0].injector.trace))
