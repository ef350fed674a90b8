"""The places whose builds are listed: each has a cursor of its own, which says when its next listing is due.

`marks/places` names those that have one, so that a sweep reads one document and not one a place to know that all have;
once an hour it is looked whether that is so.
Cursors of version 0.1.0 have no due time: they are given one when their place is first seen to be missing there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from verifier.config import Watched
from verifier.controller.budget import KEEP_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import MARKS
from verifier.services import Document, Store, Stored
from verifier.times import parse_time, show_time

LATE_AFTER = timedelta(minutes=10)
"""A place that was not listed so long after its listing was due is late."""
MOST_LATE = 100
"""Of the places that are late, so many are named."""

_REGISTER = "places"
_WRITE_EVERY = 200
_PUT_OFF = timedelta(minutes=15)
_LOOK_EVERY = timedelta(hours=1)
_AT_ONCE = 300

_NO_REGISTER: Document = {"places": [], "looked": ""}

Place = tuple[str, str]
"""A project and a location."""
Noted = Callable[[str], AbstractContextManager[None]]
"""Runs a block and adds whatever goes wrong with this to the problems."""


@dataclass(frozen=True, slots=True)
class LatePlace:
    """A place that was not listed in time."""

    name: str
    """PROJECT/LOCATION."""
    listed: str
    """When it was last listed, as stored; empty: not since it is looked after."""
    error: str
    """Why its last listing failed, empty where none did."""


def places_of(watched: Watched) -> list[Place]:
    """Return every place that the settings name."""
    return [(project, location) for project in watched.projects for location in sorted(watched.locations)]


def shown_place(document: Document) -> str:
    """Return PROJECT/LOCATION of a cursor."""
    return f"{document.get('project')}/{document.get('location')}"


def cursor_name(project: str, location: str) -> str:
    """Return the name of a place's cursor in `marks`."""
    return f"cursor-{sha256(f'{project}/{location}'.encode()).hexdigest()}"


def enrol(deployment: Deployment, watched: Watched, budget: Budget, noted: Noted) -> list[Place]:
    """Give every place of the settings a cursor with a due time; return those that have none yet.

    Raises ServiceError when it can't be read which have one.
    """
    store = deployment.services.store
    register = store.read(MARKS, _REGISTER, timeout=budget.seconds(LEDGER_SECONDS))
    places, document = places_of(watched), register.document if register else _NO_REGISTER
    now, looked = deployment.services.clock(), document["looked"]
    known = set(document["places"]) & {"/".join(place) for place in places}
    if not looked or now >= parse_time(looked) + _LOOK_EVERY:
        known, looked = _that_have_one(store, known, budget), show_time(now)
    missing = [place for place in places if "/".join(place) not in known]
    for number, place in enumerate(missing, start=1):
        if not budget.has(KEEP_SECONDS):
            break
        with noted("/".join(place)):
            _give_due(deployment, place, budget)
            known.add("/".join(place))
        if number % _WRITE_EVERY == 0:
            register = _write(store, register, known, looked)
    if (known, looked) != (set(document["places"]), document["looked"]):
        with noted("places"):
            _write(store, register, known, looked)
    return [place for place in missing if "/".join(place) not in known]


def _that_have_one(store: Store, places: Iterable[str], budget: Budget) -> set[str]:
    """Return those of the places whose cursor is there. Raises ServiceError."""
    names = {cursor_name(*place.split("/")): place for place in sorted(places)}
    found = set[str]()
    for first in range(0, len(names), _AT_ONCE):
        some = list(names)[first : first + _AT_ONCE]
        found |= store.present(MARKS, some, timeout=budget.seconds(LEDGER_SECONDS))
    return {names[name] for name in found}


def _write(store: Store, register: Stored | None, known: Iterable[str], looked: str) -> Stored | None:
    """Return the register as it was written; None where another sweep was faster. Raises ServiceError."""
    document = {"places": sorted(known), "looked": looked}
    if register is None:
        return store.create(MARKS, _REGISTER, document, timeout=LEDGER_SECONDS)
    return store.replace(MARKS, _REGISTER, document, register.revision, timeout=LEDGER_SECONDS)


def _give_due(deployment: Deployment, place: Place, budget: Budget) -> None:
    """Let a place's listing be due: its first, or the next one of a cursor that has no due time. Raises ServiceError.

    The first look begins at installation: older builds are not announced, and run no worker.
    """
    store, now, (project, location) = deployment.services.store, deployment.services.clock(), place
    name = cursor_name(project, location)
    stored = store.read(MARKS, name, timeout=budget.seconds(LEDGER_SECONDS))
    times = {"due": show_time(now), "listed": None, "late": show_time(now + LATE_AFTER)}
    if stored is not None:
        store.replace(MARKS, name, {**stored.document, **times}, stored.revision, timeout=LEDGER_SECONDS)
        return
    installed = show_time(now)
    first = {
        "project": project,
        "location": location,
        "installed": installed,
        "since": installed,
        "until": None,
        "page": "",
    }
    store.create(MARKS, name, {**first, **times}, timeout=budget.seconds(LEDGER_SECONDS))


def is_watched(cursor: Document, watched: Watched) -> bool:
    """Return whether the settings name the cursor's place."""
    return cursor.get("project") in watched.projects and cursor.get("location") in watched.locations


def pass_by(deployment: Deployment, name: str, stored: Stored, budget: Budget) -> None:
    """Put off the cursor of a place that is not watched any more: it must not stand before all others.

    It is not put off for long: an instance with earlier settings may do so to a place that is watched by now. Raises
    ServiceError.
    """
    due = deployment.services.clock() + _PUT_OFF
    document = {**stored.document, "due": show_time(due), "late": show_time(due + LATE_AFTER)}
    deployment.services.store.replace(MARKS, name, document, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))


def late_places(store: Store, watched: Watched, now: datetime, timeout: float) -> list[LatePlace]:
    """Return places that were not listed in time, longest late first; of very many the first ones.

    Raises ServiceError.
    """
    found = store.due(
        MARKS,
        show_time(now),
        MOST_LATE,
        field="late",
        only=("project", "location", "listed", "error"),
        timeout=timeout,
    )
    return [
        LatePlace(shown_place(cursor), str(cursor.get("listed") or ""), str(cursor.get("error") or ""))
        for cursor in (stored.document for _, stored in found)
        if is_watched(cursor, watched)
    ]
