"""Runs the simulation.

`python -m tests.simulation --seeds 1000` runs so many seeds, `--seed 17` shows one, `--pairs` tries every ordered
pair of crashes of every scenario.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from multiprocessing import Pool
from time import perf_counter
from typing import Any

from tests.simulation.scenarios import SCENARIOS, ScriptedCrash, pairs, run_scenario
from tests.simulation.simulator import SimulationFigures, ViolationFound, run_seed
from tests.tally import line

_SHOWN = 3
_CHUNKS_A_PROCESS = 20
"""What is killed in the midst of a call leaves its stack behind: a process is replaced before they add up."""


def _seed(seed: int) -> SimulationFigures | str:
    return _outcome(partial(run_seed, seed))


def _pair(named: tuple[str, tuple[ScriptedCrash, ScriptedCrash]]) -> SimulationFigures | str:
    name, crashes = named
    return _outcome(lambda: run_scenario(SCENARIOS[name], *crashes)[0])


def _outcome(run: Callable[[], SimulationFigures]) -> SimulationFigures | str:
    try:
        return run()
    except ViolationFound as violation:
        return str(violation)


def _try_all(what: str, one: Callable[[Any], SimulationFigures | str], every: Iterable[Any], processes: int) -> int:
    """Run all of them and print what came of it. Returns how many broke an invariant."""
    begun, broken, held = perf_counter(), 0, 0
    total = [0.0] * len(SimulationFigures._fields)
    with Pool(processes, maxtasksperchild=_CHUNKS_A_PROCESS) as pool:
        for outcome in pool.imap_unordered(one, every, chunksize=50):
            if isinstance(outcome, str):
                broken += 1
                if broken <= _SHOWN:
                    print(outcome, end="\n\n")
            else:
                held += 1
                total = [sum(pair) for pair in zip(total, outcome, strict=True)]
    seconds = perf_counter() - begun
    print("  " + ", ".join(f"{value:.0f} {name}" for name, value in zip(SimulationFigures._fields, total, strict=True)))
    print(line(what, held + broken, held, f"; {seconds:.1f} s, {held / seconds:.0f} a second"))
    return broken


def main() -> int:
    """Run what was asked for. Returns 1 when an invariant was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one, and print what happened")
    parser.add_argument("--seeds", type=int, default=1000, help="run so many (default 1000)")
    parser.add_argument("--first", type=int, default=1, help="beginning with this one (default 1)")
    parser.add_argument("--pairs", action="store_true", help="try every ordered pair of crashes instead")
    parser.add_argument("--processes", type=int, default=2, help="so many at a time (default 2)")
    wanted = parser.parse_args()
    if wanted.seed is not None:
        print(run_seed(wanted.seed))
        return 0
    if wanted.pairs:
        every = chain.from_iterable(((name, pair) for pair in pairs(one)) for name, one in SCENARIOS.items())
        return int(_try_all("ordered pairs of crashes", _pair, every, wanted.processes) > 0)
    end = wanted.first + wanted.seeds
    return int(_try_all(f"seeds {wanted.first} to {end - 1}", _seed, range(wanted.first, end), wanted.processes) > 0)


if __name__ == "__main__":
    sys.exit(main())
