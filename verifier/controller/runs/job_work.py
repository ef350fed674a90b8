"""The work on one watched job, whenever it is due: a look at what it ran, then what follows from that.

 1 take     the job's document, under a lease
 2 look     through its executions, once an hour, or where an observation could not count one (`look.py`)
 3 ask      once, that the logs of its runs of before are read (`baselines.py`)
 4 tell     tie what it runs to a build, and tell people and the audit trail (`tell.py`), a saved step after the other
 5 release  the document, due for the next look, or for what waits

A look that fails does not keep anything from being told, nor the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from verifier.checks.job_runs import JobRuns
from verifier.config import Watched
from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.runs.baselines import ask_for_baseline
from verifier.controller.runs.job_runs import JOBS, job_document, parse_job
from verifier.controller.runs.job_updates import JobUpdates
from verifier.controller.runs.look import JobLook
from verifier.controller.runs.tell import tie_and_tell
from verifier.controller.signals import job_unseen
from verifier.errors import LostLease, Malformed, Missing, OutOfTime, RateLimited, ServiceError, Stopping
from verifier.facts.execution import JobName
from verifier.redact import excerpt
from verifier.services import Stored

LOOK_EVERY = timedelta(hours=1)
MISSING_AGAIN = timedelta(hours=6)
"""A job that never was is looked for again so much later; one that is gone as soon as any other."""
UNWATCHED_AGAIN = timedelta(hours=1)
"""One that is not watched any more. Not longer: an instance with earlier settings may put off one that is."""

_FIRST_WAIT = timedelta(minutes=1)
_TELL_AGAIN = timedelta(minutes=5)
_MOST_STEPS = 8
"""Of telling, in one invocation."""
_MOST_PROBLEM = 300
_COUNTS = frozenset({"digest", "repository", "since", "last", "runs", "failed", "apart", "trials"})
"""What counting says of a digest's runs; all else is the telling's."""
_TOLD = ("started", "newer", "newer_sought")
"""What the telling says of the job."""


@dataclass(frozen=True, slots=True)
class JobWorked:
    """How the work on one job went."""

    trouble: str = ""
    """What went wrong, empty when nothing did; it is due again."""
    ignored: str = ""
    """Why nothing was done, empty when something was."""


def shown(job: JobName) -> str:
    """Return the job as operators know it."""
    return f"{job.location}/{job.job} of {job.project}"


def is_wanted(job: JobName, deployment: Deployment, watched: Watched) -> bool:
    """Return whether policy watches the job, and the settings its project."""
    return job.project in watched.projects and deployment.policy.watches(job)


def work_job(
    name: str, stored: Stored, deployment: Deployment, watched: Watched, budget: Budget, most_pages: int
) -> JobWorked:
    """Do what is to be done about this job now. Raises ServiceError, Stopping and Malformed: it is due again then."""
    job, now = parse_job(stored.document), deployment.services.clock()
    if not is_wanted(job.job, deployment, watched):
        _replace(name, stored, replace(job, due=now + UNWATCHED_AGAIN), deployment, budget)
        return JobWorked(ignored="the job is not watched any more")
    leased = now + deployment.ledger.lease
    if job.leased is not None and now < job.leased <= leased:
        return JobWorked(ignored="another invocation works on it")
    mine = replace(job, due=leased, leased=leased)
    written = _replace(name, stored, mine, deployment, budget)  # 1
    if written is None:
        return JobWorked(ignored="another invocation was faster")
    known = JobUpdates(deployment, budget, job.job, mine, written)
    troubles, changes, is_over = list[str](), dict[str, Any](), False
    try:
        if job.leased is not None or job.page or job.look is None or job.look <= now:
            troubles += _look(known, leased, watched, most_pages)  # 2
        is_over = True
        changes = _asked(known, troubles)  # 3
        troubles += _tell(known, watched)  # 4
    except LostLease:
        return JobWorked(ignored="another invocation has taken it over")
    except (OutOfTime, Stopping):
        _release(known, {"due": now} if is_over else {"due": now, "look": now})
        raise
    _release(known, changes)  # 5
    return JobWorked("; ".join(troubles))


def _replace(name: str, stored: Stored, job: JobRuns, deployment: Deployment, budget: Budget) -> Stored | None:
    timeout = budget.seconds(LEDGER_SECONDS)
    return deployment.services.store.replace(JOBS, name, job_document(job), stored.revision, timeout=timeout)


# 2 look


def _look(known: JobUpdates, leased: datetime, watched: Watched, most_pages: int) -> list[str]:
    """Look at the job, note when that is due again, and return what went wrong.

    Raises LostLease, OutOfTime and Stopping, and what the ledger raises.
    """
    deployment, now = known.deployment, known.deployment.services.clock()
    known.note(look=now + LOOK_EVERY)  # before it begins: who wants it sooner says so later
    try:
        is_whole = JobLook(deployment, known.budget, known, leased).go_on(most_pages)
    except OutOfTime:
        raise
    except Missing as error:
        has_been = known.job.generation is not None or bool(known.job.digests)
        known.note(problem=_said(error), look=now + (LOOK_EVERY if has_been else MISSING_AGAIN), failures=0)
        # A job that policy names for every project need not be in each of them.
        if has_been or known.name in deployment.policy.watched_jobs or len(watched.projects) == 1:
            deployment.signal(job_unseen(known.name, 0, error))
        return []
    except (ServiceError, Malformed) as error:
        failures, wait = known.job.failures + 1, _wait(known.job.failures, error)
        known.note(problem=_said(error), look=now + wait, failures=failures)
        deployment.signal(job_unseen(known.name, failures, error))
        return [str(error)]
    if is_whole:
        known.note(problem="", failures=0)
    else:
        known.note(problem="", failures=0, look=now)
    return []


def _wait(failures: int, error: Exception) -> timedelta:
    """Return when a look that failed is tried again: a service that says how long it wants to rest is heeded."""
    backoff = min(LOOK_EVERY, _FIRST_WAIT * 2.0 ** min(failures, 10))
    asked = error.retry_after if isinstance(error, RateLimited) else None
    return max(backoff, timedelta(seconds=min(asked or 0.0, LOOK_EVERY.total_seconds())))


def _said(error: Exception) -> str:
    return excerpt(str(error), _MOST_PROBLEM)


# 3 ask


def _asked(known: JobUpdates, troubles: list[str]) -> dict[str, Any]:
    """Have the logs of its runs of before read, once it was looked through; return what is to be noted of that.

    What goes wrong is added to the troubles. Raises OutOfTime and Stopping.
    """
    if known.job.read_back or known.job.problem or known.job.page:
        return {}
    try:
        is_asked = ask_for_baseline(known.name, known.deployment, known.budget)
    except OutOfTime:
        raise
    except (ServiceError, Malformed) as error:
        troubles.append(str(error))
        return {}
    return {"read_back": True} if is_asked else {}  # else it is at the next look


# 4 tell


def _tell(known: JobUpdates, watched: Watched) -> list[str]:
    """Take the steps that there are to be taken, and return what went wrong. Raises what the ledger raises."""
    for _ in range(_MOST_STEPS):
        before = known.job
        try:
            after = tie_and_tell(before, known.deployment, watched, known.budget)
        except OutOfTime:
            raise
        except (ServiceError, Malformed) as error:
            again = known.deployment.services.clock() + _TELL_AGAIN
            known.note(tell=again)
            return [str(error)]
        known.write(partial(told, before=before, after=after))
        if replace(after, due=before.due) == before:
            return []
    now = known.deployment.services.clock()
    known.note(tell=now)
    return []


def told(job: JobRuns, before: JobRuns, after: JobRuns) -> JobRuns:
    """Return the job with what the telling has changed between these two; what was counted meanwhile stays."""
    tell = after.due if after.due != before.due else None
    job = replace(job, tell=tell, **{name: getattr(after, name) for name in _TOLD})
    for runs in after.digests:
        counted = job.of(runs.digest)
        if counted is not None and runs != before.of(runs.digest):
            job = job.with_digest(replace(runs, **{name: getattr(counted, name) for name in _COUNTS}))
    return job


# 5 release


def _release(known: JobUpdates, changes: Mapping[str, Any]) -> None:
    """Give the job back with these changes, due when there is something to be done next. Raises ServiceError.

    What was made due meanwhile stays so. It is owed even where the invocation's time is over: its lease outlives that.
    """
    budget = replace(known.budget, until=max(known.budget.until, known.deployment.services.clock() + _OWED))
    known.budget, leased = replace(budget, stopping=_no), known.job.leased

    def change(job: JobRuns) -> JobRuns:
        if job.leased != leased or leased is None:
            return job
        moments = [changes.get("due"), job.look, job.tell, job.due if job.due != leased else None]
        due = min((moment for moment in moments if moment is not None), default=leased)
        return replace(job, leased=None, **{**changes, "due": due})

    known.write(change)


_OWED = timedelta(seconds=LEDGER_SECONDS)


def _no() -> bool:
    return False
