"""The story, step by step, over the real adapters and the stand-in; with the numbers of `controller/reconcile.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.story.harness import IMAGE, PROJECT, REGION, TRIGGER_ID, Harness, harness_with_logs
from verifier.checks.policy import Policy, Published
from verifier.errors import ServiceError, Unavailable
from verifier.facts.build import BuildKey
from verifier.services import Document
from verifier.standin.faults import Fault
from verifier.standin.script import Line, Script

__all__ = ["harness_with_logs"]

MAPPERS = (
    "One or more mappers failed to initialize - can't proceed with initialization of other mappers. "
    "Triggering mapper: 'Mapper[Lesson(lessons)]'."
)


def through(harness: Harness, key: BuildKey) -> None:
    """Bring the build from its message to its verdict, with a completion message."""
    harness.announce(key)
    harness.clock.advance(20)
    harness.finish(key)
    harness.live(2)


# 3 claim


def test_3_a_message_about_a_finished_build_changes_nothing_and_costs_one_read(harness: Harness) -> None:
    key = harness.upload()
    harness.announce(key)
    before = harness.record(key)
    harness.faults.forget()
    harness.announce(key)
    assert harness.record(key) == before
    assert harness.faults.calls == ()


def test_3_a_record_that_another_holds_is_left_alone(harness: Harness) -> None:
    key = harness.upload()
    held = harness.deployment.ledger.claim(key, announced=True, only_if_due=False, timeout=5)
    assert held is not None
    harness.announce(key)
    assert harness.verdict(key) is None
    harness.live(3)
    assert harness.verdict(key) == "LOCAL_SOURCE", "the lease ran out, and the sweep took over"
    assert len(harness.slack.messages) == 1


# 4 fetch


def test_4_an_early_message_completes_nothing_until_cloud_build_says_so(harness: Harness) -> None:
    key = harness.triggered(status="WORKING")
    harness.announce(key)
    assert harness.record(key).state == "open"
    assert harness.executions() == 0
    harness.live(5)
    assert harness.verdict(key) is None


def test_4_a_forged_message_is_unconfirmed_and_told_together_once(harness: Harness) -> None:
    forged = [BuildKey(PROJECT, REGION, f"f00d0000-0000-4000-8000-00000000000{n}") for n in range(3)]
    for key in forged:
        harness.announce(key)
    harness.live(40)
    assert {harness.record(key).state for key in forged} == {"unconfirmed"}
    kinds = [entry["labels"]["kind"] for entry in harness.cloud.audit_entries()]
    assert kinds == ["unconfirmed"] * 3
    assert len(harness.slack.messages) == 1
    assert "3" in harness.slack.messages[0].text


def test_4_a_build_forged_first_and_real_later_gets_its_verdict(harness: Harness) -> None:
    key = BuildKey(PROJECT, REGION, "4e841fcb-0000-4000-8000-000000000002")
    harness.announce(key)
    harness.live(20)
    assert harness.record(key).state == "unconfirmed"
    assert harness.upload() == key
    harness.announce(key)
    assert harness.verdict(key) == "LOCAL_SOURCE"


def test_4_a_build_that_could_not_be_read_for_long_is_not_given_up_for_being_missing_once(harness: Harness) -> None:
    harness.sweep()
    harness.clock.advance(60)
    key = harness.upload()
    harness.faults.add(Fault("GetBuild", "before", status="PERMISSION_DENIED", times=0))
    harness.announce(key)
    harness.live(60)
    harness.faults.clear()
    harness.faults.add(Fault("GetBuild", "before", status="NOT_FOUND"))
    harness.live(180)
    assert harness.verdict(key) == "LOCAL_SOURCE"
    assert len(harness.slack.messages) == 2, "the verdict, and that it could not be read"


def test_4_without_permission_nothing_is_decided_and_the_audit_trail_says_what_to_grant(harness: Harness) -> None:
    key = harness.upload()
    harness.cloud.deny("cloudbuild.builds.get")
    harness.announce(key)
    harness.live(60)
    record = harness.record(key)
    assert record.state == "open"
    assert "roles/cloudbuild.builds.viewer" in record.error
    assert [entry["labels"]["kind"] for entry in harness.cloud.audit_entries()] == ["unconfirmed"]


def test_4_a_build_that_did_not_succeed_is_counted_and_told_in_one_line(harness: Harness) -> None:
    key = harness.triggered(status="FAILURE", results={})
    harness.announce(key)
    assert harness.record(key).state == "done"
    assert harness.verdict(key) is None
    assert [entry["labels"]["kind"] for entry in harness.cloud.audit_entries()] == ["build-did-not-succeed"]
    assert len(harness.slack.messages) == 1
    assert harness.executions() == 0


# 5 judge


def test_5_an_upload_is_local_source_whatever_it_claims(harness: Harness) -> None:
    key = harness.upload(substitutions={"COMMIT_SHA": "85cffd8" + "0" * 33})
    harness.announce(key)
    assert harness.verdict(key) == "LOCAL_SOURCE"
    assert harness.executions() == 0
    assert f"gcloud builds triggers run {TRIGGER_ID} --branch=main" in str(harness.slack.messages[0].blocks)


def test_5_a_trigger_run_on_another_branch_fails_and_runs_no_worker(harness: Harness) -> None:
    key = harness.triggered(branch="experiment")
    harness.announce(key)
    assert harness.verdict(key) == "FAILED"
    assert harness.executions() == 0


def test_5_a_pull_request_never_runs_the_worker_and_is_never_verified(harness: Harness) -> None:
    key = harness.triggered(substitutions={"_PR_NUMBER": "7", "COMMIT_SHA": "85cffd8a4c1f9b0e7d6a5b4c3d2e1f0a9b8c7d6e"})
    harness.announce(key)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert harness.executions() == 0


def test_5_without_a_worker_a_commit_is_verified_in_silence(harness: Harness) -> None:
    harness.use(Policy())
    key = harness.triggered()
    harness.announce(key)
    assert harness.verdict(key) == "VERIFIED"
    assert harness.slack.messages == ()
    assert [entry["labels"]["verdict"] for entry in harness.cloud.audit_entries()] == ["VERIFIED"]


# 6 to 9


def test_6_to_13_a_clean_run_of_the_built_image_is_verified(harness: Harness) -> None:
    key = harness.triggered()
    through(harness, key)
    assert harness.verdict(key) == "VERIFIED"
    assert harness.executions() == 1
    assert len(harness.slack.messages) == 1
    assert set(harness.findings(key).values()) <= {"holds", "not-applicable"}
    entries = harness.cloud.audit_entries()
    assert len(entries) == 1
    assert entries[0]["timestamp"] is not None


def test_6_a_lost_reply_of_run_job_is_looked_for_and_adopted(harness: Harness) -> None:
    harness.faults.add(Fault("RunJob", "after"))
    key = harness.triggered()
    harness.announce(key)
    harness.live(6)
    assert harness.verdict(key) == "VERIFIED"
    assert harness.executions() == 1


def test_6_a_start_that_never_happened_is_tried_again_only_after_two_looks_a_minute_apart(harness: Harness) -> None:
    harness.faults.add(Fault("RunJob", "before", status="DEADLINE_EXCEEDED"))
    key = harness.triggered()
    harness.announce(key)
    harness.live(1)
    assert harness.executions() == 1
    harness.live(8)
    assert harness.executions() == 2
    assert harness.calls("ListExecutions") >= 2
    assert harness.verdict(key) == "VERIFIED"


def test_6_a_job_that_may_not_be_run_is_inconclusive_with_the_command_to_grant_it(harness: Harness) -> None:
    harness.cloud.deny("RunJob with overrides")
    key = harness.triggered()
    harness.announce(key)
    harness.live(20)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert "roles/run.jobsExecutorWithOverrides" in str(harness.slack.messages[0].blocks)


def test_7_a_worker_that_never_starts_fails_at_the_start_deadline(harness: Harness) -> None:
    harness.job(Script(outcome="never-starts"))
    key = harness.triggered()
    harness.announce(key)
    harness.live(14)
    assert harness.verdict(key) is None
    harness.live(6)
    assert harness.verdict(key) == "FAILED"
    assert harness.findings(key)["worker_started"] == "fails"


def test_7_a_worker_that_runs_too_long_fails_at_the_run_deadline(harness: Harness) -> None:
    harness.job(Script(runs=7_200.0))
    key = harness.triggered()
    harness.announce(key)
    harness.live(75)
    assert harness.verdict(key) == "FAILED"
    assert harness.findings(key)["worker_succeeded"] == "fails"


@pytest.mark.parametrize("outcome", ["timeout", "oom"])
def test_7_a_run_that_the_platform_ends_for_what_the_worker_did_fails(harness: Harness, outcome: str) -> None:
    harness.job(Script(outcome=outcome))
    key = harness.triggered()
    through(harness, key)
    assert harness.verdict(key) == "FAILED"


@pytest.mark.parametrize("outcome", ["internal-error", "no-capacity", "cancelled", "cancelled-silently"])
def test_7_a_run_that_the_platform_or_a_person_ended_could_not_be_checked(harness: Harness, outcome: str) -> None:
    harness.job(Script(outcome=outcome))
    key = harness.triggered()
    through(harness, key)
    assert harness.verdict(key) == "INCONCLUSIVE"


def test_7_a_run_that_passed_only_on_the_second_attempt_fails(harness: Harness) -> None:
    harness.job(Script(lines=(Line(at=1.0, text="query ok"),), fail_attempts=1), max_retries=3)
    key = harness.triggered()
    through(harness, key)
    assert harness.findings(key)["worker_succeeded"] == "fails"
    assert harness.verdict(key) == "FAILED"


def test_7_without_a_completion_message_the_sweep_finds_the_end(harness: Harness) -> None:
    key = harness.triggered()
    harness.announce(key)
    harness.live(4)
    assert harness.verdict(key) == "VERIFIED"


def test_8_a_mapper_error_in_a_run_that_exits_with_0_fails(harness: Harness) -> None:
    lines = [Line(at=0.5, text="query ok")]
    for number in range(7):
        lines.append(Line(at=0.6 + number / 10, text=f"ERROR {MAPPERS}", stream="stderr"))
        trace = f'Traceback (most recent call last):\n  File "worker.py", line {number}\nInvalidRequestError: {MAPPERS}'
        lines.append(Line(at=0.6 + number / 10, text=trace, severity="ERROR", stream="stderr"))
    harness.job(Script(lines=tuple(lines)))
    key = harness.triggered()
    through(harness, key)
    assert harness.verdict(key) == "FAILED"
    judgement = harness.record(key).judgement
    assert judgement is not None
    assert [(error.name, error.count) for error in judgement.errors] == [(f"InvalidRequestError: {MAPPERS}", 14)]


def test_8_logs_that_come_late_are_waited_for(harness: Harness) -> None:
    harness.job(Script(lines=(Line(at=1.0, text="query ok"),), visible_after=240.0))
    key = harness.triggered()
    through(harness, key)
    assert harness.verdict(key) is None
    harness.live(6)
    assert harness.verdict(key) == "VERIFIED"


def test_8_logs_that_never_come_are_never_clean(harness: Harness) -> None:
    harness.job(Script(lines=(Line(at=1.0, text="query ok"),), visible_after=86_400.0))
    key = harness.triggered()
    harness.announce(key)
    harness.live(15)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert harness.findings(key)["logs_are_complete"] == "could-not-check"


def test_8_an_error_that_becomes_readable_after_the_exit_line_is_still_found(harness: Harness) -> None:
    key = harness.triggered()
    harness.announce(key)
    harness.clock.advance(20)
    harness.finish(key)
    harness.announce(key)
    assert harness.verdict(key) is None, "whole, but not settled"


def test_8_an_idle_worker_proves_nothing(harness: Harness) -> None:
    harness.job(Script(lines=(Line(at=1.0, text="nothing to do"),)))
    key = harness.triggered()
    through(harness, key)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert harness.findings(key)["expected_lines_were_seen"] == "could-not-check"


def test_8_lines_that_name_no_execution_make_completeness_uncheckable(harness: Harness) -> None:
    harness.job(Script(lines=(Line(at=1.0, text="query ok"), Line(at=1.0, text="hello", labelled=False))))
    key = harness.triggered()
    through(harness, key)
    assert harness.findings(key)["logs_are_complete"] == "could-not-check"
    assert harness.verdict(key) == "INCONCLUSIVE"


def test_8_logs_that_may_not_be_read_are_inconclusive_and_say_what_to_grant(harness: Harness) -> None:
    harness.cloud.deny("ListLogEntries")
    key = harness.triggered()
    through(harness, key)
    harness.live(20)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert "roles/logging.viewer" in str(harness.slack.messages[0].blocks)


def test_9_an_image_that_a_later_build_made_supersedes(harness: Harness) -> None:
    first = harness.triggered()
    second = harness.triggered("c" * 40)
    harness.announce(second)
    harness.announce(first)
    harness.live(6)
    assert harness.verdict(second) == "VERIFIED"
    assert harness.verdict(first) == "INCONCLUSIVE"
    judgement = harness.record(first).judgement
    assert judgement is not None
    assert second.name in str(judgement.findings)


def test_9_an_image_that_nobody_is_known_to_have_made_could_not_be_checked(harness: Harness) -> None:
    key = harness.triggered()
    harness.cloud.tag(f"{IMAGE}:latest", f"sha256:{'e' * 64}")
    through(harness, key)
    assert harness.findings(key)["worker_ran_the_built_image"] == "could-not-check"
    assert harness.verdict(key) == "INCONCLUSIVE"


def test_9_a_build_that_lists_no_images_is_told_to(harness: Harness) -> None:
    key = harness.triggered(results={}, images=[])
    harness.cloud.tag(f"{IMAGE}:latest", f"sha256:{'e' * 64}")
    through(harness, key)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert "images:" in str(harness.slack.messages[0].blocks)


# 11 to 13


def test_11_nobody_is_told_that_all_is_well_before_the_audit_trail_has_it(harness: Harness) -> None:
    harness.faults.add(Fault("WriteLogEntries", "before", times=3))
    key = harness.triggered()
    through(harness, key)
    assert harness.verdict(key) == "VERIFIED"
    assert harness.slack.messages == ()
    harness.live(6)
    assert len(harness.cloud.audit_entries()) == 1
    assert len(harness.slack.messages) == 1


def test_11_bad_news_does_not_wait_for_the_audit_trail_which_gets_it_later(harness: Harness) -> None:
    harness.faults.add(Fault("WriteLogEntries", "before", times=3))
    key = harness.upload()
    harness.announce(key)
    assert len(harness.slack.messages) == 1
    assert not harness.cloud.audit_entries()
    assert harness.record(key).state == "open"
    harness.live(6)
    assert len(harness.slack.messages) == 1
    assert len(harness.cloud.audit_entries()) == 1
    assert harness.record(key).state == "done"


def test_11_the_entry_names_the_policy_and_the_version_that_decided_whichever_are_in_force_when_it_is_written(
    harness: Harness,
) -> None:
    harness.use(replace(harness.deployment.policy, digest="the first"))
    harness.faults.add(Fault("WriteLogEntries", "after", times=1))
    key = harness.upload()
    harness.announce(key)
    harness.use(replace(harness.deployment.policy, digest="another"))
    harness.deployment = replace(harness.deployment, version="a later one")
    harness.live(3)
    [entry] = harness.cloud.audit_entries()
    payload = entry["jsonPayload"]
    assert harness.calls("WriteLogEntries") == 2
    assert (payload["policy"], payload["verifier"]["version"]) == ({"digest": {"sha256": "the first"}}, "test")


def test_11_a_topic_that_is_away_keeps_nothing_from_slack(harness: Harness) -> None:
    services: Any = harness.deployment.services  # a dataclass behind its Protocol
    harness.deployment = replace(harness.deployment, services=replace(services, announcer=UnreachableTopic()))
    key = harness.upload()
    harness.announce(key)
    harness.live(2)
    assert len(harness.slack.messages) == 1
    assert harness.record(key).state == "open"


@pytest.mark.parametrize(("wanted", "published"), [("verdict", 1), ("running", 0)])
def test_11_a_verdict_is_published_where_policy_wants_it(harness: Harness, wanted: str, published: int) -> None:
    services: Any = harness.deployment.services  # a dataclass behind its Protocol
    topic = KeptTopic()
    harness.deployment = replace(harness.deployment, services=replace(services, announcer=topic))
    harness.use(Policy(publishes=frozenset({Published(wanted)})))
    key = harness.upload()
    harness.announce(key)
    harness.live(2)
    assert [attributes["kind"] for attributes in topic.attributes] == ["verdict"] * published
    assert harness.record(key).state == "done"


class KeptTopic:
    """A topic whose messages are looked at."""

    def __init__(self) -> None:
        self.attributes: list[Mapping[str, str]] = []

    def publish(self, payload: Document, attributes: Mapping[str, str], *, timeout: float) -> None:
        self.attributes.append(attributes)


class UnreachableTopic:
    """A topic that nobody can reach."""

    def publish(self, payload: Document, attributes: Mapping[str, str], *, timeout: float) -> None:
        raise Unavailable("the topic is away")


def test_12_a_lost_reply_of_slack_does_not_post_twice(harness: Harness) -> None:
    harness.faults.add(Fault("chat.postMessage", "after", status="reset"))
    key = harness.upload()
    harness.announce(key)
    harness.live(5)
    assert len(harness.slack.messages) == 1
    assert harness.record(key).ts == harness.slack.messages[0].ts


def test_12_slack_down_keeps_the_verdict_due(harness: Harness) -> None:
    harness.faults.add(Fault("chat.postMessage", "before", status="503", times=0))
    key = harness.upload()
    harness.announce(key)
    harness.live(30)
    assert harness.verdict(key) == "LOCAL_SOURCE"
    assert harness.record(key).state == "open"
    harness.faults.clear()
    harness.live(15)
    assert len(harness.slack.messages) == 1
    assert harness.record(key).state == "done"
    assert len(harness.cloud.audit_entries()) == 1


def test_12_a_refusal_that_does_not_heal_is_audited_once_with_its_fix_and_not_hammered(harness: Harness) -> None:
    harness.faults.add(Fault("chat.postMessage", "before", status="is_archived", times=0))
    key = harness.upload()
    harness.announce(key)
    harness.live(90)
    assert harness.calls("chat.postMessage") <= 90 / 5 + 1
    assert [entry["labels"]["kind"] for entry in harness.cloud.audit_entries()] == ["verdict", "undelivered"]
    harness.faults.clear()
    harness.live(6)
    assert len(harness.slack.messages) == 1


def test_13_an_unreachable_ledger_promises_nothing(harness: Harness) -> None:
    class UnreachableStore:
        def __getattr__(self, name: str) -> object:
            raise ServiceError("the ledger is away")

    store: Any = UnreachableStore()
    harness.deployment = replace(harness.deployment, ledger=replace(harness.deployment.ledger, store=store))
    with pytest.raises(ServiceError):
        harness.announce(harness.upload())
    assert harness.slack.messages == ()
