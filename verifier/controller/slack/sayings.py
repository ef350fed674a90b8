"""How a saying is posted once, by whoever holds its channel: the intent is saved first, and it is looked for again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.notify import write_audit
from verifier.controller.says import SAYINGS, KeptSaying, parse_saying, saying_document
from verifier.controller.slack.channel import history_of, is_closed, pauses_heeded
from verifier.controller.slack.posting import LANDING, after_failed_post, post
from verifier.controller.slack.told_afterwards import A_DAY, ToldAfterwards, put_off, unreached
from verifier.errors import Malformed, NoSuchThread, Refused, Stopping, Unavailable
from verifier.facts.build import BuildKey, checked_key, parse_build_name
from verifier.reporting.audit_entry import unsaid_entry
from verifier.reporting.slack_message import said_message
from verifier.services import Message, Posted, Stored

_CLOCK_SKEW = timedelta(minutes=1)


def post_saying(name: str, stored: Stored, deployment: Deployment, budget: Budget) -> ToldAfterwards:
    """Post what is to be said, once. Raises ServiceError for the ledger and the audit trail, and Stopping."""
    try:
        mine = _HeldSaying(name, stored, parse_saying(stored.document), deployment)
    except Malformed:
        document = {**stored.document, "queue": None}
        deployment.services.store.replace(
            SAYINGS, name, document, stored.revision, timeout=budget.seconds(LEDGER_SECONDS)
        )
        raise
    now = deployment.services.clock()
    if mine.saying.queue is None:
        return ToldAfterwards()
    if now > mine.saying.created + A_DAY:
        return _give_up(mine, "Slack did not take it for a day", budget)
    if mine.saying.posting is not None:
        if mine.saying.unanswered is not None and now < mine.saying.unanswered + LANDING:
            return put_off((mine.saying.unanswered + LANDING - now).total_seconds())
        if is_closed(deployment, history_of(mine.saying.thread), budget):
            return put_off()
        try:
            found = _look(mine, budget)
        except (Unavailable, Refused) as error:
            return unreached(error)
        if found is not None:
            return _heard(mine, found)
    return _post(mine, budget)


def give_up_late(name: str, stored: Stored, deployment: Deployment) -> None:
    """Leave what is to be said to the audit trail: Slack was away, and one line tells of it. Raises ServiceError."""
    mine = _HeldSaying(name, stored, parse_saying(stored.document), deployment)
    mine.save(mine.saying.done(deployment.services.clock(), why="Slack was away; one line tells of all it missed"))


def saying_message(saying: KeptSaying) -> Message:
    """Return the message that says it."""
    message = said_message(saying.lines, saying.mention, saying.key)
    return message._replace(channel=saying.channel, thread=saying.thread, broadcast=saying.broadcast)


class _HeldSaying:
    """A saying whose channel is held, as it was last written."""

    def __init__(self, name: str, stored: Stored, saying: KeptSaying, deployment: Deployment) -> None:
        self.saying, self.deployment = saying, deployment
        self._name, self._revision = name, stored.revision

    def save(self, saying: KeptSaying) -> bool:
        """Write it; return whether nobody else had written it meanwhile. Raises ServiceError."""
        store = self.deployment.services.store
        document = saying_document(saying)
        written = store.replace(SAYINGS, self._name, document, self._revision, timeout=LEDGER_SECONDS)
        if written is None:
            return False
        self.saying, self._revision = saying, written.revision
        return True

    def note(self, **changes: Any) -> bool:
        """Write it with these changes."""
        return self.save(replace(self.saying, **changes))


def _look(mine: _HeldSaying, budget: Budget) -> Posted | None:
    """Return where it stands, if an earlier attempt posted it. Raises what Slack does."""
    saying, deployment = mine.saying, mine.deployment
    if saying.posting is None:
        return None
    with pauses_heeded(deployment, history_of(saying.thread), saying.channel):
        since, timeout = saying.posting - _CLOCK_SKEW, budget.seconds(CALL_SECONDS)
        return deployment.services.chat.find(saying_message(saying), since, timeout=timeout)


def _post(mine: _HeldSaying, budget: Budget) -> ToldAfterwards:
    if not mine.note(posting=mine.deployment.services.clock(), unanswered=None):
        return ToldAfterwards()  # another invocation has it
    try:
        posted = post(mine.deployment, saying_message(mine.saying), budget)
    except NoSuchThread as error:
        if not mine.saying.thread:
            return _give_up(mine, str(error), budget)
        # What it was to reply to is gone, or never took replies: it stands by itself.
        mine.note(posting=None, thread="", broadcast=False)
        return _post(mine, budget)
    except (Unavailable, Refused, Stopping) as error:
        mine.note(**after_failed_post(error, mine.deployment.services.clock()))
        if isinstance(error, Stopping):
            raise
        if isinstance(error, Refused) and not error.wide:
            return _give_up(mine, str(error), budget)
        return unreached(error)
    return _heard(mine, posted)


def _heard(mine: _HeldSaying, posted: Posted) -> ToldAfterwards:
    mine.save(mine.saying.done(mine.deployment.services.clock(), ts=posted.ts))
    return ToldAfterwards()


def _give_up(mine: _HeldSaying, why: str, budget: Budget) -> ToldAfterwards:
    """Tell the audit trail once that Slack does not take it. Raises ServiceError; made again, it comes to the same."""
    saying = mine.saying
    entry = unsaid_entry(saying.key, _about(saying), why, saying.created)
    write_audit(mine.deployment, entry, budget.seconds(CALL_SECONDS))
    mine.save(saying.done(mine.deployment.services.clock(), why=why))
    return ToldAfterwards()


def _about(saying: KeptSaying) -> BuildKey | None:
    try:
        return checked_key(*parse_build_name(saying.about)) if saying.about else None
    except Malformed:
        return None
