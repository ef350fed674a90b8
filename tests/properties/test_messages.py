"""A message says which build to look at; the verdict rests on what Cloud Build says of it, and on nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.effort import EXAMPLES, SLOW
from tests.story.harness import FIXED, WATCHED, Harness, harness
from tests.unit.controller.test_events import changed, places
from verifier.adapters.sqlite import SqliteStore
from verifier.checks.judgement import Judgement
from verifier.controller.events import BuildStatus, Hint, decode
from verifier.controller.ledger import BUILDS
from verifier.facts.build import BuildKey
from verifier.times import show_time

__all__ = ["harness"]

WORDS = st.sampled_from(
    [
        "SUCCESS",
        "FAILURE",
        "WORKING",
        "85cffd8a4c1f9b0e7d6a5b4c3d2e1f0a9b8c7d6e",
        {"resolvedGitSource": {"url": "https://github.com/vividly/content-worker.git", "revision": "8" * 40}},
        {"storageSource": {"bucket": "somewhere", "object": "else.tgz"}},
        {"images": [{"name": "an-image", "digest": f"sha256:{'e' * 64}"}]},
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
ANY_TIME = datetime(2026, 11, 23, tzinfo=UTC)
SCENES: dict[str, Callable[[Harness], BuildKey]] = {
    "LOCAL_SOURCE": lambda harness: harness.upload(),
    "FAILED": lambda harness: harness.triggered(branch="experiment"),
    "INCONCLUSIVE": lambda harness: harness.triggered(substitutions={"COMMIT_SHA": FIXED, "_PR_NUMBER": "7"}),
    "did not succeed": lambda harness: harness.triggered(status="FAILURE", results={}),
}


def push(document: object) -> bytes:
    data = base64.b64encode(json.dumps(document).encode()).decode()
    return json.dumps({"message": {"data": data, "messageId": "1"}}).encode()


def judged(harness: Harness, hint: Hint, key: BuildKey) -> Judgement | None:
    """Return what comes of this hint in a ledger of its own: the judgement on this build, but for its moment."""
    services: Any = harness.deployment.services
    with closing(SqliteStore(":memory:")) as store:
        ledger = replace(harness.deployment.ledger, store=store)
        harness.deployment = replace(harness.deployment, services=replace(services, store=store), ledger=ledger)
        harness.faults.forget()
        if isinstance(hint, BuildStatus):
            harness.announce(hint.key)
        if store.read(BUILDS, key.digest, timeout=5) is None:
            return None
        judgement = harness.record(key).judgement
        return judgement and replace(judgement, decided=ANY_TIME)


@pytest.mark.parametrize("scene", SCENES)
def test_the_verdict_is_the_same_whatever_the_message_says(harness: Harness, scene: str) -> None:
    key = SCENES[scene](harness)
    honest: Any = {
        "id": key.id,
        "name": key.name,
        "projectId": key.project,
        "status": "SUCCESS",
        "source": {},
        "sourceProvenance": {"resolvedGitSource": {"revision": "8" * 40}},
        "substitutions": {"COMMIT_SHA": "8" * 40, "BRANCH_NAME": "main"},
        "buildTriggerId": "a-trigger",
        "results": {"images": []},
        "finishTime": show_time(harness.clock()),
    }
    expected = judged(harness, BuildStatus(key, "SUCCESS"), key)
    assert expected is not None
    assert expected.verdict == (scene if scene.isupper() else None)

    @settings(SLOW, max_examples=3 * EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(st.data(), st.integers(1, 3))
    def check(data: st.DataObject, times: int) -> None:
        message = honest
        for _ in range(times):
            message = changed(message, data.draw(st.sampled_from(places(message))), data.draw(WORDS | JSON))
        hint = decode(push(message), "/builds", WATCHED)
        if isinstance(hint, BuildStatus) and hint.key == key:
            assert judged(harness, hint, key) == expected
        else:
            assert judged(harness, hint, key) is None
            assert harness.calls("chat.postMessage") == harness.calls("WriteLogEntries") == 0

    check()


@settings(SLOW, max_examples=max(EXAMPLES // 4, 1), suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2), st.permutations(list(SCENES)))
def test_the_order_in_which_builds_are_announced_changes_no_verdict(
    harness: Harness, twice: int, order: list[str]
) -> None:
    keys = {scene: SCENES[scene](harness) for scene in SCENES}
    for scene in [*order, *order[:twice]]:
        harness.announce(keys[scene])
    assert {harness.verdict(keys[scene]) or "did not succeed" for scene in order} == set(SCENES)
    assert all((harness.verdict(key) or "did not succeed") == scene for scene, key in keys.items())
