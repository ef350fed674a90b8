"""One thing after another goes wrong, and still: one message, an end to every story, nobody kept waiting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from tests.story.harness import FIXED, IMAGE, POLICY, PROJECT, REGION, TRIGGER, TRIGGER_ID, Harness, harness_with_logs
from tests.story.test_trigger import FOR_SEVEN, OF_PULL_REQUESTS
from verifier.checks.policy import Late
from verifier.controller.budget import Budget
from verifier.controller.ledger import BUILDS
from verifier.controller.reconcile import reconcile, reconcile_running
from verifier.controller.unwatched import note_unwatched
from verifier.errors import Missing, ServiceError, Unavailable
from verifier.facts.build import Build, BuildKey
from verifier.facts.execution import Container, Execution
from verifier.facts.logs import LogRules
from verifier.services import Message, Posted
from verifier.standin.faults import Fault
from verifier.standin.script import Line, Script
from verifier.times import parse_time

__all__ = ["harness_with_logs"]

HOUR = timedelta(hours=1)
SECRET = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"


class Instead:
    """A service that does some things differently."""

    def __init__(self, service: object, **methods: Callable[..., Any]) -> None:
        self._service, self._methods = service, methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._service, name)


class BlackHole:
    """A store that answers so many calls; each one after that takes all the time that it is given, in vain."""

    def __init__(self, harness: Harness, answers: float) -> None:
        self._store, self._clock, self.answers = harness.deployment.services.store, harness.clock, answers

    def __getattr__(self, name: str) -> Any:
        def call(*words: Any, timeout: float, **named: Any) -> Any:
            self.answers -= 1
            if self.answers >= 0:
                return getattr(self._store, name)(*words, timeout=timeout, **named)
            self._clock.advance(timeout)
            raise Unavailable("no answer", ambiguous=name in {"create", "replace"})

        return call


class HangingSlack:
    """Slack that takes all the time that it is given, in vain."""

    can_edit = True

    def __init__(self, harness: Harness) -> None:
        self._clock = harness.clock

    def post(self, message: Message, *, timeout: float) -> Posted:
        self._clock.advance(timeout)
        raise Unavailable("no answer", ambiguous=True)

    def edit(self, message: Message, posted: Posted, *, timeout: float) -> None:
        self.post(message, timeout=timeout)

    def find(self, message: Message, since: datetime, *, timeout: float) -> Posted | None:
        return self.post(message, timeout=timeout)


def rewire(harness: Harness, **changes: object) -> None:
    """Go on with other services."""
    services: Any = harness.deployment.services
    services = replace(services, **changes)
    harness.deployment = replace(
        harness.deployment, services=services, ledger=replace(harness.deployment.ledger, store=services.store)
    )


def kinds(harness: Harness) -> list[str]:
    """Return what the audit trail holds."""
    return [entry["labels"]["kind"] for entry in harness.cloud.audit_entries()]


def make_unreadable(harness: Harness, key: BuildKey) -> None:
    """Let the build's record be one that a later version wrote."""
    store = harness.deployment.services.store
    stored = store.read(BUILDS, key.digest, timeout=5)
    assert stored is not None
    store.replace(BUILDS, key.digest, {**stored.document, "state": "superseded"}, stored.revision, timeout=5)


def due_after(harness: Harness, key: BuildKey) -> timedelta:
    """Return how long the record waits from now on."""
    due = harness.record(key).due
    assert due is not None
    return due - harness.clock()


def wait_for_verdict(harness: Harness, key: BuildKey, minutes: int) -> str | None:
    harness.announce(key)
    harness.live(minutes)
    return harness.verdict(key)


# a lost reply of Slack


def posted_with_a_lost_reply(harness: Harness) -> BuildKey:
    harness.faults.add(Fault("chat.postMessage", "after", status="500"))
    key = harness.upload()
    harness.announce(key)
    assert len(harness.slack.messages) == 1
    assert not harness.record(key).told
    return key


@pytest.mark.parametrize(
    "failure",
    [
        Fault("conversations.history", "before", status="429", retry_after=60),
        Fault("conversations.history", "before", status="account_inactive", times=2),
        Fault("conversations.history", "before", status="500", times=3),
    ],
    ids=["busy", "refused", "down"],
)
def test_a_failed_look_for_a_message_that_may_be_there_never_leads_to_a_second(
    harness: Harness, failure: Fault
) -> None:
    key = posted_with_a_lost_reply(harness)
    harness.faults.add(failure)
    harness.live(1)
    assert harness.calls("conversations.history") == 1
    assert harness.record(key).posting is not None
    harness.live(125)
    assert harness.calls("chat.postMessage") == 1
    assert harness.record(key).ts == harness.slack.messages[0].ts


def test_time_that_is_up_before_the_look_for_a_message_never_leads_to_a_second(harness: Harness) -> None:
    key = posted_with_a_lost_reply(harness)
    harness.clock.advance(60)
    now = harness.clock()
    moments = iter([now, now + timedelta(seconds=60)])  # of the claim, and of the look
    assert "time is used up" in reconcile(
        key, harness.deployment, Budget(lambda: next(moments), now + timedelta(seconds=50))
    )
    assert harness.record(key).posting is not None
    harness.live(15)
    assert harness.calls("chat.postMessage") == 1
    assert harness.record(key).state == "done"


# one record among many


def test_an_unreadable_record_stops_no_sweep_and_is_put_off(harness: Harness) -> None:
    harness.sweep()
    harness.faults.add(Fault("chat.postMessage", "before", status="500"))
    unreadable, readable = harness.upload(), harness.upload()
    for key in (unreadable, readable):
        harness.announce(key)
        harness.clock.advance(1)
    silent = harness.upload()
    make_unreadable(harness, unreadable)
    harness.clock.advance(60)
    swept = harness.sweep()
    assert swept is not None
    assert len(swept.problems) == 1
    assert unreadable.digest in swept.problems[0]
    stored = harness.deployment.services.store.read(BUILDS, unreadable.digest, timeout=5)
    assert stored is not None
    assert parse_time(stored.document["due"]) == harness.clock() + HOUR
    harness.live(20)
    assert harness.record(readable).state == "done"
    assert harness.verdict(silent) == "LOCAL_SOURCE"


def test_a_message_about_a_record_of_a_later_version_is_acknowledged_and_the_record_left_to_that_version(
    harness: Harness,
) -> None:
    """It would come again for ever, and this version can do nothing about it."""
    harness.faults.add(Fault("chat.postMessage", "before", status="500"))
    key = harness.upload()
    harness.announce(key)
    make_unreadable(harness, key)
    before = harness.deployment.services.store.read(BUILDS, key.digest, timeout=5)
    harness.faults.forget()
    for trouble in (
        reconcile(key, harness.deployment, harness.budget()),
        reconcile_running(key, harness.deployment, harness.budget()),
    ):
        assert key.name in trouble
        assert "'superseded' is not a valid State" in trouble
        assert "install that one, or a later one" in trouble
    assert harness.deployment.services.store.read(BUILDS, key.digest, timeout=5) == before
    assert harness.faults.calls == ()


def test_a_defect_met_in_one_record_stops_no_other_and_the_turn_is_given_back(harness: Harness) -> None:
    harness.faults.add(Fault("GetBuild", "before", times=2))
    cursed, other = harness.upload(), harness.upload()
    for key in (cursed, other):
        harness.announce(key)
        harness.clock.advance(1)
    builds = harness.deployment.services.builds

    def fetch(key: BuildKey, *, timeout: float) -> Build:
        if key == cursed:
            raise ZeroDivisionError("a defect")
        return builds.fetch(key, timeout=timeout)

    rewire(harness, builds=Instead(builds, fetch=fetch))
    harness.clock.advance(60)
    swept = harness.sweep()
    assert swept is not None
    assert "ZeroDivisionError" in swept.problems[0]
    assert harness.verdict(other) == "LOCAL_SOURCE"
    assert "ZeroDivisionError" in harness.record(cursed).error
    assert due_after(harness, cursed) > timedelta(0)
    turn = harness.deployment.services.store.read("marks", "sweep", timeout=5)
    assert turn is not None
    assert turn.document["until"] is None


def test_a_backlog_before_a_hanging_slack_does_not_keep_a_silent_build_from_being_found(harness: Harness) -> None:
    harness.use(replace(harness.deployment.policy, late=Late.ALL))
    harness.sweep()
    slack = harness.deployment.services.chat
    rewire(harness, chat=HangingSlack(harness))
    backlog = [harness.upload() for _ in range(30)]
    for key in backlog:
        harness.announce(key)
    silent = harness.upload()
    harness.live(20)
    assert harness.verdict(silent) == "LOCAL_SOURCE"
    rewire(harness, chat=slack)
    harness.live(20)
    assert {harness.record(key).state for key in (*backlog, silent)} == {"done"}
    assert len(harness.slack.messages) == 31


# a worker that can't be tried


@pytest.mark.parametrize("status", ["RESOURCE_EXHAUSTED", "UNAVAILABLE"])
def test_a_worker_that_can_never_be_started_is_inconclusive_after_the_start_deadline(
    harness: Harness, status: str
) -> None:
    harness.faults.add(Fault("RunJob", "before", status=status, times=0))
    key = harness.triggered()
    assert wait_for_verdict(harness, key, 13) is None
    assert harness.executions() > 1
    harness.live(17)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert harness.findings(key)["worker_started"] == "could-not-check"
    assert len(harness.slack.messages) == 1


def test_an_execution_that_can_never_be_looked_at_is_inconclusive_after_the_run_deadline(harness: Harness) -> None:
    harness.faults.add(Fault("GetExecution", "before", times=0))
    key = harness.triggered()
    assert wait_for_verdict(harness, key, 59) is None
    harness.live(15)
    assert harness.verdict(key) == "INCONCLUSIVE"
    assert harness.findings(key)["worker_succeeded"] == "could-not-check"
    assert harness.executions() == 1


@pytest.mark.parametrize("name", ["_HEAD_BRANCH", "_BASE_BRANCH", "_HEAD_REPO_URL"])
def test_a_pull_request_without_its_number_runs_no_worker(harness: Harness, name: str) -> None:
    claims = {"COMMIT_SHA": FIXED, "BRANCH_NAME": "main", "REF_NAME": "main", "TRIGGER_NAME": TRIGGER}
    harness.trigger(TRIGGER_ID, TRIGGER, github={"pullRequest": {"branch": "main"}}, filename="cloudbuild.yaml")
    key = harness.triggered(substitutions={**claims, name: "main"})
    assert wait_for_verdict(harness, key, 5) == "INCONCLUSIVE"
    assert harness.executions() == 0


def test_a_workers_image_pushed_under_another_triggers_name_is_inconclusive(harness: Harness) -> None:
    harness.use(replace(POLICY, workers=(replace(POLICY.workers[0], trigger=TRIGGER),)))
    key = harness.triggered(substitutions={"COMMIT_SHA": FIXED, "BRANCH_NAME": "main", "TRIGGER_NAME": "another"})
    assert wait_for_verdict(harness, key, 0) == "INCONCLUSIVE"
    assert harness.findings(key)["worker_started"] == "could-not-check"
    assert harness.executions() == 0


def test_a_workers_image_that_another_trigger_pushes_is_not_verified(harness: Harness) -> None:
    other = "0c1f2f9e-4a5b-4c3d-8e7f-6a5b4c3d2e1f"
    key = harness.triggered(buildTriggerId=other)
    assert wait_for_verdict(harness, key, 0) == "INCONCLUSIVE"
    assert harness.findings(key)["worker_started"] == "could-not-check"
    assert len(harness.slack.messages) == 1
    assert harness.executions() == 0


def test_a_trigger_that_is_called_another_name_than_the_build_says_is_not_the_workers(harness: Harness) -> None:
    harness.use(replace(POLICY, workers=(replace(POLICY.workers[0], trigger=TRIGGER),)))
    harness.trigger(TRIGGER_ID, "my-own")
    key = harness.triggered()
    assert wait_for_verdict(harness, key, 0) == "INCONCLUSIVE"
    assert harness.findings(key)["worker_started"] == "could-not-check"
    assert harness.executions() == 0


def test_a_pull_request_that_pushes_a_workers_image_stays_quiet(harness: Harness) -> None:
    harness.use(replace(POLICY, workers=(replace(POLICY.workers[0], trigger=TRIGGER),)))
    harness.trigger(OF_PULL_REQUESTS, "pull-requests", github={"pullRequest": {"branch": "main"}}, filename="a.yaml")
    key = harness.triggered(substitutions=FOR_SEVEN, buildTriggerId=OF_PULL_REQUESTS)
    assert wait_for_verdict(harness, key, 0) == "INCONCLUSIVE"
    assert harness.slack.messages == ()


def watching(harness: Harness, change: Callable[[Execution], Execution]) -> None:
    """Let executions look otherwise than they are."""
    jobs = harness.deployment.services.jobs

    def observe(execution: str, *, timeout: float) -> Execution:
        return change(jobs.observe(execution, timeout=timeout))

    rewire(harness, jobs=Instead(jobs, observe=observe))


def test_an_execution_whose_image_is_not_resolved_could_not_be_checked(harness: Harness) -> None:
    watching(harness, lambda seen: replace(seen, containers=(Container("", f"{IMAGE}:latest"),)))
    key = harness.triggered()
    assert wait_for_verdict(harness, key, 5) == "INCONCLUSIVE"
    assert harness.findings(key)["worker_ran_the_built_image"] == "could-not-check"


def test_a_sidecars_image_is_none_of_the_builds_business(harness: Harness) -> None:
    sidecar = Container("proxy", "gcr.io/cloud-sql/proxy:2")
    watching(harness, lambda seen: replace(seen, containers=(*seen.containers, sidecar)))
    key = harness.triggered()
    assert wait_for_verdict(harness, key, 5) == "VERIFIED"


def test_a_message_that_an_execution_ended_for_a_build_that_nobody_announced_creates_nothing(harness: Harness) -> None:
    key = harness.triggered()
    harness.finish(key)
    assert harness.deployment.services.store.read(BUILDS, key.digest, timeout=5) is None
    assert harness.faults.calls == ()


# logs


def test_five_empty_pages_of_logs_do_not_end_the_reading(harness: Harness) -> None:
    harness.cloud.empty_pages = 5
    key = harness.triggered()
    assert wait_for_verdict(harness, key, 10) == "VERIFIED"


def test_errors_of_more_kinds_than_are_kept_are_said(harness: Harness) -> None:
    names = ["".join(letters) for letters in product("ghjklmnp", repeat=2)]
    failed = [Line(at=1.0, text=f"part {name} broke", severity="ERROR", stream="stderr") for name in names]
    harness.job(Script(lines=(Line(at=0.5, text="query ok"), *failed)))
    key = harness.triggered()
    assert wait_for_verdict(harness, key, 5) == "FAILED"
    assert "49 other kinds, and 14 entries of yet others" in str(harness.slack.messages[0].blocks)


@pytest.mark.parametrize(
    "text",
    [
        f"Traceback (most recent call last):\n  File x\nValueError: bad key -----BEGIN PRIVATE KEY-----\n{SECRET}",
        f"{'x' * 180} ghp_{SECRET}",
        f"it broke\n{'y' * 1_480} ghp_{SECRET}",
        f"it broke\n{chr(0x200B) * 3_970} ghp_{SECRET}",
    ],
    ids=[
        "a key's body",
        "across the name's end",
        "across the excerpt's end",
        "across what is kept behind what nobody sees",
    ],
)
def test_secrets_in_logs_go_before_anything_is_cut(harness: Harness, text: str) -> None:
    worker = replace(POLICY.workers[0], logs=LogRules(failures=()))
    harness.use(replace(POLICY, workers=(worker,)))
    harness.job(Script(lines=(Line(at=1.0, text=text, severity="ERROR", stream="stderr"),)))
    key = harness.triggered()
    assert wait_for_verdict(harness, key, 5) == "FAILED"
    judgement = harness.record(key).judgement
    assert judgement is not None
    assert len(judgement.errors) == 1
    said = f"{judgement}{harness.slack.messages}{harness.cloud.audit_entries()}"
    assert SECRET[:4] not in said


# telling


def test_the_notice_of_unconfirmed_builds_is_posted_again_after_a_failed_post(harness: Harness) -> None:
    harness.faults.add(Fault("chat.postMessage", "before", status="500"))
    harness.announce(BuildKey(PROJECT, REGION, "f00d0000-0000-4000-8000-000000000000"))
    harness.live(60)
    assert harness.calls("chat.postMessage") == 1
    harness.live(120)
    assert harness.calls("chat.postMessage") == 2
    assert len(harness.slack.messages) == 1


def test_a_build_in_another_region_is_told_of_once_and_nothing_is_asked_about_it(harness: Harness) -> None:
    for number in range(3):
        key = BuildKey(PROJECT, "europe-west9", f"f00d0000-0000-4000-8000-00000000000{number}")
        note_unwatched(key, harness.deployment, harness.budget())
    harness.live(60)
    assert kinds(harness) == ["unwatched"]
    assert harness.calls("GetBuild") == 0
    (message,) = harness.slack.messages
    assert f"For example project {PROJECT}, location europe-west9" in str(message.blocks)


def test_a_build_that_could_not_be_confirmed_at_first_does_not_hide_a_later_refusal_of_slack(harness: Harness) -> None:
    harness.cloud.deny("GetBuild")
    key = harness.upload()
    harness.announce(key)
    harness.live(40)
    harness.cloud.allow("GetBuild")
    harness.faults.add(Fault("chat.postMessage", "before", status="is_archived", times=0))
    harness.live(120)
    assert kinds(harness) == ["unconfirmed", "verdict", "undelivered"]


def test_a_build_that_may_not_be_read_for_more_than_a_week_gets_its_verdict_once_it_may(harness: Harness) -> None:
    harness.cloud.deny("GetBuild")
    key = harness.upload()
    harness.announce(key)
    for _ in range(8 * 24):
        harness.clock.advance(3_600)
        harness.sweep()
    harness.cloud.allow("GetBuild")
    for _ in range(25):
        harness.clock.advance(3_600)
        harness.sweep()
    assert harness.verdict(key) == "LOCAL_SOURCE"
    assert harness.record(key).state == "done"


def test_that_all_is_well_is_told_although_the_topic_is_gone(harness: Harness) -> None:
    def publish(payload: object, attributes: Mapping[str, str], *, timeout: float) -> None:
        raise Missing("the topic is gone")

    rewire(harness, announcer=SimpleNamespace(publish=publish))
    key = harness.triggered()
    assert wait_for_verdict(harness, key, 5) == "VERIFIED"
    assert len(harness.slack.messages) == 1
    assert harness.record(key).state == "open"
    assert harness.record(key).error == "the topic is gone"


def test_a_refusal_of_slack_does_not_delay_an_audit_entry_that_failed(harness: Harness) -> None:
    harness.faults.add(Fault("WriteLogEntries", "before"))
    harness.faults.add(Fault("chat.postMessage", "before", status="is_archived", times=0))
    key = harness.upload()
    harness.announce(key)
    assert due_after(harness, key) <= timedelta(minutes=1)
    harness.live(1)
    assert kinds(harness) == ["undelivered", "verdict"]


def test_messages_that_come_again_do_not_hammer_a_channel_that_is_archived(harness: Harness) -> None:
    key = harness.triggered()
    harness.faults.add(Fault("chat.postMessage", "before", status="is_archived", times=0))
    assert wait_for_verdict(harness, key, 10) == "VERIFIED"
    before = harness.calls("chat.postMessage")
    for _ in range(20):
        harness.clock.advance(1)
        harness.announce(key)
        harness.finish(key)
    assert harness.calls("chat.postMessage") == before <= 2


@pytest.mark.parametrize("seconds", [31_536_000.0, 1e15])
def test_slack_may_ask_for_an_hours_patience_at_most(harness: Harness, seconds: float) -> None:
    harness.faults.add(Fault("chat.postMessage", "before", status="429", retry_after=seconds))
    key = harness.upload()
    harness.announce(key)
    harness.live(59)
    assert harness.calls("chat.postMessage") == 1
    harness.live(2)
    assert harness.record(key).state == "done"
    assert len(harness.slack.messages) == 1


# the ledger


@pytest.mark.parametrize("answers", range(4))
def test_a_ledger_that_stops_answering_is_noticed_within_ten_seconds_and_told_once_later(
    harness: Harness, answers: int
) -> None:
    hole = BlackHole(harness, answers)
    rewire(harness, store=hole)
    key, begun = harness.upload(), harness.clock()
    with pytest.raises(ServiceError):
        harness.announce(key)
    assert harness.clock() - begun <= timedelta(seconds=10)
    hole.answers = float("inf")
    harness.clock.advance(120)
    harness.announce(key)
    harness.live(2)
    assert harness.record(key).state == "done"
    assert len(harness.slack.messages) == 1
    assert kinds(harness) == ["verdict"]


def test_the_command_names_the_triggers_own_region_and_a_branch_that_may_be_built(harness: Harness) -> None:
    [worker] = harness.deployment.policy.workers
    harness.use(
        replace(harness.deployment.policy, workers=(replace(worker, region="europe-west1", branches=("release/*",)),))
    )
    key = harness.upload()
    harness.announce(key)
    command = f"gcloud builds triggers run {TRIGGER_ID} --branch=BRANCH --region=europe-west1 --project={PROJECT}"
    assert command in str(harness.slack.messages[0].blocks)
