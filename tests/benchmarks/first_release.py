"""The code of 0.1.0, out of git's history, to measure what it costs in the same run."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from verifier.standin.function import MAIN, environment

COMMIT = "573fcd68a537c155a6277a7e7c01c8d9649c31e1"
"""The last one of 0.1.0: with the next one the work on what comes after it begins."""
ABSENT = f"git's history knows no {COMMIT[:7]} here: nothing to compare with"


@dataclass(frozen=True, slots=True)
class Tree:
    """A checkout, whose code runs with the libraries of this one."""

    root: Path

    @property
    def main(self) -> Path:
        """Return the function's file."""
        return self.root / "main.py"

    def variables(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a process with these settings that runs this tree's code."""
        variables = environment(settings) | {"PYTHONPATH": str(self.root)}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)  # the platform compiles what it deploys
        return variables


HERE = Tree(MAIN.parent)


@contextmanager
def first_release() -> Iterator[Tree | None]:
    """Yield the tree of 0.1.0; None where there is no such history: a bundle, or a clone that is not whole.

    Raises RuntimeError when its code is not what runs there: then nothing would be compared.
    """
    packed = _git_archive()
    if packed is None:
        yield None
        return
    with TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(folder, filter="data")
        tree = Tree(Path(folder))
        _check(tree)
        yield tree


def _git_archive() -> bytes | None:
    command = ["git", "-C", str(HERE.root), "archive", "--format=tar", COMMIT, "main.py", "verifier"]
    try:
        return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return None


def _check(tree: Tree) -> None:
    command = [sys.executable, "-P", "-c", "import verifier; print(verifier.__file__)"]
    found = subprocess.run(command, env=tree.variables({}), check=True, capture_output=True, text=True, timeout=60)
    if Path(found.stdout.strip()) != tree.root / "verifier" / "__init__.py":
        raise RuntimeError(f"expected the verifier of {tree.root}, got {found.stdout.strip()}")
