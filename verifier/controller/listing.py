"""Step 1 of the sweep: the builds of one place that finished since its cursor and have no record."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import BUILDS, MARKS, State
from verifier.controller.reconcile import reconcile
from verifier.errors import Refused, Unavailable
from verifier.services import BuildPage
from verifier.times import parse_time, show_time

KEEP_SECONDS = 15.0
"""Left unused of the time of a sweep, so that the last record that it takes up can be brought to an end."""
_MOST_PAGES = 4
_LIST_EVERY = timedelta(minutes=5)
_OVERLAP = timedelta(minutes=10)
"""How far back each listing reaches behind the cursor: finish times become visible late and out of order."""
_MOST_REST_SECONDS = 3600.0
"""The longest pause that Cloud Build may ask for."""


def list_silent(deployment: Deployment, budget: Budget, project: str, location: str) -> int:
    """List one project's region from its cursor on, a few pages at a time, and reconcile what has no record.

    Return how many builds had none. Raises ServiceError.
    """
    store, now = deployment.services.store, deployment.services.clock()
    name = f"cursor-{sha256(f'{project}/{location}'.encode()).hexdigest()}"
    stored = store.read(MARKS, name, timeout=budget.seconds(LEDGER_SECONDS))
    if stored is None:
        # The first look begins at installation: older builds are not announced, and run no worker.
        installed = show_time(now)
        first = {
            "project": project,
            "location": location,
            "installed": installed,
            "since": installed,
            "until": None,
            "page": "",
        }
        store.create(MARKS, name, first, timeout=budget.seconds(LEDGER_SECONDS))
        return 0
    cursor = dict(stored.document)
    found = 0
    try:
        for _ in range(_MOST_PAGES):
            if not budget.has(KEEP_SECONDS) or not _begin(cursor, now, deployment.policy.grace):
                break
            found += _one_page(deployment, budget, cursor)
    finally:
        if cursor != dict(stored.document):
            store.replace(MARKS, name, cursor, stored.revision, timeout=LEDGER_SECONDS)
    return found


def _begin(cursor: dict[str, Any], now: datetime, grace: timedelta) -> bool:
    """Return whether there is a page to read: of a listing under way, or of a new one, which begins here."""
    rest = cursor.get("rest")
    if rest and now < parse_time(rest):
        return False  # Cloud Build asked for patience
    if cursor["until"]:
        return True
    until = now - grace
    if until < parse_time(cursor["since"]) + min(_LIST_EVERY, grace):
        return False
    cursor |= {"until": show_time(until), "page": ""}
    return True


def _one_page(deployment: Deployment, budget: Budget, cursor: dict[str, Any]) -> int:
    """Reconcile the builds of one page that have no record, move the cursor on, and return how many they were."""
    page = _page(deployment, budget, cursor)
    keys = {key.digest: key for key in page.keys}
    known: set[str] = set()
    if keys:
        # A message can name a build before it exists, and be given up as unconfirmed: it is no less silent for that.
        seconds = budget.seconds(LEDGER_SECONDS)
        known = deployment.services.store.present(
            BUILDS, list(keys), unless=("state", State.UNCONFIRMED), timeout=seconds
        )
    silent = [key for digest, key in keys.items() if digest not in known]
    for done, key in enumerate(silent):
        if not budget.has(KEEP_SECONDS):
            return done  # the cursor stays, so that the next sweep lists this page again
        reconcile(key, deployment, budget, announced=False)  # what goes wrong is in its record, which is due again
    cursor["page"] = page.next_page
    if not page.next_page:
        cursor |= {"since": cursor["until"], "until": None}
    return len(silent)


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
    except Unavailable as error:
        if error.retry_after is not None:
            rest = timedelta(seconds=min(error.retry_after, _MOST_REST_SECONDS))
            cursor["rest"] = show_time(deployment.services.clock() + rest)
        raise
