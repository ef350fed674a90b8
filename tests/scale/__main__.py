"""`make scale`: plays each goal in the model and prints the table. Exits 1 where a goal is missed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator

from tests.scale import cost, fairness, listing, outage, runs, slack, throughput
from tests.scale.effort import FULL, TINY, Size
from tests.scale.goals import DOCUMENTED, GoalRow, sum_of, table

PARTS: dict[str, Callable[[Size], Iterator[GoalRow]]] = {
    "listing": listing.measure,
    "throughput": throughput.measure,
    "outage": outage.measure,
    "fairness": fairness.measure,
    "slack": slack.measure,
    "runs": runs.measure,
    "cost": cost.measure,
}


def main() -> int:
    """Play what is asked for; return 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.scale", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="one part instead of all")
    parser.add_argument("--tiny", action="store_true", help="see that it runs, in seconds; the goals are played small")
    chosen = parser.parse_args()
    rows: list[GoalRow] = []
    for name in [chosen.only] if chosen.only else PARTS:
        began = time.monotonic()
        rows += PARTS[name](TINY if chosen.tiny else FULL)
        print(f"played {name} in {time.monotonic() - began:.0f} s", flush=True)
    print(f"\n{table(rows)}\n\n{DOCUMENTED}\n{sum_of(rows)}")
    return 0 if all(row.is_met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
