"""The sweep: what nobody sent a message about. One at a time, bounded.

1. see to it that every watched place has a cursor with a due time: a build can redirect its own notifications
   (`options.pubsubTopic`), so listing the builds of each place is a security control, and no backlog may starve it; and
   that every watched job has its document (`runs/enrol_jobs.py`)
2. hand out what is due on the work topic, by project in turn (`hand_out.py`): the listings of places, and records
   after a crash, a lost message or a wait, and the Slack channels for which something waits (`slack/channel_queue.py`)
3. say the line about the day before, where policy wants one and it is due (`daily.py`)
4. where there is no topic, or it does not take them, do here what was to be handed out, one after the other
   (`working_off.py`)
5. tell Slack, at most once an hour, of messages about builds that nobody knows, and about builds in places that nobody
   watches
6. name the places that were not listed in time, and tell the function's own log of what waits for long
   (`lateness.py`)
7. give records of version 0.1.0 the time at which they are cut (`dating.py`), while there are any; and delete runs that
   ended 35 days ago (`runs/old_runs.py`)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from traceback import format_exception
from typing import Any

from verifier.config import Watched
from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.daily import tell_day
from verifier.controller.dating import date_old_records
from verifier.controller.hand_out import HandedOut, hand_out
from verifier.controller.lateness import signal_lateness
from verifier.controller.ledger import MARKS
from verifier.controller.places import MOST_LATE, LatePlace, enrol, late_places
from verifier.controller.runs.enrol_jobs import enrol_jobs
from verifier.controller.runs.old_runs import delete_old_runs
from verifier.controller.signals import SignalName, clock_skew
from verifier.controller.slack.channel_queue import enrol_channels
from verifier.controller.turns import waiting
from verifier.controller.unconfirmed import tell_unconfirmed
from verifier.controller.unwatched import tell_unwatched
from verifier.controller.work import CUT, WorkContext, WorkKind, kinds_of
from verifier.controller.working_off import work_off
from verifier.errors import Unavailable, VerifierError
from verifier.services import Document, Store, Stored
from verifier.times import parse_time, show_time

_LEASE_MARK = "sweep"
_CUT_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    resumed: int = 0
    found: int = 0
    """Builds without a record that its own listings found."""
    unlisted: tuple[str, ...] = ()
    """Places whose builds could not be listed, or were not in time."""
    problems: tuple[str, ...] = ()
    handed_out: int = 0
    """Pieces of work that were published for other invocations."""
    late: tuple[LatePlace, ...] = ()
    """Places that were not listed in time; of very many those that are late longest."""
    handed_out_before: int = 0
    """Pieces that were published in the two minutes before this sweep."""


def sweep(deployment: Deployment, watched: Watched, budget: Budget, lease: timedelta) -> Swept | None:
    """Do one sweep; return None when another one runs. Raises ServiceError only when the ledger can't be reached."""
    store, clock = deployment.services.store, deployment.services.clock
    turn = _take_turn(deployment, budget, clock(), lease)
    if turn is None:
        return None
    problems: list[str] = []
    late: Sequence[LatePlace] = ()
    handed_out: HandedOut | None = None
    try:
        missing = enrol(deployment, watched, budget.half(), partial(_noted, problems))  # 1
        with _noted(problems, "jobs"):
            enrol_jobs(deployment, watched, budget.half(), partial(_noted, problems))
        with _noted(problems, "Slack"):
            enrol_channels(deployment, budget)
        with _noted(problems, "work topic"):
            handed_out = _hand_out(deployment, budget)  # 2
        with _noted(problems, "daily line"):
            # Where nobody takes what was to be handed out, that needs its time, too.
            tell_day(deployment, watched, budget.half() if handed_out is None else budget)  # 3
        worked = work_off(WorkContext(deployment, watched, budget), problems, handed_out)  # 4
        with _noted(problems, "unconfirmed"):
            tell_unconfirmed(deployment, clock(), budget)  # 5
        with _noted(problems, "unwatched"):
            tell_unwatched(deployment, clock(), budget)
        with _noted(problems, "late places"):
            late = late_places(store, watched, clock(), budget.seconds(LEDGER_SECONDS))  # 6
        with _noted(problems, "lateness"):
            signal_lateness(deployment, budget)
        with _noted(problems, "old records"):
            date_old_records(deployment, clock(), budget)  # 7
        with _noted(problems, "old runs"):
            delete_old_runs(deployment, budget)
    finally:
        store.replace(MARKS, _LEASE_MARK, {"until": None}, turn.revision, timeout=LEDGER_SECONDS)
    unlisted = ["/".join(place) for place in missing] + [place.name for place in late] + list(worked.unlisted)
    return Swept(
        worked.resumed,
        worked.found,
        tuple(dict.fromkeys(unlisted)),
        tuple(problems),
        handed_out.count if handed_out else 0,
        tuple(late),
        handed_out.before if handed_out else 0,
    )


def _hand_out(deployment: Deployment, budget: Budget) -> HandedOut | None:
    """Publish what is due; return None where all of it is to be done here. Raises ServiceError."""
    topic, store = deployment.services.work_topic, deployment.services.store
    if topic is None:
        return None
    now = deployment.services.clock()
    work = [item for kind in _kinds(deployment, now) for item in waiting(kind, store, show_time(now), budget)]
    return hand_out(deployment, topic, work, budget)


def _kinds(deployment: Deployment, now: datetime) -> list[WorkKind]:
    """Return the kinds that are asked for now: what has waited 400 days to be cut is, every ten minutes."""
    kinds, contact = kinds_of(deployment), deployment.ledger.contact
    if contact.sought_old is not None and contact.sought_old <= now < contact.sought_old + _CUT_EVERY:
        return [kind for kind in kinds if kind is not CUT]
    contact.sought_old = now
    return kinds


@contextmanager
def _noted(problems: list[str], what: str) -> Iterator[None]:
    """Add whatever goes wrong with one thing to the problems, so that the sweep goes on with the next."""
    try:
        yield
    except VerifierError as error:
        problems.append(f"{what}: {error}")
    except Exception as error:  # noqa: BLE001 - a defect met in one record must not keep all others waiting
        problems.append(f"{what}: {''.join(format_exception(error)).strip()}")


def _take_turn(deployment: Deployment, budget: Budget, now: datetime, lease: timedelta) -> Stored | None:
    """Return the mark that this sweep runs, written; None when another one runs. Raises ServiceError."""
    store = deployment.services.store
    stored = store.read(MARKS, _LEASE_MARK, timeout=budget.seconds(LEDGER_SECONDS))
    document = {"until": show_time(now + lease), "owner": deployment.ledger.nonce()}
    until = stored.document.get("until") if stored else None
    if isinstance(until, str) and now < parse_time(until):
        return None
    before = deployment.services.clock()
    try:
        turn = _write_turn(store, document, stored, budget)
    except Unavailable as error:
        if not error.ambiguous:
            raise
        found = store.read(MARKS, _LEASE_MARK, timeout=budget.seconds(LEDGER_SECONDS))
        if found is None or dict(found.document) != document:
            raise
        return found
    deployment.signal(clock_skew(before, turn.written if turn else None, deployment.services.clock()))
    return turn


def _write_turn(store: Store, document: Document, stored: Stored | None, budget: Budget) -> Stored | None:
    """Create the mark, or replace the one that was read; None when another sweep was faster. Raises ServiceError."""
    if stored is None:
        return store.create(MARKS, _LEASE_MARK, document, timeout=budget.seconds(LEDGER_SECONDS))
    return store.replace(MARKS, _LEASE_MARK, document, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))


def describe(swept: Swept | None) -> dict[str, Any]:
    """Return a log line's fields for what a sweep did.

    One that could not list a place, or not in time, is incomplete: a silent build there is not found meanwhile.
    """
    if swept is None:
        return {"message": "sweep skipped: another one is running", "sweep": "skipped"}
    end = "incomplete" if swept.unlisted else "completed"
    said = f"sweep {end}: {swept.resumed} resumed, {swept.found} found by listing"
    said += f", {swept.handed_out} handed out" if swept.handed_out else ""
    said += f", could not list {', '.join(swept.unlisted)}" if swept.unlisted else ""
    said += " and perhaps more" if len(swept.late) == MOST_LATE else ""
    return {"message": said, "sweep": end, "problems": list(swept.problems), "handed_out": swept.handed_out}


def describe_late(swept: Swept | None) -> list[dict[str, Any]]:
    """Return the fields of a log line for each place that was not listed in time."""
    return [
        {
            "message": f"place late: the builds of {place.name} were last listed {place.listed or 'never'}"
            + (f"; {place.error}" if place.error else ""),
            "signal": str(SignalName.PLACE_LATE),
            "place_late": place.name,
            "project": place.name.partition("/")[0],
            "location": place.name.partition("/")[2],
            "listed": place.listed,
        }
        for place in (swept.late if swept else ())
    ]
