"""Runs seeds: `python -m tests.simulation --seeds 1000`, or one with what happened in it: `--seed 17`."""

from __future__ import annotations

import argparse
import sys
from multiprocessing import Pool
from time import perf_counter

from tests.simulation.life import Figures, Unlawful, play


def _tried(seed: int) -> tuple[int, Figures | str]:
    try:
        return seed, play(seed)
    except Unlawful as unlawful:
        return seed, str(unlawful)


def main() -> int:
    """Run the seeds that were asked for. 1 when a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one and print what happened")
    parser.add_argument("--seeds", type=int, default=1000, help="run so many")
    parser.add_argument("--first", type=int, default=1, help="beginning with this one")
    parser.add_argument("--processes", type=int, default=2, help="so many at a time")
    wanted = parser.parse_args()
    if wanted.seed is not None:
        print(play(wanted.seed))
        return 0
    begun, held, broken, end = perf_counter(), [], [], wanted.first + wanted.seeds
    with Pool(wanted.processes) as pool:
        for seed, outcome in pool.imap_unordered(_tried, range(wanted.first, end), chunksize=20):
            if isinstance(outcome, str):
                broken.append(seed)
                if len(broken) <= 3:
                    print(f"seed {seed}: {outcome}\n")
            else:
                held.append(outcome)
    seconds = perf_counter() - begun
    print(f"seeds {wanted.first} to {end - 1}: {len(held)} held, {len(broken)} broken {broken[:20]}")
    total = [sum(column) for column in zip(*held, strict=True)] if held else [0] * len(Figures._fields)
    print(", ".join(f"{value:g} {name}" for name, value in zip(Figures._fields, total, strict=True)))
    print(f"{seconds:.1f} s, {wanted.seeds / seconds:.0f} seeds/s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
