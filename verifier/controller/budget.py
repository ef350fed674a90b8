"""The time that an invocation has, and what every invocation works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from verifier.checks.policy import Policy
from verifier.controller.arrivals import Arrivals
from verifier.controller.breaker import Breaker
from verifier.controller.ledger import Ledger
from verifier.controller.signals import Signal
from verifier.controller.slack.channel_state import Held, KnownChannels
from verifier.errors import OutOfTime, Stopping
from verifier.services import Services

LEDGER_SECONDS = 4.0
"""The most that one claim or one save may take in all: an unreachable ledger is noticed well within ten seconds."""

FIRST_CLAIM_SECONDS = 8.0
"""The same for the claims of a process that no ledger has answered yet: it connects first, on a machine that starts.

Given up, a claim may arrive all the same: only this process knows then that nobody has the record.
"""

CALL_SECONDS = 8.0
"""The most that a call may take: who is asked to end at its beginning can still release the record afterwards, in the
ten seconds that the platform grants."""

KEEP_SECONDS = 15.0
"""Left unused of an invocation's time, so that what it takes up last can be brought to an end."""

_LEAST_SECONDS = 0.5


def _never() -> bool:
    return False


def _unheard(signal: Signal) -> None:
    """Drop the signal: nobody listens."""


def _as_many_as_one_likes(project: str) -> tuple[str, int]:
    return project, 0


@dataclass(frozen=True, slots=True)
class Budget:
    """The time that is left of an invocation. No outward call may outlast it, so none outlasts the lease."""

    clock: Callable[[], datetime]
    until: datetime
    stopping: Callable[[], bool] = _never
    """Whether this process is asked to end."""

    def seconds(self, most: float) -> float:
        """Return what a call may take: `most`, or what is left. Raises OutOfTime when nothing is, and Stopping."""
        if self.stopping():
            raise Stopping("this process is asked to end; the rest is done by another one")
        left = (self.until - self.clock()).total_seconds()
        if left < _LEAST_SECONDS:
            raise OutOfTime("this invocation's time is used up; the rest is done by the next one")
        return min(most, left)

    def half(self) -> Budget:
        """Return half of what is left."""
        now = self.clock()
        return replace(self, until=now + (self.until - now) / 2)

    def has(self, seconds: float) -> bool:
        """Return whether so much is left to begin something."""
        return not self.stopping() and (self.until - self.clock()).total_seconds() >= seconds


@dataclass(frozen=True, slots=True)
class Deployment:
    """What every invocation works with."""

    services: Services
    policy: Policy
    ledger: Ledger
    version: str
    """The verifier's own version, for the audit trail."""
    channel: str = ""
    """Where Slack messages go that policy routes nowhere; empty: where the webhook leads."""
    home: str = ""
    """The project of the ledger and the audit trail."""
    channels: KnownChannels = field(default_factory=KnownChannels)
    """The Slack channels that this process posts to."""
    held: Held | None = None
    """The Slack channel whose queue this invocation works off."""
    breaker: Breaker = field(default_factory=Breaker)
    """Whose calls nobody waits for in this process, for now."""
    arrivals: Arrivals = field(default_factory=Arrivals)
    """What this process has heard of ended executions."""
    listener: Callable[[Signal], None] = _unheard
    """Who writes signals into the function's own log."""
    listings: Callable[[str], tuple[str, int]] = _as_many_as_one_likes
    """Who pays for listings in a project, and how many a minute; 0: as many as one likes."""

    def signal(self, signal: Signal | None) -> None:
        """Have a signal written, where there is one."""
        if signal is not None:
            self.listener(signal)

    @property
    def claim_seconds(self) -> float:
        """The most that a claim may take now."""
        return LEDGER_SECONDS if self.ledger.contact.answered else FIRST_CLAIM_SECONDS
