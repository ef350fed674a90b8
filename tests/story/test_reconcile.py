"""The story, step by step, over the real adapters and the stand-in; with the numbers of `controller/reconcile.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.story.town import IMAGE, PROJECT, REGION, TRIGGER_ID, Town, town_with_logs
from verifier.checks.policy import Policy
from verifier.errors import ServiceError, Unavailable
from verifier.facts.build import BuildKey
from verifier.services import Document
from verifier.standin.faults import Fault
from verifier.standin.script import Line, Script

__all__ = ["town_with_logs"]

MAPPERS = (
    "One or more mappers failed to initialize - can't proceed with initialization of other mappers. "
    "Triggering mapper: 'Mapper[Lesson(lessons)]'."
)


def through(town: Town, key: BuildKey) -> None:
    """From the build's message to its verdict, with a completion message."""
    town.announce(key)
    town.clock.advance(20)
    town.finish(key)
    town.live(2)


# 3 claim


def test_3_a_message_about_a_finished_build_changes_nothing_and_costs_one_read(town: Town) -> None:
    key = town.upload()
    town.announce(key)
    before = town.record(key)
    town.faults.forget()
    town.announce(key)
    assert town.record(key) == before
    assert town.faults.calls == ()


def test_3_a_record_that_another_holds_is_left_alone(town: Town) -> None:
    key = town.upload()
    held = town.world.ledger.claim(key, announced=True, only_if_due=False, timeout=5)
    assert held is not None
    town.announce(key)
    assert town.verdict(key) is None
    town.live(3)
    assert town.verdict(key) == "LOCAL_SOURCE", "the lease ran out, and the sweep took over"
    assert len(town.slack.messages) == 1


# 4 fetch


def test_4_an_early_message_completes_nothing_until_cloud_build_says_so(town: Town) -> None:
    key = town.triggered(status="WORKING")
    town.announce(key)
    assert town.record(key).state == "open"
    assert town.executions() == 0
    town.live(5)
    assert town.verdict(key) is None


def test_4_a_forged_message_is_unconfirmed_and_told_together_once(town: Town) -> None:
    forged = [BuildKey(PROJECT, REGION, f"f00d0000-0000-4000-8000-00000000000{n}") for n in range(3)]
    for key in forged:
        town.announce(key)
    town.live(40)
    assert {town.record(key).state for key in forged} == {"unconfirmed"}
    kinds = [entry["labels"]["kind"] for entry in town.cloud.audit_entries()]
    assert kinds == ["unconfirmed"] * 3
    assert len(town.slack.messages) == 1
    assert "3" in town.slack.messages[0].text


def test_4_a_build_forged_first_and_real_later_gets_its_verdict(town: Town) -> None:
    key = BuildKey(PROJECT, REGION, "4e841fcb-0000-4000-8000-000000000002")
    town.announce(key)
    town.live(20)
    assert town.record(key).state == "unconfirmed"
    assert town.upload() == key
    town.announce(key)
    assert town.verdict(key) == "LOCAL_SOURCE"


def test_4_a_build_that_could_not_be_read_for_long_is_not_given_up_for_being_missing_once(town: Town) -> None:
    town.sweep()
    town.clock.advance(60)
    key = town.upload()
    town.faults.add(Fault("GetBuild", "before", status="PERMISSION_DENIED", times=0))
    town.announce(key)
    town.live(60)
    town.faults.clear()
    town.faults.add(Fault("GetBuild", "before", status="NOT_FOUND"))
    town.live(180)
    assert town.verdict(key) == "LOCAL_SOURCE"
    assert len(town.slack.messages) == 2, "the verdict, and that it could not be read"


def test_4_without_permission_nothing_is_decided_and_the_audit_trail_says_what_to_grant(town: Town) -> None:
    key = town.upload()
    town.cloud.deny("cloudbuild.builds.get")
    town.announce(key)
    town.live(60)
    record = town.record(key)
    assert record.state == "open"
    assert "roles/cloudbuild.builds.viewer" in record.error
    assert [entry["labels"]["kind"] for entry in town.cloud.audit_entries()] == ["unconfirmed"]


def test_4_a_build_that_did_not_succeed_is_counted_and_told_in_one_line(town: Town) -> None:
    key = town.triggered(status="FAILURE", results={})
    town.announce(key)
    assert town.record(key).state == "done"
    assert town.verdict(key) is None
    assert [entry["labels"]["kind"] for entry in town.cloud.audit_entries()] == ["build-did-not-succeed"]
    assert len(town.slack.messages) == 1
    assert town.executions() == 0


# 5 judge


def test_5_an_upload_is_local_source_whatever_it_claims(town: Town) -> None:
    key = town.upload(substitutions={"COMMIT_SHA": "85cffd8" + "0" * 33})
    town.announce(key)
    assert town.verdict(key) == "LOCAL_SOURCE"
    assert town.executions() == 0
    assert f"gcloud builds triggers run {TRIGGER_ID} --branch=main" in str(town.slack.messages[0].blocks)


def test_5_a_trigger_run_on_another_branch_fails_and_runs_no_worker(town: Town) -> None:
    key = town.triggered(branch="experiment")
    town.announce(key)
    assert town.verdict(key) == "FAILED"
    assert town.executions() == 0


def test_5_a_pull_request_never_runs_the_worker_and_is_never_verified(town: Town) -> None:
    key = town.triggered(substitutions={"_PR_NUMBER": "7", "COMMIT_SHA": "85cffd8a4c1f9b0e7d6a5b4c3d2e1f0a9b8c7d6e"})
    town.announce(key)
    assert town.verdict(key) == "INCONCLUSIVE"
    assert town.executions() == 0


def test_5_without_a_worker_a_commit_is_verified_in_silence(town: Town) -> None:
    town.use(Policy())
    key = town.triggered()
    town.announce(key)
    assert town.verdict(key) == "VERIFIED"
    assert town.slack.messages == ()
    assert [entry["labels"]["verdict"] for entry in town.cloud.audit_entries()] == ["VERIFIED"]


# 6 to 9


def test_6_to_13_a_clean_run_of_the_built_image_is_verified(town: Town) -> None:
    key = town.triggered()
    through(town, key)
    assert town.verdict(key) == "VERIFIED"
    assert town.executions() == 1
    assert len(town.slack.messages) == 1
    assert set(town.findings(key).values()) <= {"holds", "not-applicable"}
    entries = town.cloud.audit_entries()
    assert len(entries) == 1
    assert entries[0]["timestamp"] is not None


def test_6_a_lost_reply_of_run_job_is_looked_for_and_adopted(town: Town) -> None:
    town.faults.add(Fault("RunJob", "after"))
    key = town.triggered()
    town.announce(key)
    town.live(6)
    assert town.verdict(key) == "VERIFIED"
    assert town.executions() == 1


def test_6_a_start_that_never_happened_is_tried_again_only_after_two_looks_a_minute_apart(town: Town) -> None:
    town.faults.add(Fault("RunJob", "before", status="DEADLINE_EXCEEDED"))
    key = town.triggered()
    town.announce(key)
    town.live(1)
    assert town.executions() == 1
    town.live(8)
    assert town.executions() == 2
    assert town.calls("ListExecutions") >= 2
    assert town.verdict(key) == "VERIFIED"


def test_6_a_job_that_may_not_be_run_is_inconclusive_with_the_command_to_grant_it(town: Town) -> None:
    town.cloud.deny("RunJob with overrides")
    key = town.triggered()
    town.announce(key)
    town.live(20)
    assert town.verdict(key) == "INCONCLUSIVE"
    assert "roles/run.jobsExecutorWithOverrides" in str(town.slack.messages[0].blocks)


def test_7_a_worker_that_never_starts_fails_at_the_start_deadline(town: Town) -> None:
    town.job(Script(outcome="never-starts"))
    key = town.triggered()
    town.announce(key)
    town.live(14)
    assert town.verdict(key) is None
    town.live(6)
    assert town.verdict(key) == "FAILED"
    assert town.findings(key)["worker_started"] == "fails"


def test_7_a_worker_that_runs_too_long_fails_at_the_run_deadline(town: Town) -> None:
    town.job(Script(runs=7_200.0))
    key = town.triggered()
    town.announce(key)
    town.live(75)
    assert town.verdict(key) == "FAILED"
    assert town.findings(key)["worker_succeeded"] == "fails"


@pytest.mark.parametrize("outcome", ["timeout", "oom"])
def test_7_a_run_that_the_platform_ends_for_what_the_worker_did_fails(town: Town, outcome: str) -> None:
    town.job(Script(outcome=outcome))
    key = town.triggered()
    through(town, key)
    assert town.verdict(key) == "FAILED"


@pytest.mark.parametrize("outcome", ["internal-error", "no-capacity", "cancelled", "cancelled-silently"])
def test_7_a_run_that_the_platform_or_a_person_ended_could_not_be_checked(town: Town, outcome: str) -> None:
    town.job(Script(outcome=outcome))
    key = town.triggered()
    through(town, key)
    assert town.verdict(key) == "INCONCLUSIVE"


def test_7_a_run_that_passed_only_on_the_second_attempt_fails(town: Town) -> None:
    town.job(Script(lines=(Line(at=1.0, text="query ok"),), fail_attempts=1), max_retries=3)
    key = town.triggered()
    through(town, key)
    assert town.findings(key)["worker_succeeded"] == "fails"
    assert town.verdict(key) == "FAILED"


def test_7_without_a_completion_message_the_sweep_finds_the_end(town: Town) -> None:
    key = town.triggered()
    town.announce(key)
    town.live(4)
    assert town.verdict(key) == "VERIFIED"


def test_8_a_mapper_error_in_a_run_that_exits_with_0_fails(town: Town) -> None:
    lines = [Line(at=0.5, text="query ok")]
    for number in range(7):
        lines.append(Line(at=0.6 + number / 10, text=f"ERROR {MAPPERS}", stream="stderr"))
        trace = f'Traceback (most recent call last):\n  File "worker.py", line {number}\nInvalidRequestError: {MAPPERS}'
        lines.append(Line(at=0.6 + number / 10, text=trace, severity="ERROR", stream="stderr"))
    town.job(Script(lines=tuple(lines)))
    key = town.triggered()
    through(town, key)
    assert town.verdict(key) == "FAILED"
    judgement = town.record(key).judgement
    assert judgement is not None
    assert [(error.name, error.count) for error in judgement.errors] == [(f"InvalidRequestError: {MAPPERS}", 14)]


def test_8_logs_that_come_late_are_waited_for(town: Town) -> None:
    town.job(Script(lines=(Line(at=1.0, text="query ok"),), visible_after=240.0))
    key = town.triggered()
    through(town, key)
    assert town.verdict(key) is None
    town.live(6)
    assert town.verdict(key) == "VERIFIED"


def test_8_logs_that_never_come_are_never_clean(town: Town) -> None:
    town.job(Script(lines=(Line(at=1.0, text="query ok"),), visible_after=86_400.0))
    key = town.triggered()
    town.announce(key)
    town.live(15)
    assert town.verdict(key) == "INCONCLUSIVE"
    assert town.findings(key)["logs_are_complete"] == "could-not-check"


def test_8_an_error_that_becomes_readable_after_the_exit_line_is_still_found(town: Town) -> None:
    key = town.triggered()
    town.announce(key)
    town.clock.advance(20)
    town.finish(key)
    town.announce(key)
    assert town.verdict(key) is None, "whole, but not settled"


def test_8_an_idle_worker_proves_nothing(town: Town) -> None:
    town.job(Script(lines=(Line(at=1.0, text="nothing to do"),)))
    key = town.triggered()
    through(town, key)
    assert town.verdict(key) == "INCONCLUSIVE"
    assert town.findings(key)["expected_lines_were_seen"] == "could-not-check"


def test_8_lines_that_name_no_execution_make_completeness_uncheckable(town: Town) -> None:
    town.job(Script(lines=(Line(at=1.0, text="query ok"), Line(at=1.0, text="hello", labelled=False))))
    key = town.triggered()
    through(town, key)
    assert town.findings(key)["logs_are_complete"] == "could-not-check"
    assert town.verdict(key) == "INCONCLUSIVE"


def test_8_logs_that_may_not_be_read_are_inconclusive_and_say_what_to_grant(town: Town) -> None:
    town.cloud.deny("ListLogEntries")
    key = town.triggered()
    through(town, key)
    town.live(20)
    assert town.verdict(key) == "INCONCLUSIVE"
    assert "roles/logging.viewer" in str(town.slack.messages[0].blocks)


def test_9_an_image_that_a_later_build_made_supersedes(town: Town) -> None:
    first = town.triggered()
    second = town.triggered("c" * 40)
    town.announce(second)
    town.announce(first)
    town.live(6)
    assert town.verdict(second) == "VERIFIED"
    assert town.verdict(first) == "INCONCLUSIVE"
    judgement = town.record(first).judgement
    assert judgement is not None
    assert second.name in str(judgement.findings)


def test_9_an_image_that_nobody_is_known_to_have_made_could_not_be_checked(town: Town) -> None:
    key = town.triggered()
    town.cloud.tag(f"{IMAGE}:latest", f"sha256:{'e' * 64}")
    through(town, key)
    assert town.findings(key)["worker_ran_the_built_image"] == "could-not-check"
    assert town.verdict(key) == "INCONCLUSIVE"


def test_9_a_build_that_lists_no_images_is_told_to(town: Town) -> None:
    key = town.triggered(results={}, images=[])
    town.cloud.tag(f"{IMAGE}:latest", f"sha256:{'e' * 64}")
    through(town, key)
    assert town.verdict(key) == "INCONCLUSIVE"
    assert "images:" in str(town.slack.messages[0].blocks)


# 11 to 13


def test_11_nobody_is_told_that_all_is_well_before_the_audit_trail_has_it(town: Town) -> None:
    town.faults.add(Fault("WriteLogEntries", "before", times=3))
    key = town.triggered()
    through(town, key)
    assert town.verdict(key) == "VERIFIED"
    assert town.slack.messages == ()
    town.live(6)
    assert len(town.cloud.audit_entries()) == 1
    assert len(town.slack.messages) == 1


def test_11_bad_news_does_not_wait_for_the_audit_trail_which_gets_it_later(town: Town) -> None:
    town.faults.add(Fault("WriteLogEntries", "before", times=3))
    key = town.upload()
    town.announce(key)
    assert len(town.slack.messages) == 1
    assert not town.cloud.audit_entries()
    assert town.record(key).state == "open"
    town.live(6)
    assert len(town.slack.messages) == 1
    assert len(town.cloud.audit_entries()) == 1
    assert town.record(key).state == "done"


def test_11_the_entry_names_the_policy_and_the_version_that_decided_whichever_are_in_force_when_it_is_written(
    town: Town,
) -> None:
    town.use(replace(town.world.policy, digest="the first"))
    town.faults.add(Fault("WriteLogEntries", "after", times=1))
    key = town.upload()
    town.announce(key)
    town.use(replace(town.world.policy, digest="another"))
    town.world = replace(town.world, version="a later one")
    town.live(3)
    [entry] = town.cloud.audit_entries()
    payload = entry["jsonPayload"]
    assert town.calls("WriteLogEntries") == 2
    assert (payload["policy"], payload["verifier"]["version"]) == ({"digest": {"sha256": "the first"}}, "test")


def test_11_a_topic_that_is_away_keeps_nothing_from_slack(town: Town) -> None:
    town.world = replace(town.world, services=replace(town.world.services, announcer=Away()))  # type: ignore[type-var]  # a dataclass behind its Protocol
    key = town.upload()
    town.announce(key)
    town.live(2)
    assert len(town.slack.messages) == 1
    assert town.record(key).state == "open"


class Away:
    """A topic that nobody can reach."""

    def publish(self, payload: Document, attributes: Mapping[str, str], *, timeout: float) -> None:
        raise Unavailable("the topic is away")


def test_12_a_lost_reply_of_slack_does_not_post_twice(town: Town) -> None:
    town.faults.add(Fault("chat.postMessage", "after", status="reset"))
    key = town.upload()
    town.announce(key)
    town.live(5)
    assert len(town.slack.messages) == 1
    assert town.record(key).ts == town.slack.messages[0].ts


def test_12_slack_down_keeps_the_verdict_due(town: Town) -> None:
    town.faults.add(Fault("chat.postMessage", "before", status="503", times=0))
    key = town.upload()
    town.announce(key)
    town.live(30)
    assert town.verdict(key) == "LOCAL_SOURCE"
    assert town.record(key).state == "open"
    town.faults.clear()
    town.live(15)
    assert len(town.slack.messages) == 1
    assert town.record(key).state == "done"
    assert len(town.cloud.audit_entries()) == 1


def test_12_a_refusal_that_does_not_heal_is_audited_once_with_its_fix_and_not_hammered(town: Town) -> None:
    town.faults.add(Fault("chat.postMessage", "before", status="is_archived", times=0))
    key = town.upload()
    town.announce(key)
    town.live(90)
    assert town.calls("chat.postMessage") <= 90 / 5 + 1
    assert [entry["labels"]["kind"] for entry in town.cloud.audit_entries()] == ["verdict", "undelivered"]
    town.faults.clear()
    town.live(6)
    assert len(town.slack.messages) == 1


def test_13_an_unreachable_ledger_promises_nothing(town: Town) -> None:
    class Broken:
        def __getattr__(self, name: str) -> object:
            raise ServiceError("the ledger is away")

    town.world = replace(town.world, ledger=replace(town.world.ledger, store=Broken()))  # type: ignore[arg-type]  # breaks on any use
    with pytest.raises(ServiceError):
        town.announce(town.upload())
    assert town.slack.messages == ()
