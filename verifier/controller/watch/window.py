"""The logs of runs that have ended, read a place at a time: all runs of all watched jobs there in one question.

A run is due for it five minutes after its end, when its entries have had the time to become readable.

 1 take   the place: one window of it at a time, whoever was handed which of its runs
 2 find   the other runs of the place that are due
 3 read   their logs; who has to wait for the quota waits, and verdicts go first
 4 count  each run in its job's book of errors and in its digest's watch (`count_runs.py`)
 5 done   with these runs

What dies between 4 and 5 reads them again, and counts nothing twice. A minute in which nothing ended is not read. Where
the last line of a run is absent, it is read once more after ten minutes; where the logs can't be read at all, for an
hour: then the run counts as one of which nobody can tell. The
function's own log says that they can't be read, once that lasts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from verifier.config import Watched
from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import MARKS
from verifier.controller.runs.job_runs import RUNS
from verifier.controller.runs.run_document import SETTLE, parse_run
from verifier.controller.signals import runs_unread
from verifier.controller.watch.count_runs import RunToCount, count_runs
from verifier.controller.watch.run_logs import LOG_SECONDS, is_whole, read_runs
from verifier.errors import Malformed, OutOfTime, RateLimited, ServiceError
from verifier.facts.execution import JobName, parse_execution_name, parse_job_name
from verifier.facts.run import EndedRun
from verifier.services import Document, Stored
from verifier.times import parse_time, show_time

if TYPE_CHECKING:
    from verifier.facts.logs import LogFacts

MOST_RUNS = 60
"""The most runs of one window: the first ones, and the others in the next one."""
LINES_FOR = timedelta(minutes=10)
"""For so long after its end a run's last line is waited for."""
READ_FOR = timedelta(hours=1)
"""For so long after its end it is tried to read a run's logs."""
_AGAIN = timedelta(minutes=5)
_PUT_OFF = timedelta(hours=1)
_MOST_DUE = 300
_LEAST_SECONDS = LOG_SECONDS + 2 * CALL_SECONDS


@dataclass(frozen=True, slots=True)
class WindowRead:
    """How the reading of a window went."""

    trouble: str = ""
    """What went wrong, empty when nothing did; its runs are due again."""
    ignored: str = ""
    """Why nothing was done, empty when something was."""


@dataclass(frozen=True, slots=True)
class _DueRun:
    name: str
    stored: Stored
    run: EndedRun


def place_of(document: Document) -> tuple[str, str]:
    """Return the project and the location of a run."""
    try:
        job = parse_job_name(str(document.get("job")))
    except Malformed:
        return "", ""
    return job.project, job.location


def read_window(name: str, stored: Stored, deployment: Deployment, watched: Watched, budget: Budget) -> WindowRead:
    """Read the logs of this run, and of all others of its place that are due. Raises ServiceError and Stopping."""
    first = _DueRun(name, stored, parse_run(stored.document))
    if not _is_wanted(first.run.job, deployment, watched):
        _done(first, {"read": "not watched"}, deployment, budget)
        return WindowRead(ignored="its job is not watched any more")
    if not budget.has(_LEAST_SECONDS):
        return WindowRead(ignored="put off: too little time is left of this invocation")
    place = (first.run.job.project, first.run.job.location)
    mark = _take(place, deployment, budget)  # 1
    if mark is None:
        return WindowRead(ignored="another invocation reads the logs of its place")
    try:
        runs = _find(first, place, deployment, watched, budget)  # 2
        trouble = _read(runs, deployment, budget)  # 3, 4 and 5
    finally:
        _release(place, mark, deployment)
    return WindowRead(trouble)


def _is_wanted(job: JobName, deployment: Deployment, watched: Watched) -> bool:
    return job.project in watched.projects and deployment.policy.watches(job)


# 1 take


def _mark(place: tuple[str, str]) -> str:
    return f"window-{sha256('/'.join(place).encode()).hexdigest()}"


def _take(place: tuple[str, str], deployment: Deployment, budget: Budget) -> Stored | None:
    """Lease the place; None where another invocation has it. Raises ServiceError."""
    store, name, now = deployment.services.store, _mark(place), deployment.services.clock()
    stored = store.read(MARKS, name, timeout=budget.seconds(LEDGER_SECONDS))
    mine = {"until": show_time(now + deployment.ledger.lease)}
    if stored is None:
        return store.create(MARKS, name, mine, timeout=budget.seconds(LEDGER_SECONDS))
    if show_time(now) < stored.document["until"] <= mine["until"]:
        return None
    return store.replace(MARKS, name, mine, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))


def _release(place: tuple[str, str], mark: Stored, deployment: Deployment) -> None:
    """Give the place back; where that fails its lease runs out."""
    now = show_time(deployment.services.clock())
    try:
        deployment.services.store.replace(MARKS, _mark(place), {"until": now}, mark.revision, timeout=LEDGER_SECONDS)
    except ServiceError:
        return


# 2 find


def _find(
    first: _DueRun, place: tuple[str, str], deployment: Deployment, watched: Watched, budget: Budget
) -> list[_DueRun]:
    """Return the runs of the place that are due, the first among them, as they are stored now. Raises ServiceError."""
    now = show_time(deployment.services.clock())
    due = deployment.services.store.due(RUNS, now, _MOST_DUE, field="reading", timeout=budget.seconds(LEDGER_SECONDS))
    found = {}
    for name, stored in due:
        if place_of(stored.document) != place:
            continue
        try:
            run = parse_run(stored.document)
        except Malformed:
            continue  # one of a later version
        if _is_wanted(run.job, deployment, watched):
            found[name] = _DueRun(name, stored, run)
    if first.name not in found and len(due) >= _MOST_DUE:
        found[first.name] = first
    return list(found.values())[:MOST_RUNS]


# 3 read, 4 count, 5 done


def _read(runs: Sequence[_DueRun], deployment: Deployment, budget: Budget) -> str:
    """Read and count these runs, and return what went wrong. Raises ServiceError of the ledger, and Stopping."""
    if not runs:
        return ""
    trouble, facts = "", dict[str, "LogFacts"]()
    try:
        facts = read_runs([one.run for one in runs], deployment, budget)  # 3
    except OutOfTime:
        raise
    except ServiceError as error:
        trouble = str(error)
        due, now = min(one.run.ended for one in runs) + SETTLE, deployment.services.clock()
        deployment.signal(runs_unread(place_of(runs[0].stored.document), len(runs), due, now, error))
        wait = error.retry_after if isinstance(error, RateLimited) else None
        _put_off(runs, wait, deployment, budget)
    now = deployment.services.clock()
    ready = [one for one in runs if _is_ready(one.run, facts.get(one.run.execution), now)]
    by_job: dict[JobName, list[_DueRun]] = {}
    for one in ready:
        by_job.setdefault(one.run.job, []).append(one)
    unread = [_count(job, mine, facts, deployment, budget) for job, mine in by_job.items()]  # 4 and 5
    if not trouble:
        _again([one for one in runs if one not in ready], _AGAIN, deployment, budget)
    return "; ".join(said for said in (trouble, *unread) if said)


def _count(
    job: JobName, runs: Sequence[_DueRun], facts: Mapping[str, LogFacts], deployment: Deployment, budget: Budget
) -> str:
    """Count these runs of a job, and return why they can't be counted. Raises ServiceError and Stopping.

    What is known of one job may be a later version's: its runs are put off, and keep no other job's waiting.
    """
    counted = [_to_count(one.run, facts.get(one.run.execution)) for one in runs]
    try:
        count_runs(job, counted, deployment, budget)
    except Malformed as error:
        _again(runs, _PUT_OFF, deployment, budget)
        return f"{job.resource}: {error}"
    for one, known in zip(runs, counted, strict=True):
        _done(one, _found(known), deployment, budget)
    return ""


def _is_ready(run: EndedRun, facts: LogFacts | None, now: datetime) -> bool:
    if facts is None:
        return now >= run.ended + READ_FOR
    return is_whole(run, facts) or now >= run.ended + LINES_FOR


def _to_count(run: EndedRun, facts: LogFacts | None) -> RunToCount:
    return RunToCount(run, facts, facts is not None and is_whole(run, facts))


def _found(known: RunToCount) -> dict[str, Any]:
    errors = [error.identity for error in known.facts.errors if error.identity] if known.facts else []
    return {"read": "whole" if known.whole else "in part" if known.facts else "not", "errors": errors}


def _put_off(runs: Sequence[_DueRun], wait: float | None, deployment: Deployment, budget: Budget) -> None:
    """Let these runs be due later, when the quota is there or the trouble may be over. Those that waited enough don't.

    Raises ServiceError.
    """
    now = deployment.services.clock()
    left = [one for one in runs if now < one.run.ended + READ_FOR]
    _again(left, timedelta(seconds=wait) if wait is not None else _AGAIN, deployment, budget)


def _again(runs: Sequence[_DueRun], after: timedelta, deployment: Deployment, budget: Budget) -> None:
    for one in runs:
        due = show_time(deployment.services.clock() + after)
        _write(one, {"reading": due}, deployment, budget)


def _done(one: _DueRun, found: Mapping[str, Any], deployment: Deployment, budget: Budget) -> None:
    _write(one, {"reading": None, **found}, deployment, budget)


def _write(one: _DueRun, changes: Mapping[str, Any], deployment: Deployment, budget: Budget) -> None:
    """Write the run's document with these changes, unless another invocation has written it. Raises ServiceError."""
    document = {**one.stored.document, **changes}
    store, timeout = deployment.services.store, budget.seconds(LEDGER_SECONDS)
    store.replace(RUNS, one.name, document, one.stored.revision, timeout=timeout)


def title_of_run(_: str, document: Document) -> str:
    """Return what operators call the reading of a run's logs."""
    try:
        job, short = parse_execution_name(str(document.get("execution")))
    except Malformed:
        return "logs of a run that can't be read"
    ended = parse_time(str(document.get("ended")))
    return f"logs of {short} of {job.location}/{job.job} in {job.project}, ended {ended:%H:%M} UTC"
