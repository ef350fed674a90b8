"""Builds in places that nobody told us to watch: an audit entry a place and hour, and an hourly notice.

Anybody who may publish can name any place, so that a flood of names must buy nothing: of each hour the first
`MOST_PLACES` are named, and what comes after them is only counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import MARKS
from verifier.controller.notify import write_audit
from verifier.controller.slack.notices import SlackNotice, count, tell
from verifier.errors import Unavailable
from verifier.facts.build import BuildKey
from verifier.redact import excerpt
from verifier.reporting.audit_entry import unwatched_entry
from verifier.reporting.slack_message import unwatched_message
from verifier.services import Stored
from verifier.times import show_time

MOST_PLACES = 20
"""Of each hour."""

_NOTICE = SlackNotice("unwatched", unwatched_message)
_MARK = "unwatched-places"
_TRIES = 5
_MOST_PLACE = 200


def place_of(key: BuildKey) -> str:
    """Return where the build ran, in words."""
    return excerpt(f"project {key.project}, location {key.location}", _MOST_PLACE)


def note_unwatched(key: BuildKey, deployment: Deployment, budget: Budget) -> None:
    """Record that a build ran where nobody watches, once for each place and hour. Raises ServiceError.

    Gives up quietly under contention: whoever was faster has written the same.
    """
    now, place = deployment.services.clock(), place_of(key)
    hour = now.replace(minute=0, second=0, microsecond=0)
    for _ in range(_TRIES):
        stored = deployment.services.store.read(MARKS, _MARK, timeout=budget.seconds(LEDGER_SECONDS))
        seen = _of_hour(stored, show_time(hour))
        if place in seen["places"]:
            return
        is_named = len(seen["places"]) < MOST_PLACES
        # Both before the mark, so that a crash or a lost reply repeats them: the entry has the same insert id and time,
        # and a place that waits for its notice is not counted twice.
        if is_named or not seen["more"]:
            entry = unwatched_entry(key if is_named else None, hour)
            write_audit(deployment, entry, budget.seconds(CALL_SECONDS))
        grown = {**seen, "places": [*seen["places"], place]} if is_named else {**seen, "more": seen["more"] + 1}
        if is_named:
            count(_NOTICE, deployment.services.store, place, now, budget)
        if _write(deployment, stored, grown, budget):
            if not is_named:
                count(_NOTICE, deployment.services.store, "", now, budget)
            return


def tell_unwatched(deployment: Deployment, now: datetime, budget: Budget) -> None:
    """Post the notice when places wait for it and the last try is an hour old. Raises ServiceError."""
    tell(_NOTICE, deployment, now, budget)


def _of_hour(stored: Stored | None, hour: str) -> Mapping[str, Any]:
    """Return what this hour has seen so far: its places, and how many messages named yet others."""
    if stored is None or stored.document.get("hour") != hour:
        return {"hour": hour, "places": [], "more": 0}
    return stored.document


def _write(deployment: Deployment, stored: Stored | None, document: Mapping[str, Any], budget: Budget) -> bool:
    """Return whether the mark was written; False where somebody else was faster, or may have been."""
    store, timeout = deployment.services.store, budget.seconds(LEDGER_SECONDS)
    try:
        if stored is None:
            return store.create(MARKS, _MARK, document, timeout=timeout) is not None
        return store.replace(MARKS, _MARK, document, stored.revision, timeout=timeout) is not None
    except Unavailable as error:
        if not error.ambiguous:
            raise
        return False
