"""Policy changes between two steps of one build's story, or two instances go by different ones for a while."""

from __future__ import annotations

from dataclasses import replace

from tests.story.town import CLEAN, IMAGE, POLICY, PROJECT, REGION, Town, town_with_logs
from verifier.checks.policy import Route
from verifier.facts.execution import JobName
from verifier.standin.faults import Fault
from verifier.standin.script import Script

__all__ = ["town_with_logs"]


def test_a_worker_that_policy_drops_while_it_runs_leaves_the_verdict_open(town: Town) -> None:
    town.job(Script(exit_code=1))
    key = town.triggered()
    town.announce(key)
    assert town.executions() == 1
    town.clock.advance(30)
    town.use(replace(POLICY, workers=()))
    town.live(5)
    assert town.verdict(key) == "INCONCLUSIVE"
    [message] = town.slack.messages
    assert "clean" not in message.text
    assert "policy has changed since: no worker is configured" in message.text.replace("\n", " ")


def test_an_execution_is_looked_for_in_the_job_that_was_to_be_started(town: Town) -> None:
    town.faults.add(Fault("RunJob", "after", status="UNAVAILABLE"))
    key = town.triggered()
    town.announce(key)
    town.cloud.put_job(PROJECT, REGION, "other-job", image=f"{IMAGE}:latest", script=CLEAN)
    town.use(replace(POLICY, workers=(replace(POLICY.workers[0], job=JobName("", REGION, "other-job")),)))
    town.live(10)
    assert town.verdict(key) == "VERIFIED"
    assert town.executions() == 1


def test_a_message_is_looked_for_in_the_channel_where_it_was_to_stand(town: Town) -> None:
    town.faults.add(Fault("chat.postMessage", "after", status="500"))
    key = town.upload()
    town.announce(key)
    assert len(town.slack.messages) == 1
    town.use(replace(POLICY, routes=(Route(channel="C0SECURITY1"),)))
    town.live(5)
    assert len(town.slack.messages) == 1
    assert town.record(key).told
