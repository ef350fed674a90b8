"""Runs in a simulation: each is counted once, whatever becomes of messages, calls and processes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.conftest import FIRST_FRESH_SEED
from tests.simulation.mutants.planting import put
from tests.simulation.runs import run_seed_of_runs
from tests.simulation.simulator import Simulation, ViolationFound
from tests.tally import CountCases
from verifier.checks import run_count
from verifier.controller.runs import look, observe

_KNOWN = range(1, 17)
_FRESH = range(FIRST_FRESH_SEED, FIRST_FRESH_SEED + 8)
_ASKED = {"jobs.observe", "jobs.describe", "jobs.listed", "store.read", "store.create", "store.replace", "store.due"}


def test_each_run_is_counted_once_in_the_known_seeds_which_meet_trouble_at_every_call(tally: CountCases) -> None:
    met: set[str] = set()
    runs = 0
    for seed in tally("known seeds with runs", _KNOWN):
        simulation = run_seed_of_runs(seed)
        runs += len(simulation.world.runs)
        met |= {call for _, _, call, outcome in simulation.injector.trace if outcome.trouble}
    assert met >= _ASKED
    assert runs > 300


def test_each_run_is_counted_once_in_fresh_seeds(tally: CountCases) -> None:
    for seed in tally("fresh seeds with runs", _FRESH):
        run_seed_of_runs(seed)


def a_run_is_counted_whether_it_is_known_or_not(stack: ExitStack) -> None:
    for module in (run_count, observe, look):
        put(stack, module, "is_recent", lambda *_: False)


def a_look_passes_what_has_not_ended(stack: ExitStack) -> None:
    put(stack, look, "with_open", lambda job, _: job)


def a_look_does_not_reach_back(stack: ExitStack) -> None:
    put(stack, run_count, "OVERLAP", -run_count.OVERLAP)


@pytest.mark.parametrize(
    "plant",
    [
        a_run_is_counted_whether_it_is_known_or_not,
        a_look_passes_what_has_not_ended,
        a_look_does_not_reach_back,
    ],
)
def test_a_planted_bug_is_found(plant: Callable[[ExitStack], None]) -> None:
    with ExitStack() as stack:
        plant(stack)
        with pytest.raises(ViolationFound):
            _some_seeds()


def _some_seeds() -> None:
    for seed in range(1, 30):
        run_seed_of_runs(seed)


def test_without_faults_an_observed_run_takes_one_call_to_cloud_run() -> None:
    seen: list[Simulation] = []
    for seed in range(1, 60):
        simulation = run_seed_of_runs(seed, seen.append) if not seen else seen[0]
        if not any(outcome.error for *_, outcome in simulation.injector.trace):
            break
        seen.clear()
    processes: dict[str, list[str]] = {}
    for _, process, call, _ in seen[0].injector.trace:
        if process.startswith("/executions"):
            processes.setdefault(process, []).append(call)
    assert processes
    assert all(calls.count("jobs.observe") <= 1 for calls in processes.values())
