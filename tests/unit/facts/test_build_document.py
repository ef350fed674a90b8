"""What a record keeps of a build's document: enough to judge it again, and never more than can be written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.builders import DECIDED, POLICY, SHA, largest_record, pushed, uploaded
from verifier.checks.source import source_findings
from verifier.checks.verdict import SOURCE_CHECKS, Outcome, Verdict, decide
from verifier.controller.ledger import record_document, verified_images
from verifier.facts.build import Build, parse_build
from verifier.facts.build_document import MOST_BYTES
from verifier.facts.source import Commit, Unclear, Upload, source_of

CHARACTERS = ["x", '"', "\x00", "\x7f", "é", "語", "😀"]
"""What takes one to twelve bytes in a record."""
FIRESTORES = 1_048_576
"""The bytes that Firestore takes in one document."""

HUGE: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "a repository's address": lambda text: {"source": {"gitSource": {"url": text, "revision": SHA}}},
    "a kind of source": lambda text: {"source": {text: {}}},
    "a resolved revision": lambda text: {"sourceProvenance": {"resolvedGitSource": {"revision": text}}},
    "a proxy": lambda text: {"gitConfig": {"http": {"proxySecretVersionName": text}}},
    "a service account": lambda text: {"serviceAccount": text},
    "an explanation": lambda text: {"statusDetail": text, "failureInfo": {"detail": text}},
    "a claim": lambda text: {"substitutions": {"COMMIT_SHA": text, "_SHA": text}},
    "a tag": lambda text: {"tags": [text] * 10_000},
    "an image": lambda text: {"results": {"images": [{"name": text, "digest": text}] * 10_000}},
    "a shipping step": lambda text: {
        "status": "FAILURE",
        "steps": [{"id": text, "name": text, "args": ["docker push", text], "script": text, "status": "SUCCESS"}] * 40,
    },
    "further sources": lambda text: {
        "dependencies": [
            {"gitSource": {"repository": {"url": f"{text}{number}"}, "revision": text}} for number in range(200)
        ]
    },
    "a step": lambda text: {"steps": [{"name": text, "args": [f"gs://{text}"] * 10_000}]},
    "dependencies": lambda text: {"dependencies": [{"empty": True}] * 100_000},
}


def stored(build: Build) -> str:
    return json.dumps(build.document, sort_keys=True)


@settings(deadline=None)
@given(st.sampled_from(sorted(HUGE)), st.sampled_from(CHARACTERS), st.integers(0, 700_000))
def test_whatever_is_long_never_more_is_kept_than_can_be_written(part: str, character: str, length: int) -> None:
    build = pushed(**HUGE[part](character * length))
    assert len(stored(build)) <= MOST_BYTES
    assert parse_build(build.document) == build


@pytest.mark.parametrize("part", ["a repository's address", "a kind of source", "a resolved revision", "a proxy"])
def test_a_build_that_is_described_at_too_great_a_length_is_never_verified_and_says_why(part: str) -> None:
    build = pushed(**HUGE[part]("é" * MOST_BYTES))
    source = source_of(build)
    assert build.is_oversize
    assert source == Unclear("what describes the build is larger than the 500,000 bytes that are kept of one", "source")
    assert (build.key, build.status, build.finished) == (pushed().key, "SUCCESS", pushed().finished)
    assert decide(source_findings(build, source, POLICY, announced=True), SOURCE_CHECKS) is Verdict.INCONCLUSIVE


def test_what_is_left_out_is_known_by_its_digest() -> None:
    one, other = (pushed(serviceAccount=character * MOST_BYTES) for character in "xy")
    whole = json.dumps({**pushed().document, "serviceAccount": "x" * MOST_BYTES}, sort_keys=True)
    assert one.document["oversize"] == {"bytes": len(whole), "sha256": sha256(whole.encode()).hexdigest()}
    assert one.document != other.document


@pytest.mark.parametrize("character", CHARACTERS)
def test_two_hundred_claims_of_an_upload_hide_nothing_about_it(character: str) -> None:
    claims = {f"_{'SHA' * 30}{number:03}": character * 4_000 for number in range(188)}
    claims |= dict.fromkeys("COMMIT_SHA REVISION_ID SHORT_SHA BRANCH_NAME TAG_NAME REF_NAME".split(), character * 4_000)
    claims |= dict.fromkeys("REPO_NAME REPO_FULL_NAME TRIGGER_NAME _PR_NUMBER _HEAD_BRANCH".split(), character * 4_000)
    build = uploaded(substitutions=claims)
    assert not build.is_oversize
    assert isinstance(source_of(build), Upload)


def test_a_repositorys_own_substitutions_are_not_kept() -> None:
    """They go by the trigger's `repoSource`, 200 of them, of 4,000 bytes each."""
    asked = {"projectId": "vividly-dev", "repoName": "worker", "branchName": "main"}
    large = {"substitutions": {f"_S{number}": "é" * 2_000 for number in range(200)}}
    build = pushed(
        source={"repoSource": asked | large},
        sourceProvenance={"resolvedRepoSource": asked | large | {"commitSha": SHA}},
    )
    assert build.source == {"repoSource": asked}
    assert build.provenance == {"resolvedRepoSource": asked | {"commitSha": SHA}}
    assert isinstance(source_of(build), Commit)


def test_the_largest_record_is_one_that_firestore_takes() -> None:
    document = record_document(largest_record())
    assert len(document["build"]) > 0.99 * MOST_BYTES
    assert len(json.dumps(document, ensure_ascii=False).encode()) < FIRESTORES


def test_so_is_the_largest_one_of_a_verified_build_which_names_its_images() -> None:
    largest = largest_record()
    assert largest.judgement is not None
    findings = tuple(replace(one, outcome=Outcome.HOLDS, remedy="") for one in largest.judgement.findings)
    named = verified_images((f"{'😀' * 250}{number}" for number in range(99)), DECIDED)
    judgement = replace(largest.judgement, verdict=Verdict.VERIFIED, findings=findings)
    document = record_document(replace(largest, judgement=judgement, verified=named))
    assert len(json.dumps(document, ensure_ascii=False).encode()) < FIRESTORES
