"""Every digest that ran, job by job, and every gap in what is known of it: from the platform's own entries. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from verifier.checks.job_runs import JobRuns
from verifier.facts.execution import JobName
from verifier.history.completions import KEPT_DAYS, CompletedRun, UnreadCompletion

_SETTLING = timedelta(days=1)
"""A run that began so shortly before the end of the time may have ended after it."""


@dataclass(slots=True)
class RanDigest:
    """What ran of one image in one job, as it grows entry by entry."""

    job: JobName
    digest: str
    repository: str
    first: datetime
    """When the first of its runs was created."""
    last: datetime
    """When the latest one was."""
    runs: int = 0
    failed: int = 0


@dataclass(slots=True)
class RunGap:
    """Runs of which the entries do not say what they ran, or a time without entries that could be read."""

    job: JobName
    since: datetime
    until: datetime
    why: str
    runs: int | None = None
    """How many runs are known to be missing; None where that is not known."""
    digest: str = ""
    """What they ran, where the ledger knows it."""


@dataclass(slots=True)
class RunTally:
    """Counts executions, each once however often its entry comes."""

    digests: dict[tuple[JobName, str], RanDigest] = field(default_factory=dict)
    unread: dict[tuple[JobName, str], RunGap] = field(default_factory=dict)
    seen: set[tuple[JobName, str]] = field(default_factory=set)

    def add(self, entry: CompletedRun | UnreadCompletion) -> None:
        """Count one entry."""
        if (entry.job, entry.execution) in self.seen:
            return
        self.seen.add((entry.job, entry.execution))
        if isinstance(entry, UnreadCompletion):
            gap = RunGap(entry.job, entry.ended, entry.ended, entry.why, 0)
            gap = self.unread.setdefault((entry.job, entry.why), gap)
            gap.since, gap.until = min(gap.since, entry.ended), max(gap.until, entry.ended)
            gap.runs = (gap.runs or 0) + 1
            return
        fresh = RanDigest(entry.job, entry.digest, entry.repository, entry.created, entry.created)
        ran = self.digests.setdefault((entry.job, entry.digest), fresh)
        ran.first, ran.last = min(ran.first, entry.created), max(ran.last, entry.created)
        ran.runs += 1
        ran.failed += entry.failed

    def of(self, job: JobName) -> list[RanDigest]:
        """Return what ran in a job, the earliest first."""
        return sorted((ran for ran in self.digests.values() if ran.job == job), key=lambda ran: (ran.first, ran.digest))

    def unread_of(self, job: JobName) -> list[RunGap]:
        """Return what could not be read of a job's entries."""
        return [gap for gap in self.unread.values() if gap.job == job]


def beginning_of_entries(now: datetime) -> datetime:
    """Return the moment before which no entry is kept."""
    return now - timedelta(days=KEPT_DAYS)


def gap_before(job: JobName, since: datetime, now: datetime) -> Iterator[RunGap]:
    """Yield the time that was asked for and of which no entry is kept any more, if there is any."""
    kept = beginning_of_entries(now)
    if since < kept:
        yield RunGap(job, since, kept, f"entries are kept for {KEPT_DAYS} days")


def missing_of(known: JobRuns, tally: RunTally, since: datetime, until: datetime, now: datetime) -> Iterator[RunGap]:
    """Yield the runs that the ledger has counted in this time and that have no entry, by digest."""
    for runs in known.digests:
        within = since <= runs.since and (until >= now or runs.last + _SETTLING <= until)
        ran = tally.digests.get((known.job, runs.digest))
        counted, found = runs.runs + runs.apart, ran.runs if ran else 0
        if within and runs.digest and found < counted:
            why = f"the ledger counted {counted} runs of it, and {found} of them have an entry"
            yield RunGap(known.job, runs.since, runs.last, why, counted - found, runs.digest)


def jobs_of(places: Iterable[JobName]) -> Mapping[str, Sequence[JobName]]:
    """Return the jobs by their projects, each in order."""
    found: dict[str, list[JobName]] = {}
    for job in sorted(set(places)):
        found.setdefault(job.project, []).append(job)
    return found
