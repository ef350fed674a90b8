"""`python -m tests.duplicates`: 1,000 builds, 10 deliveries of each, 64 at once. Exit 0 if nothing was done twice."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.duplicates.flood import CONCURRENCY, Figures, flood
from tests.emulators.firestore import FIRESTORE
from tests.emulators.process import running
from tests.tally import line

_COPIES = 10


def shown(figures: Figures) -> str:
    """The figures, a line each."""
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(figures.verdicts.items()))
    rows = {
        "builds": figures.builds,
        f"deliveries, {CONCURRENCY} at once": figures.deliveries,
        "of them not acknowledged, and repeated": figures.redelivered,
        "verdicts": verdicts,
        "entries in the audit trail": figures.entries,
        "executions of the worker": figures.executions,
        "Slack messages": figures.messages,
        "records that are done": figures.done,
        "seconds": f"{figures.seconds:.1f}",
        "builds a second": f"{figures.builds / figures.seconds:.1f}",
    }
    return "\n".join(f"{name:<40} {value}" for name, value in rows.items())


def is_exact(figures: Figures) -> bool:
    """Whether each build has one verdict, entry, execution, message and record, and nothing else has any."""
    everything = (figures.executions, figures.messages, figures.told, figures.done, figures.entries)
    return {*everything, sum(figures.verdicts.values())} == {figures.builds} and [*figures.verdicts] == ["VERIFIED"]


def main() -> int:
    """Flood the function with BUILDS (1,000) builds and print the figures."""
    builds = int(os.environ.get("BUILDS", "1000"))
    with running(FIRESTORE) as emulator, tempfile.TemporaryDirectory() as folder:
        figures = flood(emulator, Path(folder), builds=builds, copies=_COPIES)
    print(shown(figures))
    exact = is_exact(figures)
    print(line(f"deliveries, {CONCURRENCY} at once", figures.deliveries, figures.deliveries * exact))
    return 0 if exact else 1


if __name__ == "__main__":
    sys.exit(main())
