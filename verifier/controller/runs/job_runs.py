"""What is known of a watched job: what it runs now, what it ran before, and from which builds. One document a job.

It is written by compare-and-set alone. `recent` makes counting idempotent: a run that is in it has been counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

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

MOST_DIGESTS = 20
"""The digests that are kept of a job, the newest ones."""
MOST_RECENT = 64
"""The executions that are known to be counted, the latest ones."""
MOST_STARTS = 12
"""The latest moments of creation, for the usual time between runs."""


class Tie(StrEnum):
    """Whether the build that pushed a digest is known."""

    OPEN = "open"
    """Not looked for yet, or still looked for."""
    BUILD = "build"
    """`build` pushed it: of several, the one with the worst verdict."""
    NONE = "none"
    """No build that we know pushed it; `why` has the likely reasons."""


@dataclass(frozen=True, slots=True)
class DigestRuns:
    """The runs of one digest in one job."""

    digest: str
    repository: str
    since: datetime
    """When the first run that ran it was created."""
    last: datetime
    """When the latest one was."""
    runs: int = 0
    """Runs that count: as the job is set up, or not compared."""
    failed: int = 0
    """Of these, those that failed, the platform's own failures aside."""
    apart: int = 0
    """Runs that are counted apart: this verifier's own, and those with other arguments."""
    tie: Tie = Tie.OPEN
    build: str = ""
    """The full resource name of the build."""
    commit: str = ""
    """The full SHA of its commit; empty where it was made of none."""
    verdict: str = ""
    """Its verdict; empty where there is none (yet)."""
    why: str = ""
    """In words: where the build is not known, the likely reasons; where it is exempt, by which reason."""
    told: tuple[str, ...] = ()
    """What people were told of this digest in this job, by names of our own: each is told once."""
    audited: str = ""
    """What the audit trail was last told: "begun", "ceased" or nothing."""


@dataclass(frozen=True, slots=True)
class JobRuns:
    """A watched job. Its fields are the storage format: add one with a default, never rename one."""

    job: JobName
    begun: datetime
    """When it began to be watched: executions created before are never counted or told."""
    due: datetime | None = None
    """When it is to be looked at again."""
    looked: datetime | None = None
    """Up to which moment of creation ListExecutions was read to the end."""
    generation: int | None = None
    """The generation of the job whose arguments are `args`."""
    args: str | None = None
    """A hash of the job's arguments; None where it could not be read."""
    digest: str = ""
    """What the newest run ran."""
    newest: datetime | None = None
    """When the newest run was created."""
    execution: str = ""
    """The newest run."""
    digests: tuple[DigestRuns, ...] = ()
    """What it ran, in the order of `last`."""
    recent: tuple[str, ...] = ()
    """Short names of executions that are counted, the latest last."""
    starts: tuple[datetime, ...] = ()
    """When the latest runs that count were created, in order."""
    started: bool = False
    """People were told, in one message, what ran at the first look."""
    problem: str = ""
    """Why it could not be looked at last; empty where it could."""
    failures: int = 0
    """Looks in a row that failed."""

    def of(self, digest: str) -> DigestRuns | None:
        """Return what is known of the runs of this digest."""
        return next((known for known in self.digests if known.digest == digest), None)

    @property
    def now(self) -> DigestRuns | None:
        """Return what it runs now; None where nothing has run since it is watched."""
        return self.of(self.digest)

    def with_digest(self, changed: DigestRuns) -> JobRuns:
        """Return it with this in the place of what was known of the same digest."""
        others = [known for known in self.digests if known.digest != changed.digest]
        kept = sorted([*others, changed], key=lambda known: known.last)[-MOST_DIGESTS:]
        return replace(self, digests=tuple(kept))


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
        known["starts"] = tuple(parse_time(moment) for moment in document["starts"])
        return JobRuns(**known)
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed(f"expected the runs of a job, got a document with {error!r}") from error


_MOMENTS = frozenset({"begun", "due", "looked", "newest"})
_DIGEST_MOMENTS = frozenset({"since", "last"})


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
        case DigestRuns():
            return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
        case StrEnum():
            return str(value)
        case _:
            return value
