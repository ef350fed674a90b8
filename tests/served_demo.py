"""The demo as it stays up after its story, in a process of its own, for those that look at its stand-in."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.busy import LONG_SECONDS

_LAST = "verifier doctor"
"""How the last line begins that it prints before it waits."""


@dataclass(frozen=True, slots=True)
class ServedDemo:
    """A demo that has told its story and waits."""

    process: subprocess.Popen[str]
    said: list[str]
    """Its lines."""

    @property
    def export(self) -> str:
        """Return the line to be pasted into another terminal."""
        (line,) = [line for line in self.said if line.startswith("export ")]
        return line


@contextmanager
def served_demo(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[ServedDemo]:
    """Yield the demo that this command starts, when it waits. Raises AssertionError where it ends before."""
    demo = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert demo.stdout is not None
    said: list[str] = []
    try:
        while not said or not said[-1].startswith(_LAST):
            line = demo.stdout.readline()
            assert line, "\n".join([*said, "expected the demo to go well and to stay up; it ended"])
            said.append(line.rstrip("\n"))
        yield ServedDemo(demo, said)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(demo.pid, signal.SIGTERM)
        demo.communicate(timeout=LONG_SECONDS)
