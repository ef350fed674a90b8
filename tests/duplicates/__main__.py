"""`python -m tests.duplicates`: 1,000 builds, 10 deliveries of each, 64 at once. Exit 0 if nothing was done twice."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.duplicates.flood import CONCURRENCY, FloodResult, flood
from tests.emulators.firestore import running_firestore
from tests.tally import line

_COPIES = 10


def shown(result: FloodResult) -> str:
    """Return the figures, a line each."""
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(result.verdicts.items()))
    rows = {
        "builds": result.builds,
        f"deliveries, {CONCURRENCY} at once": result.deliveries,
        "of them not acknowledged, and repeated": result.redelivered,
        "verdicts": verdicts,
        "entries in the audit trail": result.entries,
        "executions of the worker": result.executions,
        "Slack messages": result.messages,
        "records that are done": result.done,
        "seconds": f"{result.seconds:.1f}",
        "builds a second": f"{result.builds / result.seconds:.1f}",
    }
    return "\n".join(f"{name:<40} {value}" for name, value in rows.items())


def is_exact(result: FloodResult) -> bool:
    """Return whether each build has one verdict, entry, execution, message and record, and nothing else has any."""
    everything = (result.executions, result.messages, result.told, result.done, result.entries)
    return {*everything, sum(result.verdicts.values())} == {result.builds} and [*result.verdicts] == ["VERIFIED"]


def main() -> int:
    """Flood the function with BUILDS (1,000) builds and print the figures."""
    builds = int(os.environ.get("BUILDS", "1000"))
    with running_firestore() as emulator, tempfile.TemporaryDirectory() as folder:
        result = flood(emulator, Path(folder), builds=builds, copies=_COPIES)
    print(shown(result))
    exact = is_exact(result)
    print(line(f"deliveries, {CONCURRENCY} at once", result.deliveries, result.deliveries * exact))
    return 0 if exact else 1


if __name__ == "__main__":
    sys.exit(main())
