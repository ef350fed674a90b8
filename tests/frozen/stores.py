"""How a store holds a document: the rows of SQLite, the fields of Firestore."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.protobuf import json_format

from tests.fixtures.records import Written, written

STATES = ("unsaid", "not-found", "done-failed", "mark-listing", "mark-unconfirmed")
"""Between them: nothing, text, numbers, truth, lists, and objects in objects."""


def documents() -> dict[str, Written]:
    """Return what was stored, by state."""
    return {state: written(f"0.1.0/{state}") for state in STATES}


def restored(statements: str, path: Path) -> None:
    """Make the file that these statements describe."""
    connection = sqlite3.connect(path)
    try:
        connection.executescript(statements)
    finally:
        connection.close()


class Wire:
    """A Firestore database as its API shows it."""

    def __init__(self, channel: grpc.Channel, project: str) -> None:
        self._api = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))
        self._root = f"projects/{project}/databases/(default)"

    def fields(self, collection: str, name: str) -> dict[str, Any]:
        """Return a document's fields, each with its type."""
        request = types.GetDocumentRequest(name=self._path(collection, name))
        message = self._api.get_document(request, timeout=20)
        found: dict[str, Any] = json_format.MessageToDict(types.Document.pb(message))["fields"]
        return found

    def write(self, collection: str, name: str, fields: Mapping[str, Any]) -> None:
        """Put a document there."""
        message = types.Document()
        json_format.ParseDict({"name": self._path(collection, name), "fields": fields}, types.Document.pb(message))
        request = types.CommitRequest(database=self._root, writes=[types.Write(update=message)])
        self._api.commit(request, timeout=20)

    def _path(self, collection: str, name: str) -> str:
        return f"{self._root}/documents/{collection}/{name}"
