"""How many messages a second the function answers, beside one that answers at once.

Both run under the framework's own server with one worker and the same threads, and get the same bytes over the same
kept connections, one after the other in short rounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.benchmarks.client import load
from tests.benchmarks.effort import Effort
from tests.benchmarks.environment import BenchmarkEnvironment, benchmark_environment
from tests.benchmarks.first_release import ABSENT, first_release
from tests.benchmarks.messages import announced, build
from tests.benchmarks.processes import BARE, THREADS, ours, running
from tests.benchmarks.results import Measurement, absent, ratio, typical

_DUPLICATES = "requests/s, duplicates of a finished build of 11 KB, ledger in {}"


def measure(effort: Effort, emulator: str) -> Iterator[Measurement]:
    """Send messages of builds that go on, and duplicates of one that is done; `emulator` is Firestore's, or empty."""
    with benchmark_environment() as here:
        goes_on, done = announced(build(1, "WORKING")), build(2)
        pairs = _pairs(here.settings, goes_on, effort)
        yield _row("requests/s, a build that goes on (11 KB)", pairs, at_least=0.9)
        here.cloud.put_build(done)
        yield _row(_DUPLICATES.format("SQLite"), _pairs(here.settings, announced(done), effort))
        yield from _duplicates_in_firestore(here, announced(done), effort, emulator)


def _duplicates_in_firestore(
    here: BenchmarkEnvironment, request: bytes, effort: Effort, emulator: str
) -> Iterator[Measurement]:
    """Measure them of 0.1.0 as well, in the same rounds: each beside the bare function, and ours beside 0.1.0's.

    The emulator, which answers both, takes more of the machine than they do: how far they are from the bare function
    depends on the machine, and how far from each other does not.
    """
    name = _DUPLICATES.format("Firestore")
    if not emulator:
        yield absent(name, "no Firestore emulator")
        return
    with first_release() as earlier:
        if earlier is None:
            yield _row(name, _pairs(here.with_firestore(emulator), request, effort), at_least=0.35)
            yield absent(f"{name}, 0.1.0", ABSENT)
            return
        with (
            running(ours(here.with_firestore(emulator)), request) as now,
            running(ours(here.with_firestore(emulator), earlier), request) as before,
            running(BARE, request) as bare,
        ):
            rounds = [
                [load(each.port, request, THREADS, effort.round_seconds) for each in (now, before, bare)]
                for _ in range(effort.rounds)
            ]
    yield _row(name, [(mine, least) for mine, _, least in rounds], at_least=0.35)
    yield _row(f"{name}, 0.1.0", [(theirs, least) for _, theirs, least in rounds])
    yield _row(f"{name}, beside 0.1.0's", [(mine, theirs) for mine, theirs, _ in rounds], at_least=0.35 / 0.21)


def _pairs(settings: Mapping[str, str], request: bytes, effort: Effort) -> list[tuple[float, float]]:
    with running(ours(settings), request) as verifier, running(BARE, request) as bare:
        return [
            (
                load(verifier.port, request, THREADS, effort.round_seconds),
                load(bare.port, request, THREADS, effort.round_seconds),
            )
            for _ in range(effort.rounds)
        ]


def _row(name: str, pairs: list[tuple[float, float]], *, at_least: float | None = None) -> Measurement:
    return Measurement(name, *typical(pairs, "{:.0f}/s"), ratio(pairs), "×", at_least=at_least)
