"""One run of a Cloud Run job, and whether it succeeded, by counts and never by texts.

Documentation: "REST Resource: projects.locations.jobs.executions" (Cloud Run Admin API v2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import re2

from verifier.errors import Malformed

BUILD_VARIABLE = "VERIFIER_BUILD"
"""The environment variable that tells an execution, and us, which build it was started for."""

_EXECUTION = re2.compile(r"^projects/([^/]+)/locations/([^/]+)/jobs/([^/]+)/executions/([^/]+)$")


@dataclass(frozen=True, slots=True, order=True)
class JobName:
    """A Cloud Run job."""

    project: str
    location: str
    job: str

    @property
    def resource(self) -> str:
        """Its full resource name."""
        return f"projects/{self.project}/locations/{self.location}/jobs/{self.job}"


def parse_job_name(resource: str) -> JobName:
    """The job with this full resource name. Raises Malformed."""
    return parse_execution_name(f"{resource}/executions/any")[0]


def parse_execution_name(name: str) -> tuple[JobName, str]:
    """The job and the short name of an execution's resource name. Raises Malformed."""
    match = _EXECUTION.match(name) if name.isascii() else None
    if not match:
        raise Malformed(f"execution name: expected projects/P/locations/L/jobs/J/executions/E, got {name[:160]!r}")
    return JobName(match.group(1), match.group(2), match.group(3)), match.group(4)


class Phase(StrEnum):
    """How far an execution is."""

    WAITING = "waiting"
    """Created; nothing of it has started."""
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Completion(StrEnum):
    """The state of an execution's `Completed` condition. One just created has no conditions at all."""

    UNKNOWN = "unknown"
    TRUE = "true"
    FALSE = "false"


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
    """The platform's words on the `Completed` condition."""
    exited: bool
    """It failed because a container exited with a code other than 0: then the platform logs an exit line."""
    tasks: int
    succeeded: int
    failed: int
    cancelled: int
    retried: int
    images: tuple[str, ...]
    """Its containers' images, with a digest once the tag is resolved."""
    build: str
    """The build's name in its environment, or empty."""

    @property
    def phase(self) -> Phase:
        """How far it is. It succeeded only when every task did and none failed or was cancelled."""
        if self.completion is Completion.UNKNOWN:
            return Phase.RUNNING if self.started else Phase.WAITING
        every_task = self.succeeded == self.tasks > 0 and not self.failed and not self.cancelled
        if self.completion is Completion.TRUE and every_task:
            return Phase.SUCCEEDED
        return Phase.CANCELLED if self.cancelled else Phase.FAILED

    @property
    def attempts(self) -> int:
        """How many attempts were made in all: each leaves an exit line, unless it was cut off."""
        return self.tasks + self.retried

    @property
    def is_resolved(self) -> bool:
        """Whether every container's image is known by its digest."""
        return bool(self.images) and all("@sha256:" in image for image in self.images)

    @property
    def digests(self) -> frozenset[str]:
        """The digests that it ran; empty while its tag is not resolved."""
        return frozenset(image.partition("@")[2] for image in self.images if "@sha256:" in image)
