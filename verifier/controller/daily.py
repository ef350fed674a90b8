"""The line about the day before, once a day: its numbers are counted in the ledger when it is due.

`marks/daily` says on which day the last line was due that is said. A line has the day in its key, so that one that is
said again after a crash is the same one. After an outage there is one line, about the latest day that is due; of the
days before there is none. The first line is about the first day on which builds were looked at, and says since when.
"""

from __future__ import annotations

from datetime import date, datetime

from verifier.checks.day import Daily
from verifier.config import Watched
from verifier.controller.budget import KEEP_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.day_count import builds_of, runs_of
from verifier.controller.ledger import BUILDS, MARKS
from verifier.controller.says import Saying, say
from verifier.reporting.day_text import day_line
from verifier.services import Stored
from verifier.times import parse_time, show_time

MARK = "daily"
_LEAST_SECONDS = KEEP_SECONDS + LEDGER_SECONDS


def tell_day(deployment: Deployment, watched: Watched, budget: Budget) -> None:
    """Say the line about the day before, where one is due that is not said. Raises ServiceError and Malformed.

    Where too little time is left to count a day, the next sweep does it: a line without counts tells nobody anything.
    """
    daily, contact, now = deployment.policy.daily, deployment.ledger.contact, deployment.services.clock()
    if daily is None:
        return
    due = daily.due_on(now)
    if (contact.daily is not None and contact.daily >= due) or not budget.has(_LEAST_SECONDS):
        return
    stored = deployment.services.store.read(MARKS, MARK, timeout=budget.seconds(LEDGER_SECONDS))
    if stored is not None and date.fromisoformat(stored.document["told"]) < due:
        _say(daily, due, parse_time(stored.document["begun"]), deployment, watched, budget)
    _write(stored, due, deployment, budget)


def _say(daily: Daily, due: date, begun: datetime, deployment: Deployment, watched: Watched, budget: Budget) -> None:
    now, day = deployment.services.clock(), daily.day_before(due)
    since = begun if begun <= day.since else _first_seen(begun, deployment, budget)
    if since >= day.until:
        return  # nobody looked at builds on that day
    counted = builds_of(day, deployment.services.store, now, budget), runs_of(day, deployment, watched, budget)
    line = day_line(day, *counted, now, since if day.has(since) and since > day.since else None)
    saying = Saying(f"{MARK}/{day.date.isoformat()}", daily.channel, (line,), patient=True)
    say(deployment, saying, budget)


def _first_seen(begun: datetime, deployment: Deployment, budget: Budget) -> datetime:
    """Return since when builds are known: an installation may be older than its first line. Raises ServiceError."""
    first = deployment.services.store.due(
        BUILDS, show_time(begun), 1, field="created", only=("created",), timeout=budget.seconds(LEDGER_SECONDS)
    )
    return parse_time(first[0][1].document["created"]) if first else begun


def _write(stored: Stored | None, due: date, deployment: Deployment, budget: Budget) -> None:
    """Note that the line that is due on this day is said, or is not to be. Raises ServiceError."""
    store, told, timeout = deployment.services.store, due.isoformat(), budget.seconds(LEDGER_SECONDS)
    if stored is None:
        first = {"told": told, "begun": show_time(deployment.services.clock())}
        store.create(MARKS, MARK, first, timeout=timeout)
    elif stored.document["told"] < told:
        store.replace(MARKS, MARK, {**stored.document, "told": told}, stored.revision, timeout=timeout)
    deployment.ledger.contact.daily = due
