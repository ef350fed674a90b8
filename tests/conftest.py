"""What tests share. An emulator is started once a worker, when its first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.emulators.firestore import FIRESTORE
from tests.emulators.process import running
from tests.emulators.pubsub import PUBSUB


@pytest.fixture(scope="session")
def firestore_emulator() -> Iterator[str]:
    """The address of the Firestore emulator."""
    with running(FIRESTORE) as address:
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
