"""Executions whose end no message told, counted a day and project: in the ledger, for no instance sees all of them."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256

from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import MARKS, Record
from verifier.controller.signals import Signal, is_unheard, no_completion_entry
from verifier.errors import ServiceError
from verifier.times import parse_time, show_time

_DAY = timedelta(days=1)
_MOST = 20
"""Of one project's, so many are remembered: an alert needs two."""


def unheard(record: Record, deployment: Deployment, budget: Budget, now: datetime) -> Signal | None:
    """Tell of this record's execution where no message told that it has ended, and count it. Raises Stopping.

    None where others of the project came: then this one was lost, and its sink works. Where the ledger can't count it,
    it is told all the same, as the only one.
    """
    if not is_unheard(record, now) or deployment.arrivals.came(record.key.project, now):
        return None
    in_a_day = 1
    with suppress(ServiceError):
        in_a_day = _count(record, deployment, budget, now)
    return no_completion_entry(record, in_a_day)


def _count(record: Record, deployment: Deployment, budget: Budget, now: datetime) -> int:
    """Return how many there were in a day, with this one; the same one counts once. Raises ServiceError and Stopping.

    Where another instance counts at the same time, one of both is forgotten.
    """
    store, name = deployment.services.store, _name(record.key.project)
    stored = store.read(MARKS, name, timeout=budget.seconds(LEDGER_SECONDS))
    known: dict[str, str] = dict(stored.document["unheard"]) if stored else {}
    lately = {one: at for one, at in known.items() if now - parse_time(at) < _DAY and one != record.key.digest}
    kept = dict(list(lately.items())[1 - _MOST :]) | {record.key.digest: show_time(now)}
    if stored is None:
        store.create(MARKS, name, {"unheard": kept}, timeout=budget.seconds(LEDGER_SECONDS))
    else:
        store.replace(MARKS, name, {"unheard": kept}, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))
    return len(kept)


def _name(project: str) -> str:
    return f"unheard-{sha256(project.encode()).hexdigest()}"
