"""Values in the ledger that we never write: somebody's tool or hand put them there, in the real Firestore emulator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import grpc
import pytest
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from tests.story.harness import Harness, a_harness
from verifier.adapters.firestore import FirestoreStore
from verifier.controller.ledger import BUILDS
from verifier.facts.build import BuildKey
from verifier.standin.faults import Fault

FOREIGN = {
    "a timestamp": types.Value(timestamp_value=datetime(2027, 1, 1, tzinfo=UTC)),
    "bytes": types.Value(bytes_value=b"\xff"),
    "a reference": types.Value(reference_value="projects/p/databases/(default)/documents/builds/other"),
    "a timestamp in a list": types.Value(
        array_value=types.ArrayValue(values=[types.Value(timestamp_value=datetime(2027, 1, 1, tzinfo=UTC))])
    ),
}


class Intruder:
    """Somebody else who may write to the same database."""

    def __init__(self, channel: grpc.Channel, project: str) -> None:
        self._api = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))
        self._root = f"projects/{project}/databases/(default)"

    def write(self, name: str, field: str, value: types.Value) -> None:
        """Set one field of a build's record."""
        document = types.Document(name=f"{self._root}/documents/{BUILDS}/{name}", fields={field: value})
        mask = types.DocumentMask(field_paths=[field])
        writes = [types.Write(update=document, update_mask=mask)]
        self._api.commit(types.CommitRequest(database=self._root, writes=writes), timeout=20)


@pytest.fixture
def channel(firestore_emulator: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(firestore_emulator) as made:
        yield made


def waiting(harness: Harness) -> BuildKey:
    """Return a build whose record is due, because it could not be fetched at once."""
    harness.faults.add(Fault("GetBuild", "before"))
    key = harness.upload()
    harness.announce(key)
    harness.clock.advance(1)
    return key


@pytest.mark.parametrize("value", FOREIGN.values(), ids=FOREIGN.keys())
@pytest.mark.parametrize("field", ["created", "key", "build"])
def test_a_record_that_cannot_be_read_is_put_off_as_it_is_and_the_others_go_on(
    channel: grpc.Channel, project: str, field: str, value: types.Value
) -> None:
    intruder = Intruder(channel, project)
    with a_harness(FirestoreStore(project, channel=channel)) as harness:
        spoilt, sound = waiting(harness), waiting(harness)
        intruder.write(spoilt.digest, field, value)
        found = harness.deployment.services.store.read(BUILDS, spoilt.digest, timeout=20)
        harness.clock.advance(60)
        swept = harness.sweep()
        assert harness.verdict(sound) == "LOCAL_SOURCE"
        assert swept is not None
        assert [problem.partition(":")[0] for problem in swept.problems] == [f"record {spoilt.digest}"]
        assert "expected a record that version" in swept.problems[0]
        put_off = harness.deployment.services.store.read(BUILDS, spoilt.digest, timeout=20)
        assert found is not None
        assert put_off is not None
        assert put_off.document == {**found.document, "due": "2026-11-23T03:01:02.000000Z"}


@pytest.mark.parametrize("value", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_field_of_somebody_elses_keeps_no_record_from_its_verdict(
    channel: grpc.Channel, project: str, value: types.Value
) -> None:
    """The field by which a database is told to expire documents is one."""
    with a_harness(FirestoreStore(project, channel=channel)) as harness:
        key = waiting(harness)
        Intruder(channel, project).write(key.digest, "expireAt", value)
        harness.live(1)
        assert harness.verdict(key) == "LOCAL_SOURCE"
