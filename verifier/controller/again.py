"""Judging a build anew, because somebody asked: its record is opened again, and everything is done as for a new one.

The record is opened by compare-and-set, so whoever asks at the same moment finds it open. What was decided before is
kept in it in short, and whole in the audit trail. Nothing depends on a message: the next sweep finds the record due.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from verifier.checks.judgement import Judgement, judgement_document
from verifier.checks.verdict import Verdict
from verifier.controller.ledger import BUILDS, Record, State, judged_anew, parse_record, record_document, released
from verifier.errors import Unavailable
from verifier.facts.build import BuildKey
from verifier.reporting.audit_entry import AskedAgain
from verifier.services import Document, Store, Stored

MOST_EARLIER = 5
"""Of the judgements before, the latest, that a record keeps."""
_TRIES = 6
_SECONDS = 15.0


class AgainOutcome(StrEnum):
    """What became of the wish."""

    REOPENED = "it is judged anew"
    ASKED_BEFORE = "it is being judged anew already"
    OPEN = "it is being judged, for the first time"
    NO_RECORD = "the ledger has no record of it"


@dataclass(frozen=True, slots=True)
class AgainAnswer:
    """What became of the wish, and of which record."""

    outcome: AgainOutcome
    record: Record | None = None
    """As it is now; None where there is none."""


def judge_again(store: Store, key: BuildKey, by: str, now: datetime) -> AgainAnswer:
    """Open the record of a build again, due now; `by`: who asked, as it may be recorded.

    Made again, it changes nothing while the build is being judged. Raise ServiceError, and Malformed for a record that
    this version can't read.
    """
    for _ in range(_TRIES):
        stored = store.read(BUILDS, key.digest, timeout=_SECONDS)
        if stored is None:
            return AgainAnswer(AgainOutcome.NO_RECORD)
        record = parse_record(stored.document)
        if record.state is State.OPEN:
            return AgainAnswer(_outcome_of(record, by, now), record)
        anew = opened_again(record, by, now)
        if _written(store, anew, stored):
            return AgainAnswer(AgainOutcome.REOPENED, anew)
    raise Unavailable(f"{key.name}: expected to open its record again, others change it all the time", fix="try again")


def _outcome_of(record: Record, by: str, now: datetime) -> AgainOutcome:
    """Return what it means that the record is open: our own write may have been answered late."""
    if record.asked is None:
        return AgainOutcome.OPEN
    is_ours = (record.asked, record.asked_by) == (now, by)
    return AgainOutcome.REOPENED if is_ours else AgainOutcome.ASKED_BEFORE


def _written(store: Store, record: Record, before: Stored) -> bool:
    """Return whether it was surely written: the next look shows whether it was all the same. Raise ServiceError."""
    try:
        document = record_document(record)
        return store.replace(BUILDS, record.key.digest, document, before.revision, timeout=_SECONDS) is not None
    except Unavailable as error:
        if not error.ambiguous:
            raise
        return False


def opened_again(record: Record, by: str, now: datetime) -> Record:
    """Return a record that is done, or was given up, open again and due now, with who asked for it and when."""
    given_up = replace(record, state=State.OPEN, missing=None, again=record.again + 1)
    anew = judged_anew(record, now) or released(given_up, now)
    earlier = record.earlier
    if record.judgement is not None:
        earlier = (*earlier, short_judgement(record.judgement))[-MOST_EARLIER:]
    # Of what was cut nothing is left to judge by: it is fetched with the patience that a new record has.
    created = record.created if record.cut is None and record.state is State.DONE else now
    return replace(anew, created=created, earlier=earlier, asked=now, asked_by=by)


def short_judgement(judgement: Judgement) -> Document:
    """Return a judgement without what it rests on: the audit trail has that."""
    return judgement_document(replace(judgement, findings=(), errors=()))


def asked_again(record: Record) -> AskedAgain | None:
    """Return who asked for this judgement; None for the first one of a build."""
    if record.asked is None:
        return None
    before = record.earlier[-1]["verdict"] if record.earlier else None
    return AskedAgain(record.again, record.asked_by, record.asked, Verdict(before) if before else None)
