"""A judgement as an entry of the audit trail, an announcement and an explanation: what machines read.

The payload of a verdict has the words of SLSA's verification summary (slsa.dev, "Verification Summary Attestation"),
with the evidence beside them. Long parts are capped, and what was left out is counted in `cut`: Cloud Logging takes
256 KiB an entry. The insert ids come from the content alone, so that writing again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from verifier.checks.commands import told
from verifier.checks.errors_before import before_document
from verifier.checks.judgement import MOST_FOLDED, Judgement
from verifier.checks.verdict import Finding, Verdict
from verifier.facts.build import Build, BuildKey
from verifier.facts.claims import unbacked_claims
from verifier.facts.source import Commit, NoSource, Source, Unclear, Upload
from verifier.redact import excerpt
from verifier.reporting.entry_kind import EntryKind
from verifier.services import Document
from verifier.times import show_time

_SEVERITIES = {
    Verdict.LOCAL_SOURCE: "ERROR",
    Verdict.FAILED: "ERROR",
    Verdict.INCONCLUSIVE: "WARNING",
    Verdict.EXEMPT: "NOTICE",
    Verdict.VERIFIED: "INFO",
}
_VERIFIER_ID = "build-verifier"
_MOST_NAME = 300
_MOST_ATTRIBUTE = 250
"""Characters: Pub/Sub takes 1,024 bytes an attribute."""
_MOST_VALUE = 100
_MOST_WORD = 40
_MOST_REASON = 120
_MOST_TEXT = 500
_MOST_PLACE = 1_500
_MOST_ITEMS = 16
"""Of each list. With the caps above, a record stays under 200 KiB whatever the characters."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of the audit trail."""

    insert_id: str
    """With `time`, what makes the same entry one entry however often it is written."""
    time: datetime
    severity: str
    kind: EntryKind
    about: Mapping[str, str]
    """What else entries are looked for by."""
    payload: Document

    @property
    def labels(self) -> dict[str, str]:
        """Return all that entries are looked for by."""
        return {"kind": str(self.kind), **self.about}


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """That a build was judged anew because somebody asked."""

    number: int
    """The first time: 1."""
    by: str
    """A service account, or "a person" where nobody is to be named."""
    at: datetime
    before: Verdict | None
    """The verdict before; None where there was none."""


def verdict_entry(build: Build, source: Source, judgement: Judgement, again: AskedAgain | None = None) -> AuditEntry:
    """Return what was decided about a build, and on what evidence; or that it did not succeed and so was not judged.

    It is made of what was decided alone, so that it is the same however often and by whomever it is written. One that
    was asked for again is another entry, also where the verdict is the same.
    """
    verdict = judgement.verdict
    severity = _SEVERITIES[verdict] if verdict else "NOTICE"
    said = verdict or build.status
    kind = EntryKind.VERDICT if verdict else EntryKind.DID_NOT_SUCCEED
    about = {
        "verdict": verdict or "",
        **_place(build.key),
        "trigger": _name(build.trigger_name or build.trigger_id),
    }
    payload = _summary(build, judgement) | _evidence(build, source, judgement) | {"again": _again(again)}
    number = f"-again-{again.number}" if again else ""
    return AuditEntry(f"{build.key.digest}-{_name(said)}{number}", judgement.decided, severity, kind, about, payload)


def quarantine_entry(message_id: str, reason: str, excerpt: str, now: datetime) -> AuditEntry:
    """Return the entry about a message that could not be read and was put aside; `excerpt` is the beginning of it."""
    payload = {"message_id": _name(message_id), "reason": _text(reason), "excerpt": _text(excerpt)}
    return _plain_record(EntryKind.QUARANTINED, {}, payload, now)


def unconfirmed_entry(key: BuildKey, reason: str, now: datetime) -> AuditEntry:
    """Return the entry about a build that a message named and Cloud Build does not show us: one for each moment."""
    payload = {"build": _name(key.name), "reason": _text(reason)}
    entry = _plain_record(EntryKind.UNCONFIRMED, _place(key), payload, now)
    return replace(entry, insert_id=f"unconfirmed-{key.digest}")


def unwatched_entry(key: BuildKey | None, hour: datetime) -> AuditEntry:
    """Return the entry about builds of this hour in a place that nobody watches; None: in more places than are named.

    It is the same however often it is written.
    """
    reason = "a build ended there, and was not judged: the place is not in VERIFIER_PROJECTS and VERIFIER_REGIONS"
    if key is None:
        payload: dict[str, Any] = {"place": None, "reason": "messages named more places than are told of in an hour"}
        return _plain_record(EntryKind.UNWATCHED, {}, payload | {"hour": show_time(hour)}, hour)
    labels = {"project": _name(key.project), "location": _name(key.location)}
    payload = {"place": _name(f"projects/{key.project}/locations/{key.location}"), "reason": reason}
    return _plain_record(EntryKind.UNWATCHED, labels, payload | {"hour": show_time(hour)}, hour)


def undelivered_entry(key: BuildKey, verdict: Verdict | None, reason: str, now: datetime) -> AuditEntry:
    """Slack refuses the message about a build; the reason names the fix."""
    labels = {**_place(key), "verdict": verdict or ""}
    payload = {"build": _name(key.name), "verdict": verdict, "reason": _text(reason)}
    return _plain_record(EntryKind.UNDELIVERED, labels, payload, now)


def unedited_entry(key: BuildKey, verdict: Verdict | None, reason: str, now: datetime) -> AuditEntry:
    """Slack does not let the message about a build be edited; what it was to say is posted as a message of its own."""
    labels = {**_place(key), "verdict": verdict or ""}
    payload = {"build": _name(key.name), "verdict": verdict, "reason": _text(reason)}
    return _plain_record(EntryKind.UNEDITED, labels, payload, now)


def unsaid_entry(message: str, about: BuildKey | None, reason: str, now: datetime) -> AuditEntry:
    """Slack refuses a message that is no verdict's; the reason names the fix. `message`: its key."""
    labels = _place(about) if about else {}
    payload = {"message": _name(message), "build": _name(about.name) if about else None, "reason": _text(reason)}
    return _plain_record(EntryKind.UNDELIVERED, labels, payload, now)


def upload_entry(key: BuildKey, found: Document, read: datetime) -> AuditEntry:
    """Return what was found in the upload that a build was made from: counts, hashes, and names like secrets.

    `found`: as the controller's `uploads` saves it.
    """
    upload = found["upload"]
    if upload is not None:
        upload = {**upload, "secrets": [_name(path) for path in upload["secrets"]]}
    payload = {
        "build": _name(key.name),
        "archive": excerpt(found["archive"], _MOST_PLACE) if found["archive"] else None,
        "upload": upload,
        "before": found["before"],
        "said": found["said"],
    }
    severity = "WARNING" if upload and upload["secret_count"] else "NOTICE"
    return AuditEntry(f"upload-{key.digest}", read, severity, EntryKind.UPLOAD, _place(key), payload)


def announcement(record: AuditEntry) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the payload and the attributes by which a verdict is published to subscribers."""
    wanted = ("kind", "project", "location", "build", "verdict", "trigger")
    return dict(record.payload), {name: record.labels[name][:_MOST_ATTRIBUTE] for name in wanted}


def explanation(build: Build, source: Source, judgement: Judgement) -> dict[str, Any]:
    """Return the facts and the findings about one build, for whoever asks for them at a terminal."""
    return {
        "build": _name(build.key.name) if build.key.project and build.key.id else _name(build.key.id) or None,
        "status": _name(build.status) or None,
        "source": source_document(source),
        "unbacked_claims": _claims(build, source),
        "invoked_by": _invoked_by(build),
        "verdict": judgement.verdict,
        "findings": _findings(judgement),
    }


def source_document(source: Source) -> dict[str, Any]:
    """Return the fact about a build's source, in one shape for all kinds: what does not apply is null."""
    document: dict[str, Any] = {
        "fact": "",
        "commit": None,
        "strength": None,
        "repository": None,
        "field": _name(source.field),
        "detail": None,
    }
    match source:
        case Commit(sha=sha, strength=strength, repository=repository):
            known = {"commit": sha, "strength": strength, "repository": str(repository) if repository else None}
            return document | {"fact": "commit"} | known
        case Upload(bucket=bucket, object=name, generation=generation, tool=tool):
            place = f"gs://{bucket}/{name}" + (f"#{generation}" if generation else "")
            return document | {"fact": "upload", "detail": excerpt(f"{place}, uploaded with {tool}", _MOST_PLACE)}
        case NoSource(service=service):
            return document | {"fact": "no-source", "detail": _text(f"service: {service}")}
        case Unclear(reason=reason):
            return document | {"fact": "unclear", "detail": _text(reason)}


def _summary(build: Build, judgement: Judgement) -> dict[str, Any]:
    """Return the verification summary. Only VERIFIED has PASSED; a build that was not judged has neither word."""
    verdict = judgement.verdict
    resource = f"//cloudbuild.googleapis.com/{_name(build.key.name)}"
    inputs = [{"uri": resource, "digest": {"sha256": _digest(build.document)}}]
    if judgement.execution:
        inputs.append({"uri": f"//run.googleapis.com/{_name(judgement.execution)}"})
    return {
        "verifier": {"id": _VERIFIER_ID, "version": judgement.version},
        "timeVerified": show_time(judgement.decided),
        "resourceUri": resource,
        "policy": {"digest": {"sha256": judgement.policy}},
        "inputs": inputs,
        "verificationResult": ("PASSED" if verdict is Verdict.VERIFIED else "FAILED") if verdict else None,
        "verdict": verdict,
        "secondsToVerdict": (judgement.decided - build.finished).total_seconds() if build.finished else None,
    }


def _evidence(build: Build, source: Source, judgement: Judgement) -> dict[str, Any]:
    parts: dict[str, list[dict[str, Any]]] = {
        "unbacked_claims": _claims(build, source),
        "findings": _findings(judgement),
        "errors": _errors(judgement),
        "images": [{"name": _name(image.name), "digest": _value(image.digest)} for image in build.images],
    }
    return {
        "status": _name(build.status),
        "source": source_document(source),
        "invoked_by": _invoked_by(build),
        "execution": _name(judgement.execution) or None,
        "known": _name(judgement.known) or None,
        **{name: items[:_MOST_ITEMS] for name, items in parts.items()},
        "cut": {name: len(items) - _MOST_ITEMS for name, items in parts.items() if len(items) > _MOST_ITEMS},
    }


def _again(again: AskedAgain | None) -> dict[str, Any] | None:
    if again is None:
        return None
    return {"number": again.number, "by": _name(again.by), "at": show_time(again.at), "before": again.before}


def _claims(build: Build, source: Source) -> list[dict[str, Any]]:
    return [
        {"name": _name(claim.shown_name), "value": _value(claim.shown_value), "contradicted": claim.contradicted}
        for claim in unbacked_claims(build, source)
    ]


def _invoked_by(build: Build) -> dict[str, Any]:
    """Return who ran it: the trigger's id was written by the service; its name is a claim."""
    if not build.trigger_id:
        return {"how": "by-hand", "trigger_id": None, "trigger_name": None}
    return {"how": "trigger", "trigger_id": _name(build.trigger_id), "trigger_name": _name(build.trigger_name) or None}


def _findings(judgement: Judgement) -> list[dict[str, Any]]:
    return [
        {"check": f.check, "outcome": f.outcome, "seen": _text(f.seen), "remediation": _remedy(f)}
        for f in judgement.findings
    ]


def _errors(judgement: Judgement) -> list[dict[str, Any]]:
    before = {one.identity: before_document(one) for one in judgement.before}
    for known in before.values():
        del known["identity"]
    return [
        {
            "name": _name(e.name),
            "count": e.count,
            "first": show_time(e.first),
            "task": _value(e.task),
            "excerpt": _text(e.excerpt),
            "identity": _word(e.identity) or None,
            "rule": _word(e.rule) or None,
            "level": _word(e.level) or None,
            "folded": [
                {"identity": _word(f.identity), "name": _value(f.name), "count": f.count}
                for f in e.folded[:MOST_FOLDED]
            ],
            "accepted": excerpt(e.accepted, _MOST_REASON) or None,
            "before": before.get(e.identity),
        }
        for e in judgement.errors
    ]


def _plain_record(kind: EntryKind, about: Mapping[str, str], payload: dict[str, Any], now: datetime) -> AuditEntry:
    """Return an entry about something that is not a verdict; a warning."""
    return AuditEntry(f"{kind}-{_digest(payload)}", now, "WARNING", kind, about, payload)


def _place(key: BuildKey) -> dict[str, str]:
    return {"project": _name(key.project), "location": _name(key.location), "build": _name(key.id)}


def _digest(document: Mapping[str, Any]) -> str:
    return sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _name(text: str) -> str:
    return excerpt(text, _MOST_NAME)


def _word(text: str) -> str:
    return excerpt(text, _MOST_WORD)


def _value(text: str) -> str:
    return excerpt(text, _MOST_VALUE)


def _text(text: str) -> str:
    return excerpt(text, _MOST_TEXT)


def _remedy(finding: Finding) -> str:
    return told(finding.remedy, _MOST_TEXT, excerpt)
