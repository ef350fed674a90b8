"""The protobuf classes behind the client libraries' types: the very messages that the real services speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from google.cloud import run_v2
from google.cloud.audit import audit_log_pb2
from google.cloud.devtools import cloudbuild_v1
from google.cloud.logging_v2.types import LogEntry as _LogEntry
from google.cloud.logging_v2.types import logging as _logging

Pb: TypeAlias = Any
"""A generated message: the libraries ship no types for them."""

Build: Pb = cloudbuild_v1.Build.pb()
BuildTrigger: Pb = cloudbuild_v1.BuildTrigger.pb()
GetBuildTriggerRequest: Pb = cloudbuild_v1.GetBuildTriggerRequest.pb()
GetBuildRequest: Pb = cloudbuild_v1.GetBuildRequest.pb()
ListBuildsRequest: Pb = cloudbuild_v1.ListBuildsRequest.pb()
ListBuildsResponse: Pb = cloudbuild_v1.ListBuildsResponse.pb()

Job: Pb = run_v2.Job.pb()
Execution: Pb = run_v2.Execution.pb()
Condition: Pb = run_v2.Condition.pb()
GetJobRequest: Pb = run_v2.GetJobRequest.pb()
RunJobRequest: Pb = run_v2.RunJobRequest.pb()
GetExecutionRequest: Pb = run_v2.GetExecutionRequest.pb()
ListExecutionsRequest: Pb = run_v2.ListExecutionsRequest.pb()
ListExecutionsResponse: Pb = run_v2.ListExecutionsResponse.pb()

LogEntry: Pb = _LogEntry.pb()
AuditLog: Pb = audit_log_pb2.AuditLog
ListLogEntriesRequest: Pb = _logging.ListLogEntriesRequest.pb()
ListLogEntriesResponse: Pb = _logging.ListLogEntriesResponse.pb()
WriteLogEntriesRequest: Pb = _logging.WriteLogEntriesRequest.pb()
WriteLogEntriesResponse: Pb = _logging.WriteLogEntriesResponse.pb()


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a service."""

    request: Pb
    """The class of its request."""
    answer: Callable[[Pb], Pb]
    """Gives the response message, or raises `RefusalError`."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds(moment: datetime) -> int:
    """Nanoseconds since the epoch, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def timestamp_nanoseconds(timestamp: Pb) -> int:
    """Nanoseconds since the epoch of a protobuf Timestamp, exactly."""
    return int(timestamp.seconds) * 1_000_000_000 + int(timestamp.nanos)
