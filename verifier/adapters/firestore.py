"""The ledger's storage in Firestore: one request a call, compare-and-set on the server's update time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

import grpc
from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition, GoogleAPICallError, NotFound
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from verifier.adapters.firestore_calls import FirestoreCalls, Write, is_about
from verifier.adapters.firestore_values import fill, revision, stored, written
from verifier.adapters.google import credentials, needs, retry_after
from verifier.errors import Denied, Refused, ServiceError, Unavailable
from verifier.services import Document, Stored

_Code = grpc.StatusCode
_MAY_HAVE_LANDED = {_Code.CANCELLED, _Code.DEADLINE_EXCEEDED, _Code.INTERNAL, _Code.UNAVAILABLE, _Code.UNKNOWN}
_PASSING = _MAY_HAVE_LANDED | {_Code.ABORTED, _Code.RESOURCE_EXHAUSTED}
_Query = types.StructuredQuery


class FirestoreStore:
    """A `Store` in one Firestore database in native mode; it needs no index beyond the automatic ones.

    Nothing is retried but a write that the server aborted, once: repeating a create whose reply was lost would
    take our own document for somebody else's. `firestore.Client` cannot replace a whole document under a precondition.
    """

    def __init__(self, project: str, database: str = "(default)", *, channel: grpc.Channel | None = None) -> None:
        """Prepare to talk to a database; nothing is sent yet.

        `channel` replaces the connection to Google, or to the emulator that FIRESTORE_EMULATOR_HOST names: with
        gRPC's interceptors on it, a caller can watch or disturb every request. Raise as `google.credentials` does.
        """
        self._project = project
        self._database = database
        self._root = f"projects/{project}/databases/{database}"
        self._place = f"Firestore database {database} of project {project}"
        self._api = FirestoreCalls(channel or _connect(), self._root)

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        """Return the document, or None when there is none."""
        path, action, deadline = self._path(collection, name), f"read {collection}/{name}", monotonic() + timeout
        with self._explained(action, timeout):
            try:
                document = self._api.get(path, timeout)
                if not document.name:
                    raise Unavailable(f"expected {self._place} to {action}, got an empty answer; try again later")
                return stored(document)
            except NotFound as error:
                if is_about(error, path):
                    return None
        # A database that is not there is "not found" as well, in words that may change: a batch tells them apart.
        found = self._get(action, [path], None, max(0.0, deadline - monotonic()))
        return stored(found[0]) if found else None

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        """Write a document that does not exist yet. None when one does."""
        write = self._write(collection, name, document)
        write.current_document.exists = False
        with self._explained(f"create {collection}/{name}", timeout, writing=True):
            try:
                return written(document, self._commit(write, timeout))
            except AlreadyExists:
                return None

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        """Write the document if it is still at this revision. None when it is not, or is gone."""
        write = self._write(collection, name, document)
        write.current_document.update_time.FromJsonString(revision)
        with self._explained(f"replace {collection}/{name}", timeout, writing=True):
            try:
                return written(document, self._commit(write, timeout))
            except (FailedPrecondition, NotFound):
                return None

    def due(
        self,
        collection: str,
        now: str,
        limit: int,
        *,
        field: str = "due",
        since: str = "",
        only: Sequence[str] = (),
        timeout: float,
    ) -> list[tuple[str, Stored]]:
        """Names and documents of the collection whose `field` is text from `since` to `now`, in order.

        `only`: the fields that are wanted of them. The automatic index of the field serves it.
        """
        bounds = (
            _where(field, _Query.FieldFilter.Operator.GREATER_THAN_OR_EQUAL, since),
            _where(field, _Query.FieldFilter.Operator.LESS_THAN_OR_EQUAL, now),
        )
        both = _Query.CompositeFilter(op=_Query.CompositeFilter.Operator.AND, filters=bounds)
        query = _Query(
            select=_selected(field, only),
            from_=[_Query.CollectionSelector(collection_id=collection)],
            where=_Query.Filter(composite_filter=both),
            order_by=[_Query.Order(field=_Query.FieldReference(field_path=field))],
            limit=limit,
        )
        found = self._run(f"look for {collection} by {field}", query, timeout)
        return [(_name(record), stored(record)) for record in found]

    def present(
        self, collection: str, names: Sequence[str], *, unless: tuple[str, str] | None = None, timeout: float
    ) -> set[str]:
        """Which of these names have a document. `unless`: one whose field has this value does not count."""
        if not names:
            return set()
        field, unwanted = unless or ("due", "")
        paths = [self._path(collection, name) for name in names]
        found = self._get(f"look into {collection}", paths, [field], timeout)
        return {
            _name(record)
            for record in found
            if not unless or field not in record.fields or record.fields[field].string_value != unwanted
        }

    def holding(self, collection: str, field: str, value: str, *, timeout: float) -> Stored | None:
        """One document whose list `field` contains `value`, or None."""
        query = _Query(
            from_=[_Query.CollectionSelector(collection_id=collection)],
            where=_where(field, _Query.FieldFilter.Operator.ARRAY_CONTAINS, value),
            limit=1,
        )
        found = self._run(f"search {collection} by {field}", query, timeout)
        return stored(found[0]) if found else None

    def holders(
        self, collection: str, field: str, value: str, limit: int, *, timeout: float
    ) -> list[tuple[str, Stored]]:
        """Names and documents whose list `field` contains `value`, by name: the order that Firestore has by itself."""
        query = _Query(
            from_=[_Query.CollectionSelector(collection_id=collection)],
            where=_where(field, _Query.FieldFilter.Operator.ARRAY_CONTAINS, value),
            limit=limit,
        )
        found = self._run(f"search {collection} by {field}", query, timeout)
        return [(_name(record), stored(record)) for record in found]

    def delete(self, collection: str, names: Sequence[str], *, timeout: float) -> None:
        """Delete these documents in one commit, which Firestore makes even where some are gone."""
        if not names:
            return
        writes = [Write(delete=self._path(collection, name)) for name in names]
        with self._explained(f"delete {len(writes)} {collection}", timeout, writing=True):
            self._commit_all(writes, timeout)

    def _get(self, action: str, paths: Sequence[str], fields: Sequence[str] | None, timeout: float) -> list[Any]:
        with self._explained(action, timeout):
            found, missing = self._api.get_all(paths, fields, timeout)
        if len(found) + missing < len(set(paths)):
            raise Unavailable(f"expected {self._place} to {action}, got a part of the answer; try again later")
        return found

    def _run(self, action: str, query: _Query, timeout: float) -> list[Any]:
        with self._explained(action, timeout):
            return self._api.query(query, timeout)

    def _path(self, collection: str, name: str) -> str:
        return f"{self._root}/documents/{collection}/{name}"

    def _write(self, collection: str, name: str, document: Document) -> Any:
        """Return the write of a whole document, without a precondition yet. Raise `Refused`."""
        write = Write()
        write.update.name = self._path(collection, name)
        fill(write.update.fields, document)
        return write

    def _commit(self, write: Any, timeout: float) -> str:
        """Send one write and return the document's new revision."""
        return revision(self._commit_all([write], timeout).write_results[0].update_time)

    def _commit_all(self, writes: Sequence[Any], timeout: float) -> Any:
        """Send the writes, once more where the server aborted them, and return the answer."""
        deadline = monotonic() + timeout
        try:
            answer = self._api.commit(writes, timeout)
        except Aborted:
            answer = self._api.commit(writes, max(0.0, deadline - monotonic()))
        if not answer.write_results:
            said = f"expected {self._place} to say when it wrote, got an empty answer; read what is there now"
            raise Unavailable(said, ambiguous=True)
        return answer

    @contextmanager
    def _explained(self, action: str, timeout: float, *, writing: bool = False) -> Iterator[None]:
        try:
            yield
        except GoogleAPICallError as error:
            raise self._explain(error, action, timeout, writing) from error

    def _explain(self, error: GoogleAPICallError, action: str, timeout: float, writing: bool) -> ServiceError:
        code = error.grpc_status_code or _Code.UNKNOWN
        answer = f"expected {self._place} to {action} within {timeout:g} s, got {code.name}: {error.message}"
        if code in _PASSING:
            ambiguous = writing and code in _MAY_HAVE_LANDED
            return Unavailable(answer, fix="try again later", ambiguous=ambiguous, retry_after=retry_after(error))
        if code in {_Code.PERMISSION_DENIED, _Code.UNAUTHENTICATED}:
            grant = needs("datastore.entities.*", f"project {self._project}", "roles/datastore.user")
            return Denied(answer, fix=grant)
        if code is _Code.NOT_FOUND:
            create = (
                f"create the database: gcloud firestore databases create --project={self._project} "
                f"--database='{self._database}' --location=REGION --type=firestore-native"
            )
            return Refused(answer, fix=create)
        return Refused(answer, fix="trying again will not help, the request or the database must change")


def _connect() -> grpc.Channel:
    emulator = os.environ.get("FIRESTORE_EMULATOR_HOST")
    # A frozen instance wakes up with dead connections, and gRPC's own pause between attempts grows to two minutes.
    options = [
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.max_reconnect_backoff_ms", 5_000),
        ("grpc.max_receive_message_length", -1),
    ]
    if emulator:
        return grpc.insecure_channel(emulator, options)
    return FirestoreGrpcTransport.create_channel(credentials=credentials(), options=options)


def _where(field: str, operator: int, value: str) -> _Query.Filter:
    reference = _Query.FieldReference(field_path=field)
    return _Query.Filter(
        field_filter=_Query.FieldFilter(field=reference, op=operator, value=types.Value(string_value=value))
    )


def _selected(field: str, only: Sequence[str]) -> _Query.Projection | None:
    """Return which fields a query is to bring; None: all of them."""
    if not only:
        return None
    return _Query.Projection(fields=[_Query.FieldReference(field_path=name) for name in sorted({field, *only})])


def _name(record: Any) -> str:
    return str(record.name).rpartition("/")[2]
