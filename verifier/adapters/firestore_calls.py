"""Firestore's methods, as far as the ledger needs them: one request each, in the library's plain protobuf messages.

`google.cloud.firestore_v1.types` wraps each message in one of its own (proto-plus), which converts every value that is
read or written. Behind each wrapper stands the plain message, `Wrapper.pb()`: that is what travels here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
from google.api_core.exceptions import NotFound, from_grpc_error
from google.api_core.gapic_v1.routing_header import to_grpc_metadata
from google.cloud.firestore_v1 import types

Document: Any = types.Document.pb()
Write: Any = types.Write.pb()
_GetRequest: Any = types.GetDocumentRequest.pb()
_BatchRequest: Any = types.BatchGetDocumentsRequest.pb()
_BatchAnswer: Any = types.BatchGetDocumentsResponse.pb()
_QueryRequest: Any = types.RunQueryRequest.pb()
_QueryAnswer: Any = types.RunQueryResponse.pb()
_CommitRequest: Any = types.CommitRequest.pb()
_CommitAnswer: Any = types.CommitResponse.pb()
_SERVICE = "/google.firestore.v1.Firestore"


class FirestoreCalls:
    """One database's methods. Each raises `GoogleAPICallError`; nothing is retried.

    `name` is the document's full name, `projects/…/databases/…/documents/…`. Firestore finds the database by a header
    of each request, which the generated client would set as well.
    """

    def __init__(self, channel: grpc.Channel, database: str) -> None:
        """Prepare to call; nothing is sent yet. `database` is its full name."""
        self._database = database
        self._by_database = _routed("database", database)
        self._by_parent = _routed("parent", f"{database}/documents")
        self._get_one = _unary(channel, "GetDocument", _GetRequest, Document)
        self._commit = _unary(channel, "Commit", _CommitRequest, _CommitAnswer)
        self._get_many = _stream(channel, "BatchGetDocuments", _BatchRequest, _BatchAnswer)
        self._query = _stream(channel, "RunQuery", _QueryRequest, _QueryAnswer)

    def get(self, name: str, timeout: float) -> Any:
        """Return the document. NotFound where there is none, or no database: `is_about` tells them apart."""
        with _translated():
            return self._get_one(_GetRequest(name=name), timeout=timeout, metadata=_routed("name", name))

    def get_all(self, names: Sequence[str], fields: Sequence[str] | None, timeout: float) -> tuple[list[Any], int]:
        """Return the documents that there are, with these fields or all, and how many are said to be missing."""
        request = _BatchRequest(database=self._database, documents=names)
        if fields is not None:
            request.mask.field_paths.extend(fields)
        with _translated():
            answers = list(self._get_many(request, timeout=timeout, metadata=self._by_database))
        found = [answer.found for answer in answers if answer.HasField("found")]
        return found, sum(answer.HasField("missing") for answer in answers)

    def query(self, query: types.StructuredQuery, timeout: float) -> list[Any]:
        """Return the documents that match."""
        wrapped = types.RunQueryRequest(parent=f"{self._database}/documents", structured_query=query)
        request = types.RunQueryRequest.pb(wrapped)
        with _translated():
            answers = list(self._query(request, timeout=timeout, metadata=self._by_parent))
        return [answer.document for answer in answers if answer.HasField("document")]

    def commit(self, writes: Sequence[Any], timeout: float) -> Any:
        """Make these writes, all or none, and return the answer."""
        request = _CommitRequest(database=self._database, writes=writes)
        with _translated():
            return self._commit(request, timeout=timeout, metadata=self._by_database)


def is_about(error: NotFound, name: str) -> bool:
    """Return whether it is said that this document is missing. What is said of a missing database never names one."""
    return name in str(error.message)


def _routed(field: str, value: str) -> list[tuple[str, str]]:
    return [to_grpc_metadata({field: value})]  # type: ignore[no-untyped-call]  # the library's


def _unary(channel: grpc.Channel, method: str, request: Any, answer: Any) -> Any:
    return channel.unary_unary(f"{_SERVICE}/{method}", request.SerializeToString, answer.FromString)


def _stream(channel: grpc.Channel, method: str, request: Any, answer: Any) -> Any:
    return channel.unary_stream(f"{_SERVICE}/{method}", request.SerializeToString, answer.FromString)


@contextmanager
def _translated() -> Iterator[None]:
    """Raise GoogleAPICallError for what gRPC raises."""
    try:
        yield
    except grpc.RpcError as error:
        raise from_grpc_error(error) from error  # type: ignore[no-untyped-call]  # the library's
