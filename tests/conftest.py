"""What tests share. An emulator is started once a worker, when its first test asks for it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import grpc
import pytest

from tests.emulators.firestore import running_firestore
from tests.emulators.process import running
from tests.emulators.pubsub import PUBSUB
from tests.properties import effort
from tests.tally import case, pytest_terminal_summary, tally
from verifier.adapters.firestore import FirestoreStore
from verifier.adapters.sqlite import SqliteStore
from verifier.services import Store

__all__ = ["case", "effort", "pytest_terminal_summary", "tally"]

FIRST_FRESH_SEED = int(os.environ.setdefault("SIMULATION_SEED", str(secrets.randbelow(10**9))))
"""Where the simulation's untried seeds begin: chosen once, and the same in every process of a test run."""


def pytest_report_header() -> str:
    """Tell which seeds are run, so that they can be run again."""
    return f"simulation: seeds from 1 and from {FIRST_FRESH_SEED} (SIMULATION_SEED)"


@pytest.fixture(scope="session")
def firestore_emulator() -> Iterator[str]:
    """Yield the address of the Firestore emulator."""
    with running_firestore() as address:
        yield address


@pytest.fixture(scope="session")
def pubsub_emulator() -> Iterator[str]:
    """Yield the address of the Pub/Sub emulator."""
    with running(PUBSUB) as address:
        yield address


@pytest.fixture
def project() -> str:
    """Return a project id of the test's own, so that tests do not meet in an emulator."""
    return f"test-{uuid4().hex[:12]}"


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
def store(request: pytest.FixtureRequest, tmp_path: Path, project: str) -> Iterator[Store]:
    """Yield an empty store of each kind."""
    if request.param == "sqlite":
        with closing(SqliteStore(tmp_path / "ledger.db")) as sqlite:
            yield sqlite
    else:
        with grpc.insecure_channel(request.getfixturevalue("firestore_emulator")) as channel:
            yield FirestoreStore(project, channel=channel)
