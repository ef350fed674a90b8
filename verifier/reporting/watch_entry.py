"""A checkpoint, a regression and the end of a watch, as entries of the audit trail and as announcements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from verifier.checks.watch.book import ErrorStanding, ErrorState
from verifier.checks.watch.telling import standing
from verifier.checks.watch.watching import SeenError, Watch, WatchOutcome
from verifier.errors import Malformed
from verifier.facts.build import parse_build_name
from verifier.redact import excerpt
from verifier.reporting.audit_entry import AuditEntry
from verifier.reporting.entry_kind import EntryKind
from verifier.services import Document
from verifier.times import show_time

_MOST_NAME = 300
_MOST_ERRORS = 50
_MOST_ATTRIBUTE = 250
"""Characters: Pub/Sub takes 1,024 bytes an attribute."""
_BAD = (WatchOutcome.REGRESSED, WatchOutcome.INCONCLUSIVE, WatchOutcome.ROLLED_BACK)


def watch_payload(watch: Watch, key: str, absent: Sequence[ErrorStanding] = ()) -> dict[str, Any]:
    """Return how a watch stands, for an entry with this key; `absent`: what was there before and no run had."""
    named = watch.errors[:_MOST_ERRORS]
    return {
        "job": _name(watch.job.resource),
        "digest": _name(watch.digest),
        "build": _name(watch.build) or None,
        "commit": _name(watch.commit) or None,
        "verdict": watch.verdict or None,
        "event": key,
        "outcome": str(watch.outcome),
        "standing": str(standing(watch)),
        "reasons": list(watch.reasons),
        "since": show_time(watch.since),
        "until": show_time(watch.until) if watch.until else None,
        "ended": show_time(watch.ended) if watch.ended else None,
        "successor": _name(watch.successor) or None,
        "runs": watch.runs,
        "failed": watch.failed,
        "read": watch.read,
        "unread": watch.unread,
        "benign": watch.benign,
        "baseline": watch.baseline,
        "errors": [_error(error) for error in named],
        "gone": [_gone(error) for error in absent if error.state is ErrorState.GONE][:_MOST_ERRORS],
        "cut": watch.beyond + len(watch.errors) - len(named),
    }


def watch_entry(kind: EntryKind, payload: Document, moment: datetime) -> AuditEntry:
    """Return the entry of this kind about what was decided at a moment; written again it is the same one."""
    about = {
        "event": str(payload["event"]),
        "outcome": str(payload["outcome"]),
        "verdict": str(payload["verdict"] or ""),
        **_place(str(payload["job"])),
        "build": _build_id(str(payload["build"] or "")),
    }
    identity = {name: payload[name] for name in ("job", "digest", "event")} | {"kind": kind, "at": show_time(moment)}
    insert_id = f"{kind}-{sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()}"
    return AuditEntry(insert_id, moment, _severity(kind, payload), kind, about, dict(payload))


def watch_announcement(record: AuditEntry) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the payload and the attributes by which it is published to subscribers."""
    return dict(record.payload), {name: value[:_MOST_ATTRIBUTE] for name, value in record.labels.items()}


def _severity(kind: EntryKind, payload: Document) -> str:
    if kind is EntryKind.REGRESSED:
        return "ERROR"
    if kind is EntryKind.CHECKPOINT:
        return "WARNING" if payload["standing"] in ("regressed", "new-errors", "cannot-tell") else "NOTICE"
    return "WARNING" if payload["outcome"] in _BAD else "NOTICE"


def _error(error: SeenError) -> dict[str, Any]:
    return {
        "identity": _name(error.identity),
        "name": _name(error.name),
        "state": str(error.state),
        "runs": error.runs,
        "failed_runs": error.failed_runs,
        "entries": error.entries,
        "first": show_time(error.first),
        "run": error.run,
        "execution": _name(error.execution) or None,
        "rule": _name(error.rule) or None,
        "accepted": error.accepted,
    }


def _gone(error: ErrorStanding) -> dict[str, str]:
    return {"identity": _name(error.identity), "name": _name(error.name)}


def _place(job: str) -> dict[str, str]:
    parts = job.split("/")
    return dict(zip(("project", "location", "job"), parts[1::2], strict=False))


def _build_id(name: str) -> str:
    try:
        return parse_build_name(name)[2]
    except Malformed:
        return ""


def _name(text: str) -> str:
    return excerpt(text, _MOST_NAME)
