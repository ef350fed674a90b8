"""The bundle, made once for the tests that look at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.bundle.bundle import zipped
from tests.terraform.command import initialised

POLICY = """\
branches = ["main"]

[[worker]]
trigger = "worker-main"
job = "us-central1/worker"
expect = ["query ok"]
settle = "1s"
"""


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the zip that Terraform would upload."""
    folder = tmp_path_factory.mktemp("bundle")
    policy = folder / "policy.toml"
    policy.write_text(POLICY)
    return zipped(initialised(folder / "installer"), policy, folder)


@pytest.fixture
def environment() -> Iterator[Path]:
    """Yield a folder for a virtual environment, gone at the end: pytest would keep several of them."""
    with TemporaryDirectory(prefix="build-verifier-") as folder:
        yield Path(folder) / "venv"
