"""Messages about builds that Cloud Build does not know: Slack hears of them together, at most once an hour."""

from __future__ import annotations

from datetime import datetime

from verifier.controller.budget import Budget, Deployment
from verifier.controller.slack.notices import SlackNotice, count, tell
from verifier.facts.build import BuildKey
from verifier.redact import excerpt
from verifier.reporting.slack_message import unconfirmed_message
from verifier.services import Store

_NOTICE = SlackNotice("unconfirmed", unconfirmed_message)
_MOST_WHY = 300


def count_unconfirmed(store: Store, key: BuildKey, why: str, now: datetime, budget: Budget) -> None:
    """Add one build to those that the next notice names. Raises ServiceError.

    Gives up quietly under contention: the audit trail has it.
    """
    count(_NOTICE, store, f"{key.name}: {excerpt(why, _MOST_WHY)}", now, budget)


def tell_unconfirmed(deployment: Deployment, now: datetime, budget: Budget) -> None:
    """Post the notice when builds wait for it and the last try is an hour old. Raises ServiceError."""
    tell(_NOTICE, deployment, now, budget)
