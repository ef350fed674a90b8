"""Log entries of the past, judged offline by the policy: from files, from any program's output, or from the cloud.

Entries are judged as the function judges them, job by job, each by the patterns of the worker whose job it is; what
cannot be judged is a Problem, and the rest is judged all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from verifier.checks.accept import Accept, accepting
from verifier.checks.policy import Policy, Worker
from verifier.facts.execution import JobName
from verifier.facts.logs import (
    Ending,
    LogEntry,
    LogFacts,
    LogReading,
    LogRules,
    Repeated,
)
from verifier.history.log_entries import NO_JOB
from verifier.history.summary import Notice, Problem

MOST_ERRORS = 300
"""The most errors that are named."""
_MOST_JOBS = 100
"""Jobs in one file that are judged apart; entries of further ones are judged together."""


@dataclass(frozen=True, slots=True)
class JudgedError:
    """An error, and who accepts it."""

    error: Repeated
    accept: Accept | None
    job: JobName
    """The job whose error it is; `NO_JOB` where the entries name none."""
    worker: str = ""
    """The trigger of the worker by whose patterns it was judged, or empty."""

    @property
    def identities(self) -> frozenset[str]:
        """Every identity by which it is known."""
        return frozenset((self.error.identity, *self.error.aliases))


@dataclass(frozen=True, slots=True)
class JudgedLogs:
    """What the entries of one file say."""

    entries: int
    errors: tuple[JudgedError, ...]
    """Earliest first, `MOST_ERRORS` at the most."""
    more_errors: int
    """Entries with errors beyond those that are named."""
    ignored: Mapping[str, int]
    """How many errors were ignored, by the pattern or the row of known noise."""
    seen: tuple[str, ...]
    """The expected patterns that were seen."""
    missing: tuple[str, ...]
    cut: bool
    """Something in it was too long to be judged whole."""
    endings: tuple[str, ...]
    """The ways in which attempts at tasks ended, but for `exit 0`."""

    @property
    def identities(self) -> frozenset[str]:
        """Every identity of every error."""
        return frozenset(identity for error in self.errors for identity in error.identities)


@dataclass(frozen=True, slots=True)
class Compared:
    """Identities of errors, compared with a baseline."""

    new: tuple[str, ...]
    known: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judging:
    """By what entries are judged."""

    policy: Policy
    worker: Worker | None
    """The worker whose patterns count for every entry; None: the one whose job an entry is of."""
    today: date

    def worker_of(self, job: JobName) -> Worker | None:
        """Return the worker by which entries of this job are judged."""
        if self.worker is not None:
            return self.worker
        return next((worker for worker in self.policy.workers if _is_of(worker, job)), None)

    def rules(self, job: JobName) -> LogRules:
        """Return the patterns for entries of this job."""
        worker = self.worker_of(job)
        return worker.logs if worker else self.policy.logs

    def accept(self, error: Repeated, job: JobName) -> Accept | None:
        """Return what accepts this error of this job."""
        worker = self.worker_of(job)
        of = job if job != NO_JOB or worker is None else worker.job
        return accepting(self.policy.accepts, error, job=of, worker=worker.trigger if worker else "", today=self.today)


Read = Callable[[Sequence[datetime]], Iterable[tuple[JobName, LogEntry] | Notice | Problem]]
"""Gives the entries, from the first one on each time that it is called.

It is told the moments around which everything is wanted, not only what may matter by itself: see `LogFacts.unled`.
"""


def judge_entries(read: Read, judging: Judging) -> tuple[JudgedLogs, list[Notice | Problem]]:
    """Judge the entries, job by job, in memory that does not grow with their number.

    They are read twice where a stack trace came without a level: a calm line right before it may have announced it.
    """
    first, problems = _readings(read, judging, {})
    around = {job: facts.unled for job, reading in first.items() if (facts := reading.facts(truncated=False)).unled}
    readings = first if not around else _readings(read, judging, around)[0]
    return _joined(readings, judging, sum(reading.count for reading in readings.values())), problems


def compared(logs: JudgedLogs, baseline: JudgedLogs) -> Compared:
    """Return which errors are new, known and gone since the baseline.

    What followed from an error of the baseline is known when it comes alone. An error is not known for the company it
    comes in: the line "job failed" announces old errors and new ones.
    """
    before, now = baseline.identities, logs.identities
    return Compared(
        new=_once(each.error.identity for each in logs.errors if each.error.identity not in before),
        known=_once(each.error.identity for each in logs.errors if each.error.identity in before),
        gone=_once(each.error.identity for each in baseline.errors if not each.identities & now),
    )


def _once(identities: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(identities))


@dataclass(slots=True)
class _Counted:
    """A reading, and how many entries it was given."""

    reading: LogReading
    count: int = 0

    def facts(self, *, truncated: bool) -> LogFacts:
        return self.reading.facts(truncated=truncated)


def _readings(
    read: Read, judging: Judging, around: Mapping[JobName, Sequence[datetime]]
) -> tuple[dict[JobName, _Counted], list[Notice | Problem]]:
    found: dict[JobName, _Counted] = {}
    problems: list[Notice | Problem] = []
    for item in read(sorted({moment for moments in around.values() for moment in moments})):
        if not isinstance(item, tuple):
            problems.append(item)
            continue
        job, entry = item
        if job not in found:
            job = job if len(found) < _MOST_JOBS else NO_JOB
        counted = found.get(job)
        if counted is None:
            reading = LogReading(judging.rules(job), None, most=MOST_ERRORS, around=around.get(job, ()))
            counted = found[job] = _Counted(reading)
        counted.count += counted.reading.feed((entry,))
    return found, problems


def _joined(readings: Mapping[JobName, _Counted], judging: Judging, entries: int) -> JudgedLogs:
    errors: list[JudgedError] = []
    ignored: Counter[str] = Counter()
    seen: set[str] = set()
    wanted: set[str] = set()
    endings: set[str] = set()
    more, cut = 0, False
    for job, reading in readings.items():
        facts = reading.facts(truncated=False)
        worker = judging.worker_of(job)
        trigger = worker.trigger if worker else ""
        errors += [JudgedError(error, judging.accept(error, job), job, trigger) for error in facts.errors]
        endings |= {_said(ending) for ending in facts.endings}
        ignored.update(dict(facts.ignored))
        more += facts.more_errors
        cut = cut or facts.truncated
        seen |= facts.seen
        wanted |= {pattern.name for pattern in judging.rules(job).expected}
    if not readings and judging.worker is not None:
        wanted = {pattern.name for pattern in judging.worker.logs.expected}
    errors.sort(key=lambda each: (each.error.first, each.error.name, each.error.identity))
    more += sum(each.error.count for each in errors[MOST_ERRORS:])
    return JudgedLogs(
        entries=entries,
        errors=tuple(errors[:MOST_ERRORS]),
        more_errors=more,
        ignored=dict(sorted(ignored.items())),
        seen=tuple(sorted(seen)),
        missing=tuple(sorted(wanted - seen)),
        cut=cut,
        endings=tuple(sorted(endings)),
    )


def _said(ending: Ending) -> str:
    return f"{ending.how} {ending.number}" if ending.number else ending.how


def _is_of(worker: Worker, job: JobName) -> bool:
    here = (worker.job.location, worker.job.job) == (job.location, job.job)
    return here and worker.job.project in ("", job.project)
