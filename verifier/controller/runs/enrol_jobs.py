"""The jobs that are watched: each has a document, which begins with the moment at which it was first to be watched.

`marks/jobs` names those that have one, so that nobody reads one document a job to know that all have; once an hour it
is looked whether that is so, and each process remembers it for so long. A job that is not watched any more keeps its
document, and is put off (`job_work.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from verifier.checks.job_runs import JobRuns
from verifier.config import Watched
from verifier.controller.budget import KEEP_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import MARKS
from verifier.controller.runs.job_runs import JOBS, job_document, name_of_job
from verifier.facts.execution import JobName, parse_job_name
from verifier.services import Document, Store
from verifier.times import parse_time, show_time

_REGISTER = "jobs"
_LOOK_EVERY = timedelta(hours=1)
_AT_ONCE = 300
_NEVER = datetime.min.replace(tzinfo=UTC)
_NO_REGISTER: Document = {"jobs": [], "looked": ""}

Noted = Callable[[str], AbstractContextManager[None]]
"""Runs a block and adds whatever goes wrong with this to the problems."""


def jobs_of(deployment: Deployment, watched: Watched) -> list[JobName]:
    """Return every job that policy names, in every watched project where it names none."""
    named = [
        job if job.project else JobName(project, job.location, job.job)
        for job in deployment.policy.watched_jobs
        for project in ([job.project] if job.project else watched.projects)
    ]
    return [job for job in dict.fromkeys(named) if job.project in watched.projects]


def enrol_jobs(deployment: Deployment, watched: Watched, budget: Budget, noted: Noted) -> None:
    """Give every job that is to be watched a document, due now.

    Raises ServiceError when it can't be read which have one.
    """
    jobs, store = {job.resource: job for job in jobs_of(deployment, watched)}, deployment.services.store
    contact, clock = deployment.ledger.contact, deployment.services.clock
    if all(clock() < contact.enrolled.get(resource, _NEVER) + _LOOK_EVERY for resource in jobs):
        return
    register = store.read(MARKS, _REGISTER, timeout=budget.seconds(LEDGER_SECONDS))
    document = register.document if register else _NO_REGISTER
    now, looked = clock(), document["looked"]
    known = set(document["jobs"]) & set(jobs)
    if not looked or now >= parse_time(looked) + _LOOK_EVERY:
        known, looked = _that_have_one(store, known, budget), show_time(now)
    for resource in [resource for resource in jobs if resource not in known]:
        if not budget.has(KEEP_SECONDS):
            break
        with noted(resource):
            first = job_document(JobRuns(jobs[resource], begun=now, due=now))
            store.create(JOBS, name_of_job(jobs[resource]), first, timeout=budget.seconds(LEDGER_SECONDS))
            known.add(resource)
    contact.enrolled.clear()
    contact.enrolled.update(dict.fromkeys(known, parse_time(looked)))
    changed = {"jobs": sorted(known), "looked": looked}
    if changed == dict(document):
        return
    with noted("jobs"):
        if register is None:
            store.create(MARKS, _REGISTER, changed, timeout=LEDGER_SECONDS)
        else:
            store.replace(MARKS, _REGISTER, changed, register.revision, timeout=LEDGER_SECONDS)


def _that_have_one(store: Store, jobs: set[str], budget: Budget) -> set[str]:
    """Return those of the jobs, by their resource names, whose document is there. Raises ServiceError."""
    names = {name_of_job(parse_job_name(resource)): resource for resource in sorted(jobs)}
    found = set[str]()
    for first in range(0, len(names), _AT_ONCE):
        some = list(names)[first : first + _AT_ONCE]
        found |= store.present(JOBS, some, timeout=budget.seconds(LEDGER_SECONDS))
    return {names[name] for name in found}
