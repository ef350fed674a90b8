"""The checks of the jobs whose runs are seen: each is there, and may be looked at. Nothing here may start one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verifier.checks.policy import Policy
from verifier.doctor.ask_workers import list_one_execution, read_job
from verifier.doctor.installation import Installation
from verifier.doctor.rows import Need, Row, Trouble, fails, holds, needless, waiting
from verifier.facts.execution import JobName


def watched_rows(place: Installation) -> Iterator[Row]:
    """Return every row about watched jobs."""
    exists, read = Need.WATCHED_JOB_EXISTS, Need.WATCHED_JOB_CAN_BE_READ
    if place.policy is None:
        yield from waiting((exists, read), "", Need.POLICY_IS_READ)
        return
    if not place.policy.jobs:
        yield needless(exists, "", "policy names no job under [watch]")
    if not place.policy.watched_jobs:
        yield needless(read, "", "policy watches no job: what runs is not seen")
    for job in place.policy.watched_jobs:
        yield from _watched(place, place.policy, job)


def jobs_there(place: Installation, job: JobName) -> list[JobName]:
    """Return the jobs of this name in the projects that it may be in. Raise Trouble where that hides the last one."""
    found: list[JobName] = []
    troubles: list[Trouble] = []
    for project in projects_of(place, job):
        named = JobName(project, job.location, job.job)
        try:
            found += [named] if read_job(place.you, named) else []
        except Trouble as trouble:
            troubles.append(trouble)
    if troubles and not found:
        raise troubles[0]
    return found


def projects_of(place: Installation, job: JobName) -> Sequence[str]:
    """Return the projects that a job may be in, as policy names it."""
    return [job.project] if job.project else place.projects


def _watched(place: Installation, policy: Policy, job: JobName) -> Iterator[Row]:
    is_named = job in policy.jobs
    if job.project and job.project not in place.projects:
        yield _elsewhere(job, is_named=is_named)
        return
    first = Need.WATCHED_JOB_EXISTS if is_named else Need.WORKER_EXISTS
    try:
        found = jobs_there(place, job)
    except Trouble as trouble:
        if is_named:
            yield trouble.row(first, job.job)
        found = []
    else:
        if is_named:
            yield _exists(place, job, found)
    if not found:
        yield from waiting([Need.WATCHED_JOB_CAN_BE_READ], job.job, first)
    for one in found:
        yield _readable(place, one)


def _elsewhere(job: JobName, *, is_named: bool) -> Row:
    """Return the row of a job in a project whose builds are not watched: nothing that runs there is seen."""
    seen = f"its runs are not seen: {job.project} is not watched"
    if not is_named:
        return needless(Need.WATCHED_JOB_CAN_BE_READ, job.job, seen)
    remedy = (
        f"let {job.project} be watched in terraform.tfvars and apply, or take the job out of [watch] in policy.toml"
    )
    return fails(Need.WATCHED_JOB_EXISTS, job.job, seen, remedy)


def _exists(place: Installation, job: JobName, found: Sequence[JobName]) -> Row:
    need = Need.WATCHED_JOB_EXISTS
    if found:
        return holds(need, job.job, f"in {job.location} of {', '.join(one.project for one in found)}")
    tried = projects_of(place, job)
    seen = f"no such job in {job.location} of {', '.join(tried)}: [watch] in policy.toml must name one that there is"
    return fails(need, job.job, seen, f"gcloud run jobs list --project={tried[0]}")


def _readable(place: Installation, job: JobName) -> Row:
    """Whether the function may look at a job and its executions: no more is needed to watch it."""
    need = Need.WATCHED_JOB_CAN_BE_READ
    try:
        read_job(place.function, job)
        newest = list_one_execution(place.function, job)
    except Trouble as trouble:
        return trouble.row(need, job.job)
    return holds(need, job.job, f"the job and its runs can; its newest is {newest}" if newest else "it has not run yet")
