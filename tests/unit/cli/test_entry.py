"""The command `verifier` without the extra `cli`: what is missing is said, and how it is had."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from verifier.__main__ import OF_THE_EXTRA

ROOT = Path(__file__).parents[3]
RUN = """
import importlib.machinery, sys

class Hidden(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in {hidden!r} else super().find_spec(name, path, target)

finders = sys.meta_path
finders[finders.index(importlib.machinery.PathFinder)] = Hidden
sys.argv = ["verifier", *{words!r}]
from verifier.__main__ import main
main()
"""


def run(hidden: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as if these modules were not installed."""
    program = RUN.format(hidden=hidden, words=words)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120, cwd=ROOT
    )


@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        ("click", ["--version"]),
        ("rich", ["demo"]),
        ("google.cloud.secretmanager_v1", ["doctor", "--function", "projects/p/locations/us-central1/functions/f"]),
    ],
)
def test_a_command_whose_modules_are_missing_says_which_and_how_to_have_them(hidden: str, words: list[str]) -> None:
    done = run([hidden], *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"verifier: expected the modules of this command, found no {hidden}: they are the extra `cli`.\n"
        "Do this, in a clone: pip install '.[cli]'\n"
    )


def test_a_command_that_needs_none_of_them_works_without() -> None:
    done = run(["rich", "yaml", "google.cloud.scheduler_v1"], "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("verifier, version ")


def test_a_module_that_is_missing_for_another_reason_is_no_matter_of_the_extra() -> None:
    done = run(["re2"], "policy", "verifier/policy.example.toml")
    assert done.returncode == 1
    assert "No module named 're2'" in done.stderr
    assert "pip install" not in done.stderr


def test_the_installed_command_is_this_one_and_the_extra_has_what_it_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"verifier": "verifier.__main__:main"}
    packages = {"click": "click", "rich": "rich", "pyyaml": "yaml"} | {
        f"google-cloud-{name}": f"google.cloud.{name.replace('-', '')}_v1" for name in ("scheduler", "secret-manager")
    }
    assert sorted(packages[name] for name in project["optional-dependencies"]["cli"]) == sorted(OF_THE_EXTRA)
