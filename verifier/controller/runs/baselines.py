"""Which jobs wait for the logs of their runs of before to be read, and how far that is: one document a project.

One a project, because its quota is shared: so no more is read in a minute than one piece of work reads, however many
jobs are new. A job is put there once, after the first look at it, unless runs of it were read already.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from verifier.checks.known_errors import ErrorBook
from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.error_book import ERRORS, book_document, name_of, parse_book
from verifier.errors import Malformed
from verifier.facts.execution import JobName, parse_job_name
from verifier.services import Document, Stored
from verifier.times import parse_time, show_time

BASELINES = "baselines"
"""The collection."""
VERSION = 1
"""Of a stored document."""
_TRIES = 6
_EMPTY = ErrorBook()


@dataclass(frozen=True, slots=True)
class ReadingBack:
    """How far the reading of one job's runs of before is: from the newest one back."""

    job: JobName
    since: datetime
    until: datetime
    """When the job began to be watched: runs that were created later are counted as they end."""
    begun: datetime
    """When this reading began."""
    page: str = ""
    """The page of the job's executions at which it goes on."""
    reach: str = ""
    """The execution down to which it has come: "MOMENT NAME", as `JobRuns.recent` has them; empty: none yet."""
    most: int = 100
    """The most runs of one question: fewer where one answer was too long."""
    questions: int = 0
    failures: int = 0
    """Attempts in a row that failed."""
    error: str = ""
    """Why the last one did; empty where it did not."""
    book: ErrorBook = _EMPTY
    """What the runs down to there had."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The jobs of a project that wait, and the one whose turn it is."""

    project: str
    waiting: tuple[JobName, ...] = ()
    at: ReadingBack | None = None
    due: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be read."""
        return self.at is None and not self.waiting

    def with_waiting(self, job: JobName, now: datetime) -> Baseline:
        """Return it with this job among those that wait."""
        if job in self.waiting or (self.at is not None and self.at.job == job):
            return self
        return replace(self, waiting=(*self.waiting, job), due=self.due or now)


def name_of_baseline(project: str) -> str:
    """Return the name of a project's document."""
    return sha256(project.encode()).hexdigest()


def ask_for_baseline(job: JobName, deployment: Deployment, budget: Budget) -> bool:
    """Put the job among those that wait, unless its book has runs; return False where others wrote all the time.

    Raises ServiceError, Malformed and Stopping.
    """
    store, now = deployment.services.store, deployment.services.clock()
    stored = store.read(ERRORS, name_of(job), timeout=budget.seconds(LEDGER_SECONDS))
    if stored is not None and any(ran.runs for ran in parse_book(stored.document).digests):
        return True
    name = name_of_baseline(job.project)
    for _ in range(_TRIES):
        stored = store.read(BASELINES, name, timeout=budget.seconds(LEDGER_SECONDS))
        before = parse_baseline(stored.document) if stored else Baseline(job.project)
        after = before.with_waiting(job, now)
        if after == before or write_baseline(after, stored, deployment, budget.seconds(LEDGER_SECONDS)):
            return True
    return False


def write_baseline(baseline: Baseline, before: Stored | None, deployment: Deployment, seconds: float) -> Stored | None:
    """Write it in the place of what was read; None where another was faster. Raises ServiceError."""
    store, name = deployment.services.store, name_of_baseline(baseline.project)
    document = baseline_document(baseline)
    if before is None:
        return store.create(BASELINES, name, document, timeout=seconds)
    return store.replace(BASELINES, name, document, before.revision, timeout=seconds)


def baseline_document(baseline: Baseline) -> dict[str, Any]:
    """Return it as JSON values. How far a job is stands in one text, of which no part is looked for."""
    at = baseline.at
    next_job = at.job if at else next(iter(baseline.waiting), None)
    return {
        "version": VERSION,
        "project": baseline.project,
        "location": next_job.location if next_job else "",
        "job": next_job.resource if next_job else "",
        "waiting": [job.resource for job in baseline.waiting],
        "at": json.dumps(_plain(at), separators=(",", ":"), ensure_ascii=False) if at else "",
        "due": show_time(baseline.due) if baseline.due else None,
    }


def parse_baseline(document: Document) -> Baseline:
    """Return what is stored. Raises Malformed for what a later version wrote, or what is no such document."""
    if document.get("version") != VERSION:
        raise Malformed(f"expected a baseline of version {VERSION}, got version {document.get('version')!r}")
    try:
        return Baseline(
            document["project"],
            tuple(parse_job_name(job) for job in document["waiting"]),
            _reading_back(json.loads(document["at"])) if document["at"] else None,
            parse_time(document["due"]) if document["due"] else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Malformed(f"expected what is read of before, got a document with {error!r}") from error


_MOMENTS = ("since", "until", "begun")


def _plain(at: ReadingBack) -> dict[str, Any]:
    plain = {item.name: getattr(at, item.name) for item in fields(at)}
    moments = {name: show_time(plain[name]) for name in _MOMENTS}
    return {**plain, **moments, "job": at.job.resource, "book": book_document(at.book, at.job, "")}


def _reading_back(found: dict[str, Any]) -> ReadingBack:
    known = {item.name: found[item.name] for item in fields(ReadingBack) if item.name in found}
    moments = {name: parse_time(found[name]) for name in _MOMENTS}
    return ReadingBack(**{**known, **moments, "job": parse_job_name(found["job"]), "book": parse_book(found["book"])})
