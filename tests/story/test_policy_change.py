"""Policy changes between two steps of one build's story, or two instances go by different ones for a while."""

from __future__ import annotations

from dataclasses import replace

from tests.story.harness import CLEAN, IMAGE, POLICY, PROJECT, REGION, Harness, harness_with_logs
from verifier.checks.policy import Route
from verifier.facts.execution import JobName
from verifier.standin.faults import Fault
from verifier.standin.script import Script

__all__ = ["harness_with_logs"]


def test_a_worker_that_policy_drops_while_it_runs_leaves_the_verdict_open(harness: Harness) -> None:
    harness.job(Script(exit_code=1))
    key = harness.triggered()
    harness.announce(key)
    assert harness.executions() == 1
    harness.clock.advance(30)
    harness.use(replace(POLICY, workers=()))
    harness.live(5)
    assert harness.verdict(key) == "INCONCLUSIVE"
    [message] = harness.slack.messages
    assert "clean" not in message.text
    assert "policy has changed since: no worker is configured" in message.text.replace("\n", " ")


def test_an_execution_is_looked_for_in_the_job_that_was_to_be_started(harness: Harness) -> None:
    harness.faults.add(Fault("RunJob", "after", status="UNAVAILABLE"))
    key = harness.triggered()
    harness.announce(key)
    harness.cloud.put_job(PROJECT, REGION, "other-job", image=f"{IMAGE}:latest", script=CLEAN)
    harness.use(replace(POLICY, workers=(replace(POLICY.workers[0], job=JobName("", REGION, "other-job")),)))
    harness.live(10)
    assert harness.verdict(key) == "VERIFIED"
    assert harness.executions() == 1


def test_a_message_is_looked_for_in_the_channel_where_it_was_to_stand(harness: Harness) -> None:
    harness.faults.add(Fault("chat.postMessage", "after", status="500"))
    key = harness.upload()
    harness.announce(key)
    assert len(harness.slack.messages) == 1
    harness.use(replace(POLICY, routes=(Route(channel="C0SECURITY1"),)))
    harness.live(5)
    assert len(harness.slack.messages) == 1
    assert harness.record(key).told
