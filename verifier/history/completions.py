"""The entry that Cloud Run writes when an execution ends: which image it ran, and how it went.

Read from the audit entry's JSON form, whose `response` is the execution. What may hold secrets there, the environment
and the arguments, is not looked at. Documentation: "Cloud Run audit logging", system events.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from verifier.errors import Malformed
from verifier.facts.execution import Container, JobName, parse_execution_name
from verifier.redact import one_line
from verifier.times import parse_time

KEPT_DAYS = 400
"""For how long Cloud Logging keeps such entries; nobody can shorten or exclude that."""
_CANCELLED = 1
_MOST = 80


@dataclass(frozen=True, slots=True)
class CompletedRun:
    """An execution that has ended."""

    job: JobName
    execution: str
    """Its short name."""
    digest: str
    repository: str
    created: datetime
    ended: datetime
    """When the entry says that it has."""
    failed: bool


@dataclass(frozen=True, slots=True)
class UnreadCompletion:
    """An entry that does not say for certain what ran."""

    job: JobName
    execution: str
    ended: datetime
    why: str


Repositories = Mapping[JobName, AbstractSet[str]]
"""For each job, the repositories whose images are known to be the worker's: where it has several containers, whose."""


def completion_of(entry: Mapping[str, Any], known: Repositories) -> CompletedRun | UnreadCompletion:
    """Return what a completion entry says. Raise Malformed for one that does not even name a job and a moment."""
    job, moment, execution = _place(entry)
    try:
        return _completed(entry, job, moment, execution, known.get(job, frozenset()))
    except Malformed as error:
        return UnreadCompletion(job, execution, moment, str(error))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        why = f"the entry has not the shape that was expected ({type(error).__name__})"
        return UnreadCompletion(job, execution, moment, why)


def _place(entry: Mapping[str, Any]) -> tuple[JobName, datetime, str]:
    try:
        labels = entry["resource"]["labels"]
        name = str(entry["protoPayload"]["resourceName"]).rpartition("/")[2]
        resource = f"projects/{labels['project_id']}/locations/{labels['location']}/jobs/{labels['job_name']}"
        job, execution = parse_execution_name(f"{resource}/executions/{name}")
        return job, parse_time(entry["timestamp"]), execution
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Malformed(f"expected the entry of an execution that ended, got one with {error!r:.80}") from error


def _completed(
    entry: Mapping[str, Any], job: JobName, moment: datetime, execution: str, known: AbstractSet[str]
) -> CompletedRun:
    payload = entry["protoPayload"]
    response = payload["response"]
    containers = [Container("", str(one["image"])) for one in response["spec"]["template"]["spec"]["containers"]]
    counting = containers if len(containers) == 1 else [one for one in containers if one.repository in known]
    if len(counting) != 1:
        raise Malformed(f"it ran {len(containers)} containers, and which one counts is not known")
    (container,) = counting
    if not container.digest:
        raise Malformed(f"its image has no digest: {one_line(container.image, _MOST)}")
    created = parse_time(response["metadata"]["creationTimestamp"])
    return CompletedRun(job, execution, container.digest, container.repository, created, moment, _failed(payload))


def _failed(payload: Mapping[str, Any]) -> bool:
    """Return whether it failed: what somebody cancelled before any task failed did not."""
    status = payload["response"].get("status") or {}
    if status.get("failedCount"):
        return True
    code = (payload.get("status") or {}).get("code") or 0
    return code not in (0, _CANCELLED) and not status.get("cancelledCount")
