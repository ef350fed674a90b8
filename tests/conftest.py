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
from hypothesis import settings

from tests.emulators.firestore import FIRESTORE
from tests.emulators.process import running
from tests.emulators.pubsub import PUBSUB
from tests.tally import case, pytest_terminal_summary, tally
from verifier.adapters.firestore import FirestoreStore
from verifier.adapters.sqlite import SqliteStore
from verifier.services import Store

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
# An example pays for what is made once and for the work of others here; what must be quick is timed by processor time.

__all__ = ["case", "pytest_terminal_summary", "tally"]

FIRST_FRESH_SEED = int(os.environ.setdefault("SIMULATION_SEED", str(secrets.randbelow(10**9))))
"""Where the simulation's untried seeds begin: chosen once, and the same in every process of a test run."""


def pytest_report_header() -> str:
    """Tell which seeds are played, so that they can be played again."""
    return f"simulation: seeds from 1 and from {FIRST_FRESH_SEED} (SIMULATION_SEED)"


@pytest.fixture(scope="session")
def firestore_emulator() -> Iterator[str]:
    """The address of the Firestore emulator, which has answered a first time.

    That may take longer than the function waits for its ledger, which would then ask once more.
    """
    with running(FIRESTORE) as address:
        with grpc.insecure_channel(address) as channel:
            FirestoreStore("first-answer", channel=channel).read("marks", "none", timeout=60)
        yield address


@pytest.fixture(scope="session")
def pubsub_emulator() -> Iterator[str]:
    """The address of the Pub/Sub emulator."""
    with running(PUBSUB) as address:
        yield address


@pytest.fixture
def project() -> str:
    """A project id of the test's own, so that tests do not meet in an emulator."""
    return f"test-{uuid4().hex[:12]}"


@pytest.fixture(params=["sqlite", "firestore"])
def store(request: pytest.FixtureRequest, tmp_path: Path, project: str) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == "sqlite":
        with closing(SqliteStore(tmp_path / "ledger.db")) as sqlite:
            yield sqlite
    else:
        with grpc.insecure_channel(request.getfixturevalue("firestore_emulator")) as channel:
            yield FirestoreStore(project, channel=channel)
