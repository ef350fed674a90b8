"""What the trigger that ran a build says, and what a build that did not succeed may have shipped: told, or not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.story.harness import FIXED, TRIGGER, TRIGGER_ID, Harness, harness
from verifier.checks.policy import BuildConfig, Policy
from verifier.facts.build import BuildKey
from verifier.standin.faults import Fault

__all__ = ["harness"]

OF_PULL_REQUESTS = "3f1c2d4e-5b6a-4c7d-8e9f-0a1b2c3d4e5f"
FOR_SEVEN = {"COMMIT_SHA": FIXED, "TRIGGER_NAME": "pull-requests", "_PR_NUMBER": "7"}


def decided(harness: Harness, key: BuildKey) -> str | None:
    """Return the verdict on a build that has just been announced."""
    harness.announce(key)
    return harness.verdict(key)


def test_a_build_that_only_says_it_is_for_a_pull_request_is_told(harness: Harness) -> None:
    """Its trigger is for pushes, is gone, or may not be read: nobody is silent because somebody typed a number."""
    harness.use(Policy())
    harness.trigger(OF_PULL_REQUESTS, "pushes", github={"push": {"branch": "main"}}, filename="cloudbuild.yaml")
    pushed = harness.triggered(substitutions=FOR_SEVEN, buildTriggerId=OF_PULL_REQUESTS)
    assert decided(harness, pushed) == "VERIFIED"
    gone = harness.triggered(substitutions=FOR_SEVEN, buildTriggerId=OF_PULL_REQUESTS[:-1] + "e")
    assert decided(harness, gone) == "INCONCLUSIVE"
    by_hand = harness.triggered(substitutions=FOR_SEVEN, buildTriggerId="")
    assert decided(harness, by_hand) == "FAILED"
    assert len(harness.slack.messages) == 2


def test_a_trigger_that_a_verdict_rests_on_is_waited_for_but_not_for_ever(harness: Harness) -> None:
    harness.use(Policy(build_config=BuildConfig.REPOSITORY))
    harness.faults.add(Fault("GetBuildTrigger", "before", times=0))
    key = harness.triggered()
    harness.announce(key)
    assert harness.verdict(key) is None
    harness.live(60)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert harness.findings(key)["build_config_is_committed"] == "could-not-check"


@pytest.mark.parametrize(
    ("steps", "verdict"),
    [
        ({"filename": "cloudbuild.yaml"}, "VERIFIED"),
        ({"gitFileSource": {"path": "a.yaml", "uri": "https://github.com/vividly/content-worker"}}, "VERIFIED"),
        ({"gitFileSource": {"path": "a.yaml", "uri": "https://github.com/another/one"}}, "FAILED"),
        ({"build": {"steps": [{"name": "docker", "args": ["push"]}]}}, "FAILED"),
        ({}, "INCONCLUSIVE"),
    ],
)
def test_where_a_triggers_steps_come_from_decides_where_policy_wants_them_in_the_repository(
    harness: Harness, steps: dict[str, Any], verdict: str
) -> None:
    harness.trigger(TRIGGER_ID, TRIGGER, github={"push": {"branch": "main"}}, **steps)
    harness.use(Policy(build_config=BuildConfig.REPOSITORY))
    assert decided(harness, harness.triggered()) == verdict
    harness.use(Policy())
    assert decided(harness, harness.triggered()) == "VERIFIED"
    assert harness.calls("GetBuildTrigger") == 1


def test_a_build_that_failed_after_it_had_shipped_is_found_by_the_sweep_and_told(harness: Harness) -> None:
    harness.sweep()
    steps = [{"id": "deploy", "name": "gcloud", "args": ["run", "deploy", "a", "--token=s3cret"], "status": "SUCCESS"}]
    key = harness.upload(status="FAILURE", results={}, steps=steps)
    harness.live(60)
    assert harness.verdict(key) == "LOCAL_SOURCE"
    [message] = harness.slack.messages
    assert "ended FAILURE after its step 'deploy' had succeeded" in str(message)
    assert "s3cret" not in str(harness.record(key).build)
