"""One execution of a job that somebody else may have started: which image it ran, how it ended, on whose account.

What is kept of an execution, and no more: its environment may hold secrets, and its creator may be a person.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from verifier.facts.execution import Execution, JobName, Phase, named, parse_execution_name

A_PERSON = "a person"
"""Instead of an address, where policy names nobody."""
_SERVICE_ACCOUNTS = ".gserviceaccount.com"


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
    """Of the one image that counts; empty where that is not certain: `unclear` says why."""
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
    unclear: str = ""
    """Why it is not certain what it ran; empty where it is."""
    tasks: int = 0
    attempts: int = 0
    """At all tasks together; 0 where that is not known."""


_OUTCOMES = {
    Phase.SUCCEEDED: RunOutcome.SUCCEEDED,
    Phase.FAILED: RunOutcome.FAILED,
    Phase.CANCELLED: RunOutcome.CANCELLED,
}


def has_ended(execution: Execution) -> bool:
    """Whether nothing more will come of it."""
    return execution.phase in _OUTCOMES


def ended_run(
    execution: Execution,
    kind: RunKind,
    generation: int | None,
    *,
    container: str,
    repositories: AbstractSet[str],
    names_people: bool,
) -> EndedRun:
    """Return what is kept of an execution that has ended. Raises Malformed for a name that is none.

    `container` and `repositories` say which of several containers counts, as `Execution.container` takes them.
    """
    own = execution.container(container, repositories)
    digest, unclear = "", ""
    if own is None:
        unclear = f"expected one container that counts, got {named(execution.containers)}; name it in the policy"
    elif not own.digest:
        unclear = f"expected an image with a digest, got {own.image}: its tag was never resolved"
    else:
        digest = own.digest
    return EndedRun(
        execution=execution.name,
        job=parse_execution_name(execution.name)[0],
        digest=digest,
        repository=own.repository if own else "",
        created=execution.created,
        ended=execution.completed or execution.started or execution.created,
        outcome=RunOutcome.PLATFORM if execution.platform_failed else _OUTCOMES[execution.phase],
        kind=kind,
        account=account_of(execution.creator, names_people=names_people),
        generation=generation,
        unclear=unclear,
        tasks=execution.tasks,
        attempts=execution.attempts,
    )


def account_of(creator: str, *, names_people: bool) -> str:
    """Return the account, as far as it may be kept: a service account's address, or a person's where people are named.

    What is neither empty nor a service account's is a person's.
    """
    if not creator or creator.endswith(_SERVICE_ACCOUNTS) or names_people:
        return creator
    return A_PERSON
