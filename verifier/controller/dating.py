"""Records that are done have a time at which they are cut; those of version 0.1.0 are given theirs here.

A walk over all records by the moment at which they were created, a page a sweep, whose place is in `marks/dating`. It
goes on for a day after its beginning: so long instances of 0.1.0 may still write records during an upgrade.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from verifier.controller.budget import KEEP_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import BUILDS, MARKS, State, cut_due, parse_record
from verifier.errors import Malformed
from verifier.times import parse_time, show_time

_MARK = "dating"
_PAGE = 50
_GOES_ON_FOR = timedelta(days=1)


def date_old_records(deployment: Deployment, now: datetime, budget: Budget) -> int:
    """Give the records of the next page their time to be cut, and return how many had none. Raises ServiceError."""
    contact, store = deployment.ledger.contact, deployment.services.store
    if contact.all_dated or not budget.has(KEEP_SECONDS):
        return 0
    stored = store.read(MARKS, _MARK, timeout=budget.seconds(LEDGER_SECONDS))
    if stored is None:
        first = {"until": show_time(now + _GOES_ON_FOR), "since": "", "page": _PAGE, "over": False}
        store.create(MARKS, _MARK, first, timeout=budget.seconds(LEDGER_SECONDS))
        return 0
    place = dict(stored.document)
    if place["over"]:
        contact.all_dated = True
        return 0
    dated = _date_page(deployment, place, now, budget)
    if place != dict(stored.document):
        store.replace(MARKS, _MARK, place, stored.revision, timeout=LEDGER_SECONDS)
    return dated


def _date_page(deployment: Deployment, place: dict[str, Any], now: datetime, budget: Budget) -> int:
    """Date the records of one page, move the place on as far as that is done, and return how many had none."""
    since, limit = place["since"], place["page"]
    page = deployment.services.store.due(
        BUILDS,
        place["until"],
        limit,
        field="created",
        since=since,
        only=("cut_due", "state"),
        timeout=budget.seconds(LEDGER_SECONDS),
    )
    dated = 0
    for name, stored in page:
        place["since"] = stored.document["created"]
        if stored.document.get("state") == State.DONE and "cut_due" not in stored.document:
            if not budget.has(KEEP_SECONDS):
                return dated  # the next sweep goes on with this one
            dated += _date(deployment, name, budget)
    if len(page) < limit:
        place["over"] = now > parse_time(place["until"])
    # A page full of one and the same moment: only a longer one leads out of it.
    place["page"] = 2 * limit if len(page) == limit and place["since"] == since else _PAGE
    return dated


def _date(deployment: Deployment, name: str, budget: Budget) -> bool:
    """Date one record, unless it was changed meanwhile, and return whether that was done. Raises ServiceError.

    One that this version can't read stays as it is.
    """
    store = deployment.services.store
    stored = store.read(BUILDS, name, timeout=budget.seconds(LEDGER_SECONDS))
    try:
        when = cut_due(parse_record(stored.document)) if stored else None
    except Malformed:
        return False
    if stored is None or when is None:
        return False
    dated = {**stored.document, "cut_due": show_time(when)}
    return store.replace(BUILDS, name, dated, stored.revision, timeout=budget.seconds(LEDGER_SECONDS)) is not None
