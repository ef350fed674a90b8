"""A ledger that 0.1.0 left behind, a file or a database, is read and gone on with; what is written looks the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import grpc
import pytest

from tests.frozen.compare import FROZEN, frozen
from tests.frozen.stores import STATES, Wire, documents, restored
from verifier.adapters.firestore import FirestoreStore
from verifier.adapters.sqlite import SqliteStore
from verifier.services import Store

SOON = 20.0
NOW = "2026-11-24T00:00:00.000000Z"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    restored((FROZEN / "ledger.sql").read_text(), path)
    return path


@pytest.fixture
def channel(firestore_emulator: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(firestore_emulator) as made:
        yield made


@pytest.fixture
def wire(channel: grpc.Channel, project: str) -> Wire:
    """Return a database with the documents as 0.1.0 wrote them."""
    wire = Wire(channel, project)
    for state, old in documents().items():
        wire.write(old.collection, old.name, frozen("firestore.json")[state])
    return wire


def goes_on_with(store: Store) -> None:
    for old in documents().values():
        found = store.read(old.collection, old.name, timeout=SOON)
        assert found is not None
        assert found.document == old.document
        assert store.replace(old.collection, old.name, {**old.document, "more": 1}, found.revision, timeout=SOON)
    unsaid, waiting, failed = (documents()[state] for state in ("unsaid", "not-found", "done-failed"))
    assert [name for name, _ in store.due("builds", NOW, 9, field="unsaid", timeout=SOON)] == [unsaid.name]
    assert [name for name, _ in store.due("builds", NOW, 9, timeout=SOON)] == [waiting.name]
    assert store.holding("builds", "images", failed.document["images"][0], timeout=SOON) is not None


def test_a_file_is_gone_on_with(file: Path) -> None:
    with closing(SqliteStore(file)) as store:
        goes_on_with(store)


def test_a_database_is_gone_on_with(wire: Wire, channel: grpc.Channel, project: str) -> None:
    goes_on_with(FirestoreStore(project, channel=channel))


@pytest.mark.parametrize("state", STATES)
def test_a_document_that_is_written_now_has_the_fields_and_types_that_it_had(
    channel: grpc.Channel, project: str, state: str
) -> None:
    old = documents()[state]
    FirestoreStore(project, channel=channel).create(old.collection, old.name, old.document, timeout=SOON)
    assert Wire(channel, project).fields(old.collection, old.name) == frozen("firestore.json")[state]
