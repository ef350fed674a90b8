"""Builds whose own words are hostile to a database, on the real Firestore emulator."""

from __future__ import annotations

from collections.abc import Mapping

import grpc
import pytest

from tests.story.town import a_town
from verifier.cloud.firestore import FirestoreStore

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


@pytest.mark.parametrize("substitutions", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_an_uploads_substitutions_are_it_is_told_and_recorded_once(
    firestore_emulator: str, project: str, substitutions: Mapping[str, str]
) -> None:
    with (
        grpc.insecure_channel(firestore_emulator) as channel,
        a_town(FirestoreStore(project, channel=channel)) as town,
    ):
        key = town.upload(substitutions=dict(substitutions))
        town.announce(key)
        town.live(2)
        assert town.verdict(key) == "LOCAL_SOURCE"
        assert town.record(key).state == "done"
        assert len(town.slack.messages) == 1
        assert [entry["labels"]["verdict"] for entry in town.cloud.audit_entries()] == ["LOCAL_SOURCE"]
