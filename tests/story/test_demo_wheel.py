"""The demo from a wheel: what is deployed is in it, and starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.busy import LONG_SECONDS
from verifier.standin.function import MAIN

_TREE = MAIN.parent
_OF_THE_WHEEL = ("verifier", "main.py", "setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel that was built from a copy of the tree, so that nothing is left in it."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in _OF_THE_WHEEL:
        if (_TREE / name).is_dir():
            shutil.copytree(_TREE / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(_TREE / name, folder / name)
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", "made", "."]
    subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=LONG_SECONDS)
    (made,) = (folder / "made").glob("*.whl")
    return made


def test_the_wheel_has_what_is_deployed_word_for_word(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        assert opened.read("verifier/standin/deployed_main.py") == MAIN.read_bytes()
        assert "main.py" not in opened.namelist()


def test_the_story_begins_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "site"
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(installed)
    kept = {name: value for name, value in os.environ.items() if name != "FIRESTORE_EMULATOR_HOST"}
    environment = {**kept, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}
    where = [sys.executable, "-c", "from verifier.standin.function import MAIN; print(MAIN)"]
    found = subprocess.run(where, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()) == installed / "verifier" / "standin" / "deployed_main.py"
    demo = subprocess.Popen(
        [sys.executable, "-m", "verifier", "demo"],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert demo.stdout is not None
    said = ""
    try:
        while "LOCAL_SOURCE" not in said:
            line = demo.stdout.readline()
            assert line, said
            said += line
    finally:
        demo.terminate()
        demo.wait(LONG_SECONDS)
        demo.stdout.close()
