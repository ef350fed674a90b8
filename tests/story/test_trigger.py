"""What the trigger that ran a build says, and what a build that did not succeed may have shipped: told, or not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.story.town import FIXED, TRIGGER, TRIGGER_ID, Town, town
from verifier.checks.policy import BuildConfig, Policy
from verifier.facts.build import BuildKey
from verifier.standin.faults import Fault

__all__ = ["town"]

OF_PULL_REQUESTS = "3f1c2d4e-5b6a-4c7d-8e9f-0a1b2c3d4e5f"
FOR_SEVEN = {"COMMIT_SHA": FIXED, "TRIGGER_NAME": "pull-requests", "_PR_NUMBER": "7"}


def decided(town: Town, key: BuildKey) -> str | None:
    """The verdict on a build that has just been announced."""
    town.announce(key)
    return town.verdict(key)


def test_a_build_that_only_says_it_is_for_a_pull_request_is_told(town: Town) -> None:
    """Its trigger is for pushes, is gone, or may not be read: nobody is silent because somebody typed a number."""
    town.use(Policy())
    town.trigger(OF_PULL_REQUESTS, "pushes", github={"push": {"branch": "main"}}, filename="cloudbuild.yaml")
    pushed = town.triggered(substitutions=FOR_SEVEN, buildTriggerId=OF_PULL_REQUESTS)
    assert decided(town, pushed) == "VERIFIED"
    gone = town.triggered(substitutions=FOR_SEVEN, buildTriggerId=OF_PULL_REQUESTS[:-1] + "e")
    assert decided(town, gone) == "INCONCLUSIVE"
    by_hand = town.triggered(substitutions=FOR_SEVEN, buildTriggerId="")
    assert decided(town, by_hand) == "FAILED"
    assert len(town.slack.messages) == 2


def test_a_trigger_that_a_verdict_rests_on_is_waited_for_but_not_for_ever(town: Town) -> None:
    town.use(Policy(build_config=BuildConfig.REPOSITORY))
    town.faults.add(Fault("GetBuildTrigger", "before", times=0))
    key = town.triggered()
    town.announce(key)
    assert town.verdict(key) is None
    town.live(60)
    assert town.verdict(key) == "INCONCLUSIVE"
    assert town.findings(key)["build_config_is_committed"] == "could-not-check"


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
    town: Town, steps: dict[str, Any], verdict: str
) -> None:
    town.trigger(TRIGGER_ID, TRIGGER, github={"push": {"branch": "main"}}, **steps)
    town.use(Policy(build_config=BuildConfig.REPOSITORY))
    assert decided(town, town.triggered()) == verdict
    town.use(Policy())
    assert decided(town, town.triggered()) == "VERIFIED"
    assert town.calls("GetBuildTrigger") == 1


def test_a_build_that_failed_after_it_had_shipped_is_found_by_the_sweep_and_told(town: Town) -> None:
    town.sweep()
    steps = [{"id": "deploy", "name": "gcloud", "args": ["run", "deploy", "a", "--token=s3cret"], "status": "SUCCESS"}]
    key = town.upload(status="FAILURE", results={}, steps=steps)
    town.live(60)
    assert town.verdict(key) == "LOCAL_SOURCE"
    [message] = town.slack.messages
    assert "ended FAILURE after its step 'deploy' had succeeded" in str(message)
    assert "s3cret" not in str(town.record(key).build)
