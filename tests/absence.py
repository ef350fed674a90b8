"""What is not on this machine: its tests are skipped on a laptop, and fail in continuous integration."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def require(program: str) -> None:
    """Let a test go on where this program is on PATH; see `absent` for where it is not."""
    if shutil.which(program) is None:
        absent(f"install {program}: what people paste is checked with it")


def absent(remedy: str) -> NoReturn:
    """Skip the test, saying what would let it run; where CI is set, fail instead."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"CI is set, so nothing is skipped; {remedy}", pytrace=False)
    pytest.skip(remedy)
