"""The checks of each worker: its job, what may be done with it, and the builds of its trigger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from verifier.checks.policy import Worker
from verifier.doctor.ask_projects import read_bindings
from verifier.doctor.ask_workers import (
    list_one_execution,
    read_job,
    read_one_log_entry,
    recent_builds,
    start_permissions,
)
from verifier.doctor.installation import Installation
from verifier.doctor.log_writers import writers_row
from verifier.doctor.rows import Need, Row, Trouble, holds, waiting
from verifier.doctor.workers import (
    JobFacts,
    builds_of,
    image_row,
    job_rows,
    no_job_row,
    no_workers,
    start_row,
    trigger_run,
)
from verifier.facts.build import Build
from verifier.facts.execution import JobName

_OF_A_JOB = (
    Need.WORKER_RUNS_A_TAG,
    Need.WORKER_CONTAINER_IS_KNOWN,
    Need.WORKER_MAY_RETRY,
    Need.WORKER_CAN_BE_STARTED,
    Need.EXECUTIONS_CAN_BE_READ,
    Need.LOGS_CAN_BE_READ,
)


def worker_rows(place: Installation) -> Iterator[Row]:
    """Every row about workers."""
    if place.policy is None:
        needs = (Need.WORKER_EXISTS, *_OF_A_JOB, Need.LOG_WRITERS_ARE_KNOWN, Need.TRIGGER_PUSHES_THE_IMAGE)
        yield from waiting(needs, "", Need.POLICY_IS_READ)
    elif not place.policy.workers:
        yield from no_workers()
    else:
        with_jobs: set[str] = set()
        for worker in place.policy.workers:
            yield from _worker(place, worker, with_jobs)
        for project in sorted(with_jobs):
            yield _writers(place, project)


def _worker(place: Installation, worker: Worker, with_jobs: set[str]) -> Iterator[Row]:
    """Return the rows about one worker, and add the projects in which its job was found."""
    projects = [worker.job.project] if worker.job.project else place.projects
    jobs: list[JobFacts] = []
    troubles: list[Trouble] = []
    for project in projects:
        try:
            job = read_job(place.you, JobName(project, worker.job.location, worker.job.job), worker.container)
        except Trouble as trouble:
            troubles.append(trouble)
        else:
            jobs += [job] if job else []
    about = worker.job.job
    if not jobs:
        yield troubles[0].row(Need.WORKER_EXISTS, about) if troubles else no_job_row(worker, projects)
        yield from waiting(_OF_A_JOB, about, Need.WORKER_EXISTS)
    with_jobs |= {job.name.project for job in jobs}
    for job in jobs:
        yield from job_rows(job, worker.container)
        yield from _permissions(place, job.name)
    yield from _images(place, worker, jobs)


def _permissions(place: Installation, job: JobName) -> Iterator[Row]:
    def start() -> Row:
        return start_row(job, start_permissions(place.function, job))

    def executions() -> Row:
        newest = list_one_execution(place.function, job)
        return holds(
            Need.EXECUTIONS_CAN_BE_READ,
            job.job,
            f"its newest is {newest}" if newest else "it has none yet",
        )

    def logs() -> Row:
        read_one_log_entry(place.function, job, place.now - timedelta(days=1))
        return holds(Need.LOGS_CAN_BE_READ, job.job, f"the logs of {job.project} can")

    yield _asked(Need.WORKER_CAN_BE_STARTED, job.job, start)
    yield _asked(Need.EXECUTIONS_CAN_BE_READ, job.job, executions)
    yield _asked(Need.LOGS_CAN_BE_READ, job.job, logs)


def _writers(place: Installation, project: str) -> Row:
    def writers() -> Row:
        return writers_row(project, read_bindings(place.you, project))

    return _asked(Need.LOG_WRITERS_ARE_KNOWN, project, writers)


def _images(place: Installation, worker: Worker, jobs: list[JobFacts]) -> Iterator[Row]:
    def images() -> Row:
        regions = place.settings.watched.locations
        builds: dict[str, list[Build]] = {
            project: recent_builds(place.function, project, regions) for project in place.projects
        }
        return image_row(worker, jobs, builds_of(worker, builds), trigger_run(worker, place.projects, regions))

    yield _asked(Need.TRIGGER_PUSHES_THE_IMAGE, worker.trigger, images)


def _asked(need: Need, about: str, row: Callable[[], Row]) -> Row:
    try:
        return row()
    except Trouble as trouble:
        return trouble.row(need, about)
