"""How long a cold start takes: from the start of the process to its first answer, and to its first verdict.

Libraries and our own code are compiled beforehand, as the platform's build does: the first pair of starts sees to
that, and does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.benchmarks.effort import Effort
from tests.benchmarks.environment import BenchmarkEnvironment, benchmark_environment
from tests.benchmarks.first_release import ABSENT, HERE, Tree, first_release
from tests.benchmarks.messages import announced, build
from tests.benchmarks.processes import BARE, Source, ours, running
from tests.benchmarks.results import Measurement, absent, ratio, typical

_ANSWER = "start to first answer"
_VERDICT = "start to first LOCAL_SOURCE verdict, ledger in Firestore"
_EARLIER = "{}, 0.1.0"


def measure(effort: Effort, emulator: str) -> Iterator[Measurement]:
    """Time first answers and first verdicts, of 0.1.0 as well; `emulator` is Firestore's, or empty."""
    with benchmark_environment() as here, first_release() as earlier:
        trees = {_ANSWER: HERE} | ({_EARLIER.format(_ANSWER): earlier} if earlier else {})
        times = _first_answers(here, effort, list(trees.values()))
        for name, pairs in zip(trees, times, strict=True):
            yield Measurement(name, *typical(pairs, "{:.3f} s"), ratio(pairs), "×", at_most=_goal(name, 1.2))
        if earlier is None:
            yield absent(_EARLIER.format(_ANSWER), ABSENT)
        if not emulator:
            yield absent(_VERDICT, "no Firestore emulator")
            return
        times = _first_verdicts(here, effort, emulator, list(trees.values()))
        for name, pairs in zip((_VERDICT, _EARLIER.format(_VERDICT)), times, strict=False):
            longer = median(verifier - bare for verifier, bare in pairs)
            yield Measurement(name, *typical(pairs, "{:.3f} s"), longer, "s", at_most=_goal(name, 0.45))


def _goal(name: str, most: float) -> float | None:
    return most if name in (_ANSWER, _VERDICT) else None


def _first_answers(here: BenchmarkEnvironment, effort: Effort, trees: list[Tree]) -> list[list[tuple[float, float]]]:
    request = announced(build(1, "WORKING"))
    sources = [ours(here.settings, tree) for tree in trees]
    return _pairs([(sources, request)] * (effort.starts + 1))


def _first_verdicts(
    here: BenchmarkEnvironment, effort: Effort, emulator: str, trees: list[Tree]
) -> list[list[tuple[float, float]]]:
    """Return the times of each tree. Raise RuntimeError when a verdict is not what it should be.

    Each start has a ledger of its own: instances that start and end one after the other take more of a quota with them
    than a minute has.
    """
    builds = [build(number) for number in range(effort.starts + 1)]
    for document in builds:
        here.cloud.put_build(document)
    pairs = _pairs([([ours(here.with_firestore(emulator), tree) for tree in trees], announced(one)) for one in builds])
    expected = ["LOCAL_SOURCE"] * (len(builds) * len(trees))
    if here.verdicts() != expected:
        raise RuntimeError(f"expected the verdicts {expected}, got {here.verdicts()}")
    return pairs


def _pairs(starts: list[tuple[list[Source], bytes]]) -> list[list[tuple[float, float]]]:
    """Return, for each source, its times and those of the bare function, in turn; the first ones do not count."""
    rounds = []
    for sources, request in starts:
        bare = _start(BARE, request)
        rounds.append([(_start(source, request), bare) for source in sources])
    return [list(pairs) for pairs in zip(*rounds[1:], strict=True)]


def _start(source: Source, request: bytes) -> float:
    with running(source, request) as function:
        return function.seconds
