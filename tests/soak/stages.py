"""`make soak`: one attempt after the other to break it, each as long as told; a table of all of them at the end.

A stage that finds something does not keep the others from being tried. Exit 0 if every one of them held.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

from tests.tally import line

SEEDS, BUILDS = os.environ.get("SEEDS", "100000"), os.environ.get("BUILDS", "10000")
MUTATIONS = os.environ.get("MUTATIONS", "1000000")
FUZZ_SECONDS = os.environ.get("FUZZ_SECONDS", "900")
"""For each decoder."""
_LINE = re.compile(r"^(.+): (\d+) tried, (\d+) held(.*)$")
_DIRECTORIES = ("crashes", "faults", "simulation")
_PROPERTIES = ("tests/properties", "tests/unit/reporting/test_slack_message_hostile.py")


class SoakStage(NamedTuple):
    """One attempt."""

    words: tuple[str, ...]
    """What Python is to run as a module."""
    environment: dict[str, str]


STAGES = (
    SoakStage(("pytest", "-n", "2", *(f"tests/{name}" for name in _DIRECTORIES)), {}),
    SoakStage(("pytest", "-n", "2", "-m", "soak", "--ignore=tests/benchmarks"), {}),
    SoakStage(("pytest", "-n", "2", "--timeout=0", *_PROPERTIES), {"PROPERTY_EXAMPLES": "2000"}),
    SoakStage(("pytest", "-n", "2", "tests/conformance/test_mutations.py"), {"MUTATIONS": MUTATIONS}),
    SoakStage(("tests.soak.fuzz",), {"FUZZ_SECONDS": FUZZ_SECONDS}),
    SoakStage(("tests.simulation", "--pairs"), {}),
    SoakStage(("tests.simulation", "--seeds", SEEDS), {}),
    SoakStage(("tests.duplicates",), {"BUILDS": "1000"}),
    SoakStage(("tests.soak",), {"BUILDS": BUILDS}),
)


def output(stage: SoakStage) -> Iterator[str]:
    """Yield what the stage prints, line by line, and at the end how it went."""
    with subprocess.Popen(
        [sys.executable, "-m", *stage.words], env=os.environ | stage.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield from process.stdout
    yield line("stage " + " ".join(stage.words), 1, int(process.returncode == 0))


def main() -> int:
    """Run every stage, then say what each of them tried and what held."""
    found: list[re.Match[str]] = []
    for stage in STAGES:
        for printed in output(stage):
            print(printed.rstrip("\n"), flush=True)
            found += filter(None, [_LINE.match(printed)])
    print()
    for match in found:
        what, tried, held, more = match.groups()
        print(f"{what:<90} {tried:>8} {held:>8}  {more.strip('; ')}")
    return int(any(match[2] != match[3] for match in found))


if __name__ == "__main__":
    sys.exit(main())
