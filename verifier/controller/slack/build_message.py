"""A build's message, made anew from what the ledger holds: when it is posted first, and whenever it is edited."""

from __future__ import annotations

from verifier.checks.judgement import Judgement
from verifier.checks.policy import Policy
from verifier.checks.verdict import Verdict
from verifier.controller.ledger import Record
from verifier.facts.build import Build, parse_build
from verifier.facts.source import Source, source_of
from verifier.facts.submitter import Submitter
from verifier.reporting.note_text import note_lines
from verifier.reporting.slack_message import failed_build_message, verdict_message
from verifier.reporting.wording import Further
from verifier.services import Message

_RED = frozenset({Verdict.LOCAL_SOURCE, Verdict.FAILED})


def build_message(record: Record, build: Build, source: Source, judgement: Judgement, policy: Policy) -> Message:
    """Return the message about a build that was judged so, with what became known since.

    Its channel is where the record says that it stands, or is to stand. A second verdict replies to the first one's
    message; where it is red, the channel shows it as well.
    """
    if judgement.verdict is None:
        message = failed_build_message(build, policy, note_lines(record.notes))
    else:
        submitter = _submitter(record) if policy.name_submitter else None
        further = Further(record.folded, judgement.decided - record.folded_since) if record.folded_since else None
        message = verdict_message(
            build, source, judgement, policy, submitter=submitter, notes=record.notes, further=further
        )
    if record.again:
        message = message._replace(key=f"{message.key}#{record.again + 1}")
    is_loud = bool(record.thread) and judgement.verdict in _RED
    return message._replace(channel=record.channel, thread=record.thread, broadcast=is_loud)


def kept_message(record: Record, policy: Policy) -> Message | None:
    """Return the message about a record's build as it ought to be now; None where the ledger does not hold enough.

    Raises Malformed for a build that can't be read.
    """
    if record.build is None or record.judgement is None:
        return None
    build = parse_build(record.build)
    return build_message(record, build, source_of(build), record.judgement, policy)


def _submitter(record: Record) -> Submitter | None:
    return Submitter(*record.submitter) if len(record.submitter) == 2 else None
