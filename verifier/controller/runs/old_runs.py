"""Runs are deleted 35 days after their end, a page every ten minutes: nothing is decided by their absence."""

from __future__ import annotations

from datetime import timedelta

from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.runs.job_runs import RUNS
from verifier.services import MOST_DELETED
from verifier.times import show_time

EVERY = timedelta(minutes=10)
"""Of each process: a sweep that finds nothing costs next to nothing. So many pages are 72,000 runs a day."""


def delete_old_runs(deployment: Deployment, budget: Budget) -> int:
    """Delete a page of what has expired, longest ago first, and return how many there were. Raises ServiceError."""
    store, contact, now = deployment.services.store, deployment.ledger.contact, deployment.services.clock()
    if contact.forgot is not None and contact.forgot <= now < contact.forgot + EVERY:
        return 0
    timeout = budget.seconds(LEDGER_SECONDS)
    expired = store.due(RUNS, show_time(now), MOST_DELETED, field="expires", only=("expires",), timeout=timeout)
    if expired:
        store.delete(RUNS, [name for name, _ in expired], timeout=budget.seconds(LEDGER_SECONDS))
    contact.forgot = now
    return len(expired)
