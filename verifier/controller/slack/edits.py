"""How a build's message is edited: to what the ledger holds now, by whoever holds the channel.

The moment is saved before Slack is asked. While an earlier edit may still be on its way, none is made: an older
revision never overwrites a newer one. Edited twice to the same, a message is the same, so nothing is looked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import (
    BUILDS,
    Record,
    State,
    awaits_edit,
    edited,
    is_leased,
    parse_record,
    record_document,
    sealed,
)
from verifier.controller.notes import say_notes
from verifier.controller.notify import write_audit
from verifier.controller.slack.build_message import kept_message
from verifier.controller.slack.channel import EDITING, is_closed, pauses_heeded, take_second
from verifier.controller.slack.posting import LANDING
from verifier.controller.slack.told_afterwards import A_DAY, ToldAfterwards, put_off, unreached
from verifier.errors import Malformed, Refused, Stopping, Unavailable
from verifier.reporting.audit_entry import unedited_entry
from verifier.services import Message, Posted, Stored

_TRIES = 6
_SOON_SECONDS = 1.0
"""For what was changed by somebody else meanwhile."""
_IN_FLIGHT = LANDING + timedelta(seconds=CALL_SECONDS)
"""For how long after the saved moment an edit may still change the message."""

_Change = Callable[[Record], Record]


def make_edit(name: str, stored: Stored, deployment: Deployment, budget: Budget) -> ToldAfterwards:
    """Let the message of a done record show its newest revision. Raises ServiceError for the ledger, and Stopping."""
    try:
        record = parse_record(stored.document)
    except Malformed:
        _take_out(name, stored, deployment, budget)
        raise
    now, chat = deployment.services.clock(), deployment.services.chat
    if record.state is not State.DONE or is_leased(record, now):
        return ToldAfterwards()  # it was opened again: it has its place when it is done
    if not awaits_edit(record):
        _change(name, stored, lambda known: edited(known, known.shown), deployment, budget)
        return ToldAfterwards()
    if not chat.can_edit:
        return _give_up(name, stored, record, "a webhook posts now, which can't edit", deployment, budget)
    if record.noted is not None and now > record.noted + A_DAY:
        return _give_up(name, stored, record, "Slack took no edit of it for a day", deployment, budget)
    if record.editing is not None and now < record.editing + _IN_FLIGHT:
        return put_off((record.editing + _IN_FLIGHT - now).total_seconds())
    if is_closed(deployment, EDITING, budget):
        return put_off()
    message = kept_message(record, deployment.policy)
    if message is None:
        return _give_up(name, stored, record, "the ledger does not hold what it is made of", deployment, budget)
    return _edit(name, stored, record, message, deployment, budget)


def _edit(
    name: str, stored: Stored, record: Record, message: Message, deployment: Deployment, budget: Budget
) -> ToldAfterwards:
    deployment.services.pause(take_second(deployment, record.channel, budget))
    mine = _intend(name, stored, record, deployment, budget)
    if mine is None:
        return put_off(_SOON_SECONDS)  # it has changed: it is made anew
    try:
        with pauses_heeded(deployment, EDITING, record.channel):
            timeout = budget.seconds(CALL_SECONDS)
            deployment.services.chat.edit(message, Posted(record.channel, record.ts), timeout=timeout)
    except (Unavailable, Stopping) as error:
        if not (isinstance(error, Unavailable) and error.ambiguous):
            _change(name, mine, lambda known: edited(known, known.shown), deployment, budget)  # nothing is on its way
        if isinstance(error, Stopping):
            raise
        return unreached(error)
    except Refused as error:
        if error.wide:
            _change(name, mine, lambda known: edited(known, known.shown), deployment, budget)
            return unreached(error)
        return _give_up(name, mine, record, str(error), deployment, budget)
    held = deployment.held
    if held is not None:
        held.is_reached = True
    is_behind = _change(name, mine, lambda known: edited(known, record.revision), deployment, budget)
    return put_off(_SOON_SECONDS) if is_behind else ToldAfterwards()


def _intend(name: str, stored: Stored, record: Record, deployment: Deployment, budget: Budget) -> Stored | None:
    """Save when Slack is asked; return None where the record was changed meanwhile. Raises ServiceError."""
    document = record_document(replace(record, editing=deployment.services.clock()))
    timeout = budget.seconds(LEDGER_SECONDS)
    return deployment.services.store.replace(BUILDS, name, document, stored.revision, timeout=timeout)


def _give_up(
    name: str, stored: Stored, record: Record, why: str, deployment: Deployment, budget: Budget
) -> ToldAfterwards:
    """Tell the audit trail once that this message can't be edited, and have what it lacks said by itself.

    Raises ServiceError; made again, it comes to the same.
    """
    verdict = record.judgement.verdict if record.judgement else None
    entry = unedited_entry(record.key, verdict, why, record.noted or record.created)
    write_audit(deployment, entry, budget.seconds(CALL_SECONDS))
    lacking = [note for note in record.notes if note["revision"] > record.shown]
    say_notes(deployment, record, lacking, budget)
    _change(name, stored, lambda known: sealed(known, why), deployment, budget)
    return ToldAfterwards()


def _change(name: str, stored: Stored, changed: _Change, deployment: Deployment, budget: Budget) -> bool:
    """Write what `changed` makes of the record, whatever it has become meanwhile, unless it was opened again.

    Returns whether it still waits to be edited. Raises ServiceError. What is lost of it is done again, to the same end.
    """
    store = deployment.services.store
    known: Stored | None = stored
    for _ in range(_TRIES):
        record = parse_record(known.document) if known else None
        if known is None or record is None or record.state is not State.DONE:
            return False
        after = changed(record)
        try:
            if store.replace(BUILDS, name, record_document(after), known.revision, timeout=LEDGER_SECONDS) is not None:
                return after.queue is not None
        except Unavailable as error:
            if not error.ambiguous:
                raise
        known = store.read(BUILDS, name, timeout=budget.seconds(LEDGER_SECONDS))
    return True


def _take_out(name: str, stored: Stored, deployment: Deployment, budget: Budget) -> None:
    """Take a record out of the queue that this version can't read. Raises ServiceError."""
    document, timeout = {**stored.document, "queue": None}, budget.seconds(LEDGER_SECONDS)
    deployment.services.store.replace(BUILDS, name, document, stored.revision, timeout=timeout)
