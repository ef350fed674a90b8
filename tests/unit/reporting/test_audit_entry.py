"""What machines read about a build: whole records, their identity, and what never gets into them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.builders import (
    BUILD_ID,
    DECIDED,
    DIGEST,
    EXECUTION,
    IMAGE,
    POLICY,
    SHA,
    TRIGGER_ID,
    judged,
    logged,
    pushed,
    tried,
    uploaded,
)
from verifier.checks.errors_before import ErrorBefore
from verifier.checks.judgement import Judgement
from verifier.checks.policy import Exemption
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.checks.watch.book import ErrorState
from verifier.facts.build import BuildKey
from verifier.facts.logs import Folded, Repeated
from verifier.facts.repository import Repository
from verifier.facts.source import Commit, NoSource, Source, Strength, Unclear, Upload, source_of
from verifier.reporting.audit_entry import (
    AskedAgain,
    AuditEntry,
    announcement,
    explanation,
    quarantine_entry,
    source_document,
    unconfirmed_entry,
    undelivered_entry,
    verdict_entry,
)

KEY = BuildKey("vividly-dev", "us-central1", BUILD_ID)
RESOURCE = f"//cloudbuild.googleapis.com/{KEY.name}"
PLACE = {"project": "vividly-dev", "location": "us-central1", "build": BUILD_ID}
FIRST = datetime(2026, 11, 23, 2, 21, 7, tzinfo=UTC)
ERROR = Repeated("KeyError: 'lesson'", 14, FIRST, "0", "Traceback\nKeyError: 'lesson'")
OBJECT = "source/1795399190.512345-0123456789abcdef0123456789abcdef.tgz"
COMMIT = {
    "fact": "commit",
    "commit": SHA,
    "strength": "resolved",
    "repository": "github.com/vividly/content-worker",
    "field": "sourceProvenance.resolvedGitSource.revision",
    "detail": None,
}


def recorded(build: Any, source: Source, judgement: Judgement) -> AuditEntry:
    return verdict_entry(build, source, replace(judgement, policy=POLICY.digest, version="1.2.3"))


def size(record: AuditEntry) -> int:
    return len(json.dumps(record.payload, ensure_ascii=False).encode())


def test_a_verdict_is_recorded_in_the_words_of_the_verification_summary_with_its_evidence() -> None:
    folded = (Folded("fedcba9876543210", "job failed", 3),)
    error = replace(ERROR, identity="0123456789abcdef", rule="severity", level="ERROR", folded=folded)
    build, source, judgement = tried(pushed(), logged(error))
    before = ErrorBefore(error.identity, ErrorState.KNOWN, DECIDED, deployments=3, builds=6, runs=48, read=96)
    record = recorded(build, source, replace(judgement, known="not new: on 6 builds since 12 Nov", before=(before,)))
    payload = json.loads(json.dumps(record.payload))
    findings = {finding["check"]: finding for finding in payload.pop("findings")}
    document_digest = payload["inputs"][0].pop("digest")["sha256"]
    assert payload == {
        "verifier": {"id": "build-verifier", "version": "1.2.3"},
        "timeVerified": "2026-11-23T02:23:40.000000Z",
        "resourceUri": RESOURCE,
        "policy": {"digest": {"sha256": "0d" * 32}},
        "inputs": [{"uri": RESOURCE}, {"uri": f"//run.googleapis.com/{EXECUTION}"}],
        "verificationResult": "FAILED",
        "verdict": "FAILED",
        "secondsToVerdict": 1408.0,
        "status": "SUCCESS",
        "source": COMMIT,
        "unbacked_claims": [],
        "invoked_by": {"how": "trigger", "trigger_id": TRIGGER_ID, "trigger_name": "content-worker-main"},
        "execution": EXECUTION,
        "known": "not new: on 6 builds since 12 Nov",
        "errors": [
            {
                "name": "KeyError: 'lesson'",
                "count": 14,
                "first": "2026-11-23T02:21:07.000000Z",
                "task": "0",
                "excerpt": "Traceback\nKeyError: 'lesson'",
                "identity": "0123456789abcdef",
                "rule": "severity",
                "level": "ERROR",
                "folded": [{"identity": "fedcba9876543210", "name": "job failed", "count": 3}],
                "accepted": None,
                "before": {
                    "state": "known",
                    "since": "2026-11-23T02:23:40.000000Z",
                    "deployments": 3,
                    "builds": 6,
                    "runs": 48,
                    "read": 96,
                },
            }
        ],
        "images": [{"name": f"{IMAGE}:latest", "digest": DIGEST}],
        "cut": {},
        "again": None,
    }
    assert set(findings) == set(Check)
    assert findings[Check.LOGS_HAVE_NO_ERRORS] == {
        "check": "logs_have_no_errors",
        "outcome": "fails",
        "seen": "\"KeyError: 'lesson'\" ×14, first at 2026-11-23 02:21:07 UTC (task 0)",
        "remediation": "fix it and push; if the line is harmless, add it to `ignore` in policy.toml",
    }
    assert len(document_digest) == 64
    assert record.labels == {"kind": "verdict", "verdict": "FAILED", **PLACE, "trigger": "content-worker-main"}
    assert (record.severity, record.time, record.insert_id) == ("ERROR", DECIDED, f"{KEY.digest}-FAILED")


EXEMPT = replace(POLICY, exemptions=(Exemption("sandbox", tool="gcloud builds submit"),))


@pytest.mark.parametrize(
    ("case", "verdict", "severity", "result"),
    [
        (judged(uploaded()), "LOCAL_SOURCE", "ERROR", "FAILED"),
        (tried(pushed(), logged(ERROR)), "FAILED", "ERROR", "FAILED"),
        (tried(pushed(), logged(seen=())), "INCONCLUSIVE", "WARNING", "FAILED"),
        (judged(uploaded(), policy=EXEMPT), "EXEMPT", "NOTICE", "FAILED"),
        (tried(pushed(), logged()), "VERIFIED", "INFO", "PASSED"),
    ],
)
def test_the_severity_follows_the_verdict_and_only_verified_has_passed(
    case: Any, verdict: str, severity: str, result: str
) -> None:
    record = recorded(*case)
    assert (record.labels["verdict"], record.payload["verdict"]) == (verdict, verdict)
    assert (record.severity, record.payload["verificationResult"]) == (severity, result)


def test_a_build_that_did_not_succeed_is_counted_and_not_judged() -> None:
    build = pushed(status="TIMEOUT")
    record = recorded(build, source_of(build), Judgement(None, (), DECIDED))
    assert (record.labels["kind"], record.labels["verdict"]) == ("build-did-not-succeed", "")
    assert (record.severity, record.insert_id) == ("NOTICE", f"{KEY.digest}-TIMEOUT")
    assert (record.payload["verificationResult"], record.payload["verdict"]) == (None, None)


def test_the_same_verdict_is_the_same_entry_and_another_verdict_is_another() -> None:
    case = judged(uploaded())
    assert recorded(*case) == recorded(*case)
    exempt = recorded(*judged(uploaded(), policy=EXEMPT))
    assert exempt.insert_id != recorded(*case).insert_id


def test_a_verdict_that_was_asked_for_again_is_another_entry_and_says_who_asked() -> None:
    case = judged(uploaded())
    again = AskedAgain(2, "deployer@acme.iam.gserviceaccount.com", DECIDED, Verdict.FAILED)
    entry = verdict_entry(*case, again)
    assert entry.insert_id == f"{recorded(*case).insert_id}-again-2"
    assert entry.payload["again"] == {
        "number": 2,
        "by": "deployer@acme.iam.gserviceaccount.com",
        "at": "2026-11-23T02:23:40.000000Z",
        "before": "FAILED",
    }


def test_the_build_s_document_is_identified_by_its_digest() -> None:
    one, same, other = (recorded(*judged(build)) for build in (pushed(), pushed(), pushed(tags=["x"])))
    assert one.payload["inputs"] == same.payload["inputs"]
    assert one.payload["inputs"] != other.payload["inputs"]


def test_subscribers_get_the_payload_and_attributes_to_filter_by() -> None:
    record = recorded(*judged(uploaded()))
    payload, attributes = announcement(record)
    assert payload == record.payload
    assert attributes == {**PLACE, "kind": "verdict", "verdict": "LOCAL_SOURCE", "trigger": ""}


def test_an_explanation_has_the_facts_the_claims_and_the_findings() -> None:
    shown = json.loads(json.dumps(explanation(*judged(uploaded()))))
    assert shown.pop("findings")[0] == {
        "check": "source_is_a_commit",
        "outcome": "fails",
        "seen": f"source.storageSource is gs://vividly-dev_cloudbuild/{OBJECT}; no commit is recorded",
        "remediation": (
            "gcloud builds triggers run content-worker-main --branch=main --region=us-central1 --project=vividly-dev"
        ),
    }
    assert shown == {
        "build": KEY.name,
        "status": "SUCCESS",
        "source": {
            "fact": "upload",
            "commit": None,
            "strength": None,
            "repository": None,
            "field": "source.storageSource",
            "detail": f"gs://vividly-dev_cloudbuild/{OBJECT}#1795399191123456, uploaded with gcloud builds submit",
        },
        "unbacked_claims": [{"name": "COMMIT_SHA", "value": SHA, "contradicted": False}],
        "invoked_by": {"how": "by-hand", "trigger_id": None, "trigger_name": None},
        "verdict": "LOCAL_SOURCE",
    }


@pytest.mark.parametrize(
    ("fields", "name"),
    [({"name": "", "projectId": ""}, BUILD_ID), ({"name": "", "projectId": "", "id": ""}, None)],
)
def test_a_document_without_an_identity_can_be_explained_too(fields: dict[str, str], name: str | None) -> None:
    shown = explanation(*judged(pushed(**fields)))
    assert (shown["build"], shown["verdict"]) == (name, "VERIFIED")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            Commit(SHA, Strength.RESOLVED, Repository("github.com", "vividly/content-worker"), COMMIT["field"] or ""),
            COMMIT,
        ),
        (
            Commit(SHA, Strength.TRIGGERS_WORD, None, "substitutions.COMMIT_SHA"),
            COMMIT | {"strength": "triggers-word", "repository": None, "field": "substitutions.COMMIT_SHA"},
        ),
        (
            Upload("b", "o.tgz", "", "unknown", "source"),
            {"fact": "upload", "detail": "gs://b/o.tgz, uploaded with unknown"},
        ),
        (NoSource("Cloud Functions"), {"fact": "no-source", "detail": "service: Cloud Functions"}),
        (Unclear("it names two commits", "source"), {"fact": "unclear", "detail": "it names two commits"}),
    ],
)
def test_every_kind_of_source_has_the_same_shape(source: Source, expected: dict[str, Any]) -> None:
    nothing = {"commit": None, "strength": None, "repository": None, "field": "source"}
    assert source_document(source) == nothing | expected


def test_messages_that_no_build_stands_behind_have_entries_of_their_own() -> None:
    assert quarantine_entry("m-1", "no JSON", "{{", DECIDED).payload == {
        "message_id": "m-1",
        "reason": "no JSON",
        "excerpt": "{{",
    }
    unconfirmed = unconfirmed_entry(KEY, "NOT_FOUND", DECIDED)
    assert unconfirmed.labels == {"kind": "unconfirmed", **PLACE}
    assert unconfirmed.payload == {"build": KEY.name, "reason": "NOT_FOUND"}
    undelivered = undelivered_entry(KEY, Verdict.FAILED, "is_archived: unarchive it", DECIDED)
    assert undelivered.labels == {"kind": "undelivered", **PLACE, "verdict": "FAILED"}
    assert undelivered.payload == {"build": KEY.name, "verdict": "FAILED", "reason": "is_archived: unarchive it"}
    assert {record.severity for record in (unconfirmed, undelivered)} == {"WARNING"}


def test_the_insert_id_of_such_an_entry_comes_from_its_content_alone() -> None:
    later = DECIDED + timedelta(hours=1)
    again = [quarantine_entry("m-1", "no JSON", "{{", moment) for moment in (DECIDED, later)]
    assert again[0].insert_id == again[1].insert_id
    assert [record.time for record in again] == [DECIDED, later]
    others = [
        quarantine_entry("m-2", "no JSON", "{{", DECIDED),
        unconfirmed_entry(KEY, "NOT_FOUND", DECIDED),
        undelivered_entry(KEY, None, "NOT_FOUND", DECIDED),
    ]
    assert len({record.insert_id for record in [*again, *others]}) == 4


def test_what_does_not_fit_is_cut_and_counted() -> None:
    images = [{"name": f"{IMAGE}:{number}", "digest": DIGEST} for number in range(20)]
    record = recorded(*tried(pushed(results={"images": images}), logged(*[ERROR] * 50)))
    assert (len(record.payload["errors"]), len(record.payload["images"])) == (16, 16)
    assert record.payload["cut"] == {"errors": 34, "images": 4}


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["a", "\n", '"', "é", "\U0001f512", "\x00"]), st.integers(1, 3))
def test_no_record_outgrows_what_cloud_logging_takes(sign: str, many: int) -> None:
    text = sign * 2_000
    build = replace(
        pushed(), key=BuildKey(text, text, text), trigger_id=text, claims={f"_{n}SHA": "a" * 40 for n in range(99)}
    )
    findings = tuple(Finding(check, Outcome.FAILS, text, text) for check in Check) * many
    folded = (Folded(text, text, 1),) * 50
    error = Repeated(text, 1, FIRST, text, text, text, text, text, folded, text, text)
    errors = (error,) * (50 * many)
    source = Upload(text, text, text, text, text)
    record = recorded(build, source, Judgement(Verdict.FAILED, findings, DECIDED, text, errors, known=text))
    assert size(record) < 200 * 1024
    assert all(len(value) <= 300 for value in record.labels.values())


def test_secrets_do_not_reach_the_audit_trail() -> None:
    token = "xoxb-" + "1234567890-abcdefghij"
    folded = (Folded("fedcba9876543210", f"403 for {token}", 1),)
    leak = Repeated(f"401 for {token}", 1, FIRST, "0", f"Authorization: Bearer {token}", folded=folded, accepted=token)
    claims = {"COMMIT_SHA": token, "TRIGGER_NAME": token}
    records = [
        recorded(*tried(pushed(substitutions=claims), logged(leak))),
        recorded(*judged(uploaded(substitutions=claims))),
        quarantine_entry(token, f"not JSON: {token}", token, DECIDED),
        unconfirmed_entry(KEY, token, DECIDED),
        undelivered_entry(KEY, None, token, DECIDED),
    ]
    for record in records:
        assert token not in json.dumps(record.payload) + json.dumps(dict(record.labels))
        assert "[redacted]" in json.dumps(record.payload)
