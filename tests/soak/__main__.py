"""`python -m tests.soak`: BUILDS (10,000) builds under faults. Exit 0 if nothing is lost and nothing done twice."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.crashes.processes import a_fork_server
from tests.emulators.firestore import running_firestore
from tests.soak.load import LoadProfile, SoakResult, soak
from tests.tally import line


def table(result: SoakResult) -> str:
    """Return the figures, a line each."""
    statistics = result.statistics
    faults = ", ".join(f"{count} {kind}" for kind, count in sorted(statistics.faults.items()))
    rows = {
        "builds": result.builds,
        "deliveries": statistics.deliveries,
        "calls of those that were answered": statistics.calls,
        "faults injected": f"{statistics.faults.total()} ({faults})",
        "processes killed": statistics.crashes,
        "verdicts": ", ".join(f"{count} {verdict}" for verdict, count in sorted(result.verdicts.items())),
        "wrong verdicts": (Counter(result.expected) - result.verdicts).total(),
        "lost": result.lost,
        "builds with two verdicts": result.repeated,
        "executions of the worker": f"{result.executions}, for {result.expected['VERIFIED']} builds with a worker",
        "Slack messages": f"{result.messages}, {result.doubles} of them twice, {result.untold} missing",
        "notices of builds not to be fetched": result.notices,
        "virtual time": f"{result.minutes} minutes",
        "seconds": f"{result.seconds:.1f}",
        "builds a second": f"{result.builds / result.seconds:.1f}",
    }
    return "\n".join(f"{name:<36} {value}" for name, value in rows.items())


def main() -> int:
    """Soak, and print the figures."""
    profile = LoadProfile(builds=int(os.environ.get("BUILDS", "10000")), seed=int(os.environ.get("SEED", "85")))
    folders, fork_servers = tempfile.TemporaryDirectory(), a_fork_server(Path(os.devnull))
    with folders as folder, running_firestore() as emulator, fork_servers as fork_server:
        result = soak(fork_server, emulator, Path(folder), profile)
    print(table(result))
    broken = result.lost + result.repeated + result.untold + result.doubles or int(not result.is_sound)
    print(line("builds under faults", result.builds, result.builds - broken))
    return 0 if result.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
