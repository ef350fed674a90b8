"""Hostile input by the million for each decoder: it is read, or refused with an error of ours, and in no time.

`FUZZ_SECONDS` is how long each decoder is tried. Exit 0 if every one of them held.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic, process_time
from traceback import format_exc

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.benchmarks.decoders import DECODERS, UNITS, Read
from tests.tally import line
from verifier.errors import VerifierError

MOST_SECONDS = 1.0
"""Of processor time for one input."""
EXAMPLES = 500
"""Between two looks at the clock."""

_PIECES = st.one_of(
    st.sampled_from(UNITS), st.text(max_size=40), st.binary(max_size=40).map(lambda b: b.decode("latin-1"))
)
_REPEATED = st.tuples(_PIECES, st.sampled_from((1, 1, 2, 30, 1_000))).map(lambda pair: pair[0] * pair[1])
TEXTS = st.lists(_REPEATED, max_size=12).map("".join)


def fuzz(read: Read, prepare: Read, seconds: float, first_seed: int, examples: int = EXAMPLES) -> Iterator[int]:
    """Try the decoder for so long, and yield how many inputs were tried. Raises whatever it should not have raised."""
    until, number = monotonic() + seconds, first_seed
    while monotonic() < until:
        tried = 0

        @seed(number)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(text=TEXTS)
        def holds(text: str) -> None:
            nonlocal tried
            tried += 1
            given_text = prepare(text)
            start = process_time()
            with suppress(VerifierError):
                read(given_text)
            spent = process_time() - start
            if spent > MOST_SECONDS:
                raise TimeoutError(f"expected at most {MOST_SECONDS} s, got {spent:.2f} s")

        holds()
        yield tried
        number += 1


def main() -> int:
    """Try every decoder, and print how many inputs each of them was given."""
    seconds, first_seed = float(os.environ.get("FUZZ_SECONDS", "900")), secrets.randbelow(10**9)
    failed = 0
    for name, (read, prepare) in DECODERS.items():
        tried, more = 0, f"; seed {first_seed}"
        try:
            for count in fuzz(read, prepare, seconds, first_seed):
                tried += count
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            print(format_exc())
            failed, tried, more = failed + 1, tried + 1, f"; seed {first_seed}, see above"
            print(line(f"fuzz {name}", tried, tried - 1, more), flush=True)
        else:
            print(line(f"fuzz {name}", tried, tried, more), flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
