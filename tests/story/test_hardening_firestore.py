"""Builds whose own words are hostile to a database, on the real Firestore emulator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import grpc
import pytest

from tests.story.harness import FIXED, Harness, a_harness
from tests.unit.builders import largest_record
from verifier.adapters.firestore import FirestoreStore
from verifier.controller.ledger import BUILDS, parse_record, record_document
from verifier.facts.build_document import MOST_BYTES
from verifier.standin.script import Line, Script

MOST = 200
"""Substitutions that Cloud Build takes, of 4000 characters each."""

HOSTILE: Mapping[str, Mapping[str, str]] = {
    "names that are Firestore's own": {"__X__": "1", "__name__": "2", "_OK": "3"},
    "an empty name": {"": "1"},
    "very large": {f"_A{number}": "x" * 4_000 for number in range(MOST)},
    "very large beyond ASCII": {f"_A{number}": "é" * 4_000 for number in range(MOST)},
    "very large claims of a commit": {f"_COMMIT{number}": "é" * 4_000 for number in range(MOST)},
    "very large claims of a commit beyond the first plane": {f"_SHA{number}": "😀" * 4_000 for number in range(MOST)},
}


REPOSITORY = {"projectId": "vividly-dev", "repoName": "worker"}
LARGE = {"substitutions": {f"_S{number}": "é" * 2_000 for number in range(MOST)}}
ADDRESS = {"url": f"https://github.com/{'é' * MOST_BYTES}", "revision": FIXED}

LONG_SOURCES: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "substitutions of the repository's": (
        {
            "source": {"repoSource": REPOSITORY | LARGE | {"branchName": "main"}},
            "sourceProvenance": {"resolvedRepoSource": REPOSITORY | LARGE | {"commitSha": FIXED}},
        },
        "VERIFIED",
    ),
    "an address": (
        {"source": {"gitSource": ADDRESS}, "sourceProvenance": {"resolvedGitSource": ADDRESS}},
        "INCONCLUSIVE",
    ),
}


@pytest.fixture
def harness(firestore_emulator: str, project: str) -> Iterator[Harness]:
    with (
        grpc.insecure_channel(firestore_emulator) as channel,
        a_harness(FirestoreStore(project, channel=channel)) as made,
    ):
        yield made


def said_once(harness: Harness, verdict: str) -> None:
    """Assert that Slack and the audit trail have this verdict, once, and that nothing more is due."""
    assert len(harness.slack.messages) == 1
    assert [entry["labels"]["verdict"] for entry in harness.cloud.audit_entries()] == [verdict]
    assert not harness.deployment.services.store.due(BUILDS, "9", 10, timeout=20)


@pytest.mark.parametrize("substitutions", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_an_uploads_substitutions_are_it_is_told_and_recorded_once(
    harness: Harness, substitutions: Mapping[str, str]
) -> None:
    key = harness.upload(substitutions=dict(substitutions))
    harness.announce(key)
    harness.live(2)
    assert harness.verdict(key) == "LOCAL_SOURCE"
    said_once(harness, "LOCAL_SOURCE")


@pytest.mark.parametrize(("changes", "verdict"), LONG_SOURCES.values(), ids=LONG_SOURCES.keys())
def test_however_long_a_source_is_its_build_is_told_and_recorded_once(
    harness: Harness, changes: Mapping[str, Any], verdict: str
) -> None:
    key = harness.triggered(**changes)
    harness.announce(key)
    harness.live(6)
    assert harness.verdict(key) == verdict
    said_once(harness, verdict)


def test_however_much_a_worker_complains_its_build_is_told_and_recorded_once(harness: Harness) -> None:
    lines = [Line(at=1.0, text=f"{chr(0x1F600 + kind)} {'😀' * 3_000}", severity="ERROR") for kind in range(60)]
    harness.job(Script(lines=tuple(lines)))
    key = harness.triggered()
    harness.announce(key)
    harness.live(6)
    assert harness.verdict(key) == "FAILED"
    said_once(harness, "FAILED")


def test_the_largest_record_is_written_and_read_as_it_is(firestore_emulator: str, project: str) -> None:
    record = largest_record()
    with grpc.insecure_channel(firestore_emulator) as channel:
        store = FirestoreStore(project, channel=channel)
        store.create(BUILDS, record.key.digest, record_document(record), timeout=20)
        stored = store.read(BUILDS, record.key.digest, timeout=20)
    assert stored is not None
    assert parse_record(stored.document) == record
