"""Cloud Logging: read a worker's entries, write the audit trail. The low-level client: it adds nothing of its own.

(`Client.list_entries` would add a time bound, and `Client.logger` asks the metadata server.)
Documentation: "Cloud Logging API v2", entries.list and entries.write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache, partial
from typing import Any

from google.api import monitored_resource_pb2
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client, transports
from google.cloud.logging_v2.types import (
    ListLogEntriesRequest,
    ListLogEntriesResponse,
    WriteLogEntriesRequest,
    WriteLogEntriesResponse,
)
from google.cloud.logging_v2.types import LogEntry as LogEntryMessage
from google.logging.type import log_severity_pb2
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from verifier.adapters.billing import HOME_PAYS, Billing, Payer
from verifier.adapters.google import connected, countdown, needs, translated
from verifier.adapters.plain_calls import unary
from verifier.facts.logs import EXECUTION_LABEL, FIELD_NAMES, LogEntry, Structured, structured
from verifier.services import Document, LogPage

AUDIT_LOG = "build-verifier"
_WRITE = "google.logging.v2.LoggingServiceV2/WriteLogEntries"
_WriteRequest: Any = WriteLogEntriesRequest.pb()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAGE_SIZE = 1_000
_TASK_LABEL = "run.googleapis.com/task_index"
_ATTEMPT_LABEL = "run.googleapis.com/task_attempt"
_CONTAINER_LABEL = "container_name"
_made = partial(tuple.__new__, LogEntry)
"""What makes an entry of all its fields, in half the time that its constructor with names takes."""


class CloudLogging:
    """The `Logs` and `Audit` services: entries are read where the job ran, and written to the home project."""

    def __init__(
        self, home_project: str, endpoint: str = "", billing: Billing = HOME_PAYS, *, page_seconds: float = 8.0
    ) -> None:
        """`page_seconds`: the most that one page may take, however much time there is for all."""
        self._billing = billing
        self._home = home_project
        self._page_seconds = page_seconds
        self._client = connected(LoggingServiceV2Client, transports.LoggingServiceV2GrpcTransport, endpoint)
        channel = self._client.transport.grpc_channel
        self._write = unary(channel, _WRITE, _WriteRequest, WriteLogEntriesResponse.pb())

    def read(
        self,
        project: str,
        filter_text: str,
        *,
        waits: bool = False,  # noqa: ARG002 - whoever shares the quota out heeds it
        last: bool = False,  # noqa: ARG002 - the same
        timeout: float,
    ) -> Iterator[LogPage]:
        """See `services.Logs.read`."""
        request = ListLogEntriesRequest(
            resource_names=[f"projects/{project}"],
            filter=filter_text,
            order_by="timestamp asc",
            page_size=_PAGE_SIZE,
        )
        grant = needs("logging.logEntries.list", f"project {project}", "roles/logging.viewer")
        what = f"reading the logs of {project}"
        left = countdown(timeout, what)
        with translated(what, grant):
            while True:
                answer = self._billing.billed(project, partial(self._page, request, left))
                page = ListLogEntriesResponse.pb(next(answer.pages))
                yield LogPage(map(log_entry, page.entries), bool(page.next_page_token))
                if not page.next_page_token:
                    return
                request.page_token = page.next_page_token

    def _page(self, request: ListLogEntriesRequest, left: Callable[[], float], payer: Payer) -> Any:
        seconds = min(left(), self._page_seconds)
        return self._client.list_log_entries(request=request, timeout=seconds, retry=None, metadata=payer)

    def write(
        self,
        *,
        insert_id: str,
        time: datetime,
        severity: str,
        labels: Mapping[str, str],
        payload: Document,
        timeout: float,
    ) -> None:
        """See `services.Audit.write`."""
        body, moment = Struct(), Timestamp()
        body.update(payload)
        moment.FromDatetime(time)
        entry = LogEntryMessage.pb()(
            log_name=f"projects/{self._home}/logs/{AUDIT_LOG}",
            resource=monitored_resource_pb2.MonitoredResource(type="global", labels={"project_id": self._home}),
            timestamp=moment,
            severity=log_severity_pb2.LogSeverity.Value(severity),
            insert_id=insert_id,
            labels=dict(labels),
            json_payload=body,
        )
        grant = needs("logging.logEntries.create", f"project {self._home}", "roles/logging.logWriter")
        with translated("writing the audit trail", grant):
            self._write(_WriteRequest(entries=[entry]), timeout=timeout)


def log_entry(raw: Any) -> LogEntry:
    """Return what judgement needs of an entry; `raw` is the plain protobuf, far cheaper to read than its wrapper."""
    label = raw.labels.get
    stamp = raw.timestamp
    text, level = raw.text_payload, 0
    is_structured = not text and raw.WhichOneof("payload") == "json_payload"
    if is_structured:
        text, level = _structured(raw.json_payload.fields)
    return _made(
        (
            _within(stamp.seconds)(stamp.nanos // 1_000, UTC),
            raw.severity,
            _log_id(raw.log_name),
            text,
            label(EXECUTION_LABEL, ""),
            label(_TASK_LABEL, ""),
            label(_ATTEMPT_LABEL, ""),
            level,
            label(_CONTAINER_LABEL, ""),
            is_structured,
        )
    )


def _structured(fields: Any) -> Structured:
    """Return what its fields say; those without text or level are read only where nothing else says anything."""
    wanted = {name: fields[name].string_value or _value(fields[name]) for name in fields if name in FIELD_NAMES}
    found = structured(wanted)
    return structured(_plain(fields)) if not found.text or found.text[0] == "{" else found


def _plain(fields: Any) -> dict[str, Any]:
    """Return a protobuf's Struct as JSON values. Its parser has bounded how deep it is."""
    return {name: _value(value) for name, value in fields.items()}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _plain(value.struct_value.fields)
    if kind == "list_value":
        return [_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return None if kind in (None, "null_value") else getattr(value, kind)


@lru_cache(maxsize=256)  # many entries share one
def _within(seconds: int) -> Callable[[int, tzinfo], datetime]:
    """Return what makes a moment of its microseconds: a third of what `datetime.replace` takes."""
    second = _EPOCH + timedelta(seconds=seconds)
    return partial(datetime, second.year, second.month, second.day, second.hour, second.minute, second.second)


@lru_cache(maxsize=64)  # an entry's log is one of a few
def _log_id(log_name: str) -> str:
    return log_name.rpartition("/logs/")[2].replace("%2F", "/")
