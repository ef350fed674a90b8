"""What must hold when one thing after another goes wrong: one message, an end to every story, nobody kept waiting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from tests.story.test_trigger import FOR_SEVEN, OF_PULL_REQUESTS
from tests.story.town import FIXED, IMAGE, POLICY, PROJECT, REGION, TRIGGER, TRIGGER_ID, Town, town
from verifier.controller.budget import Budget
from verifier.controller.ledger import BUILDS
from verifier.controller.reconcile import reconcile, reconcile_running
from verifier.errors import Missing, ServiceError, Unavailable
from verifier.facts.build import Build, BuildKey
from verifier.facts.execution import Execution
from verifier.facts.logs import LogRules
from verifier.services import Message, Posted
from verifier.standin.faults import Fault
from verifier.standin.script import Line, Script
from verifier.times import parse_time

__all__ = ["town"]

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

    def __init__(self, town: Town, answers: float) -> None:
        self._store, self._clock, self.answers = town.world.services.store, town.clock, answers

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

    def __init__(self, town: Town) -> None:
        self._clock = town.clock

    def post(self, message: Message, *, timeout: float) -> Posted:
        self._clock.advance(timeout)
        raise Unavailable("no answer", ambiguous=True)

    def find(self, message: Message, since: datetime, *, timeout: float) -> Posted | None:
        return self.post(message, timeout=timeout)


def rewire(town: Town, **changes: object) -> None:
    """Go on with other services."""
    services: Any = town.world.services
    services = replace(services, **changes)
    town.world = replace(town.world, services=services, ledger=replace(town.world.ledger, store=services.store))


def kinds(town: Town) -> list[str]:
    """What the audit trail holds."""
    return [entry["labels"]["kind"] for entry in town.cloud.audit_entries()]


def make_unreadable(town: Town, key: BuildKey) -> None:
    """Let the build's record be one that a later version wrote."""
    store = town.world.services.store
    stored = store.read(BUILDS, key.digest, timeout=5)
    assert stored is not None
    store.replace(BUILDS, key.digest, {**stored.document, "state": "superseded"}, stored.revision, timeout=5)


def due_after(town: Town, key: BuildKey) -> timedelta:
    """How long the record waits from now on."""
    due = town.record(key).due
    assert due is not None
    return due - town.clock()


def wait_for_verdict(town: Town, key: BuildKey, minutes: int) -> str | None:
    town.announce(key)
    town.live(minutes)
    return town.verdict(key)


# a lost reply of Slack


def posted_with_a_lost_reply(town: Town) -> BuildKey:
    town.faults.add(Fault("chat.postMessage", "after", status="500"))
    key = town.upload()
    town.announce(key)
    assert len(town.slack.messages) == 1
    assert not town.record(key).told
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
def test_a_failed_look_for_a_message_that_may_be_there_never_leads_to_a_second(town: Town, failure: Fault) -> None:
    key = posted_with_a_lost_reply(town)
    town.faults.add(failure)
    town.live(1)
    assert town.calls("conversations.history") == 1
    assert town.record(key).posting is not None
    town.live(125)
    assert town.calls("chat.postMessage") == 1
    assert town.record(key).ts == town.slack.messages[0].ts


def test_time_that_is_up_before_the_look_for_a_message_never_leads_to_a_second(town: Town) -> None:
    key = posted_with_a_lost_reply(town)
    town.clock.advance(60)
    now = town.clock()
    moments = iter([now, now + timedelta(seconds=60)])  # of the claim, and of the look
    assert "time is used up" in reconcile(key, town.world, Budget(lambda: next(moments), now + timedelta(seconds=50)))
    assert town.record(key).posting is not None
    town.live(15)
    assert town.calls("chat.postMessage") == 1
    assert town.record(key).state == "done"


# one record among many


def test_an_unreadable_record_stops_no_sweep_and_is_put_off(town: Town) -> None:
    town.sweep()
    town.faults.add(Fault("chat.postMessage", "before", status="500", times=2))
    unreadable, readable = town.upload(), town.upload()
    for key in (unreadable, readable):
        town.announce(key)
        town.clock.advance(1)
    silent = town.upload()
    make_unreadable(town, unreadable)
    town.clock.advance(60)
    swept = town.sweep()
    assert swept is not None
    assert len(swept.problems) == 1
    assert unreadable.digest in swept.problems[0]
    stored = town.world.services.store.read(BUILDS, unreadable.digest, timeout=5)
    assert stored is not None
    assert parse_time(stored.document["due"]) == town.clock() + HOUR
    town.live(20)
    assert town.record(readable).state == "done"
    assert town.verdict(silent) == "LOCAL_SOURCE"


def test_a_message_about_a_record_of_a_later_version_is_acknowledged_and_the_record_left_to_that_version(
    town: Town,
) -> None:
    """It would come again for ever, and this version can do nothing about it."""
    town.faults.add(Fault("chat.postMessage", "before", status="500"))
    key = town.upload()
    town.announce(key)
    make_unreadable(town, key)
    before = town.world.services.store.read(BUILDS, key.digest, timeout=5)
    town.faults.forget()
    for trouble in (reconcile(key, town.world, town.budget()), reconcile_running(key, town.world, town.budget())):
        assert key.name in trouble
        assert "'superseded' is not a valid State" in trouble
        assert "install that one, or a later one" in trouble
    assert town.world.services.store.read(BUILDS, key.digest, timeout=5) == before
    assert town.faults.calls == ()


def test_a_defect_met_in_one_record_stops_no_other_and_the_turn_is_given_back(town: Town) -> None:
    town.faults.add(Fault("GetBuild", "before", times=2))
    cursed, other = town.upload(), town.upload()
    for key in (cursed, other):
        town.announce(key)
        town.clock.advance(1)
    builds = town.world.services.builds

    def fetch(key: BuildKey, *, timeout: float) -> Build:
        if key == cursed:
            raise ZeroDivisionError("a defect")
        return builds.fetch(key, timeout=timeout)

    rewire(town, builds=Instead(builds, fetch=fetch))
    town.clock.advance(60)
    swept = town.sweep()
    assert swept is not None
    assert "ZeroDivisionError" in swept.problems[0]
    assert town.verdict(other) == "LOCAL_SOURCE"
    assert "ZeroDivisionError" in town.record(cursed).error
    assert due_after(town, cursed) > timedelta(0)
    turn = town.world.services.store.read("marks", "sweep", timeout=5)
    assert turn is not None
    assert turn.document["until"] is None


def test_a_backlog_before_a_hanging_slack_does_not_keep_a_silent_build_from_being_found(town: Town) -> None:
    town.sweep()
    slack = town.world.services.chat
    rewire(town, chat=HangingSlack(town))
    backlog = [town.upload() for _ in range(30)]
    for key in backlog:
        town.announce(key)
    silent = town.upload()
    town.live(20)
    assert town.verdict(silent) == "LOCAL_SOURCE"
    rewire(town, chat=slack)
    town.live(20)
    assert {town.record(key).state for key in (*backlog, silent)} == {"done"}
    assert len(town.slack.messages) == 31


# a worker that can't be tried


@pytest.mark.parametrize("status", ["RESOURCE_EXHAUSTED", "UNAVAILABLE"])
def test_a_worker_that_can_never_be_started_is_inconclusive_after_the_start_deadline(town: Town, status: str) -> None:
    town.faults.add(Fault("RunJob", "before", status=status, times=0))
    key = town.triggered()
    assert wait_for_verdict(town, key, 13) is None
    assert town.executions() > 1
    town.live(17)
    assert town.verdict(key) == "INCONCLUSIVE"
    assert town.findings(key)["worker_started"] == "could-not-check"
    assert len(town.slack.messages) == 1


def test_an_execution_that_can_never_be_looked_at_is_inconclusive_after_the_run_deadline(town: Town) -> None:
    town.faults.add(Fault("GetExecution", "before", times=0))
    key = town.triggered()
    assert wait_for_verdict(town, key, 59) is None
    town.live(15)
    assert town.verdict(key) == "INCONCLUSIVE"
    assert town.findings(key)["worker_succeeded"] == "could-not-check"
    assert town.executions() == 1


@pytest.mark.parametrize("name", ["_HEAD_BRANCH", "_BASE_BRANCH", "_HEAD_REPO_URL"])
def test_a_pull_request_without_its_number_runs_no_worker(town: Town, name: str) -> None:
    claims = {"COMMIT_SHA": FIXED, "BRANCH_NAME": "main", "REF_NAME": "main", "TRIGGER_NAME": TRIGGER}
    key = town.triggered(substitutions={**claims, name: "main"})
    assert wait_for_verdict(town, key, 5) == "INCONCLUSIVE"
    assert town.executions() == 0


def test_a_workers_image_pushed_under_another_triggers_name_is_inconclusive(town: Town) -> None:
    town.use(replace(POLICY, workers=(replace(POLICY.workers[0], trigger=TRIGGER),)))
    key = town.triggered(substitutions={"COMMIT_SHA": FIXED, "BRANCH_NAME": "main", "TRIGGER_NAME": "another"})
    assert wait_for_verdict(town, key, 0) == "INCONCLUSIVE"
    assert town.findings(key)["worker_started"] == "could-not-check"
    assert town.executions() == 0


def test_a_workers_image_that_another_trigger_pushes_is_not_verified(town: Town) -> None:
    other = "0c1f2f9e-4a5b-4c3d-8e7f-6a5b4c3d2e1f"
    key = town.triggered(buildTriggerId=other)
    assert wait_for_verdict(town, key, 0) == "INCONCLUSIVE"
    assert town.findings(key)["worker_started"] == "could-not-check"
    assert len(town.slack.messages) == 1
    assert town.executions() == 0


def test_a_trigger_that_is_called_another_name_than_the_build_says_is_not_the_workers(town: Town) -> None:
    town.use(replace(POLICY, workers=(replace(POLICY.workers[0], trigger=TRIGGER),)))
    town.trigger(TRIGGER_ID, "my-own")
    key = town.triggered()
    assert wait_for_verdict(town, key, 0) == "INCONCLUSIVE"
    assert town.findings(key)["worker_started"] == "could-not-check"
    assert town.executions() == 0


def test_a_pull_request_that_pushes_a_workers_image_stays_quiet(town: Town) -> None:
    town.use(replace(POLICY, workers=(replace(POLICY.workers[0], trigger=TRIGGER),)))
    town.trigger(OF_PULL_REQUESTS, "pull-requests", github={"pullRequest": {"branch": "main"}}, filename="a.yaml")
    key = town.triggered(substitutions=FOR_SEVEN, buildTriggerId=OF_PULL_REQUESTS)
    assert wait_for_verdict(town, key, 0) == "INCONCLUSIVE"
    assert town.slack.messages == ()


def test_an_execution_with_one_unresolved_image_could_not_be_checked(town: Town) -> None:
    jobs = town.world.services.jobs

    def observe(execution: str, *, timeout: float) -> Execution:
        seen = jobs.observe(execution, timeout=timeout)
        return replace(seen, images=(*seen.images, f"{IMAGE}-sidecar:latest"))

    rewire(town, jobs=Instead(jobs, observe=observe))
    key = town.triggered()
    assert wait_for_verdict(town, key, 5) == "INCONCLUSIVE"
    assert town.findings(key)["worker_ran_the_built_image"] == "could-not-check"


def test_a_message_that_an_execution_ended_for_a_build_that_nobody_announced_creates_nothing(town: Town) -> None:
    key = town.triggered()
    town.finish(key)
    assert town.world.services.store.read(BUILDS, key.digest, timeout=5) is None
    assert town.faults.calls == ()


# logs


def test_five_empty_pages_of_logs_do_not_end_the_reading(town: Town) -> None:
    town.cloud.empty_pages = 5
    key = town.triggered()
    assert wait_for_verdict(town, key, 10) == "VERIFIED"


def test_errors_of_more_kinds_than_are_kept_are_said(town: Town) -> None:
    names = ["".join(letters) for letters in product("ghjklmnp", repeat=2)]
    failed = [Line(at=1.0, text=f"part {name} broke", severity="ERROR", stream="stderr") for name in names]
    town.job(Script(lines=(Line(at=0.5, text="query ok"), *failed)))
    key = town.triggered()
    assert wait_for_verdict(town, key, 5) == "FAILED"
    assert "49 other kinds, and 14 entries of yet others" in str(town.slack.messages[0].blocks)


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
def test_secrets_in_logs_go_before_anything_is_cut(town: Town, text: str) -> None:
    worker = replace(POLICY.workers[0], logs=LogRules(failures=()))
    town.use(replace(POLICY, workers=(worker,)))
    town.job(Script(lines=(Line(at=1.0, text=text, severity="ERROR", stream="stderr"),)))
    key = town.triggered()
    assert wait_for_verdict(town, key, 5) == "FAILED"
    judgement = town.record(key).judgement
    assert judgement is not None
    assert len(judgement.errors) == 1
    said = f"{judgement}{town.slack.messages}{town.cloud.audit_entries()}"
    assert SECRET[:4] not in said


# telling


def test_the_notice_of_unconfirmed_builds_is_posted_again_after_a_failed_post(town: Town) -> None:
    town.faults.add(Fault("chat.postMessage", "before", status="500"))
    town.announce(BuildKey(PROJECT, REGION, "f00d0000-0000-4000-8000-000000000000"))
    town.live(60)
    assert town.calls("chat.postMessage") == 1
    town.live(120)
    assert town.calls("chat.postMessage") == 2
    assert len(town.slack.messages) == 1


def test_a_build_that_could_not_be_confirmed_at_first_does_not_hide_a_later_refusal_of_slack(town: Town) -> None:
    town.cloud.deny("GetBuild")
    key = town.upload()
    town.announce(key)
    town.live(40)
    town.cloud.allow("GetBuild")
    town.faults.add(Fault("chat.postMessage", "before", status="is_archived", times=0))
    town.live(120)
    assert kinds(town) == ["unconfirmed", "verdict", "undelivered"]


def test_a_build_that_may_not_be_read_for_more_than_a_week_gets_its_verdict_once_it_may(town: Town) -> None:
    town.cloud.deny("GetBuild")
    key = town.upload()
    town.announce(key)
    for _ in range(8 * 24):
        town.clock.advance(3_600)
        town.sweep()
    town.cloud.allow("GetBuild")
    for _ in range(25):
        town.clock.advance(3_600)
        town.sweep()
    assert town.verdict(key) == "LOCAL_SOURCE"
    assert town.record(key).state == "done"


def test_that_all_is_well_is_told_although_the_topic_is_gone(town: Town) -> None:
    def publish(payload: object, attributes: Mapping[str, str], *, timeout: float) -> None:
        raise Missing("the topic is gone")

    rewire(town, announcer=SimpleNamespace(publish=publish))
    key = town.triggered()
    assert wait_for_verdict(town, key, 5) == "VERIFIED"
    assert len(town.slack.messages) == 1
    assert town.record(key).state == "open"
    assert town.record(key).error == "the topic is gone"


def test_a_refusal_of_slack_does_not_delay_an_audit_entry_that_failed(town: Town) -> None:
    town.faults.add(Fault("WriteLogEntries", "before"))
    town.faults.add(Fault("chat.postMessage", "before", status="is_archived", times=0))
    key = town.upload()
    town.announce(key)
    assert due_after(town, key) <= timedelta(minutes=1)
    town.live(1)
    assert kinds(town) == ["undelivered", "verdict"]


def test_messages_that_come_again_do_not_hammer_a_channel_that_is_archived(town: Town) -> None:
    key = town.triggered()
    town.faults.add(Fault("chat.postMessage", "before", status="is_archived", times=0))
    assert wait_for_verdict(town, key, 10) == "VERIFIED"
    before = town.calls("chat.postMessage")
    for _ in range(20):
        town.clock.advance(1)
        town.announce(key)
        town.finish(key)
    assert town.calls("chat.postMessage") == before <= 2


@pytest.mark.parametrize("seconds", [31_536_000.0, 1e15])
def test_slack_may_ask_for_an_hours_patience_at_most(town: Town, seconds: float) -> None:
    town.faults.add(Fault("chat.postMessage", "before", status="429", retry_after=seconds))
    key = town.upload()
    town.announce(key)
    town.live(59)
    assert town.calls("chat.postMessage") == 1
    town.live(2)
    assert town.record(key).state == "done"
    assert len(town.slack.messages) == 1


# the ledger


@pytest.mark.parametrize("answers", range(4))
def test_a_ledger_that_stops_answering_is_noticed_within_ten_seconds_and_told_once_later(
    town: Town, answers: int
) -> None:
    hole = BlackHole(town, answers)
    rewire(town, store=hole)
    key, begun = town.upload(), town.clock()
    with pytest.raises(ServiceError):
        town.announce(key)
    assert town.clock() - begun <= timedelta(seconds=10)
    hole.answers = float("inf")
    town.clock.advance(120)
    town.announce(key)
    town.live(2)
    assert town.record(key).state == "done"
    assert len(town.slack.messages) == 1
    assert kinds(town) == ["verdict"]


def test_the_command_names_the_triggers_own_region_and_a_branch_that_may_be_built(town: Town) -> None:
    [worker] = town.world.policy.workers
    town.use(replace(town.world.policy, workers=(replace(worker, region="europe-west1", branches=("release/*",)),)))
    key = town.upload()
    town.announce(key)
    command = f"gcloud builds triggers run {TRIGGER_ID} --branch=BRANCH --region=europe-west1 --project={PROJECT}"
    assert command in str(town.slack.messages[0].blocks)
