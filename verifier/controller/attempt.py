"""One invocation's attempt at one record: its lease, what it works with, how much time is left, and how it may end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import Lease, Record, State, after_failure, queued, released, settled
from verifier.errors import QuotaWait, RateLimited, ServiceError
from verifier.facts.build import BuildKey
from verifier.services import Services

if TYPE_CHECKING:
    from verifier.checks.verdict import Finding
    from verifier.facts.logs import Repeated

_QUOTA_SECONDS = 20.0
"""How long a quota is waited for of which nobody says when there is some again."""
_MOST_QUOTA_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Done:
    """Everything about the build is done, and everybody has heard."""


@dataclass(frozen=True, slots=True)
class RequeueAt:
    """There is nothing to do before a moment, at which the record is due again."""

    due: datetime
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the record, as they are to be stored with its release."""

    @property
    def trouble(self) -> str:
        """Return what went wrong, empty when the record only waits for something."""
        return str(self.changes.get("error", ""))


@dataclass(frozen=True, slots=True)
class GiveUp:
    """There is nothing to do unless another message comes."""


@dataclass(frozen=True, slots=True)
class SlackUnreachable:
    """Slack could not be reached. When everybody else has heard, the record waits in Slack's queue."""

    trouble: str
    """Why, in words for the record and for people."""


Ending = Done | RequeueAt | GiveUp | SlackUnreachable
"""How an attempt ends when no service failed: a step returns what keeps the next ones from being done now."""


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """What came of a worker's run, or of its being left out."""

    findings: tuple[Finding, ...]
    errors: tuple[Repeated, ...] = ()
    """What the logs complained of, redacted."""
    whole: bool = False
    """These are all of them: the logs were read whole, and had the time to settle."""


@dataclass(slots=True)
class Attempt:
    """A leased record, with all that a step needs."""

    deployment: Deployment
    lease: Lease
    budget: Budget
    noted: dict[str, Any] = field(default_factory=dict)
    """Changes that the next write carries."""
    step: str = ""
    """Where the worker's run came to last; empty where there was none."""
    ledger_failed: bool = False
    """A write did not go through: nothing more can be saved, and the lease's end brings the record back."""

    @property
    def record(self) -> Record:
        """Return the record as it was last written."""
        return self.lease.record

    @property
    def key(self) -> BuildKey:
        """Return the build's key."""
        return self.lease.record.key

    @property
    def services(self) -> Services:
        """Return the outside world."""
        return self.deployment.services

    def now(self) -> datetime:
        """Return the moment, by the services' clock."""
        return self.services.clock()

    def requeue(self, seconds: float, **changes: Any) -> RequeueAt:
        """Return the ending that waits so long and stores these changes. Writes nothing itself."""
        return RequeueAt(self.now() + timedelta(seconds=seconds), changes)

    def rate_limited(self, error: RateLimited, **changes: Any) -> RequeueAt:
        """Return the ending that waits until it is this record's turn: a quota that is used up is no failure.

        It is told as trouble where the service refused a call, and not where we only wait for our own turn.
        """
        seconds = _QUOTA_SECONDS if error.retry_after is None else min(error.retry_after, _MOST_QUOTA_SECONDS)
        trouble = "" if isinstance(error, QuotaWait) else str(error)
        return self.requeue(max(seconds, 1.0), error=trouble, **changes)

    def note(self, **changes: Any) -> None:
        """Keep these changes for the next write, whatever it is for."""
        self.noted |= changes

    def save(self, **changes: Any) -> None:
        """Write these changes at once and keep the lease.

        Raises LostLease when another invocation has taken the record over: no effect may follow. Raises ServiceError.
        """
        self._write(replace(self.record, **self.noted, **changes))

    def finish(self, ending: Ending) -> None:
        """Release the record as this ending says. Raises LostLease and ServiceError."""
        match ending:
            case Done():
                self._write(settled(self._noted_record(), State.DONE))
            case GiveUp():
                self._write(settled(self._noted_record(), State.UNCONFIRMED))
            case SlackUnreachable(trouble):
                self._write(queued(self._noted_record(), trouble))
            case RequeueAt(due, changes):
                # It came as far as it can, so earlier failures do not count any more.
                fresh: dict[str, Any] = {"attempts": 0, "error": ""} | self.noted | dict(changes)
                self._write(released(replace(self.record, **fresh), due))

    def fail(self, error: str, retry_after: float | None = None) -> None:
        """Release the record after a failure: it keeps what was done, and is due again after a backoff."""
        record = self._noted_record()
        self._write(after_failure(record, error, self.now(), step=self.step, retry_after=retry_after))

    def hand_over(self) -> None:
        """Release the record, due at once: nothing went wrong, but this process is asked to end."""
        self._write(released(self._noted_record(), self.now()))

    def _noted_record(self) -> Record:
        return replace(self.record, **self.noted)

    def _write(self, record: Record) -> None:
        # A release is owed even when the budget is gone: the lease outlives the budget by more than this call.
        try:
            self.lease = self.deployment.ledger.save(self.lease, record, timeout=LEDGER_SECONDS)
        except ServiceError:
            self.ledger_failed = True
            raise
        self.noted = {}
