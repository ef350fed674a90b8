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

from tests.absence import absent
from tests.busy import LONG_SECONDS

ROOT = Path(__file__).parents[2]
REFUSALS = "tests/refusals.tftest.hcl"
_SECONDS = 2 * LONG_SECONDS
_NO_REGISTRY = "Failed to query available provider packages"


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform, initialised in a folder."""

    command: str
    folder: Path

    def run(self, *arguments: str, text: str = "") -> str:
        """Return what it prints. A failure of it is the test's, with all that it said."""
        done = self._done(arguments, text)
        assert done.returncode == 0, f"{' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def initialise(self) -> None:
        """Fetch what it is made of."""
        done = self._done(["init", "-backend=false"])
        if _NO_REGISTRY in done.stderr:
            absent("terraform can't fetch its providers: connect to the network, or configure a mirror of them")
        assert done.returncode == 0, f"init:\n{done.stdout}\n{done.stderr}"

    def tested(self) -> dict[str, list[dict[str, Any]]]:
        """Run terraform's tests, which must pass; return the resources that each planned, by the name of the run.

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
        """Return the text of an expression, such as a local, under these variables; secrets have none."""
        printed = self.run("console", f"-var-file={variables}", text=f"jsonencode({expression})\n")
        return str(json.loads(json.loads(printed)))

    def _done(self, arguments: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str]:
        words = [self.command, f"-chdir={self.folder}", *arguments]
        with _alone():
            return subprocess.run(words, input=text, capture_output=True, text=True, timeout=_SECONDS, check=False)


@contextmanager
def _alone() -> Iterator[None]:
    """Let one terraform run at a time: those that share a cache of providers may disturb each other."""
    with (Path(tempfile.gettempdir()) / f"build-verifier-terraform-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def installed() -> str:
    """Return the command. Skips the test where there is none."""
    command = os.environ.get("TERRAFORM") or shutil.which("terraform")
    if not command:
        absent("terraform is not installed: set TERRAFORM to the command, or put terraform on PATH")
    return command


def initialised(folder: Path) -> Terraform:
    """Return a copy of the installer, and of what it bundles, in this folder, ready to be planned.

    Skips the test where the providers can't be fetched.
    """
    passing = shutil.ignore_patterns(".terraform*", "__pycache__", "*.tfstate*", "*.tfvars")
    for name in ("terraform", "verifier"):
        shutil.copytree(ROOT / name, folder / name, ignore=passing)
    for name in ("main.py", "requirements.txt"):
        shutil.copy(ROOT / name, folder / name)
    terraform = Terraform(installed(), folder / "terraform")
    terraform.initialise()
    return terraform


def of_type(resources: Sequence[Mapping[str, Any]], kind: str) -> dict[str, Mapping[str, Any]]:
    """Return the planned resources of one type, by address."""
    return {item["address"]: item["change"]["after"] for item in resources if item["type"] == kind}


def _created(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    changes = plan["resource_changes"]
    return [item for item in changes if item["mode"] == "managed" and item["change"]["actions"] == ["create"]]
