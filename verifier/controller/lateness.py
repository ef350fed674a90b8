"""Whether records or Slack's messages wait for long, whatever keeps them: the function's own log tells of it."""

from __future__ import annotations

from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import BUILDS
from verifier.controller.signals import backlog_late, slack_late
from verifier.times import show_time

_MOST_REFUSED = 20
"""So many of the messages that wait longest are looked at: Slack may refuse some of them."""


def signal_lateness(deployment: Deployment, budget: Budget) -> None:
    """Tell of the record that is due longest, and of the verdict that waits longest for Slack. Raises ServiceError."""
    store, now = deployment.services.store, deployment.services.clock()
    seconds = budget.seconds(LEDGER_SECONDS)
    due = store.due(BUILDS, show_time(now), 1, only=("key",), timeout=seconds)
    deployment.signal(backlog_late([stored.document for _, stored in due], now))
    seconds, wanted = budget.seconds(LEDGER_SECONDS), ("key", "error", "refused")
    unsaid = store.due(BUILDS, show_time(now), _MOST_REFUSED, field="unsaid", only=wanted, timeout=seconds)
    deployment.signal(slack_late([stored.document for _, stored in unsaid], now))
