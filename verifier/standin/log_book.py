"""The log entries of the stand-in's Cloud Logging, by project, in the order of their time."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
from functools import lru_cache
from sys import intern
from types import MappingProxyType

from google.protobuf import json_format

from verifier.standin.log_fields import LogRow, Test
from verifier.standin.messages import Pb, timestamp_nanoseconds

_Key = tuple[int, str]
_MANY = 100
"""From so many entries on it is quicker to sort once than to insert each."""


class LogBook:
    """Entries and the reading of them. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._rows: dict[str, list[LogRow]] = {}

    def put(self, entries: Iterable[tuple[int, Pb]]) -> None:
        """Add entries, each with the moment (nanoseconds since the epoch) from which it can be read."""
        new: dict[str, list[LogRow]] = {}
        for visible, entry in entries:
            new.setdefault(project_of(entry.log_name), []).append(_row(visible, entry))
        with self._lock:
            for project, rows in new.items():
                _merge(self._rows.setdefault(project, []), rows)

    def page(
        self, project: str, matches: Test, after: _Key | None, size: int, now: int, *, newest_first: bool
    ) -> tuple[list[bytes], _Key | None]:
        """Up to `size` entries that match and can be read now, and the key to go on after: None at the end.

        Of entries with the same time and insert id there is only one in a listing.
        """
        with self._lock:
            rows = self._rows.get(project, [])
            found: list[bytes] = []
            last = after
            for index in _indices(rows, after, newest_first=newest_first):
                row = rows[index]
                if row.key == last or row.visible > now or not matches(row):
                    continue
                if len(found) == size:
                    return found, last
                found.append(row.encoded)
                last = row.key
            return found, None


def project_of(log_name: str) -> str:
    """Return the project in the name of a log."""
    return log_name.removeprefix("projects/").partition("/")[0]


def _merge(rows: list[LogRow], new: list[LogRow]) -> None:
    if len(new) < _MANY:
        for row in new:
            insort(rows, row, key=_key)
    else:
        rows.extend(new)
        rows.sort(key=_key)


def _indices(rows: list[LogRow], after: _Key | None, *, newest_first: bool) -> range:
    if newest_first:
        end = len(rows) if after is None else bisect_left(rows, after, key=_key)
        return range(end - 1, -1, -1)
    return range(0 if after is None else bisect_right(rows, after, key=_key), len(rows))


def _key(row: LogRow) -> _Key:
    return row.key


def _row(visible: int, entry: Pb) -> LogRow:
    return LogRow(
        key=(timestamp_nanoseconds(entry.timestamp), entry.insert_id),
        visible=visible,
        log_name=intern(entry.log_name),
        resource_type=intern(entry.resource.type),
        resource_labels=_shared(tuple(entry.resource.labels.items())),
        labels=_shared(tuple(entry.labels.items())),
        text=entry.text_payload,
        payload=json_format.MessageToDict(entry.json_payload) if entry.HasField("json_payload") else None,
        proto=json_format.MessageToDict(entry.proto_payload) if entry.HasField("proto_payload") else None,
        severity=entry.severity,
        received=timestamp_nanoseconds(entry.receive_timestamp),
        encoded=entry.SerializeToString(),
    )


@lru_cache(maxsize=1024)
def _shared(labels: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return MappingProxyType(dict(labels))
