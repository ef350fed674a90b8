"""Asking the ledger and the audit trail what the function asks them, without leaving anything behind."""

from __future__ import annotations

from datetime import datetime

from google.api import monitored_resource_pb2
from google.api_core.exceptions import GoogleAPIError
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2 import transports as logging_transports
from google.cloud.logging_v2.types import LogEntry, WriteLogEntriesRequest

from verifier.adapters.cloud_logging import AUDIT_LOG
from verifier.adapters.firestore import FirestoreStore
from verifier.checks.verdict import Outcome
from verifier.config import Watched
from verifier.controller.ledger import BUILDS, MARKS
from verifier.controller.places import LatePlace, late_places
from verifier.controller.runs.job_runs import JOBS, RUNS
from verifier.doctor.calls import Caller
from verifier.doctor.rows import AGAIN, Trouble
from verifier.errors import ServiceError
from verifier.services import Store
from verifier.times import show_time

_NOTHING = f"sha256:{'0' * 64}"


def firestore(function: Caller, project: str, database: str) -> Store:
    """Return the ledger as the function opens it. Raise Trouble without credentials."""
    channel = None
    if function.credentials is not None:
        channel = FirestoreGrpcTransport.create_channel(credentials=function.credentials)
    try:
        return FirestoreStore(project, database, channel=channel)
    except ServiceError as error:
        raise function.no_credentials(error) from error


def query_ledger(function: Caller, store: Store, project: str, now: datetime) -> int:
    """Make each kind of query that the function makes, and say how many builds are due. Raise Trouble.

    What is deleted is a run that there is not: nobody's document has that name.
    """
    moment = show_time(now)
    try:
        store.read(BUILDS, "doctor", timeout=function.seconds)
        store.present(BUILDS, ["doctor"], timeout=function.seconds)
        store.holding(BUILDS, "images", _NOTHING, timeout=function.seconds)
        store.due(BUILDS, moment, 1, field="unsaid", timeout=function.seconds)
        store.due(JOBS, moment, 1, timeout=function.seconds)
        store.due(MARKS, moment, 1, only=("project", "location"), timeout=function.seconds)
        due = len(store.due(BUILDS, moment, 100, timeout=function.seconds))
    except ServiceError as error:
        raise _ledger_trouble(error, function, project) from error
    try:
        store.delete(RUNS, ["doctor"], timeout=function.seconds)
    except ServiceError as error:
        raise _ledger_trouble(error, function, project, "datastore.entities.delete") from error
    return due


def query_places(function: Caller, store: Store, watched: Watched, now: datetime) -> list[LatePlace]:
    """Return the places whose builds were not listed in time. Raise Trouble."""
    try:
        return late_places(store, watched, now, function.seconds)
    except ServiceError as error:
        raise _ledger_trouble(error, function, "the home project") from error


def try_audit(function: Caller, project: str, now: datetime) -> None:
    """Have an entry of the audit trail checked and not written. Raise Trouble."""
    client = function.client(LoggingServiceV2Client, logging_transports.LoggingServiceV2GrpcTransport)
    entry = LogEntry(
        log_name=f"projects/{project}/logs/{AUDIT_LOG}",
        resource=monitored_resource_pb2.MonitoredResource(type="global", labels={"project_id": project}),
        insert_id="doctor",
        timestamp=now,
        text_payload="never written",
    )
    request = WriteLogEntriesRequest(entries=[entry], dry_run=True)
    with function.asking(
        f"writing to the log {AUDIT_LOG} of {project}", project, "logging.logEntries.create", "roles/logging.logWriter"
    ):
        client.write_log_entries(request=request, timeout=function.seconds, retry=None)


def _ledger_trouble(
    error: ServiceError, function: Caller, project: str, permission: str = "datastore.entities.get"
) -> Trouble:
    """Return what the library said to the store, which says it to the function in words of its own."""
    cause = error.__cause__
    if isinstance(cause, GoogleAPIError):
        what = f"querying the ledger of {project}"
        return function.trouble(cause, what, project, permission, "roles/datastore.user")
    return Trouble(Outcome.COULD_NOT_CHECK, str(error), AGAIN)
