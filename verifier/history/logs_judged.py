"""Log entries of the past, judged offline by the policy: from files, from any program's output, or from the cloud.

Entries are judged as the function judges them, job by job, each by the patterns of the worker whose job it is; what
cannot be judged is a Problem, and the rest is judged all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from verifier.checks.accept import Accept, accepting
from verifier.checks.policy import Policy, Worker
from verifier.errors import Malformed
from verifier.facts.execution import JobName
from verifier.facts.logs import LogEntry, LogFacts, LogReading, LogRules, Repeated, entry_of_document, entry_of_line
from verifier.history.gcloud_export import Document
from verifier.history.json_window import TextStream
from verifier.history.summary import Notice, Problem

MOST_ERRORS = 300
"""The most errors that are named."""
_MOST_JOBS = 100
"""Jobs in one file that are judged apart; entries of further ones are judged together."""
_MOST_LINE = 1 << 20
_CHUNK = 1 << 16
_TYPE = "cloud_run_job"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_JOB = JobName("", "", "")


@dataclass(frozen=True, slots=True)
class JudgedError:
    """An error, and who accepts it."""

    error: Repeated
    accept: Accept | None

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


Read = Callable[[], Iterable[tuple[JobName, LogEntry] | Notice | Problem]]
"""Gives the entries, from the first one on each time that it is called."""


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
        new=tuple(each.error.identity for each in logs.errors if each.error.identity not in before),
        known=tuple(each.error.identity for each in logs.errors if each.error.identity in before),
        gone=tuple(each.error.identity for each in baseline.errors if not each.identities & now),
    )


def entries_of(items: Iterable[Document | Notice | Problem]) -> Iterator[tuple[JobName, LogEntry] | Notice | Problem]:
    """Yield the entries of a Cloud Run job that these documents are; what is none is told once for each kind."""
    wrong: Counter[str] = Counter()
    places: dict[str, str] = {}
    file = ""
    for item in items:
        if not isinstance(item, Document):
            yield item
            continue
        file = item.file
        try:
            job, entry = _job_of(item.value), entry_of_document(item.value)
        except Malformed as error:
            wrong[str(error)] += 1
            places.setdefault(str(error), item.place)
            if len(wrong) > _MOST_JOBS:
                yield Problem(item.place, str(error))
                del wrong[str(error)]
        else:
            yield job, entry
    for why, count in wrong.items():
        yield Problem(places[why] if count == 1 else file, why if count == 1 else f"{count} documents: {why}")


def lines_of(stream: TextStream) -> Iterator[tuple[JobName, LogEntry]]:
    """Yield a plain text's lines as entries, in their order; a line longer than a megabyte is cut."""
    for number, line in enumerate(_lines(stream)):
        if line.strip():
            yield NO_JOB, entry_of_line(line, _EPOCH + timedelta(microseconds=number))


def line_of(moment: datetime) -> int:
    """Return the number of the line, from 1, that `lines_of` gave this moment."""
    return (moment - _EPOCH) // timedelta(microseconds=1) + 1


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
    for item in read():
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
    more, cut = 0, False
    for job, reading in readings.items():
        facts = reading.facts(truncated=False)
        errors += [JudgedError(error, judging.accept(error, job)) for error in facts.errors]
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
    )


def _job_of(document: Mapping[str, Any]) -> JobName:
    resource = document.get("resource")
    if resource is None:
        return NO_JOB
    if not isinstance(resource, Mapping):
        raise Malformed("expected a log entry whose resource is an object")
    kind = resource.get("type")
    if kind != _TYPE:
        shown = str(kind)[:80] if kind else "none"
        raise Malformed(
            f"expected entries of a Cloud Run job ({_TYPE}), got the resource {shown}; "
            "judge other programs' output with --text"
        )
    labels = resource.get("labels")
    if not isinstance(labels, Mapping):
        return NO_JOB
    named = (labels.get(name, "") for name in ("project_id", "location", "job_name"))
    return JobName(*(value[:200] if isinstance(value, str) else "" for value in named))


def _is_of(worker: Worker, job: JobName) -> bool:
    here = (worker.job.location, worker.job.job) == (job.location, job.job)
    return here and worker.job.project in ("", job.project)


def _lines(stream: TextStream) -> Iterator[str]:
    rest = ""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split("\n")
        yield from (line[:_MOST_LINE] for line in whole)
        if len(rest) > 2 * _MOST_LINE:
            rest = rest[:_MOST_LINE]
    if rest:
        yield rest[:_MOST_LINE]
