"""How many calls a verdict costs, counted at the wire: an interceptor for Firestore, the stand-in for the rest."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from tests.emulators.firestore import Wire
from tests.story.town import Town, a_town
from verifier.adapters.firestore import FirestoreStore


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def town(wire: Wire, firestore_emulator: str, project: str) -> Iterator[Town]:
    channel = grpc.intercept_channel(grpc.insecure_channel(firestore_emulator), wire)
    with a_town(FirestoreStore(project, channel=channel)) as made:
        yield made


def counts(town: Town, wire: Wire) -> dict[str, int]:
    calls = {name: town.calls(name) for name in set(town.faults.calls)}
    return calls | {"ledger": len(wire.requests)}


def test_a_local_source_verdict(town: Town, wire: Wire) -> None:
    key = town.upload()
    town.announce(key)
    seen = counts(town, wire)
    assert town.record(key).state == "done"
    assert seen.pop("ledger") <= 5
    assert seen == {"GetBuild": 1, "WriteLogEntries": 1, "chat.postMessage": 1}


def test_a_verified_verdict_with_a_worker(town: Town, wire: Wire) -> None:
    """From the build's message and one completion message; the read that settles the logs is the sweep's."""
    town.sweep()
    wire.requests.clear()
    town.sweep()
    idle_sweep = len(wire.requests)
    wire.requests.clear()
    town.faults.forget()
    key = town.triggered()
    town.announce(key)
    town.clock.advance(20)
    town.finish(key)
    town.clock.advance(31)
    town.sweep()
    seen = counts(town, wire)
    assert town.verdict(key) == "VERIFIED"
    assert seen.pop("ledger") - idle_sweep <= 10
    assert seen.pop("GetExecution") + seen.pop("RunJob") <= 4
    assert seen.pop("ListLogEntries") <= 4
    assert seen == {"GetBuild": 1, "GetBuildTrigger": 1, "WriteLogEntries": 1, "chat.postMessage": 1}


def test_a_duplicate_of_a_finished_build_costs_one_ledger_read_and_nothing_else(town: Town, wire: Wire) -> None:
    key = town.upload()
    town.announce(key)
    town.faults.forget()
    wire.requests.clear()
    town.announce(key)
    assert counts(town, wire) == {"ledger": 1}
    assert [method.rpartition("/")[2] for method, _ in wire.requests] == ["BatchGetDocuments"]
