"""Firestore unreachable, refusing, or losing its replies: one request a call, one clear error, in time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic

import grpc
import pytest
from grpc import StatusCode

from tests.busy import BUSY_SECONDS, LONG_SECONDS
from tests.emulators.firestore import CALLS, READS, REVISION, WRITES, RequestRecorder, failing_firestore
from verifier.adapters.firestore import FirestoreStore
from verifier.errors import Denied, Refused, ServiceError, Unavailable
from verifier.services import Stored

GET = "/google.firestore.v1.Firestore/GetDocument"
BATCH = "/google.firestore.v1.Firestore/BatchGetDocuments"
QUERY = "/google.firestore.v1.Firestore/RunQuery"
COMMIT = "/google.firestore.v1.Firestore/Commit"
METHODS = {
    "read": GET,
    "due": QUERY,
    "present": BATCH,
    "holding": QUERY,
    "holders": QUERY,
    "create": COMMIT,
    "replace": COMMIT,
    "delete": COMMIT,
}
SHORT = 0.4


@contextmanager
def silent() -> Iterator[str]:
    """Yield an address where connections are accepted and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def closed() -> Iterator[str]:
    """Yield an address where nobody listens."""
    with silent() as address:
        pass
    yield address


def failure(call: str, channel: grpc.Channel, timeout: float = 10.0) -> ServiceError:
    """Return the error of one call in the database `ledger` of the project `shop`."""
    store = FirestoreStore("shop", "ledger", channel=channel)
    with pytest.raises(ServiceError) as caught:
        CALLS[call](store, timeout)
    return caught.value


@pytest.mark.parametrize("place", [silent, closed])
@pytest.mark.parametrize("call", CALLS)
def test_an_unreachable_firestore_is_unavailable_within_the_timeout(
    call: str, place: Callable[[], AbstractContextManager[str]]
) -> None:
    with place() as address, grpc.insecure_channel(address) as channel:
        start = monotonic()
        error = failure(call, channel, SHORT)
    assert monotonic() - start < SHORT + BUSY_SECONDS
    assert isinstance(error, Unavailable)
    assert error.ambiguous == (call in WRITES)


@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_one_request_that_carries_the_timeout(call: str, firestore_emulator: str, project: str) -> None:
    recorder = RequestRecorder()
    with grpc.insecure_channel(firestore_emulator) as channel:
        CALLS[call](FirestoreStore(project, channel=grpc.intercept_channel(channel, recorder)), 10.0)
    [(method, timeout)] = recorder.requests
    assert method == METHODS[call]
    assert timeout is not None
    assert 5 < timeout <= 10


def test_a_lost_race_is_one_request_too(firestore_emulator: str, project: str) -> None:
    recorder = RequestRecorder()
    with grpc.insecure_channel(firestore_emulator) as channel:
        store = FirestoreStore(project, channel=grpc.intercept_channel(channel, recorder))
        store.create("builds", "a", {}, timeout=10)
        assert store.create("builds", "a", {}, timeout=10) is None
        assert store.replace("builds", "a", {}, REVISION, timeout=10) is None
    assert len(recorder.requests) == 3


def test_looking_for_no_names_sends_nothing() -> None:
    with failing_firestore(StatusCode.INTERNAL) as (channel, received):
        assert FirestoreStore("shop", channel=channel).present("builds", [], timeout=10) == set()
    assert received == []


def test_a_create_whose_reply_is_lost_is_ambiguous_and_not_sent_again(firestore_emulator: str, project: str) -> None:
    with (
        grpc.insecure_channel(firestore_emulator) as emulator,
        failing_firestore(StatusCode.UNAVAILABLE, behind=emulator) as (channel, received),
    ):
        with pytest.raises(Unavailable) as caught:
            FirestoreStore(project, channel=channel).create("builds", "a", {"nonce": "ours"}, timeout=10)
        landed = FirestoreStore(project, channel=emulator).read("builds", "a", timeout=10)
    assert caught.value.ambiguous
    assert received == [COMMIT]
    assert landed is not None
    assert landed.document == {"nonce": "ours"}


@pytest.mark.parametrize("status", [StatusCode.INTERNAL, StatusCode.UNKNOWN, StatusCode.UNAVAILABLE])
@pytest.mark.parametrize("call", CALLS)
def test_a_server_in_trouble_is_unavailable_after_one_request(call: str, status: StatusCode) -> None:
    with failing_firestore(status) as (channel, received):
        error = failure(call, channel)
    assert isinstance(error, Unavailable)
    assert error.ambiguous == (call in WRITES)
    assert received == [METHODS[call]]


@pytest.mark.parametrize("call", CALLS)
def test_an_exhausted_quota_is_unavailable_and_nothing_has_landed(call: str) -> None:
    with failing_firestore(StatusCode.RESOURCE_EXHAUSTED) as (channel, _):
        error = failure(call, channel)
    assert isinstance(error, Unavailable)
    assert not error.ambiguous


@pytest.mark.parametrize("call", WRITES)
def test_an_aborted_write_is_sent_once_more(call: str) -> None:
    with failing_firestore(StatusCode.ABORTED, StatusCode.OK) as (channel, received):
        stored = CALLS[call](FirestoreStore("shop", channel=channel), 10)
    assert stored == (None if call == "delete" else Stored({"state": 1}, REVISION))
    assert received == [COMMIT, COMMIT]


@pytest.mark.parametrize("call", WRITES)
def test_a_write_that_is_aborted_twice_is_unavailable_and_has_not_landed(call: str) -> None:
    with failing_firestore(StatusCode.ABORTED) as (channel, received):
        error = failure(call, channel)
    assert isinstance(error, Unavailable)
    assert not error.ambiguous
    assert received == [COMMIT, COMMIT]


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_permission_names_the_role_the_project_and_the_database(call: str) -> None:
    with failing_firestore(StatusCode.PERMISSION_DENIED) as (channel, received):
        error = failure(call, channel)
    assert isinstance(error, Denied)
    assert len(received) == 1
    for expected in ("database ledger of project shop", "roles/datastore.user", "the server's own words"):
        assert expected in str(error)


@pytest.mark.parametrize("call", [*READS, "create"])
def test_a_missing_database_names_the_command_that_makes_it(call: str) -> None:
    with failing_firestore(StatusCode.NOT_FOUND) as (channel, _):
        error = failure(call, channel)
    assert isinstance(error, Refused)
    assert "gcloud firestore databases create --project=shop --database='ledger'" in str(error)


def test_the_whole_message_of_a_refusal() -> None:
    with failing_firestore(StatusCode.INVALID_ARGUMENT) as (channel, _):
        error = failure("create", channel)
    assert isinstance(error, Refused)
    assert str(error) == (
        "expected Firestore database ledger of project shop to create builds/a within 10 s, "
        "got INVALID_ARGUMENT: the server's own words; "
        "trying again will not help, the request or the database must change"
    )


def run_alone(script: str, **environment: str) -> str:
    """Return what a fresh Python prints, in this environment and these variables."""
    command = [sys.executable, "-c", script]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=True, timeout=LONG_SECONDS
    ).stdout


def test_the_emulator_that_the_environment_names_is_used(firestore_emulator: str, project: str) -> None:
    script = (
        "from verifier.adapters.firestore import FirestoreStore\n"
        f"print(FirestoreStore({project!r}).create('marks', 'a', {{'state': 1}}, timeout=20).revision)"
    )
    revision = run_alone(script, FIRESTORE_EMULATOR_HOST=firestore_emulator).strip()
    with grpc.insecure_channel(firestore_emulator) as channel:
        found = FirestoreStore(project, channel=channel).read("marks", "a", timeout=10)
    assert found == Stored({"state": 1}, revision)
