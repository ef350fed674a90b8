"""One execution of a job: what it was started with and, from that, its whole course in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from verifier.standin.script import Script, Sidecar

_AUDITED_AFTER = timedelta(seconds=1)
"""From the end of an execution to the audit entry that tells of it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A statement about an execution, in the words of Cloud Run's v1 API."""

    kind: str
    """Such as `Completed` or `Started`."""
    holds: bool | None
    """None while it is not known yet."""
    at: datetime
    message: str = ""
    reason: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True)
class JobRun:
    """An execution as `RunJob` created it."""

    project: str
    location: str
    job: str
    name: str
    """Its short name."""
    created: datetime
    creator: str
    """The account that it runs on behalf of."""
    job_created: datetime
    job_changed: datetime
    job_generation: int
    """The job's generation when this was created."""
    image: str
    """As the job names it, usually by tag."""
    digest: str
    """Where the tag pointed when the execution was created; empty when there was no such tag."""
    env: tuple[tuple[str, str], ...]
    args: tuple[str, ...]
    tasks: int
    max_retries: int
    timeout_seconds: int
    script: Script
    container: str = ""
    """The name of the worker's container."""
    sidecars: tuple[Sidecar, ...] = ()

    @property
    def full_name(self) -> str:
        """Its resource name."""
        return f"projects/{self.project}/locations/{self.location}/jobs/{self.job}/executions/{self.name}"

    @property
    def attempts(self) -> tuple[int | None, ...]:
        """The exit code of each attempt that a task makes, None where the platform ends it."""
        return self.script.attempts(self.max_retries) if self.digest else ()

    @property
    def succeeded(self) -> bool:
        """Whether it will end well."""
        return self.attempts[-1:] == (0,)

    @property
    def resolved_image(self) -> str:
        """The image by digest, as an execution shows it once it runs."""
        repository = self.image.partition("@")[0]
        head, slash, last = repository.rpartition("/")
        return f"{head}{slash}{last.partition(':')[0]}@{self.digest}"

    @property
    def started(self) -> datetime | None:
        """When its containers start; None when they never do."""
        return self.created + timedelta(seconds=self.script.start_after) if self.attempts else None

    @property
    def finished(self) -> datetime | None:
        """When it ends; None when it never does."""
        if self.script.outcome in ("never-starts", "stuck"):
            return None
        seconds = self.script.start_after + self.script.runs * len(self.attempts)
        return self.created + timedelta(seconds=seconds)

    @property
    def audited(self) -> datetime | None:
        """The time of the audit entry about its end; None when there will be none."""
        return self.finished + _AUDITED_AFTER if self.finished else None

    def has_started(self, now: datetime) -> bool:
        """Whether its containers run or ran."""
        return self.started is not None and self.started <= now

    def has_finished(self, now: datetime) -> bool:
        """Whether it has ended, one way or another."""
        return self.finished is not None and self.finished <= now

    def counts(self, now: datetime) -> dict[str, int]:
        """Its task counts in the words of the v1 API; a count that is zero is absent."""
        if not self.has_started(now):
            return {}
        if not self.has_finished(now):
            return {"runningCount": self.tasks}
        retries = self.tasks * (len(self.attempts) - 1) + self.script.counted_retries
        return {self._counted_as: self.tasks} | ({"retriedCount": retries} if retries else {})

    @property
    def _counted_as(self) -> str:
        if self.succeeded:
            return "succeededCount"
        return "cancelledCount" if self.script.outcome.startswith("cancelled") else "failedCount"

    def conditions(self, now: datetime) -> list[Condition]:
        """Return what is said about it at this moment: nothing at all before it starts."""
        if self.script.outcome == "stuck":
            at = self.created + timedelta(seconds=self.script.start_after)
            return self._stuck(at) if at <= now else []
        if self.finished is not None and not self.attempts:
            return self._unstarted(self.finished) if self.has_finished(now) else []
        if self.started is None or not self.has_started(now):
            return []
        waited = (self.started - self.created).total_seconds()
        conditions = [
            Condition("ResourcesAvailable", True, self.created, "Provisioned imported containers."),
            Condition("Started", True, self.started, f"Started deployed execution in {waited:g}s."),
            Condition("ContainerReady", True, self.created, "Imported container image."),
        ]
        if self.finished is None or not self.has_finished(now):
            waiting = Condition("Completed", None, self.started, "Waiting for execution to complete.")
            return [waiting, *conditions]
        retry = "System will retry after 00:00 from lastTransitionTime for attempt 0."
        conditions.append(Condition("Retry", True, self.finished, retry, "ImmediateRetry", "Info"))
        return [self._completed(self.started, self.finished), *conditions]

    def _stuck(self, at: datetime) -> list[Condition]:
        waiting = Condition("Completed", None, at, "Waiting for execution to complete.")
        message = "Failed to access secret projects/acme/secrets/key/versions/1."
        return [waiting, Condition("ResourcesAvailable", False, at, message, "SecretsAccessCheckFailed")]

    def _unstarted(self, at: datetime) -> list[Condition]:
        if self.script.outcome == "no-capacity":
            message = "There is not enough capacity for GPUs in this region."
            return [Condition(kind, False, at, message) for kind in ("Completed", "ResourcesAvailable")]
        message = f"Image '{self.image}' not found."
        return [Condition(kind, False, at, message, "ContainerMissing") for kind in ("Completed", "ContainerReady")]

    def _completed(self, started: datetime, finished: datetime) -> Condition:
        if self.succeeded:
            took = (finished - started).total_seconds()
            return Condition("Completed", True, finished, f"Execution completed successfully in {took:g}s.")
        task = f"Task {self.name}-task0 failed with"
        message, reason = {
            "exit": (
                f"{task} exit code: {self.attempts[-1]} and message: The container exited with an error.",
                "NonZeroExitCode",
            ),
            "timeout": (f"{task} message: The configured timeout was reached.", ""),
            "oom": (f"{task} exit code: 0 and message: The configured memory limit was reached.", ""),
            "internal-error": (f"{task} exit code: 0 and message: Internal error running task.", ""),
            "cancelled": ("Cancelled by user.", "Cancelled"),
            "cancelled-silently": ("", ""),
        }[self.script.outcome]
        return Condition("Completed", False, finished, message, reason)
