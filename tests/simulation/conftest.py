"""What a simulation leaves behind is collected with it: no other test is told of it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Close what killed processes were in the midst of before the next test begins."""
    yield
    gc.collect()
