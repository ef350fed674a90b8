"""Notices: what many messages are about, Slack hears of together, at most once an hour. One mark keeps what waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import MARKS
from verifier.controller.slack.posting import post
from verifier.errors import Unavailable
from verifier.services import Message, Store, Stored
from verifier.times import parse_time, show_time

_EVERY = timedelta(hours=1)
_MOST_EXAMPLES = 5
_TOLD_OF = ("waiting", "since", "examples")
"""What a notice is made of."""
_TRIES = 5
_TICK = timedelta(milliseconds=1)
"""Between the beginnings of two notices, which tell them apart."""


@dataclass(frozen=True, slots=True)
class SlackNotice:
    """A kind of notice."""

    mark: str
    """The name of the mark that keeps what waits."""
    message: Callable[[int, Sequence[str], datetime, str], Message]
    """How it is told: how many, examples of them, since when, and the project of the audit trail."""


def count(notice: SlackNotice, store: Store, example: str, now: datetime, budget: Budget) -> None:
    """Add one to what the next notice tells of; without an example it is only counted. Raises ServiceError.

    Gives up quietly under contention: the audit trail has it.
    """
    for _ in range(_TRIES):
        stored = store.read(MARKS, notice.mark, timeout=budget.seconds(LEDGER_SECONDS))
        document: Mapping[str, Any] = stored.document if stored else {}
        waiting = int(document.get("waiting", 0))
        if waiting and example and example in document["examples"]:
            return  # the reply to an earlier try was lost
        grown = {
            "waiting": waiting + 1,
            "since": document.get("since") if waiting else show_time(now),
            "told": document.get("told"),
            "trying": document.get("trying"),
            "examples": [*document.get("examples", []), *([example] if example else [])][-_MOST_EXAMPLES:],
        }
        timeout = budget.seconds(LEDGER_SECONDS)
        try:
            if stored is None:
                written = store.create(MARKS, notice.mark, grown, timeout=timeout)
            else:
                written = store.replace(MARKS, notice.mark, grown, stored.revision, timeout=timeout)
        except Unavailable as error:
            if not error.ambiguous:
                raise
            continue  # the next look shows whether it counted
        if written is not None:
            return


def tell(notice: SlackNotice, deployment: Deployment, now: datetime, budget: Budget) -> None:
    """Post the notice when something waits for it and the last try is an hour old. Raises ServiceError.

    A try that fails is made again. It keeps what it tells of, so that it is looked for as it was; what comes
    meanwhile is for the next notice.
    """
    store = deployment.services.store
    stored = store.read(MARKS, notice.mark, timeout=budget.seconds(LEDGER_SECONDS))
    if stored is None or not stored.document["waiting"]:
        return
    document = stored.document
    if document["told"] and now < parse_time(document["told"]) + _EVERY:
        return
    trying = document.get("trying")
    if trying:
        seconds = budget.seconds(CALL_SECONDS)
        if deployment.services.chat.find(
            _notice(notice, deployment, trying), parse_time(trying["began"]), timeout=seconds
        ):
            _take_away(notice, store, stored, now, budget)
            return
    trying = {**(trying or {name: document[name] for name in _TOLD_OF}), "began": show_time(now)}
    tried = {**document, "told": show_time(now), "trying": trying}
    written = store.replace(MARKS, notice.mark, tried, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))
    if written is None:
        return
    post(deployment, _notice(notice, deployment, trying), budget)
    _take_away(notice, store, written, now, budget)


def _notice(notice: SlackNotice, deployment: Deployment, trying: Mapping[str, Any]) -> Message:
    since = parse_time(trying["since"])
    message = notice.message(trying["waiting"], trying["examples"], since, deployment.home)
    return message._replace(channel=deployment.channel)


def _take_away(notice: SlackNotice, store: Store, told: Stored, now: datetime, budget: Budget) -> None:
    """Take what was told of away from what waits; others may have come meanwhile."""
    trying = told.document["trying"]
    since = max(now, parse_time(trying["since"]) + _TICK)
    stored: Stored | None = told
    for _ in range(_TRIES):
        if stored is None or stored.document.get("trying") != trying:
            return  # another sweep took them away
        left = stored.document["waiting"] - trying["waiting"]
        document = {
            "waiting": left,
            "since": show_time(since) if left else None,
            "told": show_time(now),
            "examples": [name for name in stored.document["examples"] if name not in trying["examples"]],
        }
        if store.replace(MARKS, notice.mark, document, stored.revision, timeout=LEDGER_SECONDS):
            return
        stored = store.read(MARKS, notice.mark, timeout=budget.seconds(LEDGER_SECONDS))
