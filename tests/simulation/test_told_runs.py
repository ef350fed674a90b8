"""Some seeds of builds that run: the first ones always, and some that nobody has tried before."""

from __future__ import annotations

from tests.conftest import FIRST_FRESH_SEED
from tests.simulation.simulator import Simulation
from tests.simulation.told_runs import run_seed_of_told_runs
from tests.tally import CountCases

_KNOWN = range(1, 101)
_FRESH = range(FIRST_FRESH_SEED, FIRST_FRESH_SEED + 30)
_TELLING = {"store.holders", "builds.created", "audit.write", "chat.edit", "chat.post"}


def test_the_known_seeds_tell_what_ran_once_and_make_every_call_of_telling(tally: CountCases) -> None:
    made: set[str] = set()
    simulations: list[Simulation] = []
    for seed in tally("known seeds of builds that run", _KNOWN):
        run_seed_of_told_runs(seed, watch=simulations.append)
        made |= {call for _, _, call, outcome in simulations.pop().injector.trace if outcome.trouble}
    assert made >= _TELLING


def test_fresh_seeds_tell_what_ran_once(tally: CountCases) -> None:
    for seed in tally("fresh seeds of builds that run", _FRESH):
        run_seed_of_told_runs(seed)
