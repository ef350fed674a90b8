"""One execution of a job that somebody else may have started: which image it ran, how it ended, on whose account.

What is kept of an execution, and no more: its environment may hold secrets, and its creator may be a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from verifier.facts.execution import JobName


class RunKind(StrEnum):
    """What a run says about its job."""

    OWN = "own"
    """It ran as the job is set up: the scheduler's, or by hand without changes."""
    TRIAL = "trial"
    """This verifier started it for a build."""
    OTHER_ARGUMENTS = "other-arguments"
    """Somebody gave it other arguments than the job has."""
    NOT_COMPARED = "not-compared"
    """Whether its arguments are the job's is not known."""


class RunOutcome(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PLATFORM = "platform"
    """It failed by the platform's own fault."""


@dataclass(frozen=True, slots=True)
class EndedRun:
    """One execution that has ended."""

    execution: str
    """Its full resource name."""
    job: JobName
    digest: str
    """Of the one image that counts; empty where that is not certain: several containers, or a tag never resolved."""
    repository: str
    """That image's name without tag and digest."""
    created: datetime
    ended: datetime
    outcome: RunOutcome
    kind: RunKind = RunKind.NOT_COMPARED
    account: str = ""
    """The service account that it ran on behalf of; "a person" instead of an address where policy names nobody."""
    generation: int | None = None
    """The job's generation that it ran by, as far as a message said so: a hint, which no decision rests on."""
