"""Runs are deleted 35 days after their end, a page in each sweep: nothing is decided by their absence."""

from __future__ import annotations

from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.runs.job_runs import RUNS
from verifier.services import MOST_DELETED
from verifier.times import show_time


def delete_old_runs(deployment: Deployment, budget: Budget) -> int:
    """Delete a page of what has expired, longest ago first, and return how many there were. Raises ServiceError."""
    store, now = deployment.services.store, show_time(deployment.services.clock())
    timeout = budget.seconds(LEDGER_SECONDS)
    expired = store.due(RUNS, now, MOST_DELETED, field="expires", only=("expires",), timeout=timeout)
    if expired:
        store.delete(RUNS, [name for name, _ in expired], timeout=budget.seconds(LEDGER_SECONDS))
    return len(expired)
