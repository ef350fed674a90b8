"""What becomes known of a build after its verdict: a note in its record, and in Slack an edit of its message.

A note is a value such as `{"kind": "runs", "key": "runs/JOB", "job": JOB, "since": MOMENT}`: `note_text.py` has the
kinds, and what each of them says. Of one key there is one note: the same again changes nothing, another one takes its
place.

Where no message can be edited, because a webhook posted it, because it was never posted by itself after Slack was away,
or because Slack does not let it be edited any more, the note is said in a message of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import Enum
from hashlib import sha256

from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import (
    BUILDS,
    Record,
    State,
    has_editable_message,
    is_leased,
    parse_record,
    record_document,
    with_note,
)
from verifier.controller.says import Saying, say
from verifier.controller.slack.channel import call_for
from verifier.errors import ServiceError, Unavailable
from verifier.facts.build import BuildKey, parse_build
from verifier.facts.source import source_of
from verifier.reporting.slack_message import note_saying
from verifier.services import Document

_TRIES = 6
_PAUSE_SECONDS = 1.0


class Noted(Enum):
    """What became of a note."""

    NOTED = "the build's message says it, or will; or a message of its own does"
    NO_MESSAGE = "there is no message: policy wants none, or the record was cut"
    NO_RECORD = "there is no record of such a build"


def note_on(deployment: Deployment, key: BuildKey, note: Document, budget: Budget) -> Noted:
    """Keep this note about a build, and have Slack hear of it. The same again changes nothing.

    Raises ServiceError when it was not kept, Unavailable while another invocation has the record, and Malformed for a
    record that this version can't read. Made again, it comes to the same.
    """
    store, name = deployment.services.store, key.digest
    for attempt in range(_TRIES):
        if attempt:
            deployment.services.pause(_PAUSE_SECONDS)
        stored = store.read(BUILDS, name, timeout=budget.seconds(LEDGER_SECONDS))
        if stored is None:
            return Noted.NO_RECORD
        record = parse_record(stored.document)
        if record.state is State.UNCONFIRMED:
            return Noted.NO_RECORD
        if record.cut is not None:
            return Noted.NO_MESSAGE
        now = deployment.services.clock()
        if is_leased(record, now):
            continue
        after = with_note(record, note, now)
        if after is not record and not _write(deployment, after, stored.revision, budget):
            continue
        return _told(deployment, after, note, budget, is_new=after is not record)
    raise Unavailable(f"{key.name}: expected to note something in its record, another invocation has it; try again")


def say_notes(deployment: Deployment, record: Record, notes: Sequence[Document], budget: Budget) -> None:
    """Have these notes said in messages of their own, each once. Raises ServiceError."""
    if record.build is None or record.judgement is None:
        return
    build = parse_build(record.build)
    for note in notes:
        lines, channel = note_saying(build, source_of(build), record.judgement, [note], deployment.policy)
        if lines:
            key = f"{record.key.name}/{note['key']}/{_digest(note)}"
            say(deployment, Saying(key, record.channel or channel, tuple(lines)), budget)


def _write(deployment: Deployment, record: Record, revision: str, budget: Budget) -> bool:
    """Return whether the record was surely written. Raises ServiceError."""
    store, timeout = deployment.services.store, budget.seconds(LEDGER_SECONDS)
    try:
        written = store.replace(BUILDS, record.key.digest, record_document(record), revision, timeout=timeout)
    except Unavailable as error:
        if not error.ambiguous:
            raise
        return False  # the next look shows whether it is there
    return written is not None


def _told(deployment: Deployment, record: Record, note: Document, budget: Budget, *, is_new: bool) -> Noted:
    """See to it that Slack hears of the note, and return what becomes of it. Raises ServiceError."""
    if record.state is not State.DONE:
        return Noted.NOTED  # its message is made with it, or is edited as soon as the record is done
    if not record.told:
        return Noted.NO_MESSAGE
    if has_editable_message(record) and deployment.services.chat.can_edit:
        if is_new and record.queue is not None:
            _call_for(deployment, record.channel, budget)
    else:
        say_notes(deployment, record, [note], budget)
    return Noted.NOTED


def _call_for(deployment: Deployment, channel: str, budget: Budget) -> None:
    """Have the edit made soon; the next sweep sees to it where the ledger does not take that now."""
    try:
        call_for(deployment, channel, budget)
    except ServiceError:
        return


def _digest(note: Document) -> str:
    plain = {name: value for name, value in note.items() if name != "revision"}
    return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]
