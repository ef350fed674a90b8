"""Processor time beside 0.1.0's: of a LOCAL_SOURCE verdict, of a build in an audit of a file, and of `--version`.

Both do the same, in turn, with the same libraries and the same stand-ins.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.audit import documents
from tests.benchmarks.client import send
from tests.benchmarks.effort import Effort
from tests.benchmarks.environment import BenchmarkEnvironment, benchmark_environment
from tests.benchmarks.first_release import ABSENT, HERE, Tree, first_release
from tests.benchmarks.messages import announced, build
from tests.benchmarks.processes import RunningFunction, ours, running
from tests.benchmarks.results import Measurement, absent, ratio, typical

_VERDICT = "processor time: a LOCAL_SOURCE verdict (not posted), ledger in Firestore, beside 0.1.0"
_AUDIT = "processor time: a build in the audit of a file, beside 0.1.0"
_VERSION = "processor time: verifier --version, beside 0.1.0"
_POLICY = '[slack]\npost = ["FAILED"]\n'
"""Slack takes a message a second: what waits for it is not measured."""
_WARM = 10
"""Verdicts after which everything is loaded and connected."""
_FEW = 100
"""Builds of the file whose audit costs little more than its start."""


def measure(effort: Effort, emulator: str) -> Iterator[Measurement]:
    """Measure both; `emulator` is Firestore's, or empty."""
    with first_release() as earlier:
        if earlier is None:
            for name in (_VERDICT, _AUDIT, _VERSION):
                yield absent(name, ABSENT)
            return
        if emulator:
            yield _row(_VERDICT, _verdicts(earlier, effort, emulator), "{:.1f} ms", at_most=0.75)
        else:
            yield absent(_VERDICT, "no Firestore emulator")
        yield _row(_AUDIT, _audits(earlier, effort), "{:.0f} µs", at_most=0.7)
        starts = [(_version(HERE), _version(earlier)) for _ in range(effort.starts + 1)][1:]
        yield _row(_VERSION, starts, "{:.3f} s", at_most=0.3)


def _row(name: str, pairs: list[tuple[float, float]], shape: str, *, at_most: float) -> Measurement:
    return Measurement(name, *typical(pairs, shape), ratio(pairs), "×", at_most=at_most)


def _verdicts(earlier: Tree, effort: Effort, emulator: str) -> list[tuple[float, float]]:
    """Return milliseconds a verdict in each round. Raises RuntimeError when a verdict is not what it should be."""
    first = announced(build(0, "WORKING"))
    with (
        benchmark_environment(_POLICY) as here,
        running(ours(here.with_firestore(emulator)), first) as now,
        running(ours(here.with_firestore(emulator), earlier), first) as before,
    ):
        _round(here, (now, before), range(_WARM))
        size, pairs = effort.verdicts, []
        for start in range(_WARM, _WARM + effort.verdict_rounds * size, size):
            pairs.append(_round(here, (now, before), range(start, start + size)))
        expected = ["LOCAL_SOURCE"] * (2 * (_WARM + effort.verdict_rounds * size))
        if here.verdicts() != expected:
            raise RuntimeError(f"expected {len(expected)} times LOCAL_SOURCE, got {here.verdicts()}")
        return pairs


def _round(
    here: BenchmarkEnvironment, functions: tuple[RunningFunction, RunningFunction], numbers: range
) -> tuple[float, float]:
    """Tell both of these builds in turn, and return milliseconds a build."""
    start = [_spent(function) for function in functions]
    for number in numbers:
        document = build(number)
        here.cloud.put_build(document)
        for function in functions:
            send(function.port, announced(document))
    mine, theirs = (
        (_spent(function) - before) / len(numbers) * 1e3 for function, before in zip(functions, start, strict=True)
    )
    return mine, theirs


def _spent(function: RunningFunction) -> float:
    [worker] = function.process.children()
    times = worker.cpu_times()
    return float(times.user + times.system)


def _audits(earlier: Tree, effort: Effort) -> list[tuple[float, float]]:
    """Return microseconds a build, without what the start of the process takes."""
    with TemporaryDirectory() as name:
        many, few = Path(name, "many.json"), Path(name, "few.json")
        many.write_text(json.dumps(list(documents(effort.audited)), indent=2))
        few.write_text(json.dumps(list(documents(_FEW)), indent=2))

        def each(tree: Tree) -> float:
            whole, start = (_command(tree, ["audit", "--builds", str(file)], name) for file in (many, few))
            return (whole - start) / (effort.audited - _FEW) * 1e6

        return [(each(HERE), each(earlier)) for _ in range(effort.audits + 1)][1:]


def _version(tree: Tree) -> float:
    return _command(tree, ["--version"], str(tree.root))


def _command(tree: Tree, arguments: list[str], folder: str) -> float:
    """Return the seconds of processor time that a command takes, from the start of its process on."""
    command = [sys.executable, "-m", "verifier", *arguments]
    process = subprocess.Popen(command, env=tree.variables({}), cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise RuntimeError(f"expected {' '.join(arguments)} to end well, got exit code {process.returncode}")
    return used.ru_utime + used.ru_stime
