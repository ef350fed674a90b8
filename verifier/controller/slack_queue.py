"""The records that wait for Slack: earliest verdict first, until it seems to be down."""

from __future__ import annotations

from dataclasses import dataclass, replace

from verifier.controller.backlog import Backlog
from verifier.controller.budget import KEEP_SECONDS, Budget, Deployment
from verifier.controller.posting import history_of
from verifier.services import Stored
from verifier.times import show_time

_SLACK_SEEMS_DOWN = 2
"""After so many records in a row for which it could not be reached; one more, and it is taken to be down."""
_MOST_PASSED_OVER = 1_000
"""Records of rate-limited channels which one sweep passes over, to find others behind them."""


@dataclass(frozen=True, slots=True)
class SlackSeen:
    """What one sweep has seen of Slack so far, and what follows for its queue.

    | failures in a row | next from the queue |
    |---|---|
    | 0 or 1 | the record with the earliest verdict |
    | 2 | the latest one that is listed: perhaps Slack does not take the earliest ones only |
    | 3 | none: Slack is down |
    """

    failures: int = 0
    """Records in a row for which it could not be reached."""
    passed_over: int = 0
    """Records that were not tried, because Slack wants a pause in their channel."""

    @property
    def is_in_doubt(self) -> bool:
        """Return whether one more failure means that Slack is down."""
        return self.failures == _SLACK_SEEMS_DOWN

    @property
    def is_given_up(self) -> bool:
        """Return whether this sweep takes no more records from Slack's queue."""
        return self.failures > _SLACK_SEEMS_DOWN or self.passed_over >= _MOST_PASSED_OVER

    def after(self, *, is_reached: bool) -> SlackSeen:
        """Return what is seen once another record was tried."""
        return replace(self, failures=0 if is_reached else self.failures + 1)

    def after_a_pass(self) -> SlackSeen:
        """Return what is seen once another record was passed over."""
        return replace(self, passed_over=self.passed_over + 1)


class SlackQueue:
    """What one sweep takes from the queue."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._queue = Backlog(deployment.services.store, "unsaid", show_time(deployment.services.clock()))
        self._seen = SlackSeen()

    def take(self, budget: Budget) -> tuple[str, Stored] | None:
        """Return the next record that Slack may hear of; None when this sweep takes no more. Raises ServiceError."""
        while not self._seen.is_given_up and budget.has(KEEP_SECONDS):
            listed = self._queue.take(budget, latest=self._seen.is_in_doubt)
            if listed is None or not _is_paused(self._deployment, listed):
                return listed
            self._seen = self._seen.after_a_pass()
        return None

    def note(self, *, is_reached: bool) -> None:
        """Take notice of whether Slack could be reached for the record."""
        self._seen = self._seen.after(is_reached=is_reached)


def _is_paused(deployment: Deployment, listed: tuple[str, Stored]) -> bool:
    """Return whether Slack wants a pause in what the record waits for: then it is not even claimed."""
    document, now = listed[1].document, deployment.services.clock()
    channel = str(document.get("channel"))
    needs_a_look = bool(document.get("posting"))
    return deployment.rate_limit.is_paused(channel, now) or (
        needs_a_look and deployment.rate_limit.is_paused(history_of(channel), now)
    )
