"""google.logging.v2.LoggingServiceV2: reading entries by a filter, and writing them."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import cast

from verifier.standin.cloud import Cloud
from verifier.standin.logging_filter import compile_log_filter
from verifier.standin.messages import (
    ListLogEntriesRequest,
    ListLogEntriesResponse,
    LogEntry,
    Method,
    Pb,
    WriteLogEntriesRequest,
    WriteLogEntriesResponse,
    nanoseconds,
    timestamp_nanoseconds,
)
from verifier.standin.refusal import invalid, page_cursor, page_token, parse_name

_LOG_NAME = re.compile(r"projects/[^/]+/logs/[A-Za-z0-9_.%-]+")
_ORDERS = {"": False, "timestamp asc": False, "timestamp desc": True}
_DEFAULT_PAGE = 50
_LARGEST_PAGE = 1000
_LARGEST_ENTRY = 256 * 1024
_FURTHEST_AHEAD = timedelta(hours=24)


class LoggingService:
    """Answers as Cloud Logging does, from what the cloud holds."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def methods(self) -> dict[str, Method]:
        """Its methods by their full name."""
        service = "/google.logging.v2.LoggingServiceV2"
        return {
            f"{service}/ListLogEntries": Method(ListLogEntriesRequest, self._list),
            f"{service}/WriteLogEntries": Method(WriteLogEntriesRequest, self._write),
        }

    def _list(self, request: Pb) -> Pb:
        project = self._one_project(list(request.resource_names))
        self._cloud.require("ListLogEntries", f"projects/{project}")
        self._cloud.quotas.count("logging", project)
        if not 0 <= request.page_size <= _LARGEST_PAGE:
            raise invalid(f"Invalid page size: expected at most {_LARGEST_PAGE}, got {request.page_size}.")
        if request.order_by not in _ORDERS:
            expected = 'expected "timestamp asc" or "timestamp desc"'
            raise invalid(f"Invalid order: {expected}, got {request.order_by!r}.")
        matches = compile_log_filter(request.filter, self._cloud.regexes)
        question = ("entries", project, request.filter, request.order_by)
        cursor = cast("list[str | int] | None", page_cursor(request.page_token, *question))
        empty_pages, *key = cursor or (0,)
        if not key and int(empty_pages) < self._cloud.empty_pages:
            return ListLogEntriesResponse(next_page_token=page_token([int(empty_pages) + 1], *question))
        encoded, more = self._cloud.logs.page(
            project,
            matches,
            (int(key[0]), str(key[1])) if key else None,
            request.page_size or _DEFAULT_PAGE,
            nanoseconds(self._cloud.clock()),
            newest_first=_ORDERS[request.order_by],
        )
        token = page_token([empty_pages, *more], *question) if more else ""
        return ListLogEntriesResponse(entries=[LogEntry.FromString(entry) for entry in encoded], next_page_token=token)

    def _one_project(self, resource_names: list[str]) -> str:
        if len(resource_names) != 1:
            raise invalid(f"Invalid resource names: expected one, projects/*, got {resource_names}.")
        (project,) = parse_name(resource_names[0], "projects")
        return self._cloud.project_id(project)

    def _write(self, request: Pb) -> Pb:
        good: list[Pb] = []
        problems: list[str] = []
        for number, given in enumerate(request.entries):
            entry = self._completed(given, request)
            self._cloud.require("WriteLogEntries", entry.log_name.partition("/logs/")[0])
            problem = self._problem(entry)
            if problem:
                problems.append(f"entry {number}: {problem}")
            else:
                good.append(entry)
        if not request.dry_run and (request.partial_success or not problems):
            self._cloud.write_entries(good)
        if problems:
            raise invalid("Log entries were refused: " + "; ".join(problems))
        return WriteLogEntriesResponse()

    def _completed(self, given: Pb, request: Pb) -> Pb:
        """Return the entry with what the request says for all of them, and with what the service adds."""
        entry = LogEntry()
        entry.CopyFrom(given)
        entry.log_name = entry.log_name or request.log_name
        if not entry.resource.type:
            entry.resource.CopyFrom(request.resource)
        for label, value in request.labels.items():
            if label not in entry.labels:
                entry.labels[label] = value
        now = self._cloud.clock()
        if not entry.HasField("timestamp"):
            entry.timestamp.FromDatetime(now)
        entry.receive_timestamp.FromDatetime(now)
        entry.insert_id = entry.insert_id or uuid.uuid4().hex
        return entry

    def _problem(self, entry: Pb) -> str:
        latest = nanoseconds(self._cloud.clock() + _FURTHEST_AHEAD)
        if not _LOG_NAME.fullmatch(entry.log_name):
            return f"expected log_name projects/*/logs/*, got {entry.log_name!r}"
        if not entry.resource.type:
            return "expected a resource with a type, got none"
        if timestamp_nanoseconds(entry.timestamp) > latest:
            return "the timestamp is more than 24 hours in the future"
        if entry.ByteSize() > _LARGEST_ENTRY:
            return f"the entry has {entry.ByteSize()} bytes; the most that are allowed is {_LARGEST_ENTRY}"
        return ""
