"""`python -m tests.soak`: BUILDS (10,000) builds in bad weather. Exit 0 if nothing is lost and nothing done twice."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.crashes.nursery import a_zygote
from tests.emulators.firestore import FIRESTORE
from tests.emulators.process import running
from tests.soak.weather import Soaked, Weather, soak
from tests.tally import line


def table(soaked: Soaked) -> str:
    """The figures, a line each."""
    tally = soaked.tally
    faults = ", ".join(f"{count} {kind}" for kind, count in sorted(tally.faults.items()))
    rows = {
        "builds": soaked.builds,
        "deliveries": tally.deliveries,
        "calls of those that were answered": tally.calls,
        "faults injected": f"{tally.faults.total()} ({faults})",
        "processes killed": tally.deaths,
        "verdicts": ", ".join(f"{count} {verdict}" for verdict, count in sorted(soaked.verdicts.items())),
        "wrong verdicts": (Counter(soaked.expected) - soaked.verdicts).total(),
        "lost": soaked.lost,
        "builds with two verdicts": soaked.repeated,
        "executions of the worker": f"{soaked.executions}, for {soaked.expected['VERIFIED']} builds with a worker",
        "Slack messages": f"{soaked.messages}, {soaked.doubles} of them twice, {soaked.untold} missing",
        "notices of builds not to be fetched": soaked.notices,
        "virtual time": f"{soaked.minutes} minutes",
        "seconds": f"{soaked.seconds:.1f}",
        "builds a second": f"{soaked.builds / soaked.seconds:.1f}",
    }
    return "\n".join(f"{name:<36} {value}" for name, value in rows.items())


def main() -> int:
    """Soak, and print the figures."""
    weather = Weather(builds=int(os.environ.get("BUILDS", "10000")), seed=int(os.environ.get("SEED", "85")))
    folders, zygotes = tempfile.TemporaryDirectory(), a_zygote(Path(os.devnull))
    with folders as folder, running(FIRESTORE) as emulator, zygotes as zygote:
        soaked = soak(zygote, emulator, Path(folder), weather)
    print(table(soaked))
    broken = soaked.lost + soaked.repeated + soaked.untold + soaked.doubles or int(not soaked.is_sound)
    print(line("builds in bad weather", soaked.builds, soaked.builds - broken))
    return 0 if soaked.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
