"""How the ledger's storage speaks to Firestore: which method, with which header, and what it makes of "not found"."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from grpc import StatusCode

from tests.emulators.firestore import CALLS, RequestRecorder, failing_firestore
from verifier.adapters.firestore import FirestoreStore
from verifier.errors import Refused, ServiceError

ROOT = "projects/shop/databases/(default)"
NAME = f"{ROOT}/documents/builds/a"
ROUTING = "x-goog-request-params"


class Headers(
    grpc.UnaryUnaryClientInterceptor,  # type: ignore[type-arg]  # generic in the stubs only
    grpc.UnaryStreamClientInterceptor,  # type: ignore[type-arg]  # generic in the stubs only
):
    """Keeps by which header each request finds its database."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        self.seen.append((client_call_details.method, dict(client_call_details.metadata)[ROUTING]))
        return continuation(client_call_details, request)

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return self.intercept_unary_unary(continuation, client_call_details, request)


def headers_of_the_generated_client(channel: grpc.Channel) -> list[tuple[str, str]]:
    """Return those of each method that the storage calls."""
    headers = Headers()
    api = FirestoreClient(transport=FirestoreGrpcTransport(channel=grpc.intercept_channel(channel, headers)))
    batch = types.BatchGetDocumentsRequest(database=ROOT, documents=[NAME])
    query = types.RunQueryRequest(parent=f"{ROOT}/documents")
    for call in (
        lambda: api.get_document(types.GetDocumentRequest(name=NAME), retry=None),
        lambda: list(api.batch_get_documents(batch, retry=None)),
        lambda: list(api.run_query(query, retry=None)),
        lambda: api.commit(types.CommitRequest(database=ROOT), retry=None),
    ):
        with pytest.raises(Exception, match="the server's own words"):
            call()
    return headers.seen


def test_each_request_finds_its_database_by_the_header_that_the_generated_client_sets() -> None:
    headers = Headers()
    with failing_firestore(StatusCode.INTERNAL) as (channel, _):
        store = FirestoreStore("shop", channel=grpc.intercept_channel(channel, headers))
        for call in CALLS.values():
            with pytest.raises(ServiceError):
                call(store, 10)
        assert set(headers.seen) == set(headers_of_the_generated_client(channel))


def test_a_document_that_is_not_there_is_one_unary_request(firestore_emulator: str, project: str) -> None:
    recorder = RequestRecorder()
    with grpc.insecure_channel(firestore_emulator) as channel:
        store = FirestoreStore(project, channel=grpc.intercept_channel(channel, recorder))
        assert store.read("builds", "a", timeout=10) is None
    assert [method.rpartition("/")[2] for method, _ in recorder.requests] == ["GetDocument"]


def test_a_not_found_that_names_no_document_is_asked_about_once_more_in_a_batch() -> None:
    """A database that is not there is "not found" too: taken for a missing document, its record would be created."""
    with (
        failing_firestore(StatusCode.NOT_FOUND) as (channel, received),
        pytest.raises(Refused, match="create the database"),
    ):
        FirestoreStore("shop", channel=channel).read("builds", "a", timeout=10)
    assert [method.rpartition("/")[2] for method in received] == ["GetDocument", "BatchGetDocuments"]


def test_a_missing_document_is_none_in_whatever_words_it_is_missing(firestore_emulator: str, project: str) -> None:
    """The emulator answers the batch, the first request is refused without a word about the document."""

    class Wordless(grpc.UnaryUnaryClientInterceptor):  # type: ignore[type-arg]  # generic in the stubs only
        def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
            return refused.unary_unary(client_call_details.method, bytes, bytes).with_call(b"")[0]

    with (
        failing_firestore(StatusCode.NOT_FOUND) as (refused, _),
        grpc.insecure_channel(firestore_emulator) as emulator,
    ):
        store = FirestoreStore(project, channel=grpc.intercept_channel(emulator, Wordless()))
        assert store.read("builds", "a", timeout=10) is None
