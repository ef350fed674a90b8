"""`make mutants`: change the code in every small way, and tell which changes no test notices.

Exit 0 if at least 90 % of the mutants were killed, 1 if fewer, 2 if tests fail without any change.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence

from tests.mutation import trial
from tests.mutation.mutants import Excluded, mutants_of, unchanged
from tests.mutation.scope import modules, stages
from tests.mutation.score import LEAST, scores, table
from tests.mutation.trial import Fate, Result, Trial

_LONG = 600


def main() -> int:
    """Run every mutant of the modules asked for, print what survived and the score."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="MODULE", help="a module or a package (default: all)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many at a time")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth mutant, for an estimate")
    asked = parser.parse_args()
    try:
        chosen = modules(asked.only)
    except ValueError as error:
        parser.error(str(error))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left running
    trial.prepare()
    results: list[Result] = []
    left = Counter[Excluded]()
    took: dict[str, float] = {}
    for module in chosen:
        tests = stages(module)
        for stage in tests:
            if _words(stage) not in took:
                (asis,) = trial.run([Trial(unchanged(module), [stage], _LONG)], 1)
                if asis.fate is not Fate.SURVIVED:
                    print(f"without any change, these tests fail: {_words(stage)}", file=sys.stderr)
                    return 2
                took[_words(stage)] = asis.seconds
        mutants = mutants_of(module)
        left.update(mutant.excluded for mutant in mutants if mutant.excluded)
        tried = [mutant for mutant in mutants if not mutant.excluded][:: asked.every]
        chances = trial.of(tried, tests, sum(took[_words(stage)] for stage in tests))
        for result in trial.run(chances, asked.processes):
            results.append(result)
            if result.fate is Fate.SURVIVED:
                print(result.trial.mutant.shown(), flush=True)
    text, whole = table(scores(results), left)
    print(f"\n{text}", flush=True)
    return int(whole.share < LEAST)


def _words(stage: Sequence[str]) -> str:
    return " ".join(stage)


if __name__ == "__main__":
    sys.exit(main())
