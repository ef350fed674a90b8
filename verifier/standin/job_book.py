"""The jobs and executions of the stand-in's Cloud Run."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from verifier.standin.image_book import ImageBook
from verifier.standin.job_run import JobRun
from verifier.standin.refusal import invalid, not_found
from verifier.standin.script import Script, Sidecar

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class JobPath:
    """Which job."""

    project: str
    location: str
    job: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands, and the script of its next execution."""

    image: str
    script: Script
    tasks: int
    max_retries: int
    timeout_seconds: int
    env: Mapping[str, str]
    args: tuple[str, ...]
    created: datetime
    container: str = ""
    """The name of the container that the script is about."""
    sidecars: tuple[Sidecar, ...] = ()
    generation: int = 1
    """Goes up with every change of what is set in it; a tag that moves changes nothing in it."""
    changed: datetime | None = None
    """When that was; None: when it was created."""

    def after(self, before: Job | None) -> Job:
        """Return it as the successor of what stood there before."""
        if before is None:
            return self
        same = replace(self, script=before.script, created=before.created, generation=1, changed=None) == replace(
            before, generation=1, changed=None
        )
        moved = (before.generation, before.changed) if same else (before.generation + 1, self.created)
        return replace(self, created=before.created, generation=moved[0], changed=moved[1])


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a request to run a job changes for this one execution."""

    env: Mapping[str, str]
    """Merged into the job's own."""
    args: tuple[str, ...] | None = None
    """Instead of the job's own; None leaves those."""
    tasks: int | None = None
    timeout_seconds: int | None = None
    container: str | None = None
    """Whose environment and arguments they are; empty where the request names none, None where it changes neither."""


class JobBook:
    """Jobs and everything that they ran. Safe to use from any thread."""

    def __init__(self) -> None:
        self.most_kept = 1000
        """Completed executions that are kept of a job; older ones are deleted."""
        self.images = ImageBook()
        self._lock = threading.RLock()
        self._jobs: dict[JobPath, Job] = {}
        self._runs: dict[str, JobRun] = {}
        self._serials: dict[str, int] = {}
        self._kept: dict[JobPath, list[JobRun]] = {}
        """What was not deleted, oldest first."""

    def put(self, path: JobPath, job: Job) -> None:
        """Create the job, or change it for the executions to come."""
        with self._lock:
            self._jobs[path] = job.after(self._jobs.get(path))

    def job(self, path: JobPath) -> Job:
        """Return the job. Raise `RefusalError` when there is none."""
        with self._lock:
            if path not in self._jobs:
                raise not_found(
                    f"Resource '{path.job}' of kind 'JOB' in region '{path.location}' in project "
                    f"'{path.project}' does not exist."
                )
            return self._jobs[path]

    def delete_job(self, path: JobPath) -> None:
        """Delete the job with all that it ran. Raise `RefusalError` when there is none."""
        with self._lock:
            self.job(path)
            del self._jobs[path]
            self._kept.pop(path, None)

    def start(self, path: JobPath, overrides: Overrides, now: datetime, creator: str) -> JobRun:
        """Start an execution; where its tag points is settled here. Raise `RefusalError` when there is no such job."""
        with self._lock:
            job = self.job(path)
            self._require_container(job, overrides.container)
            digest = self.images.resolve(job.image)
            run = JobRun(
                project=path.project,
                location=path.location,
                job=path.job,
                name=f"{path.job}-{_suffix(path, len(self._runs))}",
                created=now,
                creator=creator,
                job_created=job.created,
                job_changed=job.changed or job.created,
                job_generation=job.generation,
                image=job.image,
                digest=digest,
                env=tuple({**job.env, **overrides.env}.items()),
                args=job.args if overrides.args is None else overrides.args,
                tasks=overrides.tasks or job.tasks,
                max_retries=job.max_retries,
                timeout_seconds=overrides.timeout_seconds or job.timeout_seconds,
                script=self.images.script(digest, job.script),
                container=job.container,
                sidecars=job.sidecars,
            )
            self._serials[run.full_name] = len(self._runs)
            self._runs[run.full_name] = run
            self._kept.setdefault(path, []).append(run)
            self._delete_old(path, now)
            return run

    def _delete_old(self, path: JobPath, now: datetime) -> None:
        completed = [run.full_name for run in self._kept[path] if run.has_finished(now)]
        for name in completed[: -self.most_kept]:
            self.delete(name)

    @staticmethod
    def _require_container(job: Job, name: str | None) -> None:
        """Raise `RefusalError` for an override of any container but the worker's, or of none in particular of several.

        What the platform does with one that names none of several is not known.
        """
        names = [job.container, *(sidecar.name for sidecar in job.sidecars)]
        if name is None or name == job.container or (not name and not job.sidecars):
            return
        raise invalid(f"Invalid overrides: expected the name of one of the job's containers {names}, got {name!r}.")

    def run(self, full_name: str) -> JobRun:
        """One execution. Raise `RefusalError` when there is none, or none any more."""
        with self._lock:
            run = self._runs.get(full_name)
            if run is None or run not in self._kept.get(_path_of(run), ()):
                raise not_found(f"Resource '{full_name}' of kind 'EXECUTION' does not exist.")
            return run

    def delete(self, full_name: str) -> None:
        """Delete one execution; what it wrote into the logs stays. Raise `RefusalError` when there is none."""
        with self._lock:
            run = self.run(full_name)
            self._kept[_path_of(run)].remove(run)

    def runs_of(self, path: JobPath) -> Sequence[JobRun]:
        """Return the executions of a job, oldest first; those of every job in the location when the job is `-`."""
        with self._lock:
            if path.job != "-":
                return tuple(self._kept.get(path, ()))
            place = (path.project, path.location)
            found = [run for each, runs in self._kept.items() if (each.project, each.location) == place for run in runs]
            return sorted(found, key=lambda run: self._serials[run.full_name])

    def page(self, path: JobPath, before: int | None, size: int) -> tuple[list[JobRun], int | None]:
        """Return up to `size` executions, newest first, and what to go on before: None at the end."""
        with self._lock:
            runs = [run for run in self.runs_of(path) if before is None or self._serials[run.full_name] < before]
            found = list(runs[::-1][:size])
            return found, self._serials[found[-1].full_name] if len(runs) > len(found) else None

    def runs(self) -> Sequence[JobRun]:
        """Every execution there ever was, oldest first."""
        with self._lock:
            return tuple(self._runs.values())

    def ever(self, full_name: str) -> JobRun:
        """One execution, deleted or not. Raise KeyError when there never was one."""
        with self._lock:
            return self._runs[full_name]


def _path_of(run: JobRun) -> JobPath:
    return JobPath(run.project, run.location, run.job)


def _suffix(path: JobPath, serial: int) -> str:
    numbers = hashlib.sha256(f"{path} {serial}".encode()).digest()
    return "".join(_SUFFIX_LETTERS[number % len(_SUFFIX_LETTERS)] for number in numbers[:5])
