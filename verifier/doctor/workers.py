"""Each worker's job and the builds of its trigger, and what must hold of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from verifier.checks.policy import Worker
from verifier.doctor.rows import APPLY, GRANTED, Need, Row, fails, holds, needless, unknown
from verifier.facts.build import Build
from verifier.facts.execution import JobName

START = ("run.jobs.run", "run.jobs.runWithOverrides")
"""What starting a worker takes."""
STARTER = "roles/run.jobsExecutorWithOverrides"
_RETRIES = 3
"""The least that Cloud Run's list of known issues advises, because tasks are tried again for no reason of their own."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job as Cloud Run has it."""

    name: JobName
    image: str
    """Of the worker's container, or else of its first, as it was set."""
    retries: int
    containers: tuple[str, ...] = ("",)
    """Their names."""


def job_rows(job: JobFacts, container: str = "") -> Iterator[Row]:
    """Return what must hold of a job itself; `container` is the worker's own, as policy names it."""
    about = job.name.job
    update = f"gcloud run jobs update {about} --region={job.name.location} --project={job.name.project}"
    yield holds(Need.WORKER_EXISTS, about, f"in {job.name.location} of {job.name.project}")
    if "@" in job.image:
        seen = f"it is set to the digest {job.image}, so it never runs what a build pushes"
        yield fails(Need.WORKER_RUNS_A_TAG, about, seen, f"{update} --image={job.image.partition('@')[0]}:latest")
    else:
        yield holds(Need.WORKER_RUNS_A_TAG, about, f"it runs {job.image}")
    yield _container_row(job, container)
    if job.retries < _RETRIES:
        seen = (
            f"maxRetries is {job.retries}: Cloud Run is known to break off tasks that did nothing wrong, and a run "
            f"that may not try again fails by it; a crash can't hide behind a later attempt, since the logs tell of it"
        )
        yield fails(Need.WORKER_MAY_RETRY, about, seen, f"{update} --max-retries={_RETRIES}")
    else:
        yield holds(Need.WORKER_MAY_RETRY, about, f"maxRetries is {job.retries}")


def _container_row(job: JobFacts, container: str) -> Row:
    """Whether it is known which of the job's containers is the worker, and may be given arguments."""
    need, about = Need.WORKER_CONTAINER_IS_KNOWN, job.name.job
    names = ", ".join(name or "one without a name" for name in job.containers)
    if container and container not in job.containers:
        seen = f"policy names the container {container}, and the job has {names}"
        return fails(need, about, seen, "name another one under [[worker]] in policy.toml, or none")
    if not container and len(job.containers) > 1:
        seen = f"it has several containers ({names}), and policy does not say which of them is the worker"
        return fails(need, about, seen, 'name it under [[worker]] in policy.toml: container = "NAME"')
    return holds(need, about, f"container {container}" if container else "its only one")


def start_row(job: JobName, granted: Sequence[str]) -> Row:
    """Whether the caller may start the job."""
    need, about = Need.WORKER_CAN_BE_STARTED, job.job
    missing = [permission for permission in START if permission not in granted]
    if not missing:
        return holds(need, about, f"{' and '.join(START)} are granted on it")
    return fails(need, about, f"the function lacks {' and '.join(missing)} on it, {GRANTED}", APPLY)


def trigger_run(worker: Worker, projects: Sequence[str], regions: frozenset[str]) -> str:
    """Return the command that has the worker's trigger build, in the likeliest place where policy names none."""
    region = worker.region or next(iter(regions - {"global"} if len(regions) == 1 else ()), "global")
    project = worker.job.project if worker.job.project in projects else projects[0]
    return f"gcloud builds triggers run {quote(worker.trigger)} --branch=main --region={region} --project={project}"


def image_row(worker: Worker, jobs: Sequence[JobFacts], builds: Sequence[Build], run: str) -> Row:
    """Whether the trigger's builds push, through `images:`, the image that the worker runs; `run` makes one."""
    need, about = Need.TRIGGER_PUSHES_THE_IMAGE, worker.trigger
    wanted = {untagged(job.image) for job in jobs}
    if not builds:
        return unknown(need, about, "none of the recent successful builds is this trigger's: have it build", run)
    newest = builds[0]
    pushed = {untagged(image.name) for image in newest.images}
    remedy = "name the image under images: in the trigger's cloudbuild.yaml, instead of a docker push step"
    if not pushed:
        return fails(need, about, f"its build {newest.key.id} has no results.images", remedy)
    if wanted and not wanted & pushed:
        seen = f"its build {newest.key.id} pushed {', '.join(sorted(pushed))}; the job runs {', '.join(sorted(wanted))}"
        return fails(need, about, seen, "let the job run the image that the trigger pushes, or name another job")
    return holds(need, about, f"its build {newest.key.id} pushed {', '.join(sorted(pushed))}")


def no_job_row(worker: Worker, tried: Sequence[str]) -> Row:
    """Return the row where none of the projects has the worker's job."""
    seen = f"no such job in {worker.job.location} of {', '.join(tried)}: policy.toml must name one that there is"
    return fails(Need.WORKER_EXISTS, worker.job.job, seen, f"gcloud run jobs list --project={tried[0]}")


def no_workers() -> Iterator[Row]:
    """Return the row where policy names no worker."""
    yield needless(Need.WORKER_EXISTS, "", "policy names no worker: builds are judged by their source alone")


def builds_of(worker: Worker, builds: Mapping[str, Sequence[Build]]) -> list[Build]:
    """Return the trigger's builds among those of every project, newest first."""
    found = [
        build
        for several in builds.values()
        for build in several
        if build.trigger_id and worker.trigger in (build.trigger_id, build.trigger_name)
    ]
    return sorted(found, key=lambda build: str(build.finished or ""), reverse=True)


def untagged(image: str) -> str:
    """Return an image's name without tag and digest."""
    name = image.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"
