"""Every planted bug breaks the invariant that is there for it, in a seed or a situation that the honest code passes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import pytest

from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.mutants.planting import Situation
from tests.simulation.simulator import ViolationFound, run_seed
from tests.tally import CountCase

# What a killed process was in the midst of is closed by the collector, in another process's time, and writes nothing.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

_MOST_SEEDS = 300


def situations(mutant: Mutant) -> Iterator[Situation]:
    if mutant.situation:
        yield mutant.situation
    else:
        yield from (partial(mutant.seeds or run_seed, seed) for seed in range(1, _MOST_SEEDS))


def broken_in(situation: Situation, mutant: Mutant) -> str:
    """Return what is said of the invariant that the bug breaks here; empty: it breaks none."""
    try:
        with mutant.planted():
            situation()
    except ViolationFound as violation:
        return str(violation).partition("\n")[0]
    return ""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_breaks_the_invariant_that_is_there_for_it(name: str, case: CountCase) -> None:
    case("planted bugs, held when caught")
    mutant, broken = MUTANTS[name], set[str]()
    for situation in situations(mutant):
        invariant = broken_in(situation, mutant)
        broken.add(invariant)
        if re.search(mutant.invariant, invariant):
            situation()
            return
    pytest.fail(f"{name} did not break {mutant.invariant!r}, but {sorted(broken)}")
