"""One run of a Cloud Run job, and whether it succeeded, by counts and never by texts.

The platform's words decide one thing alone: whether a failure is the platform's own, so that nobody blames the worker.
Documentation: "REST Resource: projects.locations.jobs.executions" (Cloud Run Admin API v2).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

import re2

from verifier.facts.job_name import BUILD_VARIABLE, NONCE_VARIABLE, JobName, parse_execution_name, parse_job_name

__all__ = [
    "BUILD_VARIABLE",
    "NONCE_VARIABLE",
    "Completion",
    "Container",
    "Execution",
    "JobName",
    "JobSetup",
    "Phase",
    "hash_of_arguments",
    "named",
    "parse_execution_name",
    "parse_job_name",
]

_PLATFORM = re2.compile(r"(?i)\binternal error\b|\bcapacity\b|\benough resources\b|\bcount of GPUs\b")
"""What Cloud Run says of failures of its own: "Internal error running task.", or that there was no GPU to be had."""


class Phase(StrEnum):
    """How far an execution is."""

    WAITING = "waiting"
    """Created; nothing of it has started."""
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """A task failed, or the execution came to nothing: `platform_failed` says whose fault it is."""
    CANCELLED = "cancelled"
    """Somebody cancelled it, and no task had failed."""


class Completion(StrEnum):
    """The state of an execution's `Completed` condition. One just created has no conditions at all."""

    UNKNOWN = "unknown"
    TRUE = "true"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class Container:
    """A container of an execution, as it was started."""

    name: str
    """Empty where the job names none."""
    image: str
    """With a digest once the tag is resolved."""
    args: tuple[str, ...] = ()

    @property
    def repository(self) -> str:
        """The image's name without tag and digest."""
        name = self.image.partition("@")[0]
        folder, slash, last = name.rpartition("/")
        return f"{folder}{slash}{last.partition(':')[0]}"

    @property
    def digest(self) -> str:
        """The digest that it ran; empty while its tag is not resolved."""
        digest = self.image.partition("@")[2]
        return digest if digest.startswith("sha256:") else ""

    @property
    def is_by_tag(self) -> bool:
        """Whether it names a tag, and no digest beside it."""
        return "@" not in self.image and ":" in self.image.rpartition("/")[2]


def named(containers: Iterable[Container]) -> str:
    """Return the containers in words."""
    return ", ".join(f"{one.name or 'without a name'} ({one.repository})" for one in containers) or "none"


def hash_of_arguments(containers: Iterable[Container]) -> str:
    """Return a hash of what the containers are given as arguments; an only container counts without its name."""
    given = [[one.name, *one.args] for one in containers]
    said = [given[0][1:]] if len(given) == 1 else sorted(given)
    return sha256(json.dumps(said).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class JobSetup:
    """A job as it is set up at one moment: what its next execution runs, if nobody changes anything for it."""

    generation: int
    """It grows whenever the job is changed."""
    updated: datetime | None
    """When the job was last changed, and perhaps later."""
    containers: tuple[Container, ...]


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution as Cloud Run has it at one moment."""

    name: str
    """Its full resource name."""
    created: datetime
    started: datetime | None
    completed: datetime | None
    """When it ended; the platform may leave it out."""
    completion: Completion
    message: str
    """The platform's words on the `Completed` condition, or else on the first condition that failed."""
    exited: bool
    """It failed because a container exited with a code other than 0: then the platform logs an exit line."""
    tasks: int
    succeeded: int
    failed: int
    cancelled: int
    retried: int
    """How many attempts were tried again. The platform is known to count some for no reason of the worker's."""
    containers: tuple[Container, ...]
    build: str
    """The build's name in its environment, or empty."""
    nonce: str = ""
    """What its environment says that the ledger saved before the start, or empty."""
    stuck: bool = False
    """A condition failed for good before the execution was completed: nothing more will come of it."""
    blamed: bool = False
    """Cloud Run's reason for the failure is a trouble of its own."""
    timeout: timedelta | None = None
    """How long an attempt may take."""
    creator: str = ""
    """On whose behalf it runs: the address of a service account or of a person; empty where the platform says none."""

    @property
    def phase(self) -> Phase:
        """How far it is. It succeeded only when every task did and none failed or was cancelled."""
        if self.completion is Completion.UNKNOWN:
            if self.stuck:
                return Phase.FAILED
            return Phase.RUNNING if self.started else Phase.WAITING
        every_task = self.succeeded == self.tasks > 0 and not self.failed and not self.cancelled
        if self.completion is Completion.TRUE and every_task:
            return Phase.SUCCEEDED
        return Phase.CANCELLED if self.cancelled and not self.failed else Phase.FAILED

    @property
    def platform_failed(self) -> bool:
        """Whether it failed by the platform's own fault, as far as the platform says so."""
        return self.phase is Phase.FAILED and not self.exited and (self.blamed or bool(_PLATFORM.search(self.message)))

    @property
    def attempts(self) -> int:
        """How many attempts were made in all, by the platform's count."""
        return self.tasks + self.retried

    @property
    def digests(self) -> frozenset[str]:
        """The digests that its containers ran; empty while no tag is resolved."""
        return frozenset(container.digest for container in self.containers) - {""}

    def container(self, name: str, repositories: AbstractSet[str]) -> Container | None:
        """Return the worker's own container, or None where that is not certain.

        It is the one of this name; without a name, the only one, or the only one that runs one of these repositories.
        """
        if name:
            found = [container for container in self.containers if container.name == name]
        elif len(self.containers) == 1:
            found = list(self.containers)
        else:
            found = [container for container in self.containers if container.repository in repositories]
        return found[0] if len(found) == 1 else None
