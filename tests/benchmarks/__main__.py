"""`make bench`: runs the benchmarks and prints what they found. Each figure compares two things in the same run."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.metadata import version

import pytest

from tests.benchmarks import (
    audit,
    decoders,
    errors,
    history,
    logs,
    memory,
    processor,
    requests,
    start,
    uploads,
    watches,
)
from tests.benchmarks.effort import FULL, QUICK, Effort
from tests.benchmarks.results import Measurement, table
from tests.emulators.firestore import running_firestore

BENCHMARKS: dict[str, Callable[[Effort, str], Iterator[Measurement]]] = {
    "requests": requests.measure,
    "start": start.measure,
    "processor": processor.measure,
    "logs": logs.measure,
    "errors": errors.measure,
    "memory": memory.measure,
    "audit": audit.measure,
    "decoders": decoders.measure,
    "uploads": uploads.measure,
    "history": history.measure,
    "watches": watches.measure,
}
"""Each takes an effort and the address of Firestore's emulator, empty where there is none."""

_LIBRARIES = ("functions-framework", "gunicorn", "flask", "grpcio", "google-cloud-logging", "google-cloud-firestore")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", choices=BENCHMARKS, help="one benchmark instead of all")
    parser.add_argument("--quick", action="store_true", help="see that they run; the figures mean nothing")
    chosen = parser.parse_args()
    rows: list[Measurement] = []
    with ExitStack() as stack:
        emulator = _firestore(stack)
        for name in [chosen.only] if chosen.only else BENCHMARKS:
            print(f"measuring {name} …", flush=True)
            rows += BENCHMARKS[name](QUICK if chosen.quick else FULL, emulator)
    print(f"\n{_machine()}\n\n{table(rows)}")


def _firestore(stack: ExitStack) -> str:
    """Return the address of a Firestore emulator that runs until the stack is closed; empty where there is none."""
    try:
        return stack.enter_context(running_firestore())
    except pytest.skip.Exception as absent:
        print(absent)
        return ""


def _machine() -> str:
    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return f"{python}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n{libraries}"


if __name__ == "__main__":
    main()
