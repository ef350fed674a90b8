"""The sweep: what nobody sent a message about. One at a time, bounded, oldest first.

1. list the builds that finished since the cursor and have no record: a build can redirect its own notifications
   (`options.pubsubTopic`), so looking for the silent ones is a security control, and no backlog may starve it;
   `listing.py` reads the pages
2. resume the records that are due, after a crash, a lost message or a wait; and in turn with them those that wait for
   Slack, earliest verdict first, until it seems to be down (`SlackSeen`)
3. tell Slack, at most once an hour, of messages about builds that nobody knows, and about
   builds in places that nobody watches
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from traceback import format_exception
from typing import Any

from verifier.config import Watched
from verifier.controller.backlog import Backlog
from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import BUILDS, MARKS
from verifier.controller.listing import KEEP_SECONDS, list_silent
from verifier.controller.posting import history_of
from verifier.controller.reconcile import Progress, resume
from verifier.controller.unconfirmed import tell_unconfirmed
from verifier.controller.unwatched import tell_unwatched
from verifier.errors import Malformed, Unavailable, VerifierError
from verifier.services import Document, Store, Stored
from verifier.times import parse_time, show_time

_LEASE_MARK = "sweep"
_SLACK_SEEMS_DOWN = 2
"""After so many records in a row for which it could not be reached; one more, and it is taken to be down."""
_MOST_PASSED_OVER = 1_000
"""Records of rate-limited channels which one sweep passes over, to find others behind them."""
_PUT_OFF = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    resumed: int = 0
    found: int = 0
    """Builds without a record that the listing found."""
    unlisted: tuple[str, ...] = ()
    """Places whose builds could not be listed."""
    problems: tuple[str, ...] = ()


def sweep(deployment: Deployment, watched: Watched, budget: Budget, lease: timedelta) -> Swept | None:
    """Do one sweep; return None when another one runs. Raises ServiceError only when the ledger can't be reached."""
    store = deployment.services.store
    turn = _take_turn(deployment, budget, deployment.services.clock(), lease)
    if turn is None:
        return None
    problems: list[str] = []
    try:
        found, unlisted = _look_everywhere(deployment, watched, budget, problems)
        resumed = _resume_all(deployment, budget, problems)
        with _noted(problems, "unconfirmed"):
            tell_unconfirmed(deployment, deployment.services.clock(), budget)
        with _noted(problems, "unwatched"):
            tell_unwatched(deployment, deployment.services.clock(), budget)
    finally:
        store.replace(MARKS, _LEASE_MARK, {"until": None}, turn.revision, timeout=LEDGER_SECONDS)
    return Swept(resumed, found, tuple(unlisted), tuple(problems))


@contextmanager
def _noted(problems: list[str], what: str) -> Iterator[None]:
    """Add whatever goes wrong with one thing to the problems, so that the sweep goes on with the next."""
    try:
        yield
    except VerifierError as error:
        problems.append(f"{what}: {error}")
    except Exception as error:  # noqa: BLE001 - a defect met in one record must not keep all others waiting
        problems.append(f"{what}: {''.join(format_exception(error)).strip()}")


def _look_everywhere(
    deployment: Deployment, watched: Watched, budget: Budget, problems: list[str]
) -> tuple[int, list[str]]:
    """List every watched place, beginning with another one each minute, in half of the time at most.

    Return how many builds were found, and the places that could not be listed.
    """
    places = [(project, location) for project in watched.projects for location in sorted(watched.locations)]
    now = deployment.services.clock()
    first = int(now.timestamp()) // 60 % len(places)
    half = replace(budget, until=now + (budget.until - now) / 2)
    found, listed = 0, set[tuple[str, str]]()
    for project, location in places[first:] + places[:first]:
        with _noted(problems, f"{project}/{location}"):
            found += list_silent(deployment, half, project, location)
            listed.add((project, location))
    return found, [f"{project}/{location}" for project, location in places if (project, location) not in listed]


def _take_turn(deployment: Deployment, budget: Budget, now: datetime, lease: timedelta) -> Stored | None:
    """Return the mark that this sweep runs, written; None when another one runs. Raises ServiceError."""
    store = deployment.services.store
    stored = store.read(MARKS, _LEASE_MARK, timeout=budget.seconds(LEDGER_SECONDS))
    document = {"until": show_time(now + lease), "owner": deployment.ledger.nonce()}
    until = stored.document.get("until") if stored else None
    if isinstance(until, str) and now < parse_time(until):
        return None
    try:
        return _write_turn(store, document, stored, budget)
    except Unavailable as error:
        if not error.ambiguous:
            raise
        found = store.read(MARKS, _LEASE_MARK, timeout=budget.seconds(LEDGER_SECONDS))
        if found is None or dict(found.document) != document:
            raise
        return found


def _write_turn(store: Store, document: Document, stored: Stored | None, budget: Budget) -> Stored | None:
    """Create the mark, or replace the one that was read; None when another sweep was faster. Raises ServiceError."""
    if stored is None:
        return store.create(MARKS, _LEASE_MARK, document, timeout=budget.seconds(LEDGER_SECONDS))
    return store.replace(MARKS, _LEASE_MARK, document, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))


@dataclass(frozen=True, slots=True)
class SlackSeen:
    """What one sweep has seen of Slack so far, and what follows for its queue.

    | failures in a row | next from the queue |
    |---|---|
    | 0 or 1 | the record with the earliest verdict |
    | 2 | the latest one that is listed: perhaps Slack does not take the earliest ones only |
    | 3 | none: Slack is down |
    """

    failures: int = 0
    """Records in a row for which it could not be reached."""
    passed_over: int = 0
    """Records that were not tried, because Slack wants a pause in their channel."""

    @property
    def is_in_doubt(self) -> bool:
        """Return whether one more failure means that Slack is down."""
        return self.failures == _SLACK_SEEMS_DOWN

    @property
    def is_given_up(self) -> bool:
        """Return whether this sweep takes no more records from Slack's queue."""
        return self.failures > _SLACK_SEEMS_DOWN or self.passed_over >= _MOST_PASSED_OVER

    def after(self, *, is_reached: bool) -> SlackSeen:
        """Return what is seen once another record was tried."""
        return replace(self, failures=0 if is_reached else self.failures + 1)

    def after_a_pass(self) -> SlackSeen:
        """Return what is seen once another record was passed over."""
        return replace(self, passed_over=self.passed_over + 1)


def _resume_all(deployment: Deployment, budget: Budget, problems: list[str]) -> int:
    """Resume records of both queues in turn, so that neither keeps the other waiting; return how many.

    Slack's queue begins. What goes wrong with a record is added to the problems.
    """
    now = show_time(deployment.services.clock())
    unsaid, due = (Backlog(deployment.services.store, field, now) for field in ("unsaid", "due"))
    turns, slack, resumed = deque((unsaid, due)), SlackSeen(), 0
    while turns and budget.has(KEEP_SECONDS):
        queue = turns.popleft()
        listed = queue.take(budget, latest=queue is unsaid and slack.is_in_doubt)
        if listed is None:
            continue  # this queue is at its end: all further turns are the other one's
        if queue is unsaid and _is_paused(deployment, listed):
            slack = slack.after_a_pass()
        else:
            progress = _resume(deployment, listed, budget, problems)
            resumed += 1
            if queue is unsaid:
                slack = slack.after(is_reached=not progress.unsaid)
        if queue is due or not slack.is_given_up:
            turns.append(queue)
    return resumed


def _is_paused(deployment: Deployment, listed: tuple[str, Stored]) -> bool:
    """Return whether Slack wants a pause in what the record waits for: then it is not even claimed."""
    document, now = listed[1].document, deployment.services.clock()
    channel = str(document.get("channel"))
    needs_a_look = bool(document.get("posting"))
    return deployment.rate_limit.is_paused(channel, now) or (
        needs_a_look and deployment.rate_limit.is_paused(history_of(channel), now)
    )


def _resume(deployment: Deployment, listed: tuple[str, Stored], budget: Budget, problems: list[str]) -> Progress:
    """Bring one record as far as it can be brought now, and add what goes wrong to the problems."""
    name, stored = listed
    progress = Progress()
    with _noted(problems, f"record {name}"):
        try:
            progress = resume(stored, deployment, budget)
        except Malformed:
            _put_off(deployment, name, stored, budget)
            raise
        if progress.trouble:
            problems.append(f"record {name}: {progress.trouble}")
    return progress


def _put_off(deployment: Deployment, name: str, stored: Stored, budget: Budget) -> None:
    """Put off a record that this version can't read, written by a later one perhaps. Raises ServiceError.

    It must not stand before all others at each sweep.
    """
    due = show_time(deployment.services.clock() + _PUT_OFF)
    document = {**stored.document, "due": due, "unsaid": None}
    deployment.services.store.replace(BUILDS, name, document, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))


def describe(swept: Swept | None) -> dict[str, Any]:
    """Return a log line's fields for what a sweep did: the alert on missing sweeps counts the completed ones.

    One that could not list a place is none: a silent build there would never be found.
    """
    if swept is None:
        return {"message": "sweep skipped: another one is running", "sweep": "skipped"}
    end = "incomplete" if swept.unlisted else "completed"
    said = f"sweep {end}: {swept.resumed} resumed, {swept.found} found by listing"
    said += f", could not list {', '.join(swept.unlisted)}" if swept.unlisted else ""
    return {"message": said, "sweep": end, "problems": list(swept.problems)}
