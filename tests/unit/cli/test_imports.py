"""What a command that asks no cloud loads: no cloud's library, and so it answers at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.busy import LONG_SECONDS
from tests.fixtures.builds import document
from verifier.cli import COMMANDS

CLOUDS = {"flask", "functions_framework", "google", "grpc", "proto", "requests", "slack_sdk", "urllib3"}
FILES = {
    "builds.json": json.dumps([document("upload-builds-submit")]),
    "policy.toml": "",
    "lines.log": "KeyError: 'lesson'\n",
}
OFFLINE = [
    "--version",
    "--help",
    *(f"{name} --help" for name in COMMANDS),
    "explain builds.json",
    "audit --builds builds.json",
    "policy policy.toml",
    "policy policy.toml --builds builds.json",
    "logs --text lines.log",
]


@pytest.mark.parametrize("words", OFFLINE)
def test_a_command_that_asks_no_cloud_loads_no_library_of_one(tmp_path: Path, words: str) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-X", "importtime", "-m", "verifier", *words.split()]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=LONG_SECONDS)
    told = [line for line in ended.stderr.splitlines() if not line.startswith("import time:")]
    assert ended.returncode in (0, 1, 3), told
    assert ended.stdout
    loaded = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines() if line not in told}
    assert "verifier.cli" in loaded
    assert {name for name in loaded if name.partition(".")[0] in CLOUDS} <= {"google", "google.cloud"}


def test_a_command_that_is_none_is_named() -> None:
    command = [sys.executable, "-m", "verifier", "auditt"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONG_SECONDS)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Error: No such command 'auditt'" in ended.stderr
