"""What fails once proves nothing: a permission arrives, a service comes back, we were away ourselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.story.test_hardening import Instead, rewire
from tests.story.town import POLICY, PROJECT, REGION, Town, town_with_logs
from verifier.checks.policy import Route
from verifier.checks.verdict import Verdict
from verifier.controller.budget import Budget
from verifier.controller.ledger import State, failures
from verifier.controller.reconcile import reconcile_running
from verifier.controller.sweep import describe
from verifier.facts.build import BuildKey
from verifier.standin.faults import Fault
from verifier.standin.script import Line, Script
from verifier.times import show_time

__all__ = ["town_with_logs"]

ROUTED = replace(POLICY, routes=(Route(channel="C0SECURITY1", verdicts=frozenset({Verdict.LOCAL_SOURCE})),))
AN_ABSENCE = 2 * 3600.0
"""Seconds for which the ledger, or the function itself, is away."""


@pytest.mark.parametrize("status", ["PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION"])
@pytest.mark.parametrize("call", ["RunJob", "GetExecution", "ListLogEntries"])
def test_a_refusal_that_heals_within_minutes_changes_nothing(town: Town, call: str, status: str) -> None:
    town.faults.add(Fault(call, "before", status=status))
    key = town.triggered()
    town.announce(key)
    town.live(20)
    assert town.verdict(key) == "VERIFIED"
    assert len(town.cloud.jobs.runs()) == 1


def test_where_it_could_not_be_found_out_whether_it_was_started_the_verdict_says_so(town: Town) -> None:
    town.faults.add(Fault("RunJob", "after", status="UNAVAILABLE"))
    town.faults.add(Fault("ListExecutions", "before", status="PERMISSION_DENIED", times=0))
    key = town.triggered()
    town.announce(key)
    town.live(20)
    assert town.verdict(key) == "INCONCLUSIVE"
    assert "it may have been started" in town.slack.messages[0].text


@pytest.mark.parametrize(
    ("call", "status"),
    [("ListLogEntries", "RESOURCE_EXHAUSTED"), ("ListLogEntries", "UNAVAILABLE"), ("GetExecution", "UNAVAILABLE")],
)
def test_one_failure_after_a_long_absence_of_ours_changes_nothing(town: Town, call: str, status: str) -> None:
    key = town.triggered()
    town.announce(key)
    town.clock.advance(AN_ABSENCE)
    town.faults.add(Fault(call, "before", status=status))
    town.live(20)
    assert town.verdict(key) == "VERIFIED"


def test_a_start_that_failed_before_an_absence_of_ours_is_tried_again(town: Town) -> None:
    town.faults.add(Fault("RunJob", "before", status="UNAVAILABLE"))
    key = town.triggered()
    town.announce(key)
    town.clock.advance(AN_ABSENCE)
    town.live(10)
    assert town.verdict(key) == "VERIFIED"
    assert len(town.cloud.jobs.runs()) == 1


def test_that_our_own_time_is_up_is_no_finding_about_the_worker(town: Town) -> None:
    key = town.triggered()
    town.announce(key)
    town.clock.advance(AN_ABSENCE)
    jobs = town.world.services.jobs

    def slow(execution: str, *, timeout: float) -> Any:
        town.clock.advance(timeout - 0.2)
        return jobs.observe(execution, timeout=timeout)

    rewire(town, jobs=Instead(jobs, observe=slow))
    reconcile_running(key, town.world, Budget(town.clock, town.clock() + timedelta(seconds=8)))
    assert town.record(key).judgement is None
    rewire(town, jobs=jobs)
    town.live(5)
    assert town.verdict(key) == "VERIFIED"


def test_nor_is_it_one_after_failures_in_a_row(town: Town) -> None:
    town.faults.add(Fault("GetExecution", "before", status="UNAVAILABLE", times=5))
    key = town.triggered()
    town.announce(key)
    town.clock.advance(AN_ABSENCE)
    town.live(9)
    assert failures(town.record(key), "observe") == 5
    until, left = town.clock(), iter([8.0])  # enough to claim the record, and nothing for what follows
    budget = Budget(lambda: until - timedelta(seconds=next(left, 0.0)), until)
    assert "time is used up" in reconcile_running(key, town.world, budget)
    assert town.record(key).judgement is None
    town.live(15)
    assert town.verdict(key) == "VERIFIED"


def test_logs_are_waited_for_from_when_the_end_was_seen_if_the_platform_does_not_say_when_it_was(town: Town) -> None:
    town.job(Script(runs=1200.0, lines=(Line(at=1199.0, text="query ok"),), visible_after=20.0))
    jobs, said = town.world.services.jobs, town.clock() + timedelta(seconds=1215)

    def without_its_end(execution: str, *, timeout: float) -> Any:
        seen = jobs.observe(execution, timeout=timeout)
        return replace(seen, completed=None) if town.clock() < said else seen

    rewire(town, jobs=Instead(jobs, observe=without_its_end))
    key = town.triggered()
    town.announce(key)
    town.clock.advance(1205)
    town.finish(key)
    town.live(15)
    assert town.verdict(key) == "VERIFIED"


def test_a_build_that_is_missing_before_and_after_an_outage_is_not_given_up(town: Town) -> None:
    town.sweep()
    town.clock.advance(60)
    key = town.upload()
    town.faults.add(Fault("GetBuild", "before", status="NOT_FOUND"))
    town.announce(key)
    town.faults.add(Fault("GetBuild", "before", status="UNAVAILABLE", times=0))
    town.live(40)
    town.faults.clear()
    town.faults.add(Fault("GetBuild", "before", status="NOT_FOUND"))
    town.live(30)
    assert town.verdict(key) == "LOCAL_SOURCE"


def test_a_build_that_cloud_build_refuses_to_show_is_asked_for_until_it_does(town: Town) -> None:
    key = town.upload()
    town.faults.add(Fault("GetBuild", "before", status="FAILED_PRECONDITION", times=0))
    town.announce(key)
    town.live(60)
    assert [entry["labels"]["kind"] for entry in town.cloud.audit_entries()] == ["unconfirmed"]
    town.faults.clear()
    town.live(65)
    assert town.verdict(key) == "LOCAL_SOURCE"


def test_a_message_before_the_end_of_a_long_build_hides_its_end_for_minutes_at_the_most(town: Town) -> None:
    """The build's own notifications go elsewhere; and it has a record, by which the listing takes it for known."""
    town.sweep()
    key = town.upload(status="WORKING")
    town.announce(key)  # forged
    town.live(180)
    name = f"projects/402118557731/locations/us-central1/builds/{key.id}"
    town.upload(id=key.id, name=name, finishTime=show_time(town.clock()))
    town.live(11)
    assert town.verdict(key) == "LOCAL_SOURCE"


@pytest.mark.parametrize("status", ["PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED"])
def test_a_start_that_is_refused_after_one_without_an_answer_comes_to_an_end(town: Town, status: str) -> None:
    town.faults.add(Fault("RunJob", "before", status="UNAVAILABLE"))
    key = town.triggered()
    town.announce(key)
    town.faults.add(Fault("RunJob", "before", status=status, times=0))
    town.live(45)
    assert town.verdict(key) == "INCONCLUSIVE"
    assert "it may have been started; starting job" in town.slack.messages[0].text
    assert town.calls("RunJob") < 20


def test_what_is_refused_at_once_is_not_said_to_have_been_started(town: Town) -> None:
    town.cloud.deny("RunJob with overrides")
    key = town.triggered()
    town.announce(key)
    town.live(20)
    [message] = town.slack.messages
    assert "no run of the worker could be looked at: starting job" in message.text
    assert "may have been" not in message.text


def test_failures_at_one_step_do_not_count_against_another(town: Town) -> None:
    town.faults.add(Fault("GetBuild", "before", status="UNAVAILABLE", times=6))
    key = town.triggered()
    town.announce(key)
    town.faults.add(Fault("RunJob", "before", status="PERMISSION_DENIED"))
    town.live(40)
    assert town.verdict(key) == "VERIFIED"


def test_one_start_without_an_answer_is_not_the_last_though_another_was_refused_before(town: Town) -> None:
    town.faults.add(Fault("RunJob", "before", status="RESOURCE_EXHAUSTED"))
    key = town.triggered()
    town.announce(key)
    town.faults.add(Fault("RunJob", "before", status="UNAVAILABLE"))
    town.live(1)
    town.clock.advance(AN_ABSENCE)
    town.live(10)
    assert town.verdict(key) == "VERIFIED"


def test_an_execution_is_found_that_the_first_of_several_requests_started(town: Town) -> None:
    """It was listed so late that two looks did not see it, and another one was made meanwhile, which went nowhere."""
    town.faults.add(Fault("RunJob", "after", status="UNAVAILABLE"))
    jobs, hidden = town.world.services.jobs, iter([True, True])

    def late(*words: Any, **named: Any) -> Any:
        return [] if next(hidden, False) else jobs.started_for(*words, **named)

    rewire(town, jobs=Instead(jobs, started_for=late))
    key = town.triggered()
    town.announce(key)
    town.faults.add(Fault("RunJob", "before", status="UNAVAILABLE"))
    town.live(15)
    assert town.verdict(key) == "VERIFIED"
    assert len(town.cloud.jobs.runs()) == 1


def test_the_listing_is_left_alone_for_an_hour_at_the_most(town: Town) -> None:
    town.sweep()
    town.clock.advance(20 * 60)
    town.faults.add(Fault("ListBuilds", "before", status="RESOURCE_EXHAUSTED", retry_after=10**7))
    town.sweep()
    town.clock.advance(3601)
    town.sweep()
    assert town.calls("ListBuilds") > 1


@pytest.mark.parametrize("call", ["ListBuilds", "conversations.history"])
def test_a_service_that_asks_for_patience_is_left_alone_for_so_long(town: Town, call: str) -> None:
    town.sweep()
    town.faults.add(Fault("chat.postMessage", "after", status="500", times=3))
    for _ in range(3):
        town.announce(town.upload())
    town.clock.advance(20 * 60)
    status = "429" if call.startswith("conv") else "RESOURCE_EXHAUSTED"
    town.faults.add(Fault(call, "before", status=status, retry_after=90))
    town.sweep()
    town.live(1)
    assert town.calls(call) == 1
    town.live(2)
    assert town.calls(call) > 1


def test_a_sweep_that_may_not_list_a_place_is_not_a_completed_one(town: Town) -> None:
    """The alert on missing sweeps counts completed ones: a build that is silent there would never be found."""
    town.sweep()
    town.clock.advance(20 * 60)
    town.cloud.deny("ListBuilds")
    swept = town.sweep()
    assert swept is not None
    told = describe(swept)
    assert (told["sweep"], swept.unlisted) == ("incomplete", (f"{PROJECT}/{REGION}",))
    assert "roles/cloudbuild.builds.viewer" in str(told["problems"])
    town.cloud.allow("ListBuilds")
    assert describe(town.sweep())["sweep"] == "completed"


def minutes_until(town: Town, is_so: Callable[[], bool], most: int) -> int:
    for minute in range(most):
        if is_so():
            return minute
        town.live(1)
    return most


def a_verdict_that_waits_for_its_last_look(town: Town) -> BuildKey:
    key = town.triggered()
    town.announce(key)
    town.clock.advance(20)
    town.finish(key)
    return key


def test_hundreds_of_forged_messages_delay_no_verdict(town: Town) -> None:
    for number in range(300):
        town.announce(BuildKey(PROJECT, REGION, f"00000000-0000-4000-8000-{number:012d}"))
    town.clock.advance(60)
    key = a_verdict_that_waits_for_its_last_look(town)
    assert minutes_until(town, lambda: town.record(key).state is State.DONE, 5) <= 2


def test_a_channel_that_takes_nothing_is_asked_seldom_and_delays_no_verdict(town: Town) -> None:
    town.slack.workspace.archived.add("C0BUILDS01")
    for _ in range(120):
        town.announce(town.upload())
        town.clock.advance(0.5)
    assert town.calls("chat.postMessage") == 1
    kinds = [entry["labels"]["kind"] for entry in town.cloud.audit_entries()]
    assert kinds.count("undelivered") == 120
    town.clock.advance(3600)
    key = a_verdict_that_waits_for_its_last_look(town)
    assert minutes_until(town, lambda: town.record(key).judgement is not None, 5) <= 2
    assert town.calls("chat.postMessage") <= 3
    town.slack.workspace.archived.clear()
    town.live(10)
    assert len(town.slack.messages) == 121


def untold(town: Town, key: BuildKey, moment: str, status: str, retry_after: int | None = None) -> BuildKey:
    """A build whose verdict Slack has not heard, for this reason."""
    town.faults.add(Fault("chat.postMessage", moment, status=status, retry_after=retry_after))
    town.announce(key)
    town.faults.clear()
    town.clock.advance(1)
    return key


def test_a_channel_that_is_left_alone_keeps_no_other_waiting(town: Town) -> None:
    """Two of its records are the first in the queue, and one is the last, which is tried when the first two fail."""
    town.use(ROUTED)
    early = [untold(town, town.upload(), "before", "503") for _ in range(2)]
    other = untold(town, town.triggered(branch="feature"), "before", "503")
    late = untold(town, town.upload(), "before", "429", retry_after=1800)
    assert [town.record(key).channel for key in (*early, other, late)] == [
        *["C0SECURITY1"] * 2,
        "C0BUILDS01",
        "C0SECURITY1",
    ]
    town.live(2)
    assert town.record(other).told


def test_a_history_that_is_left_alone_keeps_no_other_channel_waiting(town: Town) -> None:
    town.use(ROUTED)
    for _ in range(2):
        untold(town, town.upload(), "after", "500")
    other = untold(town, town.triggered(branch="feature"), "before", "429", retry_after=9)
    untold(town, town.upload(), "after", "500")
    town.clock.advance(60)
    town.faults.add(Fault("conversations.history", "before", status="429", retry_after=1800))
    town.live(20)
    assert town.record(other).told
