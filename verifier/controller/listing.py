"""The listing of one place: the builds that finished since its cursor and have no record are given one.

It judges none of them: what it finds is due, and has its turn with everything else that is. So one project's backlog
keeps no other place from being listed. The first of what it finds is published to the work topic at once.

A listing looks at builds that finished so long ago that a message about them would have come. One that is late, because
nothing was done for a while, looks at all: messages are late then as well.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from verifier.controller.budget import CALL_SECONDS, KEEP_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import BUILDS, MARKS, State
from verifier.controller.places import LATE_AFTER
from verifier.controller.signals import unannounced
from verifier.errors import Malformed, OutOfTime, QuotaWait, RateLimited, Refused, ServiceError, Stopping, Unavailable
from verifier.facts.build import BuildKey
from verifier.services import BuildPage, Stored
from verifier.times import parse_time, show_time

_LIST_EVERY = timedelta(minutes=5)
_OVERLAP = timedelta(minutes=10)
"""How far back each listing reaches behind the cursor: finish times become visible late and out of order."""
_MOST_IN_A_ROW = 100
"""Builds that nobody announced, of one place, which are remembered."""
_MOST_REST_SECONDS = 3600.0
"""The longest pause that Cloud Build may ask for."""
_SHORT_WAIT = timedelta(minutes=2)
"""For a quota of calls a minute; a service that is not to be asked for longer is left alone for so long."""
_TICK = timedelta(seconds=1)
_FIRST_BACKOFF = timedelta(seconds=30)
_MOST_ERROR = 300
_MOST_AT_ONCE = 500
"""Of what one listing finds: the rest has its turn with other projects' work."""
_RECORD = "record"
"""The kind of work that a record is; see `work.py`."""


def list_place(name: str, stored: Stored, deployment: Deployment, budget: Budget, most_pages: int) -> int:
    """List one place from its cursor on, so many pages at most, and give what has no record one that is due.

    Return how many builds had none. Nothing is done when another invocation was faster, and the place waits where a
    quota is used up. Raises ServiceError when a page can't be read or its builds can't be written down: then it is
    tried again after a backoff; and Stopping.
    """
    store, clock = deployment.services.store, deployment.services.clock
    leased = {**stored.document, "due": show_time(clock() + deployment.ledger.lease)}
    claimed = store.replace(MARKS, name, leased, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))
    if claimed is None:
        return 0
    cursor = dict(claimed.document)
    is_late = clock() - parse_time(stored.document["due"]) > deployment.policy.grace
    try:
        found = _pages(deployment, budget, cursor, most_pages, is_late=is_late)
        _note_end(cursor, clock(), deployment.policy.grace)
    except (OutOfTime, Stopping):
        cursor["due"] = show_time(clock())
        raise
    except QuotaWait as error:
        # It is not this place's turn: no failure, and no listing either.
        cursor["due"] = show_time(_after_quota(parse_time(stored.document["due"]), clock(), error))
        return 0
    except ServiceError as error:
        _note_failure(cursor, clock(), error)
        if isinstance(error, RateLimited):
            cursor["due"] = show_time(_after_quota(parse_time(stored.document["due"]), clock(), error))
        raise
    finally:
        store.replace(MARKS, name, cursor, claimed.revision, timeout=LEDGER_SECONDS)
    return found


def _after_quota(due: datetime, now: datetime, error: RateLimited) -> datetime:
    """Return when a place is due for which there was no quota left.

    It keeps its place before those that wait for less long; a second later makes it another piece of work, which the
    next sweep hands out.
    """
    wait = timedelta(seconds=min(error.retry_after or 0, _MOST_REST_SECONDS))
    return due + _TICK if wait <= _SHORT_WAIT else now + wait


def _pages(deployment: Deployment, budget: Budget, cursor: dict[str, Any], most_pages: int, *, is_late: bool) -> int:
    """Read pages until the listing ends, or the time does; return how many builds were found."""
    now, found = deployment.services.clock(), 0
    for _ in range(0 if _is_resting(cursor, now) else most_pages):
        if not budget.has(KEEP_SECONDS) or not _begin(cursor, now, deployment.policy.grace, is_late=is_late):
            break
        opened = _one_page(deployment, budget, cursor)
        _publish(deployment, budget, opened[: max(_MOST_AT_ONCE - found, 0)])
        found += len(opened)
    return found


def _publish(deployment: Deployment, budget: Budget, opened: list[BuildKey]) -> None:
    """Let other invocations judge these at once, where there is a work topic; otherwise the next sweep brings them."""
    topic = deployment.services.work_topic
    if topic is not None and opened:
        work = [{"kind": _RECORD, "name": key.digest} for key in opened]
        with suppress(ServiceError):
            topic.hand_out(work, timeout=budget.seconds(CALL_SECONDS))


def _is_resting(cursor: dict[str, Any], now: datetime) -> bool:
    """Return whether Cloud Build asked for patience."""
    rest = cursor.get("rest")
    return isinstance(rest, str) and now < parse_time(rest)


def _begin(cursor: dict[str, Any], now: datetime, grace: timedelta, *, is_late: bool) -> bool:
    """Return whether there is a page to read: of a listing under way, or of a new one, which begins here.

    A late one goes on to this moment; the next one looks again at what finished within the grace.
    """
    if cursor["until"]:
        return True
    until, since = now - grace, parse_time(cursor["since"])
    if until <= since or until < since + min(_LIST_EVERY, grace):
        return False
    cursor |= {"until": show_time(now if is_late else until), "page": "", "ahead": is_late}
    return True


def _expected_by(cursor: dict[str, Any], grace: timedelta) -> datetime:
    """Return the moment before which a build has finished if a message about it must have come."""
    until = parse_time(cursor["until"])
    return until - grace if cursor.get("ahead") else until


def _note_end(cursor: dict[str, Any], now: datetime, grace: timedelta) -> None:
    """Note when the next listing is due. A listing that is not at its end goes on at once, and counts for none."""
    if _is_resting(cursor, now):
        cursor["due"] = cursor["rest"]
    elif cursor["until"]:
        cursor["due"] = show_time(now)
    else:
        due = parse_time(cursor["since"]) + min(_LIST_EVERY, grace) + grace
        listed = {"due": show_time(due), "late": show_time(due + LATE_AFTER), "listed": show_time(now)}
        cursor |= {**listed, "attempts": 0, "error": ""}


def _note_failure(cursor: dict[str, Any], now: datetime, error: ServiceError) -> None:
    """Note why the place was not listed, and when that is tried again. When it becomes late does not change.

    A service that says how long to wait is asked again then: that is no failure which makes the next wait longer.
    """
    before = int(cursor.get("attempts") or 0)
    cursor["error"] = str(error)[:_MOST_ERROR]
    if _is_resting(cursor, now):
        cursor["due"] = cursor["rest"]
    else:
        due = now + min(_LIST_EVERY, _FIRST_BACKOFF * 2 ** min(before, 10))
        cursor |= {"due": show_time(due), "attempts": before + 1}


def _one_page(deployment: Deployment, budget: Budget, cursor: dict[str, Any]) -> list[BuildKey]:
    """Give the builds of one page that have no record one, move the cursor on, and return those builds."""
    page = _page(deployment, budget, cursor)
    keys = {key.digest: key for key in page.keys}
    known: set[str] = set()
    if keys:
        # A message can name a build before it exists, and be given up as unconfirmed: it is no less silent for that.
        seconds = budget.seconds(LEDGER_SECONDS)
        known = deployment.services.store.present(
            BUILDS, list(keys), unless=("state", State.UNCONFIRMED), timeout=seconds
        )
    expected = _expected_by(cursor, deployment.policy.grace)
    missing = [key for digest, key in keys.items() if digest not in known]
    early = {key for key in missing if cursor.get("ahead") and page.finished.get(key, expected) >= expected}
    _signal_silent(deployment, cursor, known, [key for key in missing if key not in early])
    if early:
        cursor["early"] = [*cursor.get("early", []), *(key.digest for key in early)][-_MOST_IN_A_ROW:]
    for done, key in enumerate(missing):
        if not budget.has(KEEP_SECONDS):
            return missing[:done]  # the cursor stays, so that this page is listed again
        with suppress(Malformed):  # a record of a later version, which goes on with it
            deployment.ledger.open(key, early=key in early, timeout=budget.seconds(LEDGER_SECONDS))
    cursor["page"] = page.next_page
    if not page.next_page:
        cursor |= {"since": show_time(expected), "until": None, "ahead": False}
    return missing


def _signal_silent(deployment: Deployment, cursor: dict[str, Any], known: set[str], silent: list[BuildKey]) -> None:
    """Tell of each build that nobody announced, and keep in the cursor those of them that came in a row.

    A listing overlaps the one before: what is known because that one found it was not announced either, or nobody knows
    whether it was.
    """
    before: list[str] = cursor.get("silent", [])
    in_a_row = [] if known - set(before) - set(cursor.get("early", [])) else before
    for key in silent:
        if key.digest not in in_a_row:
            in_a_row = [*in_a_row, key.digest][-_MOST_IN_A_ROW:]
            deployment.signal(unannounced(key, len(in_a_row)))
    if in_a_row or before:
        cursor["silent"] = in_a_row


def _page(deployment: Deployment, budget: Budget, cursor: dict[str, Any]) -> BuildPage:
    """Return the page at the cursor, and note in it what a refusal asks for. Raises ServiceError."""
    since = max(parse_time(cursor["since"]) - _OVERLAP, parse_time(cursor["installed"]))
    try:
        return deployment.services.builds.finished(
            cursor["project"],
            cursor["location"],
            since,
            parse_time(cursor["until"]),
            cursor["page"],
            timeout=budget.seconds(CALL_SECONDS),
        )
    except Refused:
        cursor["page"] = ""  # a page token that is not taken any more: this listing begins again next time
        raise
    except QuotaWait:
        raise
    except Unavailable as error:
        if error.retry_after is not None:
            rest = timedelta(seconds=min(error.retry_after, _MOST_REST_SECONDS))
            cursor["rest"] = show_time(deployment.services.clock() + rest)
        raise
