"""The jobs, image tags and executions of the stand-in's Cloud Run."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from verifier.standin.job_run import JobRun
from verifier.standin.refusal import invalid, not_found
from verifier.standin.script import Script, Sidecar

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
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
        self._lock = threading.RLock()
        self._tags: dict[str, str] = {}
        self._jobs: dict[JobPath, Job] = {}
        self._runs: dict[str, JobRun] = {}

    def tag(self, image: str, digest: str) -> None:
        """Point a tag at a digest from now on. Raise ValueError for what is no SHA-256 digest."""
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"expected a digest such as sha256:<64 hex digits>, got {digest!r}")
        with self._lock:
            self._tags[_with_tag(image)] = digest

    def put(self, path: JobPath, job: Job) -> None:
        """Create the job, or change it for the executions to come."""
        with self._lock:
            self._jobs[path] = job

    def job(self, path: JobPath) -> Job:
        """Return the job. Raise `RefusalError` when there is none."""
        with self._lock:
            if path not in self._jobs:
                raise not_found(
                    f"Resource '{path.job}' of kind 'JOB' in region '{path.location}' in project "
                    f"'{path.project}' does not exist."
                )
            return self._jobs[path]

    def start(self, path: JobPath, overrides: Overrides, now: datetime) -> JobRun:
        """Start an execution; where its tag points is settled here. Raise `RefusalError` when there is no such job."""
        with self._lock:
            job = self.job(path)
            self._require_container(job, overrides.container)
            run = JobRun(
                project=path.project,
                location=path.location,
                job=path.job,
                name=f"{path.job}-{_suffix(path, len(self._runs))}",
                created=now,
                image=job.image,
                digest=self._resolve(job.image),
                env=tuple({**job.env, **overrides.env}.items()),
                args=job.args if overrides.args is None else overrides.args,
                tasks=overrides.tasks or job.tasks,
                max_retries=job.max_retries,
                timeout_seconds=overrides.timeout_seconds or job.timeout_seconds,
                script=job.script,
                container=job.container,
                sidecars=job.sidecars,
            )
            self._runs[run.full_name] = run
            return run

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
        """One execution. Raise `RefusalError` when there is none."""
        with self._lock:
            if full_name not in self._runs:
                raise not_found(f"Resource '{full_name}' of kind 'EXECUTION' does not exist.")
            return self._runs[full_name]

    def runs_of(self, path: JobPath) -> Sequence[JobRun]:
        """Return the executions of a job, oldest first; those of every job in the location when the job is `-`."""
        return [
            run
            for run in self.runs()
            if (run.project, run.location) == (path.project, path.location) and path.job in (run.job, "-")
        ]

    def runs(self) -> Sequence[JobRun]:
        """Every execution, oldest first."""
        with self._lock:
            return tuple(self._runs.values())

    def _resolve(self, image: str) -> str:
        _, at, digest = image.partition("@")
        return digest if at else self._tags.get(_with_tag(image), "")


def _with_tag(image: str) -> str:
    return image if ":" in image.rpartition("/")[2] else f"{image}:latest"


def _suffix(path: JobPath, serial: int) -> str:
    numbers = hashlib.sha256(f"{path} {serial}".encode()).digest()
    return "".join(_SUFFIX_LETTERS[number % len(_SUFFIX_LETTERS)] for number in numbers[:5])
