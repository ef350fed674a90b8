"""Every digest that ran, as CSV for an auditor: a row each, and a row for each gap in what is known."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import TextIO

from verifier.adapters.completions import CompletionLog
from verifier.checks.job_runs import JobRuns, Tie
from verifier.cli.job_ledger import MadeBy, made_by, maker_of
from verifier.cli.status_text import RunsAnswer, answer_of_verdict, worst_answer
from verifier.errors import ServiceError
from verifier.facts.execution import JobName
from verifier.history.ran import (
    RanDigest,
    RunGap,
    RunTally,
    beginning_of_entries,
    gap_before,
    jobs_of,
    missing_of,
)
from verifier.history.rows import csv_cell
from verifier.services import Store
from verifier.times import show_time

RAN_COLUMNS = (
    "job",
    "digest",
    "image",
    "build",
    "commit",
    "verdict",
    "policy",
    "exception",
    "first run",
    "last run",
    "runs",
    "failed",
    "gap",
)
UNKNOWN = "unknown"
"""Where no build is known, or its verdict is not."""
_NOTHING = MadeBy(None)
Maker = Callable[[JobName, str], tuple[str, MadeBy] | None]


@dataclass(frozen=True, slots=True)
class RanRequest:
    """What an auditor asks for."""

    store: Store
    jobs: Mapping[JobName, JobRuns | None]
    """Each with what the ledger knows of it; None: nothing."""
    since: datetime
    until: datetime
    now: datetime


@dataclass(slots=True)
class RanAnswer:
    """What the rows came to."""

    answers: set[RunsAnswer] = field(default_factory=set)
    troubles: list[ServiceError] = field(default_factory=list)
    """Why entries could not be read to their end."""

    @property
    def answer(self) -> RunsAnswer:
        """Return whether verified code ran and nothing else, without a gap."""
        return worst_answer(self.answers)


def write_ran(asked: RanRequest, log: CompletionLog, stream: TextIO, seen: Callable[[int, int], None]) -> RanAnswer:
    """Write the rows, and return what they came to. `seen` is told how many entries were read.

    Raise ServiceError where the ledger can't be read.
    """
    writer, answer = csv.writer(stream, lineterminator="\n"), RanAnswer()
    writer.writerow(RAN_COLUMNS)
    maker = cache(partial(_maker, asked))
    for project, jobs in jobs_of(asked.jobs).items():
        tally, cut = _read(asked, log, project, jobs, seen)
        answer.troubles += [cut.trouble] if cut else []
        for job in jobs:
            for row in _rows(asked, job, tally, cut):
                writer.writerow([csv_cell(cell) for cell in _cells(row, maker, answer)])
    return answer


@dataclass(frozen=True, slots=True)
class _Cut:
    """That entries were read up to a moment, and no further."""

    at: datetime
    trouble: ServiceError


def _read(
    asked: RanRequest, log: CompletionLog, project: str, jobs: Sequence[JobName], seen: Callable[[int, int], None]
) -> tuple[RunTally, _Cut | None]:
    """Return what the entries of a project say, and where reading them broke off."""
    tally, since = RunTally(), max(asked.since, beginning_of_entries(asked.now))
    repositories = {job: _repositories(asked.jobs[job]) for job in jobs}
    read_to, count = since, 0
    try:
        for entry in log.entries(project, repositories, since, asked.until):
            tally.add(entry)
            read_to, count = entry.ended, count + 1
            seen(count, count)
    except ServiceError as error:
        return tally, _Cut(read_to, error)
    return tally, None


def _repositories(known: JobRuns | None) -> frozenset[str]:
    """Return where the images come from that are known to count in a job."""
    return frozenset(runs.repository for runs in known.digests if runs.digest) if known else frozenset()


def _rows(asked: RanRequest, job: JobName, tally: RunTally, cut: _Cut | None) -> Iterator[RanDigest | RunGap]:
    """Yield what ran in a job, and between it what is not known."""
    yield from gap_before(job, asked.since, asked.now)
    yield from tally.of(job)
    yield from tally.unread_of(job)
    known = asked.jobs[job]
    if cut:
        yield RunGap(job, cut.at, asked.until, f"entries could not be read: {cut.trouble.said}")
    elif known:
        yield from missing_of(known, tally, asked.since, asked.until, asked.now)


def _cells(row: RanDigest | RunGap, maker: Maker, answer: RanAnswer) -> Iterable[str]:
    """Return a row's cells, and add to the answer what they mean for it."""
    found = maker(row.job, row.digest) if row.digest else None
    build, made = found or (UNKNOWN if row.digest else "", _NOTHING)
    known = (build, made.commit, _verdict(row, made), made.policy, made.exception)
    if isinstance(row, RunGap):
        answer.answers.add(RunsAnswer.UNKNOWN)
        runs = "" if row.runs is None else str(row.runs)
        return (row.job.resource, row.digest, "", *known, show_time(row.since), show_time(row.until), runs, "", row.why)
    answer.answers.add(answer_of_verdict(made.verdict))
    span = (show_time(row.first), show_time(row.last), str(row.runs), str(row.failed), "")
    return (row.job.resource, row.digest, row.repository, *known, *span)


def _verdict(row: RanDigest | RunGap, made: MadeBy) -> str:
    return made.verdict or (UNKNOWN if row.digest else "")


def _maker(asked: RanRequest, job: JobName, digest: str) -> tuple[str, MadeBy] | None:
    """Return the build that pushed a digest: as the job's runs are tied, or else as the ledger's records say."""
    known = asked.jobs[job]
    runs = known.of(digest) if known else None
    if runs is not None and runs.tie is Tie.BUILD:
        found = made_by(asked.store, runs)
        return (runs.build, found) if found else None
    return maker_of(asked.store, digest)
