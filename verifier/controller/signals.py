"""Signals: what the function's own log says of itself, a line each, with the fields that metrics and alerts look for.

Not through the audit trail or Slack: those may be what is broken. Most trouble is over after a few tries, so a line is
written only for what lasts; the rest is counted, and the alert has the threshold. docs/alerts.md has the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from verifier.checks.judgement import Judgement
from verifier.controller.ledger import Record
from verifier.errors import OutOfTime, ServiceError
from verifier.facts.build import Build, BuildKey
from verifier.facts.execution import JobName
from verifier.redact import excerpt
from verifier.services import Document
from verifier.times import parse_time

_LASTING = timedelta(minutes=5)
"""From when on a failure is none that the next tries get over."""
_OVERDUE = timedelta(minutes=10)
"""For a record that is due: a sweep resumes it within a minute or two."""
_SILENCE = timedelta(minutes=15)
"""For a verdict that waits for Slack."""
_ENTRY = timedelta(seconds=30)
"""For the message about an execution that has ended; it takes some ten seconds."""
_SKEW = timedelta(seconds=30)
_MOST_FAILURES = 3
"""Of a job's looks in a row, after which it is told of: some minutes."""
_MOST_REASON = 300


class SignalName(StrEnum):
    """What a signal is about; the word stands in the line's field `signal`."""

    VERDICT = "verdict"
    AUDIT_UNWRITTEN = "audit_unwritten"
    SLACK_LATE = "slack_late"
    BUILD_UNREAD = "build_unread"
    LOGS_UNREAD = "logs_unread"
    UNANNOUNCED = "unannounced"
    NO_COMPLETION_ENTRY = "no_completion_entry"
    PLACE_LATE = "place_late"
    BACKLOG_LATE = "backlog_late"
    CLOCK_SKEW = "clock_skew"
    RECORD_UNREADABLE = "record_unreadable"
    JOB_UNSEEN = "job_unseen"


@dataclass(frozen=True, slots=True)
class Signal:
    """One line of the function's own log."""

    name: SignalName
    severity: str
    message: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def line(self) -> dict[str, Any]:
        """Return the line's fields without its severity."""
        return {"message": f"{self.name}: {self.message}", "signal": str(self.name), **self.fields}


def verdict_saved(record: Record, judgement: Judgement, build: Build, objective: timedelta) -> Signal | None:
    """Tell of each verdict, how long it took from the build's end, and whether that is within the objective.

    The worker's own run is not counted against it. None for a build that was not judged.
    """
    if judgement.verdict is None:
        return None
    fields: dict[str, Any] = {**record.key.labels, "verdict": str(judgement.verdict)}
    said = f"{judgement.verdict} for {record.key.name}"
    if build.finished:
        # One that was asked for again could not be there before.
        wanted = max(build.finished, record.asked) if record.asked else build.finished
        took = (judgement.decided - wanted).total_seconds()
        worker = (record.ended - record.intent).total_seconds() if record.ended and record.intent else 0.0
        is_met = took - worker <= objective.total_seconds()
        fields |= {"seconds": took, "worker_seconds": worker, "objective": "met" if is_met else "missed"}
        said += f", {took:.0f} s after {'it was asked for again' if record.asked else 'its end'}"
    return Signal(SignalName.VERDICT, "INFO", said, fields)


def audit_unwritten(labels: Mapping[str, str], since: datetime, now: datetime, error: ServiceError) -> Signal | None:
    """Tell of an entry that the audit trail has not taken for minutes; these are its labels."""
    if not _lasts(since, now, error):
        return None
    said = f"the audit trail has not taken an entry of kind {labels['kind']} for {_minutes(now - since)}: {_why(error)}"
    fields = {name: labels[name] for name in ("kind", "project", "location", "build") if name in labels}
    return Signal(SignalName.AUDIT_UNWRITTEN, "ERROR", said, fields)


def build_unread(record: Record, now: datetime, error: ServiceError) -> Signal | None:
    """Tell of a build that could not be asked for, for minutes."""
    if not _lasts(record.created, now, error):
        return None
    said = f"{record.key.name} could not be asked for, for {_minutes(now - record.created)}: {_why(error)}"
    return Signal(SignalName.BUILD_UNREAD, "WARNING", said, record.key.labels)


def logs_unread(key: BuildKey, ended: datetime, now: datetime, error: ServiceError) -> Signal | None:
    """Tell of a worker's logs that could not be read, for minutes after its run."""
    if not _lasts(ended, now, error):
        return None
    said = f"the worker's logs for {key.name} could not be read for {_minutes(now - ended)}: {_why(error)}"
    return Signal(SignalName.LOGS_UNREAD, "WARNING", said, key.labels)


def runs_unread(place: tuple[str, str], runs: int, due: datetime, now: datetime, error: ServiceError) -> Signal | None:
    """Tell of runs of watched jobs whose logs could not be read for minutes; `due`: since when the first one was."""
    if not _lasts(due, now, error):
        return None
    project, location = place
    what = "a run" if runs == 1 else f"{runs} runs"
    said = f"the logs of {what} of watched jobs in {project}/{location} could not be read for {_minutes(now - due)}"
    fields = {"project": project, "location": location, "runs": runs}
    return Signal(SignalName.LOGS_UNREAD, "WARNING", f"{said}: {_why(error)}", fields)


def unannounced(key: BuildKey, in_a_row: int) -> Signal:
    """Tell of a build that was found by listing; `in_a_row`: so many of its place, and no announced one between."""
    said = f"no message announced {key.name}, which was found by listing; {in_a_row} in a row there"
    return Signal(SignalName.UNANNOUNCED, "NOTICE", said, {**key.labels, "in_a_row": in_a_row})


def is_unheard(record: Record, now: datetime) -> bool:
    """Return whether no message told of an execution's end, though it was seen long enough ago."""
    return record.ended is not None and record.heard is None and now - record.ended >= _ENTRY


def no_completion_entry(record: Record, in_a_day: int) -> Signal:
    """Tell of an execution whose end no message told; `in_a_day`: so many of its project, in a day up to now."""
    said = f"no message told that {record.execution} has ended; {in_a_day} in a day there"
    return Signal(SignalName.NO_COMPLETION_ENTRY, "NOTICE", said, {**record.key.labels, "in_a_day": in_a_day})


def backlog_late(earliest: Iterable[Document], now: datetime) -> Signal | None:
    """Tell that the record which is due longest is overdue by minutes. These are the records that are due first."""
    for document in earliest:
        since = parse_time(document["due"])
        if now - since < _OVERDUE:
            return None
        said = f"the record that is due longest is overdue by {_minutes(now - since)}"
        return Signal(SignalName.BACKLOG_LATE, "WARNING", said, _of_document(document, since, now))
    return None


def slack_late(earliest: Iterable[Document], now: datetime) -> Signal | None:
    """Tell that a verdict waits for Slack for minutes, which does not refuse it: the audit trail tells of refusals.

    These are the records that wait longest.
    """
    for document in earliest:
        if document.get("refused"):
            continue
        since = parse_time(document["unsaid"])
        if now - since < _SILENCE:
            return None
        said = f"a verdict waits for Slack for {_minutes(now - since)}: {excerpt(str(document['error']), _MOST_REASON)}"
        return Signal(SignalName.SLACK_LATE, "WARNING", said, _of_document(document, since, now))
    return None


def clock_skew(before: datetime, server: datetime | None, after: datetime) -> Signal | None:
    """Tell that the ledger's clock, which was read between two moments of ours, is another one."""
    if server is None or before - _SKEW <= server <= after + _SKEW:
        return None
    seconds = (after - server).total_seconds() if server < before else (before - server).total_seconds()
    side = "ahead of" if seconds > 0 else "behind"
    said = f"this process's clock is {abs(seconds):.0f} s {side} the ledger's"
    return Signal(SignalName.CLOCK_SKEW, "WARNING", said, {"seconds": seconds})


def record_unreadable(name: str, error: Exception) -> Signal:
    """Tell of a record that this version can't read. Nobody judges its build until one can."""
    return Signal(SignalName.RECORD_UNREADABLE, "ERROR", f"record {name}: {_why(error)}", {"record": name})


def job_unseen(job: JobName, failures: int, error: Exception) -> Signal | None:
    """Tell of a job that can't be looked at: there is none (and no failures), or looks fail in a row."""
    if 0 < failures < _MOST_FAILURES:
        return None
    what = f"{failures} looks in a row failed" if failures else "there is no such job"
    said = f"the runs of {job.location}/{job.job} of {job.project} are not seen, {what}: {_why(error)}"
    fields = {"project": job.project, "location": job.location, "job": job.job, "failures": failures}
    return Signal(SignalName.JOB_UNSEEN, "WARNING", said, fields)


def _lasts(since: datetime, now: datetime, error: ServiceError) -> bool:
    """Return whether it has failed for long, and not for want of our own time."""
    return now - since >= _LASTING and not isinstance(error, OutOfTime)


def _of_document(document: Document, since: datetime, now: datetime) -> dict[str, Any]:
    key = BuildKey(**document["key"])
    return {**key.labels, "seconds": (now - since).total_seconds()}


def _minutes(span: timedelta) -> str:
    return f"{span // timedelta(minutes=1)} min"


def _why(error: Exception) -> str:
    return excerpt(str(error), _MOST_REASON)
