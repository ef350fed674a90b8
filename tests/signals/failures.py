"""The failures that are played, each with the signals that must be seen of it, and no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from tests.delegating_store import DelegatingStore
from tests.signals.stage import OTHER_PROJECT, Play, Printed, a_play
from tests.story.harness import JOB, PROJECT, REGION
from verifier.controller.ledger import BUILDS
from verifier.errors import Denied, Unavailable
from verifier.facts.build import Build, BuildKey
from verifier.facts.execution import JobName
from verifier.services import BuildPage, Builds, CreatedPage, Document, Stored
from verifier.standin.clock import ManualClock
from verifier.standin.faults import Fault
from verifier.times import show_time


class Failure(NamedTuple):
    """One row of the table."""

    begin: Callable[[Play], None]
    """Have it last from now on."""
    signals: frozenset[str]
    alerts: frozenset[str]
    """The alerts that it sets off, by their keys in Terraform."""


def nothing(play: Play) -> None:
    """Let all be well."""


def fault(call: str, status: str) -> Callable[[Play], None]:
    """Return what has each call of this name fail."""

    def begin(play: Play) -> None:
        play.harness.faults.add(Fault(call, "before", status=status, times=0))

    return begin


def slow_cloud_build(play: Play) -> None:
    """Have every question to Cloud Build take all the time that it may, and remain unanswered."""
    play.use(builds=SlowBuilds(play.harness.clock))


def revoked(play: Play) -> None:
    """Have one project's builds be listed no more."""
    play.use(builds=RevokedBuilds(play.harness.deployment.services.builds, OTHER_PROJECT))


def silent(play: Play) -> None:
    """Have a project without its topic, or without the subscription to it."""
    play.silent = {PROJECT}


def one_message_lost(play: Play) -> None:
    """Have the messages of a minute lost."""
    play.silent = {PROJECT}
    play.pass_by(1)
    play.silent = set()


def no_sink(play: Play) -> None:
    """Have nobody tell of ended executions."""
    play.has_sink = False


def no_sweeps(play: Play) -> None:
    """Have the scheduler's job paused."""
    play.has_sweeps = False


def late_messages(play: Play) -> None:
    """Have messages arrive, but late."""
    play.minutes_late = 8


def unclear(play: Play) -> None:
    """Have a team whose every build is unclear."""
    play.unclear = {OTHER_PROJECT}


def skewed(play: Play) -> None:
    """Have a ledger whose clock is ten minutes ahead of ours."""
    deployment = play.harness.deployment
    store = SkewedStore(deployment.services.store, play.harness.clock, timedelta(minutes=10))
    play.use(store=store)
    play.harness.deployment = replace(play.harness.deployment, ledger=replace(deployment.ledger, store=store))


def no_job(play: Play) -> None:
    """Have a policy that names a job which nobody has made."""
    policy = play.harness.deployment.policy
    play.harness.use(replace(policy, jobs=(JobName(PROJECT, REGION, "never-made"),)))


def unreadable_runs(play: Play) -> None:
    """Have a job that no worker has run by itself, whose logs may not be read."""
    policy = play.harness.deployment.policy
    play.harness.use(replace(policy, workers=(), jobs=(JOB,)))
    play.runs_by_itself = True
    play.harness.faults.add(Fault("ListLogEntries", "before", status="PERMISSION_DENIED", times=0))


def damaged(play: Play) -> None:
    """Have a record in the ledger that nobody can read."""
    store, due = play.harness.deployment.services.store, show_time(play.harness.clock())
    store.create(BUILDS, "damaged", {"due": due, "key": {"project": PROJECT, "location": REGION, "id": "1"}}, timeout=5)


FAILURES = {
    "nothing": Failure(nothing, frozenset(), frozenset()),
    "some messages are lost": Failure(one_message_lost, frozenset({"unannounced"}), frozenset()),
    "the audit trail refuses every write": Failure(
        fault("WriteLogEntries", "PERMISSION_DENIED"), frozenset({"audit_unwritten"}), frozenset({"audit_unwritten"})
    ),
    "the audit trail can't be reached": Failure(
        fault("WriteLogEntries", "UNAVAILABLE"), frozenset({"audit_unwritten"}), frozenset({"audit_unwritten"})
    ),
    "Slack can't be reached": Failure(
        fault("chat.postMessage", "503"), frozenset({"slack_late"}), frozenset({"slack_late"})
    ),
    "GetBuild answers 429 to all": Failure(
        fault("GetBuild", "RESOURCE_EXHAUSTED"), frozenset({"build_unread"}), frozenset({"build_unread"})
    ),
    "GetBuild is denied": Failure(
        fault("GetBuild", "PERMISSION_DENIED"), frozenset({"build_unread"}), frozenset({"build_unread", "unconfirmed"})
    ),
    "one team is always INCONCLUSIVE": Failure(unclear, frozenset(), frozenset({"inconclusive"})),
    "a project's topic or subscription is gone": Failure(
        silent, frozenset({"unannounced"}), frozenset({"unannounced", "slow_verdicts", "inconclusive"})
    ),
    "the executions' sink is broken": Failure(
        no_sink, frozenset({"no_completion_entry"}), frozenset({"no_completion_entry"})
    ),
    "a region is down": Failure(
        fault("ListBuilds", "UNAVAILABLE"), frozenset({"place_late"}), frozenset({"place_late"})
    ),
    "one project is deleted, or its listing revoked": Failure(
        revoked, frozenset({"place_late"}), frozenset({"place_late"})
    ),
    "more is due than a sweep can resume": Failure(
        slow_cloud_build,
        frozenset({"backlog_late", "build_unread", "place_late"}),
        frozenset({"backlog_late", "build_unread", "place_late", "unconfirmed"}),
    ),
    "verdicts come late": Failure(late_messages, frozenset(), frozenset({"slow_verdicts", "inconclusive"})),
    "the quota for reading logs is used up": Failure(
        fault("ListLogEntries", "RESOURCE_EXHAUSTED"),
        frozenset({"logs_unread"}),
        frozenset({"logs_unread"}),
    ),
    "the logs of a watched job's runs may not be read": Failure(
        unreadable_runs, frozenset({"logs_unread"}), frozenset({"logs_unread"})
    ),
    "the clocks disagree": Failure(skewed, frozenset({"clock_skew"}), frozenset({"clock_skew"})),
    "the ledger is damaged": Failure(damaged, frozenset({"record_unreadable"}), frozenset({"record_unreadable"})),
    "a watched job's executions can't be listed": Failure(
        fault("ListExecutions", "PERMISSION_DENIED"), frozenset({"job_unseen"}), frozenset({"job_unseen"})
    ),
    "a watched job does not exist": Failure(no_job, frozenset({"job_unseen"}), frozenset({"job_unseen"})),
    "the scheduler is paused": Failure(no_sweeps, frozenset(), frozenset({"no_sweep"})),
}


@dataclass
class SlowBuilds:
    """Cloud Build, which answers nothing in the time that a call may take."""

    clock: ManualClock

    def fetch(self, key: BuildKey, *, timeout: float) -> Build:
        self.clock.advance(timeout)
        raise Unavailable(f"reading build {key.name}: expected an answer, got none in {timeout:g} s")

    def finished(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> BuildPage:
        self.clock.advance(timeout)
        raise Unavailable(f"listing builds of {project}: expected an answer, got none in {timeout:g} s")

    def created(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> CreatedPage:
        self.clock.advance(timeout)
        raise Unavailable(f"listing builds of {project}: expected an answer, got none in {timeout:g} s")


@dataclass
class RevokedBuilds:
    """Cloud Build, which lists one project no more."""

    others: Builds
    project: str

    def fetch(self, key: BuildKey, *, timeout: float) -> Build:
        return self.others.fetch(key, timeout=timeout)

    def finished(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> BuildPage:
        if project == self.project:
            raise Denied(f"listing builds of {project}: permission denied")
        return self.others.finished(project, location, since, until, page, timeout=timeout)

    def created(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> CreatedPage:
        if project == self.project:
            raise Denied(f"listing builds of {project}: permission denied")
        return self.others.created(project, location, since, until, page, timeout=timeout)


@dataclass
class SkewedStore(DelegatingStore):
    """A ledger with a clock of its own."""

    clock: ManualClock
    ahead: timedelta

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        return self._dated(self.inner.create(collection, name, document, timeout=timeout))

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        return self._dated(self.inner.replace(collection, name, document, revision, timeout=timeout))

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        return self._dated(self.inner.read(collection, name, timeout=timeout))

    def _dated(self, stored: Stored | None) -> Stored | None:
        return stored and replace(stored, written=self.clock() + self.ahead)


class Played(NamedTuple):
    """What two hours of a failure left behind."""

    printed: tuple[Printed, ...]
    audit: tuple[Mapping[str, Any], ...]
    """The entries of the audit trail."""
    ended: datetime


@cache
def played(name: str) -> Played:
    """Return what is printed while this failure lasts, for two hours."""
    with a_play() as play:
        FAILURES[name].begin(play)
        play.pass_by()
        cloud, now = play.harness.cloud, play.harness.clock()
        return Played(tuple(play.printed), tuple(cloud.audit_entries()), now)
