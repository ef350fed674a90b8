"""What fails once proves nothing: a permission arrives, a service comes back, we were away ourselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.story.harness import POLICY, PROJECT, REGION, Harness, harness_with_logs
from tests.story.test_hardening import Instead, rewire
from verifier.checks.policy import Late, Route
from verifier.checks.verdict import Verdict
from verifier.controller.budget import Budget
from verifier.controller.ledger import State, failures
from verifier.controller.reconcile import reconcile_running
from verifier.controller.sweep import describe
from verifier.facts.build import BuildKey
from verifier.standin.faults import Fault
from verifier.standin.script import Line, Script
from verifier.times import show_time

__all__ = ["harness_with_logs"]

ROUTED = replace(POLICY, routes=(Route(channel="C0SECURITY1", verdicts=frozenset({Verdict.LOCAL_SOURCE})),))
AN_ABSENCE = 2 * 3600.0
"""Seconds for which the ledger, or the function itself, is away."""


@pytest.mark.parametrize("status", ["PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION"])
@pytest.mark.parametrize("call", ["RunJob", "GetExecution", "ListLogEntries"])
def test_a_refusal_that_heals_within_minutes_changes_nothing(harness: Harness, call: str, status: str) -> None:
    harness.faults.add(Fault(call, "before", status=status))
    key = harness.triggered()
    harness.announce(key)
    harness.live(20)
    assert harness.verdict(key) == "VERIFIED"
    assert len(harness.cloud.jobs.runs()) == 1


def test_where_it_could_not_be_found_out_whether_it_was_started_the_verdict_says_so(harness: Harness) -> None:
    harness.faults.add(Fault("RunJob", "after", status="UNAVAILABLE"))
    harness.faults.add(Fault("ListExecutions", "before", status="PERMISSION_DENIED", times=0))
    key = harness.triggered()
    harness.announce(key)
    harness.live(20)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert "it may have been started" in harness.slack.messages[0].text


@pytest.mark.parametrize(
    ("call", "status"),
    [("ListLogEntries", "RESOURCE_EXHAUSTED"), ("ListLogEntries", "UNAVAILABLE"), ("GetExecution", "UNAVAILABLE")],
)
def test_one_failure_after_a_long_absence_of_ours_changes_nothing(harness: Harness, call: str, status: str) -> None:
    key = harness.triggered()
    harness.announce(key)
    harness.clock.advance(AN_ABSENCE)
    harness.faults.add(Fault(call, "before", status=status))
    harness.live(20)
    assert harness.verdict(key) == "VERIFIED"


def test_a_start_that_failed_before_an_absence_of_ours_is_tried_again(harness: Harness) -> None:
    harness.faults.add(Fault("RunJob", "before", status="UNAVAILABLE"))
    key = harness.triggered()
    harness.announce(key)
    harness.clock.advance(AN_ABSENCE)
    harness.live(10)
    assert harness.verdict(key) == "VERIFIED"
    assert len(harness.cloud.jobs.runs()) == 1


def test_that_our_own_time_is_up_is_no_finding_about_the_worker(harness: Harness) -> None:
    key = harness.triggered()
    harness.announce(key)
    harness.clock.advance(AN_ABSENCE)
    jobs = harness.deployment.services.jobs

    def slow(execution: str, *, timeout: float) -> Any:
        harness.clock.advance(timeout - 0.2)
        return jobs.observe(execution, timeout=timeout)

    rewire(harness, jobs=Instead(jobs, observe=slow))
    reconcile_running(key, harness.deployment, Budget(harness.clock, harness.clock() + timedelta(seconds=8)))
    assert harness.record(key).judgement is None
    rewire(harness, jobs=jobs)
    harness.live(5)
    assert harness.verdict(key) == "VERIFIED"


def test_nor_is_it_one_after_failures_in_a_row(harness: Harness) -> None:
    harness.faults.add(Fault("GetExecution", "before", status="UNAVAILABLE", times=5))
    key = harness.triggered()
    harness.announce(key)
    harness.clock.advance(AN_ABSENCE)
    harness.live(9)
    assert failures(harness.record(key), "observe") == 5
    until, left = harness.clock(), iter([8.0])  # enough to claim the record, and nothing for what follows
    budget = Budget(lambda: until - timedelta(seconds=next(left, 0.0)), until)
    assert "time is used up" in reconcile_running(key, harness.deployment, budget)
    assert harness.record(key).judgement is None
    harness.live(15)
    assert harness.verdict(key) == "VERIFIED"


def test_logs_are_waited_for_from_when_the_end_was_seen_if_the_platform_does_not_say_when_it_was(
    harness: Harness,
) -> None:
    harness.job(Script(runs=1200.0, lines=(Line(at=1199.0, text="query ok"),), visible_after=20.0))
    jobs, said = harness.deployment.services.jobs, harness.clock() + timedelta(seconds=1215)

    def without_its_end(execution: str, *, timeout: float) -> Any:
        seen = jobs.observe(execution, timeout=timeout)
        return replace(seen, completed=None) if harness.clock() < said else seen

    rewire(harness, jobs=Instead(jobs, observe=without_its_end))
    key = harness.triggered()
    harness.announce(key)
    harness.clock.advance(1205)
    harness.finish(key)
    harness.live(15)
    assert harness.verdict(key) == "VERIFIED"


def test_a_build_that_is_missing_before_and_after_an_outage_is_not_given_up(harness: Harness) -> None:
    harness.sweep()
    harness.clock.advance(60)
    key = harness.upload()
    harness.faults.add(Fault("GetBuild", "before", status="NOT_FOUND"))
    harness.announce(key)
    harness.faults.add(Fault("GetBuild", "before", status="UNAVAILABLE", times=0))
    harness.live(40)
    harness.faults.clear()
    harness.faults.add(Fault("GetBuild", "before", status="NOT_FOUND"))
    harness.live(30)
    assert harness.verdict(key) == "LOCAL_SOURCE"


def test_a_build_that_cloud_build_refuses_to_show_is_asked_for_until_it_does(harness: Harness) -> None:
    key = harness.upload()
    harness.faults.add(Fault("GetBuild", "before", status="FAILED_PRECONDITION", times=0))
    harness.announce(key)
    harness.live(60)
    assert [entry["labels"]["kind"] for entry in harness.cloud.audit_entries()] == ["unconfirmed"]
    harness.faults.clear()
    harness.live(65)
    assert harness.verdict(key) == "LOCAL_SOURCE"


def test_a_message_before_the_end_of_a_long_build_hides_its_end_for_minutes_at_the_most(harness: Harness) -> None:
    """The build's own notifications go elsewhere; and it has a record, by which the listing takes it for known."""
    harness.sweep()
    key = harness.upload(status="WORKING")
    harness.announce(key)  # forged
    harness.live(180)
    name = f"projects/402118557731/locations/us-central1/builds/{key.id}"
    harness.upload(id=key.id, name=name, finishTime=show_time(harness.clock()))
    harness.live(11)
    assert harness.verdict(key) == "LOCAL_SOURCE"


@pytest.mark.parametrize("status", ["PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED"])
def test_a_start_that_is_refused_after_one_without_an_answer_comes_to_an_end(harness: Harness, status: str) -> None:
    harness.faults.add(Fault("RunJob", "before", status="UNAVAILABLE"))
    key = harness.triggered()
    harness.announce(key)
    harness.faults.add(Fault("RunJob", "before", status=status, times=0))
    harness.live(45)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert "it may have been started; starting job" in harness.slack.messages[0].text
    assert harness.calls("RunJob") < 20


def test_what_is_refused_at_once_is_not_said_to_have_been_started(harness: Harness) -> None:
    harness.cloud.deny("RunJob with overrides")
    key = harness.triggered()
    harness.announce(key)
    harness.live(20)
    [message] = harness.slack.messages
    assert "no run of the worker could be looked at: starting job" in message.text
    assert "may have been" not in message.text


def test_failures_at_one_step_do_not_count_against_another(harness: Harness) -> None:
    harness.faults.add(Fault("GetBuild", "before", status="UNAVAILABLE", times=6))
    key = harness.triggered()
    harness.announce(key)
    harness.faults.add(Fault("RunJob", "before", status="PERMISSION_DENIED"))
    harness.live(40)
    assert harness.verdict(key) == "VERIFIED"


def test_one_start_without_an_answer_is_not_the_last_though_another_was_refused_before(harness: Harness) -> None:
    harness.faults.add(Fault("RunJob", "before", status="RESOURCE_EXHAUSTED"))
    key = harness.triggered()
    harness.announce(key)
    harness.faults.add(Fault("RunJob", "before", status="UNAVAILABLE"))
    harness.live(1)
    harness.clock.advance(AN_ABSENCE)
    harness.live(10)
    assert harness.verdict(key) == "VERIFIED"


def test_an_execution_is_found_that_the_first_of_several_requests_started(harness: Harness) -> None:
    """It was listed so late that two looks did not see it, and another one was made meanwhile, which went nowhere."""
    harness.faults.add(Fault("RunJob", "after", status="UNAVAILABLE"))
    jobs, hidden = harness.deployment.services.jobs, iter([True, True])

    def late(*words: Any, **named: Any) -> Any:
        return [] if next(hidden, False) else jobs.started_for(*words, **named)

    rewire(harness, jobs=Instead(jobs, started_for=late))
    key = harness.triggered()
    harness.announce(key)
    harness.faults.add(Fault("RunJob", "before", status="UNAVAILABLE"))
    harness.live(15)
    assert harness.verdict(key) == "VERIFIED"
    assert len(harness.cloud.jobs.runs()) == 1


def test_the_listing_is_left_alone_for_an_hour_at_the_most(harness: Harness) -> None:
    harness.sweep()
    harness.clock.advance(20 * 60)
    harness.faults.add(Fault("ListBuilds", "before", status="RESOURCE_EXHAUSTED", retry_after=10**7))
    harness.sweep()
    harness.clock.advance(3601)
    harness.sweep()
    assert harness.calls("ListBuilds") > 1


@pytest.mark.parametrize("call", ["ListBuilds", "conversations.history"])
def test_a_service_that_asks_for_patience_is_left_alone_for_so_long(harness: Harness, call: str) -> None:
    harness.sweep()
    harness.faults.add(Fault("chat.postMessage", "after", status="500", times=3))
    for _ in range(3):
        harness.announce(harness.upload())
    harness.clock.advance(20 * 60)
    status = "429" if call.startswith("conv") else "RESOURCE_EXHAUSTED"
    harness.faults.add(Fault(call, "before", status=status, retry_after=90))
    harness.sweep()
    harness.live(1)
    assert harness.calls(call) == 1
    harness.live(2)
    assert harness.calls(call) > 1


def test_a_sweep_that_may_not_list_a_place_is_not_a_completed_one(harness: Harness) -> None:
    """The alert on missing sweeps counts completed ones: a build that is silent there would never be found."""
    harness.sweep()
    harness.clock.advance(20 * 60)
    harness.cloud.deny("ListBuilds")
    swept = harness.sweep()
    assert swept is not None
    told = describe(swept)
    assert (told["sweep"], swept.unlisted) == ("incomplete", (f"{PROJECT}/{REGION}",))
    assert "roles/cloudbuild.builds.viewer" in str(told["problems"])
    harness.cloud.allow("ListBuilds")
    assert describe(harness.sweep())["sweep"] == "completed"


def minutes_until(harness: Harness, is_so: Callable[[], bool], most: int) -> int:
    for minute in range(most):
        if is_so():
            return minute
        harness.live(1)
    return most


def a_verdict_that_waits_for_its_last_look(harness: Harness) -> BuildKey:
    key = harness.triggered()
    harness.announce(key)
    harness.clock.advance(20)
    harness.finish(key)
    return key


def test_hundreds_of_forged_messages_delay_no_verdict(harness: Harness) -> None:
    for number in range(300):
        harness.announce(BuildKey(PROJECT, REGION, f"00000000-0000-4000-8000-{number:012d}"))
    harness.clock.advance(60)
    key = a_verdict_that_waits_for_its_last_look(harness)
    assert minutes_until(harness, lambda: harness.record(key).state is State.DONE, 5) <= 2


def test_a_channel_that_takes_nothing_is_asked_seldom_and_delays_no_verdict(harness: Harness) -> None:
    harness.use(replace(harness.deployment.policy, late=Late.ALL))
    harness.slack.workspace.archived.add("C0BUILDS01")
    for _ in range(120):
        harness.announce(harness.upload())
        harness.clock.advance(0.5)
    assert harness.calls("chat.postMessage") == 1
    kinds = [entry["labels"]["kind"] for entry in harness.cloud.audit_entries()]
    assert kinds.count("undelivered") == 120
    harness.clock.advance(3600)
    key = a_verdict_that_waits_for_its_last_look(harness)
    assert minutes_until(harness, lambda: harness.record(key).judgement is not None, 5) <= 2
    assert harness.calls("chat.postMessage") <= 3
    harness.slack.workspace.archived.clear()
    harness.live(10)
    assert len(harness.slack.messages) == 121


def untold(harness: Harness, key: BuildKey, moment: str, status: str, retry_after: int | None = None) -> BuildKey:
    """Return a build whose verdict Slack has not heard, for this reason."""
    harness.faults.add(Fault("chat.postMessage", moment, status=status, retry_after=retry_after))
    harness.announce(key)
    harness.faults.clear()
    harness.clock.advance(1)
    return key


def test_a_channel_that_is_left_alone_keeps_no_other_waiting(harness: Harness) -> None:
    """Two of its records are the first in the queue, and one is the last, which is tried when the first two fail."""
    harness.use(ROUTED)
    early = [untold(harness, harness.upload(), "before", "503") for _ in range(2)]
    other = untold(harness, harness.triggered(branch="feature"), "before", "503")
    late = untold(harness, harness.upload(), "before", "429", retry_after=1800)
    assert [harness.record(key).channel for key in (*early, other, late)] == [
        *["C0SECURITY1"] * 2,
        "C0BUILDS01",
        "C0SECURITY1",
    ]
    harness.live(2)
    assert harness.record(other).told


def test_a_history_that_is_left_alone_keeps_no_other_channel_waiting(harness: Harness) -> None:
    harness.use(ROUTED)
    for _ in range(2):
        untold(harness, harness.upload(), "after", "500")
    other = untold(harness, harness.triggered(branch="feature"), "before", "429", retry_after=9)
    untold(harness, harness.upload(), "after", "500")
    harness.clock.advance(60)
    harness.faults.add(Fault("conversations.history", "before", status="429", retry_after=1800))
    harness.live(20)
    assert harness.record(other).told
