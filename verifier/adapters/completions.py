"""The entries that Cloud Run wrote when executions ended, as far back as Cloud Logging keeps them.

Documentation: "Cloud Logging API v2", entries.list; "Cloud Run audit logging".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from google.cloud.audit.audit_log_pb2 import AuditLog
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client, transports
from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse
from google.protobuf.json_format import MessageToDict

from verifier.adapters.google import connected, needs, translated
from verifier.adapters.patience import Patience
from verifier.errors import Malformed
from verifier.facts.execution import JobName
from verifier.history.completions import CompletedRun, Repositories, UnreadCompletion, completion_of
from verifier.times import show_time

_PAGE_SIZE = 1_000
_SECONDS = 60.0
_AT_ONCE = 15
_BETWEEN_SECONDS = 2.0
"""After the first pages: the project may read 60 a minute, and the function needs some of them."""
_MOST_NAMED = 150
"""Jobs in one filter, of which Cloud Logging takes 20,000 characters; of more the entries of all are read."""


class CompletionLog:
    """Reads them for a person who waits."""

    def __init__(self, patience: Patience, endpoint: str = "") -> None:
        self._patience = patience
        self._client = connected(LoggingServiceV2Client, transports.LoggingServiceV2GrpcTransport, endpoint)

    def entries(
        self, project: str, jobs: Repositories, since: datetime, until: datetime
    ) -> Iterator[CompletedRun | UnreadCompletion]:
        """Yield the entries of these jobs of a project, written between two moments, the earliest first.

        Entries that name no job are passed over. Raise ServiceError, also after some were read.
        """
        wanted = completion_filter(jobs, since, until)
        token, reads = "", 0
        while True:
            if reads >= _AT_ONCE:
                self._patience.pause(_BETWEEN_SECONDS)
            page = self._patience.of(partial(self._page, project, wanted, token))
            for entry in page.entries:
                try:
                    found = completion_of(_document(entry), jobs)
                except Malformed:
                    continue
                if found.job in jobs:
                    yield found
            token, reads = page.next_page_token, reads + 1
            if not token:
                return

    def _page(self, project: str, wanted: str, token: str) -> Any:
        request = ListLogEntriesRequest(
            resource_names=[f"projects/{project}"],
            filter=wanted,
            order_by="timestamp asc",
            page_size=_PAGE_SIZE,
            page_token=token,
        )
        grant = needs("logging.logEntries.list", f"project {project}", "roles/logging.viewer")
        with translated(f"reading which executions of {project} ended", grant):
            pages = self._client.list_log_entries(request=request, timeout=_SECONDS, retry=None).pages
            return ListLogEntriesResponse.pb(next(pages))


def completion_filter(jobs: Iterable[JobName], since: datetime, until: datetime) -> str:
    """Return what selects the entries of these jobs, written from one moment until before another."""
    terms = [
        'log_id("cloudaudit.googleapis.com/system_event")',
        'resource.type="cloud_run_job"',
        'protoPayload.methodName="/Jobs.RunJob"',
        f'timestamp>="{show_time(since)}"',
        f'timestamp<"{show_time(until)}"',
    ]
    names = sorted({job.job for job in jobs})
    if len(names) <= _MOST_NAMED:
        terms.append(f"({' OR '.join(f'resource.labels.job_name={json.dumps(name)}' for name in names)})")
    return " AND ".join(terms)


def _document(entry: Any) -> dict[str, Any]:
    """Return what is read of an entry, in its JSON form. Raise Malformed where it is no audit entry."""
    audit = AuditLog()
    if not entry.proto_payload.Unpack(audit):
        raise Malformed("expected an audit entry, got another payload")
    return {
        "resource": {"labels": dict(entry.resource.labels)},
        "timestamp": entry.timestamp.ToJsonString(),
        "protoPayload": {
            "resourceName": audit.resource_name,
            "status": {"code": audit.status.code},
            "response": MessageToDict(audit.response),
        },
    }
