"""The ledger's storage in one SQLite file: for one machine, with any number of threads and processes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

from verifier.errors import Refused, ServiceError, Unavailable
from verifier.services import Document, Stored

QUEUES = ("unsaid", "late", "queue", "name", "cut_due", "created", "expires", "job", "reading")
"""The fields beside `due` by which documents are queued, each with an index: made when an older file is opened, too."""

_OPEN = (
    "PRAGMA journal_mode = WAL",
    """
    CREATE TABLE IF NOT EXISTS documents (
      collection TEXT NOT NULL,
      name TEXT NOT NULL,
      revision INTEGER NOT NULL,
      due TEXT,
      body TEXT NOT NULL,
      PRIMARY KEY (collection, name)
    )
    """,
    "CREATE INDEX IF NOT EXISTS documents_by_due ON documents (collection, due)",
    *(
        f"CREATE INDEX IF NOT EXISTS documents_by_{field} ON documents (collection, json_extract(body, '$.{field}'))"
        for field in QUEUES
    ),
    "PRAGMA user_version = 1",  # it writes, so that a read-only file says so now and not at the first claim
)
_READ = "SELECT body, revision FROM documents WHERE collection = :collection AND name = :name"
# Each write is one conditional statement, hence atomic without a transaction around it.
_CREATE = """
INSERT INTO documents (collection, name, revision, due, body) VALUES (:collection, :name, 1, :due, :body)
ON CONFLICT DO NOTHING RETURNING revision
"""
_REPLACE = """
UPDATE documents SET revision = revision + (body <> :body), due = :due, body = :body
WHERE collection = :collection AND name = :name AND revision = :revision RETURNING revision
"""
_DUE = """
SELECT name, body, revision FROM documents
WHERE collection = :collection AND {moment} BETWEEN :since AND :now ORDER BY {moment}, name LIMIT :limit
"""
DUE_BY = {
    "due": _DUE.format(moment="due"),
    **{field: _DUE.format(moment=f"json_extract(body, '$.{field}')") for field in QUEUES},
}
"""The query of each queue."""
_PRESENT = """
SELECT name FROM documents
WHERE collection = :collection AND name IN (SELECT value FROM json_each(:names))
  AND (:unwanted IS NULL OR json_extract(body, :field) IS NOT :unwanted)
"""
_HOLDERS = """
SELECT name, body, revision FROM documents
WHERE collection = :collection AND json_type(body, :field) = 'array'
  AND EXISTS (SELECT 1 FROM json_each(body, :field) WHERE type = 'text' AND value = :value)
ORDER BY name LIMIT :limit
"""
_DELETE = "DELETE FROM documents WHERE collection = :collection AND name IN (SELECT value FROM json_each(:names))"
_OPENING_SECONDS = 5.0
_HELD_BY_OTHERS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class SqliteStore:
    """A `Store` in one file. It holds what Firestore holds, and refuses what Firestore would refuse.

    As there, a document that is replaced by an equal one keeps its revision.
    """

    def __init__(self, path: Path | str) -> None:
        """Open the file, or make it.

        Raise `Refused` when it is no database or cannot be written, `Unavailable` when others hold it too long.
        """
        self._path = path
        self._lock = Lock()
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise self._explain(error, _OPENING_SECONDS) from error
        try:
            for statement in _OPEN:
                self._run(statement, {}, _OPENING_SECONDS)
        except ServiceError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        self._connection.close()

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        """Return the document, or None when there is none."""
        rows = self._run(_READ, {"collection": collection, "name": name}, timeout)
        return _stored(*rows[0]) if rows else None

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        """Write a document that does not exist yet. None when one does."""
        row = {"collection": collection, "name": name} | _columns(document)
        written = self._run(_CREATE, row, timeout)
        return Stored(document, str(written[0][0])) if written else None

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        """Write the document if it is still at this revision. None when it is not, or is gone."""
        row = {"collection": collection, "name": name, "revision": revision} | _columns(document)
        written = self._run(_REPLACE, row, timeout)
        return Stored(document, str(written[0][0])) if written else None

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
        """Names and documents of the collection whose `field` (`due`, or one of `QUEUES`) is from `since` to `now`.

        `only`: the fields that are wanted of them, in order.
        """
        values = {"collection": collection, "since": since, "now": now, "limit": limit}
        found = [(name, _stored(body, revision)) for name, body, revision in self._run(DUE_BY[field], values, timeout)]
        return [(name, _cut(stored, {field, *only}) if only else stored) for name, stored in found]

    def present(
        self, collection: str, names: Sequence[str], *, unless: tuple[str, str] | None = None, timeout: float
    ) -> set[str]:
        """Which of these names have a document. `unless`: one whose field has this value does not count."""
        field, unwanted = unless or ("", None)
        values = {
            "collection": collection,
            "names": json.dumps(list(names)),
            "field": f'$."{field}"',
            "unwanted": unwanted,
        }
        return {name for (name,) in self._run(_PRESENT, values, timeout)}

    def holding(self, collection: str, field: str, value: str, *, timeout: float) -> Stored | None:
        """One document whose list `field` contains `value`, or None."""
        found = self.holders(collection, field, value, 1, timeout=timeout)
        return found[0][1] if found else None

    def holders(
        self, collection: str, field: str, value: str, limit: int, *, timeout: float
    ) -> list[tuple[str, Stored]]:
        """Names and documents whose list `field` contains `value`, by name; of more than `limit` the first ones."""
        values = {"collection": collection, "field": f'$."{field}"', "value": value, "limit": limit}
        return [(name, _stored(body, revision)) for name, body, revision in self._run(_HOLDERS, values, timeout)]

    def delete(self, collection: str, names: Sequence[str], *, timeout: float) -> None:
        """Delete these documents. One that is gone is no error."""
        self._run(_DELETE, {"collection": collection, "names": json.dumps(list(names))}, timeout)

    def _run(self, statement: str, values: Mapping[str, Any], timeout: float) -> list[Any]:
        """Run one statement. The threads of this process take turns; other processes are waited for by SQLite."""
        deadline = monotonic() + timeout
        if not self._lock.acquire(timeout=max(0.0, timeout)):
            raise Unavailable(f"{self._path}: another thread used the ledger for all of {timeout:g} s; try again")
        try:
            patience = max(0, round((deadline - monotonic()) * 1000))
            self._connection.execute(f"PRAGMA busy_timeout = {patience}")
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._explain(error, timeout) from error
        finally:
            self._lock.release()

    def _explain(self, error: sqlite3.Error, timeout: float) -> ServiceError:
        # Python's own complaints carry no code; SQLite's low byte is the kind, the rest is detail.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _HELD_BY_OTHERS:
            return Unavailable(f"{self._path}: another process held the ledger for all of {timeout:g} s; try again")
        return Refused(
            f"{self._path}: expected a SQLite file that can be written, or a folder to make it in; got: {error}. "
            "Choose another path, or fix or remove the file"
        )


def _stored(body: str, revision: int) -> Stored:
    return Stored(json.loads(body), str(revision))


def _cut(stored: Stored, fields: set[str]) -> Stored:
    return Stored({name: value for name, value in stored.document.items() if name in fields}, stored.revision)


def _columns(document: Document) -> dict[str, str | None]:
    """Return what is stored of a document. Raise `Refused` when it is not JSON that Firestore would take."""
    _refuse_alien(document)
    due = document.get("due")
    try:
        body = json.dumps(document, default=dict, ensure_ascii=False, sort_keys=True)
        body.encode()
    except ValueError as error:
        raise Refused(f"expected valid Unicode text, got {error}") from error
    return {"due": due if isinstance(due, str) else None, "body": body}


def _refuse_alien(value: object, *, in_list: bool = False) -> None:
    """Refuse what Firestore cannot hold, so that what works on this machine works there."""
    match value:
        case Mapping():
            for item in value.values():
                _refuse_alien(item)
        case list() | tuple() if not in_list:
            for item in value:
                _refuse_alien(item, in_list=True)
        case list() | tuple():
            raise Refused(f"expected no list directly in a list, got {value!r:.80}; put an object in between")
        case int() if not -(2**63) <= value < 2**63:
            raise Refused(f"expected an integer of at most 64 bits, got {value}; write it as text")
        case None | str() | int() | float():
            return
        case _:
            raise Refused(f"expected a JSON value, got {type(value).__name__}; write it as text or a number")
