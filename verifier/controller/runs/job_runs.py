"""How what is known of a watched job is stored: one document a job. `checks/job_runs.py` has the values.

It is written by compare-and-set alone. `recent` makes counting idempotent: a run that is in it has been counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from verifier.checks.job_runs import DigestRuns, JobRuns, NewerBuild, Tie
from verifier.errors import Malformed
from verifier.facts.execution import JobName, parse_job_name
from verifier.services import Document
from verifier.times import parse_time, show_time

JOBS = "jobs"
"""The collection of these documents."""
RUNS = "runs"
"""The collection with a small document for each execution."""
VERSION = 1
"""Of a stored document. A release raises it with what an earlier one would misread."""


def name_of_job(job: JobName) -> str:
    """Return the name of the job's document."""
    return sha256(job.resource.encode()).hexdigest()


def name_of_run(execution: str) -> str:
    """Return the name of an execution's document."""
    return sha256(execution.encode()).hexdigest()


def job_document(job: JobRuns) -> dict[str, Any]:
    """Return the job as JSON values."""
    document = {item.name: _plain(getattr(job, item.name)) for item in fields(job)}
    place = {"project": job.job.project, "location": job.job.location}
    return {**document, **place, "job": job.job.resource, "version": VERSION}


def parse_job(document: Document) -> JobRuns:
    """Return the job that is stored. Raises Malformed for what a later version wrote, or what is no such document."""
    if document.get("version") != VERSION:
        raise Malformed(f"expected a job of version {VERSION}, got version {document.get('version')!r}")
    try:
        known = _values(JobRuns, document, _MOMENTS)
        known["job"] = parse_job_name(document["job"])
        known["digests"] = tuple(
            DigestRuns(**{**_values(DigestRuns, runs, _DIGEST_MOMENTS), "tie": Tie(runs["tie"])})
            for runs in document["digests"]
        )
        if known.get("newer") is not None:
            known["newer"] = NewerBuild(**_values(NewerBuild, document["newer"], _NEWER_MOMENTS))
        known["starts"] = tuple(parse_time(moment) for moment in document["starts"])
        return JobRuns(**known)
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed(f"expected the runs of a job, got a document with {error!r}") from error


_MOMENTS = frozenset(
    {"begun", "due", "looked", "look", "tell", "leased", "reach", "floor", "top", "held", "newest", "newer_sought"}
)
_DIGEST_MOMENTS = frozenset({"since", "last", "begun", "ceased", "ended", "sought"})
_NEWER_MOMENTS = frozenset({"ended"})


def _values(kind: type, document: Mapping[str, Any], moments: frozenset[str]) -> dict[str, Any]:
    """Return the fields of this kind that the document has."""
    found: dict[str, Any] = {}
    for item in fields(kind):
        if item.name not in document:
            continue
        value = document[item.name]
        if item.name in moments:
            found[item.name] = parse_time(value) if value is not None else None
        else:
            found[item.name] = tuple(value) if isinstance(value, list) else value
    return found


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return show_time(value)
        case tuple():
            return [_plain(item) for item in value]
        case DigestRuns() | NewerBuild():
            return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
        case StrEnum():
            return str(value)
        case _:
            return value
