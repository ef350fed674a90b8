"""The real terraform on a copy of the installer: `$TERRAFORM`, or `terraform` on PATH; skipped or insisted on here.

A copy, because terraform leaves its own files where it works. The tests plan with mocked providers: nothing is asked of
the cloud, and no credentials are needed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
REFUSALS = "tests/refusals.tftest.hcl"
_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform, initialised in a folder."""

    command: str
    folder: Path

    def run(self, *arguments: str, text: str = "") -> str:
        """What it prints. A failure of it is the test's, with all that it said."""
        done = self._done(arguments, text)
        assert done.returncode == 0, f"{' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def tested(self) -> dict[str, list[dict[str, Any]]]:
        """Run terraform's tests, which must pass; the resources that each run planned, by the name of the run.

        What the refusals were about to plan is left out.
        """
        done = self._done(["test", "-json", "-verbose"])
        events = [json.loads(line) for line in done.stdout.splitlines()]
        said = [event["@message"] for event in events if event["@level"] == "error" or event["type"] == "test_summary"]
        assert done.returncode == 0, "\n".join([*said, done.stderr])
        return {
            event["@testrun"]: _created(event["test_plan"])
            for event in events
            if event["type"] == "test_plan" and event["@testfile"] != REFUSALS
        }

    def value(self, expression: str, variables: Path) -> str:
        """The text of an expression, such as a local, under these variables; secrets and unknown values have none."""
        printed = self.run("console", f"-var-file={variables}", text=f"jsonencode({expression})\n")
        return str(json.loads(json.loads(printed)))

    def _done(self, arguments: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str]:
        words = [self.command, f"-chdir={self.folder}", *arguments]
        with _alone():
            return subprocess.run(words, input=text, capture_output=True, text=True, timeout=_SECONDS, check=False)


@contextmanager
def _alone() -> Iterator[None]:
    """One terraform at a time: those that share a cache of providers may disturb each other."""
    with (Path(tempfile.gettempdir()) / f"build-verifier-terraform-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def installed() -> str:
    """The command. Skips the test where there is none, but fails in continuous integration."""
    command = os.environ.get("TERRAFORM") or shutil.which("terraform")
    if command:
        return command
    reason = "terraform is not installed: set TERRAFORM to the command, or put terraform on PATH"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"CI is set, so nothing is skipped; {reason}", pytrace=False)
    pytest.skip(reason)


def initialised(folder: Path) -> Terraform:
    """A copy of the installer, and of what it bundles, in this folder, ready to be planned."""
    passing = shutil.ignore_patterns(".terraform*", "__pycache__", "*.tfstate*", "*.tfvars")
    for name in ("terraform", "verifier"):
        shutil.copytree(ROOT / name, folder / name, ignore=passing)
    for name in ("main.py", "requirements.txt"):
        shutil.copy(ROOT / name, folder / name)
    terraform = Terraform(installed(), folder / "terraform")
    terraform.run("init", "-backend=false")
    return terraform


def of_type(resources: Sequence[Mapping[str, Any]], kind: str) -> dict[str, Mapping[str, Any]]:
    """The planned resources of one type, by address."""
    return {item["address"]: item["change"]["after"] for item in resources if item["type"] == kind}


def _created(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    changes = plan["resource_changes"]
    return [item for item in changes if item["mode"] == "managed" and item["change"]["actions"] == ["create"]]
