"""How long a cold start takes: from the start of the process to its first answer, and to its first verdict.

Libraries and our own code are compiled beforehand, as the platform's build does: the first pair of starts sees to
that, and does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median

from tests.benchmarks.effort import Effort
from tests.benchmarks.environment import BenchmarkEnvironment, benchmark_environment
from tests.benchmarks.messages import announced, build
from tests.benchmarks.processes import BARE, ours, running
from tests.benchmarks.results import Measurement, absent, ratio, typical

_VERDICT = "start to first LOCAL_SOURCE verdict, ledger in Firestore"


def measure(effort: Effort, emulator: str) -> Iterator[Measurement]:
    """Time first answers and first verdicts; `emulator` is Firestore's, or empty."""
    with benchmark_environment() as here:
        yield _first_answer(here, effort)
        yield _first_verdict(here, effort, emulator) if emulator else absent(_VERDICT, "no Firestore emulator")


def _first_answer(here: BenchmarkEnvironment, effort: Effort) -> Measurement:
    request = announced(build(1, "WORKING"))
    pairs = [_pair(here.settings, request) for _ in range(effort.starts + 1)][1:]
    return Measurement("start to first answer", *typical(pairs, "{:.3f} s"), ratio(pairs), "×", at_most=1.25)


def _first_verdict(here: BenchmarkEnvironment, effort: Effort, emulator: str) -> Measurement:
    settings, pairs = here.with_firestore(emulator), []
    for number in range(effort.starts + 1):
        document = build(number)
        here.cloud.put_build(document)
        pairs.append(_pair(settings, announced(document)))
    expected = ["LOCAL_SOURCE"] * len(pairs)
    if here.verdicts() != expected:
        raise RuntimeError(f"expected the verdicts {expected}, got {here.verdicts()}")
    counted = pairs[1:]
    longer = median(verifier - bare for verifier, bare in counted)
    return Measurement(_VERDICT, *typical(counted, "{:.3f} s"), longer, "s", at_most=1.5)


def _pair(settings: Mapping[str, str], request: bytes) -> tuple[float, float]:
    with running(ours(settings), request) as verifier:
        pass
    with running(BARE, request) as bare:
        pass
    return verifier.seconds, bare.seconds
