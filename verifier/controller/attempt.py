"""One invocation's work on one build: what it holds, what it works with, and how much time it has left."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import Lease, Record, State, after_failure, queued, released, settled
from verifier.errors import ServiceError
from verifier.facts.build import BuildKey
from verifier.services import Services


class RequeueAt(Exception):
    """There is nothing to do now: release the record with these changes, due again at that moment."""

    def __init__(self, due: datetime, **changes: Any) -> None:
        super().__init__(f"due again at {due}")
        self.due = due
        self.changes = changes


class GiveUp(Exception):
    """There is nothing to do unless another message comes."""


class SlackUnreachable(Exception):
    """Slack could not be reached. When everybody else has heard, the record waits in Slack's queue."""


@dataclass(slots=True)
class Attempt:
    """A held record, with all that a step needs."""

    deployment: Deployment
    lease: Lease
    budget: Budget
    noted: dict[str, Any] = field(default_factory=dict)
    """Changes that the next write carries."""
    step: str = ""
    """What the worker's trial came to last; empty where there was none."""
    ledger_failed: bool = False
    """A write did not go through: nothing more can be saved, and the lease's end brings the record back."""

    @property
    def record(self) -> Record:
        """The record as it was last written."""
        return self.lease.record

    @property
    def key(self) -> BuildKey:
        """The build's key."""
        return self.lease.record.key

    @property
    def services(self) -> Services:
        """The outside world."""
        return self.deployment.services

    def now(self) -> datetime:
        """The moment, by the services' clock."""
        return self.services.clock()

    def later(self, seconds: float, **changes: Any) -> RequeueAt:
        """The outcome that waits so long."""
        return RequeueAt(self.now() + timedelta(seconds=seconds), **changes)

    def note(self, **changes: Any) -> None:
        """Keep these changes for the next write, whatever it is for."""
        self.noted |= changes

    def save(self, **changes: Any) -> None:
        """Write these changes at once. Raises LostHold when the record is no longer ours: no effect may follow."""
        self._write(replace(self.record, **self.noted, **changes))

    def release(self, later: RequeueAt) -> None:
        """Let go of the record as this outcome says."""
        fresh: dict[str, Any] = {"attempts": 0, "error": ""} | self.noted | later.changes
        self._write(released(replace(self.record, **fresh), later.due))

    def fail(self, error: str, retry_after: float | None = None) -> None:
        """Let go of the record after a failure: it keeps what was done, and is due again after a backoff."""
        record = replace(self.record, **self.noted)
        self._write(after_failure(record, error, self.now(), step=self.step, retry_after=retry_after))

    def hand_over(self) -> None:
        """Let go of the record, due at once: nothing went wrong, but this process is asked to end."""
        self._write(released(replace(self.record, **self.noted), self.now()))

    def queue(self, error: str) -> None:
        """Let go of the record: Slack alone has not heard what was judged."""
        self._write(queued(replace(self.record, **self.noted), error))

    def settle(self, state: State, **changes: Any) -> None:
        """Let go of the record for good."""
        self._write(settled(replace(self.record, **self.noted, **changes), state))

    def _write(self, record: Record) -> None:
        # A release is owed even when the budget is gone: the lease outlives the budget by more than this call.
        try:
            self.lease = self.deployment.ledger.save(self.lease, record, timeout=LEDGER_SECONDS)
        except ServiceError:
            self.ledger_failed = True
            raise
        self.noted = {}
