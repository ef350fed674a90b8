"""Firestore's methods, as far as the ledger needs them: one request each, in plain messages (`plain_calls.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from google.api_core.exceptions import NotFound
from google.cloud.firestore_v1 import types

from verifier.adapters.plain_calls import routed, stream, unary

Document: Any = types.Document.pb()
Write: Any = types.Write.pb()
_GetRequest: Any = types.GetDocumentRequest.pb()
_BatchRequest: Any = types.BatchGetDocumentsRequest.pb()
_BatchAnswer: Any = types.BatchGetDocumentsResponse.pb()
_QueryRequest: Any = types.RunQueryRequest.pb()
_QueryAnswer: Any = types.RunQueryResponse.pb()
_CommitRequest: Any = types.CommitRequest.pb()
_CommitAnswer: Any = types.CommitResponse.pb()
_SERVICE = "google.firestore.v1.Firestore"


class FirestoreCalls:
    """One database's methods. Each raises `GoogleAPICallError`; nothing is retried.

    `name` is the document's full name, `projects/…/databases/…/documents/…`. Firestore finds the database by a header
    of each request, which the generated client would set as well.
    """

    def __init__(self, channel: grpc.Channel, database: str) -> None:
        """Prepare to call; nothing is sent yet. `database` is its full name."""
        self._database = database
        self._by_database = routed("database", database)
        self._by_parent = routed("parent", f"{database}/documents")
        self._get_one = unary(channel, f"{_SERVICE}/GetDocument", _GetRequest, Document)
        self._commit = unary(channel, f"{_SERVICE}/Commit", _CommitRequest, _CommitAnswer)
        self._get_many = stream(channel, f"{_SERVICE}/BatchGetDocuments", _BatchRequest, _BatchAnswer)
        self._query = stream(channel, f"{_SERVICE}/RunQuery", _QueryRequest, _QueryAnswer)

    def get(self, name: str, timeout: float) -> Any:
        """Return the document. NotFound where there is none, or no database: `is_about` tells them apart."""
        return self._get_one(_GetRequest(name=name), timeout=timeout, metadata=routed("name", name))

    def get_all(self, names: Sequence[str], fields: Sequence[str] | None, timeout: float) -> tuple[list[Any], int]:
        """Return the documents that there are, with these fields or all, and how many are said to be missing."""
        request = _BatchRequest(database=self._database, documents=names)
        if fields is not None:
            request.mask.field_paths.extend(fields)
        answers = list(self._get_many(request, timeout=timeout, metadata=self._by_database))
        found = [answer.found for answer in answers if answer.HasField("found")]
        return found, sum(answer.HasField("missing") for answer in answers)

    def query(self, query: types.StructuredQuery, timeout: float) -> list[Any]:
        """Return the documents that match."""
        wrapped = types.RunQueryRequest(parent=f"{self._database}/documents", structured_query=query)
        request = types.RunQueryRequest.pb(wrapped)
        answers = list(self._query(request, timeout=timeout, metadata=self._by_parent))
        return [answer.document for answer in answers if answer.HasField("document")]

    def commit(self, writes: Sequence[Any], timeout: float) -> Any:
        """Make these writes, all or none, and return the answer."""
        request = _CommitRequest(database=self._database, writes=writes)
        return self._commit(request, timeout=timeout, metadata=self._by_database)


def is_about(error: NotFound, name: str) -> bool:
    """Return whether it is said that this document is missing. What is said of a missing database never names one."""
    return name in str(error.message)
