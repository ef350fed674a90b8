"""Seeds of what was deployed and is watched: whatever happens, runs count once, and people are told what is so."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.conftest import FIRST_FRESH_SEED
from tests.simulation.simulator import Simulation
from tests.simulation.watches import run_seed_of_watches
from tests.tally import CountCases
from verifier.checks.watch.watching import WatchOutcome

# What a killed process was in the midst of is closed by the collector, in another process's time, and writes nothing.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

_KNOWN = range(1, 33)
_FRESH = range(FIRST_FRESH_SEED, FIRST_FRESH_SEED + 10)
_MANY = int(os.environ.get("SEEDS", "100000")) // 100
"""Of `make soak`: such a seed is a day, and takes as long as many of the others."""
_MEETING = {"logs.read", "audit.write", "chat.post", "store.read", "store.create", "store.replace", "store.due"}
_TOLD = {"once", "regressed", "checkpoint", "recovered", "watch-ended"}
_STATES = {"new", "first-seen", "known", "back"}


def test_the_known_seeds_watch_rightly_and_come_to_everything_that_there_is(tally: CountCases) -> None:
    met, told, states, outcomes = set[str](), Counter[str](), Counter[str](), Counter[WatchOutcome]()
    simulations: list[Simulation] = []
    for seed in tally("known seeds with watches", _KNOWN):
        oracle = run_seed_of_watches(seed, watch=simulations.append)
        met |= {call for _, _, call, outcome in simulations.pop().injector.trace if outcome.trouble}
        told.update(item["kind"] for seen in oracle.watches.values() for item in seen.decided)
        states.update(state for seen in oracle.watches.values() for _, state, _, _ in seen.states)
        outcomes.update(oracle.outcomes())
    assert met >= _MEETING
    assert told.keys() == _TOLD
    assert states.keys() == _STATES
    assert outcomes.keys() >= {*WatchOutcome} - {WatchOutcome.NOT_RUN}


def test_fresh_seeds_watch_rightly(tally: CountCases) -> None:
    for seed in tally("fresh seeds with watches", _FRESH):
        run_seed_of_watches(seed)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_many_seeds_watch_rightly(tally: CountCases) -> None:
    for seed in tally("seeds with watches", range(1, _MANY + 1)):
        run_seed_of_watches(seed)
