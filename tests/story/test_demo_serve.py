"""The stand-in that stays up after the demo: every command that it says can be pasted does what it is for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.absence import require
from tests.busy import LONG_SECONDS
from tests.served_demo import served_demo
from verifier.standin.function import MAIN

ANSWERS = {
    "status": (0, ["build a96f01c7 of commit faebade, VERIFIED"]),
    "audit": (3, ["4  LOCAL_SOURCE", "1  FAILED", "3  VERIFIED", "b7a91c04"]),
    "where": (0, ["Yes, since"]),
    "check": (0, ["LOCAL_SOURCE", "no commit is recorded"]),
    "logs": (3, ["sqlalchemy.exc.InvalidRequestError", "AttributeError: 'NoneType' object has no attribute"]),
    "doctor": (0, ["worker_can_be_started", "bot_is_in_the_channel"]),
}
"""The exit code of each command, and what it must say."""


@dataclass(frozen=True, slots=True)
class Served:
    """What the demo printed for another terminal."""

    export: str
    commands: dict[str, str]

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Paste the export line and then this command into a new shell, in a folder with nothing of the demo's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("VERIFIER_", "FIRESTORE_"))}
        path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
        return subprocess.run(
            ["bash", "-c", f"{self.export}\n{command}"],
            env={**kept, "PATH": path, "COLUMNS": "200"},
            cwd=MAIN.parent / "tests",
            capture_output=True,
            text=True,
            timeout=LONG_SECONDS,
            check=False,
        )


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    require("git")
    kept = {name: value for name, value in os.environ.items() if name != "FIRESTORE_EMULATOR_HOST"}
    with served_demo([sys.executable, "-m", "verifier", "demo", "--serve"], MAIN.parent, kept) as demo:
        commands = {line.split()[1]: line for line in demo.said if line.startswith("verifier ")}
        assert "Everything is as it should be." in demo.said
        yield Served(demo.export, commands)
    assert demo.process.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize("command", ANSWERS)
def test_a_pasted_command_looks_at_the_stand_in(served: Served, command: str) -> None:
    code, said = ANSWERS[command]
    ran = served.run(served.commands[command])
    assert ran.returncode == code, ran.stdout + ran.stderr
    for part in said:
        assert part in ran.stdout


def test_every_command_that_is_printed_is_tried_here(served: Served) -> None:
    assert set(served.commands) == set(ANSWERS)
