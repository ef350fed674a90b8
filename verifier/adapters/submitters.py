"""Who submitted a build, and with what: the `CreateBuild` entries of Cloud Audit Logs (Admin Activity).

Documentation: "Cloud Build audit logging"; Admin Activity entries are kept for 400 days.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from google.cloud.audit.audit_log_pb2 import AuditLog
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client, transports
from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse

from verifier.adapters.billing import HOME_PAYS, Billing
from verifier.adapters.google import connected, countdown, needs, translated
from verifier.adapters.patience import Patience
from verifier.errors import ServiceError
from verifier.facts.build import BuildKey
from verifier.facts.submitter import Submitter
from verifier.times import show_time

_PAGE_SIZE = 1_000
_MOST_PAGES = 3
_SECONDS = 30.0
_AROUND = timedelta(minutes=10)
"""An entry's time and its build's time of creation are no further apart."""
_AT_ONCE = 15
_BETWEEN_SECONDS = 2.0
"""After the first pages: the project may read 60 a minute, and the function needs some of them."""


class Submission(NamedTuple):
    """One entry."""

    build_id: str
    moment: datetime
    submitter: Submitter


class CloudSubmitters:
    """The `Submitters` service."""

    def __init__(self, endpoint: str = "", billing: Billing = HOME_PAYS) -> None:
        self._billing = billing
        self._client = connected(LoggingServiceV2Client, transports.LoggingServiceV2GrpcTransport, endpoint)

    def submitter(self, key: BuildKey, created: datetime, *, timeout: float) -> Submitter | None:
        """See `services.Submitters.submitter`."""
        left, page = countdown(timeout, f"reading who submitted build {key.id}"), ""
        for _ in range(_MOST_PAGES):
            wanted = f" AND resource.labels.build_id={json.dumps(key.id)}"
            found, page = self.page(key.project, created - _AROUND, created + _AROUND, page, wanted, timeout=left())
            if found or not page:
                return found[0].submitter if found else None
        return None

    def page(
        self, project: str, since: datetime, until: datetime, page: str, more: str = "", *, timeout: float
    ) -> tuple[Sequence[Submission], str]:
        """One page of the entries between two moments, newest first, and the next token. Raise ServiceError."""
        request = ListLogEntriesRequest(
            resource_names=[f"projects/{project}"],
            filter=(
                'log_id("cloudaudit.googleapis.com/activity") AND resource.type="build" '
                'AND protoPayload.methodName="google.devtools.cloudbuild.v1.CloudBuild.CreateBuild" '
                f'AND timestamp>="{show_time(since)}" AND timestamp<="{show_time(until)}"{more}'
            ),
            order_by="timestamp desc",
            page_size=_PAGE_SIZE,
            page_token=page,
        )
        grant = needs("logging.logEntries.list", f"project {project}", "roles/logging.viewer")
        what = f"reading who submitted the builds of {project}"
        left = countdown(timeout, what)
        with translated(what, grant):
            pages = self._billing.billed(
                project,
                lambda payer: (
                    self._client.list_log_entries(request=request, timeout=left(), retry=None, metadata=payer).pages
                ),
            )
            answer = ListLogEntriesResponse.pb(next(pages))
        return list(_submissions(answer.entries)), answer.next_page_token


class SubmitterLog:
    """Who submitted each of many builds that are asked for newest first, in few reads.

    Entries are read a page at a time, as far back as the build that is asked for, and forgotten once builds are older:
    memory does not grow with their number. After trouble nobody is known any more, and `trouble` says why.
    """

    def __init__(
        self, source: CloudSubmitters, patience: Patience, project: str, since: datetime, until: datetime
    ) -> None:
        self.trouble: ServiceError | None = None
        self._source, self._patience, self._project = source, patience, project
        self._since, self._until = since - _AROUND, until + _AROUND
        self._known: OrderedDict[str, Submission] = OrderedDict()
        self._read_back_to = self._until
        self._pages = self._read()

    def of(self, build_id: str, created: datetime) -> Submitter | None:
        """Who submitted the build that was created then, or None where that is not known."""
        while self._read_back_to > created - _AROUND and (page := next(self._pages, None)) is not None:
            for entry in page:
                self._known[entry.build_id] = entry
                self._known.move_to_end(entry.build_id)
                self._read_back_to = entry.moment
        while self._known and next(iter(self._known.values())).moment > created + _AROUND:
            self._known.popitem(last=False)
        found = self._known.get(build_id)
        return found.submitter if found else None

    def _read(self) -> Iterator[Sequence[Submission]]:
        token, reads = "", 0
        while True:
            if reads >= _AT_ONCE:
                self._patience.pause(_BETWEEN_SECONDS)
            call = partial(self._source.page, self._project, self._since, self._until, token, timeout=_SECONDS)
            try:
                page, token = self._patience.of(call)
            except ServiceError as error:
                self.trouble = error
                return
            yield page
            if not token:
                return
            reads += 1


def _submissions(entries: Any) -> Iterator[Submission]:
    for entry in entries:
        audit = AuditLog()
        if not entry.proto_payload.Unpack(audit):
            continue
        who = audit.authentication_info.principal_email or audit.authentication_info.principal_subject
        build_id = entry.resource.labels.get("build_id", "")
        if who and build_id:
            moment = datetime.fromtimestamp(entry.timestamp.seconds, UTC)
            yield Submission(build_id, moment, Submitter(who, audit.request_metadata.caller_supplied_user_agent))
