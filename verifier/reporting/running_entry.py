"""That a job began or ceased to run a digest, as an entry of the audit trail and as an announcement."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from verifier.checks.job_runs import DigestRuns, JobRuns, Tie
from verifier.checks.running import Transition, is_unknown, is_wrong
from verifier.checks.verdict import Verdict
from verifier.errors import Malformed
from verifier.facts.build import BuildKey, parse_build_name
from verifier.redact import excerpt
from verifier.reporting.audit_entry import AuditEntry
from verifier.reporting.entry_kind import EntryKind
from verifier.times import show_time

_MOST_NAME = 300
_MOST_TEXT = 500
_MOST_ATTRIBUTE = 250
"""Characters: Pub/Sub takes 1,024 bytes an attribute."""


def running_entry(job: JobRuns, runs: DigestRuns, transition: Transition) -> AuditEntry:
    """Return that a job began or ceased to run a digest, with its build, commit, verdict, policy and the reason.

    It is of the moment that was saved before, so that it is one entry however often it is written.
    """
    moment = (runs.begun if transition is Transition.BEGUN else runs.ceased) or runs.since
    is_over = transition is Transition.CEASED
    key = build_key_of(runs)
    about = {
        "event": str(transition),
        "verdict": runs.verdict,
        "project": _name(job.job.project),
        "location": _name(job.job.location),
        "job": _name(job.job.job),
        "build": _name(key.id) if key else "",
    }
    payload = {
        "job": _name(job.job.resource),
        "event": str(transition),
        "digest": _name(runs.digest),
        "image": _name(runs.repository),
        "build": _name(runs.build) or None,
        "commit": _name(runs.commit) or None,
        "verdict": runs.verdict or None,
        "policy": {"digest": {"sha256": runs.policy}} if runs.policy else None,
        "reason": excerpt(runs.why, _MOST_TEXT) or None,
        "since": show_time(runs.begun or runs.since),
        "until": show_time(runs.ceased) if is_over and runs.ceased else None,
        "generation": runs.generation,
        "settings": None if is_over else _settings(job, runs),
    }
    identity = {"job": job.job.resource, "digest": runs.digest, "event": str(transition), "at": show_time(moment)}
    insert_id = f"{EntryKind.RUNNING}-{sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()}"
    severity = "NOTICE" if is_over else _severity(job, runs)
    return AuditEntry(insert_id, moment, severity, EntryKind.RUNNING, about, payload)


def running_announcement(record: AuditEntry) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the payload and the attributes by which it is published to subscribers."""
    return dict(record.payload), {name: value[:_MOST_ATTRIBUTE] for name, value in record.labels.items()}


def build_key_of(runs: DigestRuns) -> BuildKey | None:
    """Return the key of the build that pushed a digest; None where none is known."""
    try:
        return BuildKey(*parse_build_name(runs.build))
    except Malformed:
        return None


def _severity(job: JobRuns, runs: DigestRuns) -> str:
    if is_wrong(job.job, runs) or is_unknown(job, runs):
        return "ERROR"
    return "INFO" if runs.tie is Tie.BUILD and runs.verdict == Verdict.VERIFIED else "WARNING"


def _settings(job: JobRuns, runs: DigestRuns) -> str | None:
    """Return whether the job was changed since it ran what it ran before, or its image's tag alone was moved.

    None where that is not known.
    """
    before = job.before(runs)
    if before is None or before.generation is None or runs.generation is None:
        return None
    return "same" if before.generation == runs.generation else "changed"


def _name(text: str) -> str:
    return excerpt(text, _MOST_NAME)
