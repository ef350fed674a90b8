"""The most memory that the function's processes ever take, once they have given verdicts of each kind.

One container holds gunicorn's master and its worker. Pages that both share count once: what is told is the worker's
peak and what the master has for itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.effort import Effort
from tests.benchmarks.environment import benchmark_environment
from tests.benchmarks.memory_of import peak, unshared
from tests.benchmarks.messages import announced, build
from tests.benchmarks.processes import BARE, RunningFunction, ours, running
from tests.benchmarks.results import Measurement, absent
from tests.benchmarks.verdicts import POLICY, announce_each_kind

_NAME = "memory of the function after verdicts of each kind, ledger in Firestore"


def measure(effort: Effort, emulator: str) -> Iterator[Measurement]:
    """Measure the function's peak, with the bare one's beside it; `emulator` is Firestore's, or empty."""
    if not emulator:
        yield absent(_NAME, "no Firestore emulator")
        return
    first = announced(build(1, "WORKING"))
    with benchmark_environment(POLICY) as here, running(ours(here.with_firestore(emulator)), first) as verifier:
        announce_each_kind(here, verifier.port)
        most = _most(verifier)
    with running(BARE, first) as bare:
        least = _most(bare)
    yield Measurement(_NAME, f"{most:.0f} MiB", f"{least:.0f} MiB", most, "MiB", at_most=200)


def _most(function: RunningFunction) -> float:
    [worker] = function.process.children()
    return peak(worker) + unshared(function.process)
