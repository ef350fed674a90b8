"""One ended execution is confirmed and counted once, whatever is said of it, and however often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.delegating_store import DelegatingStore
from tests.unit.builders import DIGEST, IMAGE, POLICY
from tests.unit.controller.runs.cloud_run import (
    ARGUMENTS,
    BEGUN,
    JOB,
    OTHER_DIGEST,
    JobsOfOne,
    cloud_run,
    enrolled,
    kept,
    known,
    runs_counted,
    set_job,
    stored_job,
    watching,
)
from tests.unit.controller.world import NOW, World, world
from verifier.checks.policy import Policy
from verifier.controller.runs.job_runs import RUNS, name_of_run
from verifier.controller.runs.observe import Observed, Seen, observe
from verifier.errors import Denied, RateLimited, ServiceError, Stopping, Unavailable
from verifier.facts.execution import Completion, Container
from verifier.facts.run import A_PERSON, RunKind, RunOutcome
from verifier.services import Document, Stored

__all__ = ["world"]

HOUR = timedelta(hours=1)
SEEN_BEFORE = {"looked": BEGUN + 10 * HOUR, "reach": BEGUN + 10 * HOUR, "floor": BEGUN + 10 * HOUR}
"""A job that was looked through up to the tenth hour."""


@pytest.fixture
def jobs(world: World) -> JobsOfOne:
    return cloud_run(world)


def told(world: World, name: str, generation: int | None = None, policy: Policy = POLICY) -> Observed:
    return observe(name, generation, world.deployment(policy), world.budget())


@dataclass
class CountingCalls(DelegatingStore):
    """A store that writes down what it is asked; others may come first, and replies be lost, as it is told."""

    calls: list[str] = field(default_factory=list)
    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    lost: dict[str, ServiceError] = field(default_factory=dict)

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        self._ask(f"read {collection}")
        return super().read(collection, name, timeout=timeout)

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        self._ask(f"create {collection}")
        written = super().create(collection, name, document, timeout=timeout)
        self._lose(f"create {collection}")
        return written

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        self._ask(f"replace {collection}")
        written = super().replace(collection, name, document, revision, timeout=timeout)
        self._lose(f"replace {collection}")
        return written

    def _ask(self, call: str) -> None:
        self.calls.append(call)
        if call in self.before:
            self.before.pop(call)()

    def _lose(self, call: str) -> None:
        if call in self.lost:
            raise self.lost.pop(call)


@pytest.fixture
def store(world: World) -> CountingCalls:
    world.store = counting = CountingCalls(world.store)
    world.ledger = replace(world.ledger, store=counting)
    return counting


def test_an_observed_run_takes_one_call_to_cloud_run_three_to_the_ledger_and_reads_no_log(
    world: World, jobs: JobsOfOne, store: CountingCalls
) -> None:
    enrolled(world)
    name = jobs.put(1)
    store.calls.clear()
    assert told(world, name) == Observed(Seen.COUNTED)
    assert world.called == ["observe"]
    assert store.calls == ["read jobs", "create runs", "replace jobs"]


def test_one_that_was_counted_takes_one_read(world: World, jobs: JobsOfOne, store: CountingCalls) -> None:
    enrolled(world)
    name = jobs.put(1)
    told(world, name)
    store.calls.clear()
    world.called.clear()
    assert told(world, name) == Observed(Seen.ALREADY)
    assert (store.calls, world.called) == (["read jobs"], [])


def test_a_run_is_kept_with_what_cloud_run_says_and_counted_for_the_digest_that_it_ran(
    world: World, jobs: JobsOfOne
) -> None:
    enrolled(world)
    name = jobs.put(1, HOUR)
    told(world, name, generation=7)
    run = kept(world, name)
    assert run is not None
    assert (run.digest, run.repository, run.outcome, run.kind) == (DIGEST, IMAGE, RunOutcome.SUCCEEDED, RunKind.OWN)
    assert (run.created, run.ended, run.generation) == (BEGUN + HOUR, BEGUN + HOUR + timedelta(minutes=1), 7)
    job = known(world)
    assert (job.digest, job.newest, job.execution) == (DIGEST, BEGUN + HOUR, name)
    assert [(one.digest, one.runs, one.failed) for one in job.digests] == [(DIGEST, 1, 0)]
    assert job.due == NOW, "what it runs is new: that is to be told"


def test_runs_of_two_digests_are_counted_apart_and_the_newest_created_says_what_runs_now(
    world: World, jobs: JobsOfOne
) -> None:
    enrolled(world)
    new, old = jobs.put(2, 2 * HOUR, digest=OTHER_DIGEST), jobs.put(1, HOUR)
    told(world, new)
    told(world, old)
    job = known(world)
    assert (job.digest, job.execution) == (OTHER_DIGEST, new)
    assert {one.digest: one.runs for one in job.digests} == {DIGEST: 1, OTHER_DIGEST: 1}


def test_another_run_of_the_same_digest_makes_nothing_due(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    told(world, jobs.put(1))
    set_job(world, due=NOW + HOUR)
    told(world, jobs.put(2, HOUR))
    assert known(world).due == NOW + HOUR


def test_a_job_without_a_document_is_not_watched_yet(world: World, jobs: JobsOfOne) -> None:
    assert told(world, jobs.put(1)) == Observed(Seen.NOT_ENROLLED)
    assert world.called == []


def test_an_execution_that_is_gone_or_never_was_changes_nothing(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    before = known(world)
    assert told(world, f"{JOB.resource}/executions/forged-abcde") == Observed(Seen.GONE)
    assert known(world) == before


@pytest.mark.parametrize(
    "at", [-timedelta(seconds=1), -timedelta(days=40)], ids=["before its job was watched", "too long ago"]
)
def test_what_was_created_before_is_never_counted(world: World, jobs: JobsOfOne, at: timedelta) -> None:
    enrolled(world)
    before = known(world)
    name = jobs.put(1, at)
    assert told(world, name) == Observed(Seen.NOT_OF_AGE)
    assert (known(world), kept(world, name)) == (before, None)


def test_what_was_created_more_than_35_days_ago_is_never_counted_however_long_the_job_is_watched(
    world: World, jobs: JobsOfOne
) -> None:
    enrolled(world, begun=BEGUN - timedelta(days=100))
    assert told(world, jobs.put(1, timedelta(days=1) - timedelta(days=35))) == Observed(Seen.COUNTED)
    assert told(world, jobs.put(2, timedelta(days=1) - timedelta(days=35, seconds=1))) == Observed(Seen.NOT_OF_AGE)


def test_one_that_has_not_ended_is_looked_at_again_in_two_minutes_and_not_counted(
    world: World, jobs: JobsOfOne
) -> None:
    enrolled(world, due=NOW + HOUR, look=NOW + HOUR)
    name = jobs.put(1)
    jobs.go_on(name)
    assert told(world, name) == Observed(Seen.EARLY)
    job = known(world)
    assert (job.due, job.look) == (NOW + timedelta(minutes=2), NOW + timedelta(minutes=2))
    assert (runs_counted(world), kept(world, name)) == (0, None)


def test_one_that_names_a_build_is_left_to_the_look_which_asks_the_ledger(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    name = jobs.put(1, build="projects/vividly-dev/locations/us-central1/builds/b")
    assert told(world, name) == Observed(Seen.TRIAL)
    assert runs_counted(world) == 0


@pytest.mark.parametrize("error", [Denied("grant it"), RateLimited("busy"), Unavailable("away")])
def test_one_that_can_not_be_read_is_counted_by_the_next_look_which_is_due_now(
    world: World, jobs: JobsOfOne, error: ServiceError
) -> None:
    enrolled(world, due=NOW + HOUR, look=NOW + HOUR)
    jobs.trouble["observe"] = error
    assert told(world, jobs.put(1)) == Observed(Seen.UNREAD, str(error))
    job = known(world)
    assert (job.due, job.look) == (NOW, NOW)


def test_a_job_that_was_not_found_and_runs_is_there_and_looked_at_now(world: World, jobs: JobsOfOne) -> None:
    enrolled(world, due=NOW + HOUR, look=NOW + HOUR, problem="not found")
    told(world, jobs.put(1))
    assert (known(world).problem, known(world).look, known(world).due) == ("", NOW, NOW)


def test_while_looks_fail_another_failure_makes_none_due_sooner(world: World, jobs: JobsOfOne) -> None:
    enrolled(world, due=NOW + HOUR, look=NOW + HOUR, failures=3)
    jobs.trouble["observe"] = Denied("grant it")
    assert told(world, jobs.put(1)).seen is Seen.UNREAD
    assert known(world).look == NOW + HOUR


def test_an_answer_about_another_execution_counts_nothing(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    name, other = jobs.put(1), jobs.put(2)
    jobs.executions[name] = jobs.executions[other]
    assert told(world, name).seen is Seen.UNREAD
    assert runs_counted(world) == 0


# the ledger in trouble


@pytest.mark.parametrize("call", ["create runs", "replace jobs"])
def test_a_write_whose_reply_is_lost_is_asked_for_again_and_counts_once(
    world: World, jobs: JobsOfOne, store: CountingCalls, call: str
) -> None:
    enrolled(world)
    name = jobs.put(1)
    store.lost[call] = Unavailable("the reply was lost", ambiguous=True)
    with pytest.raises(Unavailable):
        told(world, name)
    assert told(world, name).seen in (Seen.COUNTED, Seen.ALREADY)
    assert runs_counted(world) == 1


def test_two_instances_at_once_count_one_run_once(world: World, jobs: JobsOfOne, store: CountingCalls) -> None:
    enrolled(world)
    name = jobs.put(1)
    store.before["replace jobs"] = lambda: told(world, name)
    assert told(world, name) == Observed(Seen.COUNTED)
    assert runs_counted(world) == 1


def test_two_instances_at_once_count_two_runs_both(world: World, jobs: JobsOfOne, store: CountingCalls) -> None:
    enrolled(world)
    name, other = jobs.put(1), jobs.put(2, HOUR)
    store.before["replace jobs"] = lambda: told(world, other)
    told(world, name)
    assert runs_counted(world) == 2


def test_where_others_are_faster_again_and_again_the_message_is_to_come_again(
    world: World, jobs: JobsOfOne, store: CountingCalls
) -> None:
    enrolled(world)
    serial = iter(range(100))

    def others() -> None:
        set_job(world, problem=f"other {next(serial)}")
        store.before["replace jobs"] = others

    name = jobs.put(1)
    store.before["replace jobs"] = others
    with pytest.raises(Unavailable, match="others wrote"):
        told(world, name)
    store.before.clear()
    told(world, name)
    assert runs_counted(world) == 1


def test_a_process_that_ended_between_the_two_writes_is_made_up_for(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    name = jobs.put(1)
    budget = replace(world.budget(), stopping=lambda: kept(world, name) is not None)
    with pytest.raises(Stopping):
        observe(name, None, watching(world), budget)
    assert (kept(world, name) is not None, runs_counted(world)) == (True, 0)
    assert told(world, name) == Observed(Seen.COUNTED)
    assert runs_counted(world) == 1


# what a look has passed


def test_a_late_message_about_a_counted_run_that_is_long_forgotten_counts_nothing(
    world: World, jobs: JobsOfOne
) -> None:
    enrolled(world)
    name = jobs.put(1, HOUR)
    told(world, name)
    set_job(world, recent=(), **SEEN_BEFORE)
    assert told(world, name) == Observed(Seen.ALREADY)
    assert runs_counted(world) == 1


def test_a_late_message_about_a_run_that_no_look_saw_has_it_counted_by_the_next_one(
    world: World, jobs: JobsOfOne, store: CountingCalls
) -> None:
    enrolled(world, **SEEN_BEFORE)
    name = jobs.put(1, HOUR)
    store.calls.clear()
    assert told(world, name) == Observed(Seen.LATE)
    assert store.calls == ["read jobs", "read runs", "replace jobs"]
    job = known(world)
    assert (job.open, job.due, job.look, kept(world, name)) == (("run-1",), NOW, NOW, None)


def test_one_that_a_look_has_passed_while_it_ran_is_counted_when_it_ends(world: World, jobs: JobsOfOne) -> None:
    enrolled(world, open=("run-1",), **SEEN_BEFORE)
    name = jobs.put(1, HOUR)
    assert told(world, name) == Observed(Seen.COUNTED)
    assert (known(world).open, runs_counted(world)) == ((), 1)
    set_job(world, recent=())
    assert told(world, name) == Observed(Seen.ALREADY)


# arguments, containers, accounts


@pytest.mark.parametrize(
    ("args", "generation", "kind"),
    [
        (ARGUMENTS, 7, RunKind.OWN),
        (ARGUMENTS, 3, RunKind.OWN),
        (("--once",), 7, RunKind.OTHER_ARGUMENTS),
        (("--once",), 8, RunKind.NOT_COMPARED),
        (("--once",), None, RunKind.NOT_COMPARED),
    ],
    ids=["its own", "of another generation", "others", "others, of a generation to come", "others, at some time"],
)
def test_arguments_are_compared_with_the_jobs_own(
    world: World, jobs: JobsOfOne, args: tuple[str, ...], generation: int | None, kind: RunKind
) -> None:
    enrolled(world)
    told(world, jobs.put(1), 7)
    name = jobs.put(2, HOUR, containers=(Container("", f"{IMAGE}@{DIGEST}", args),))
    told(world, name, generation)
    run = kept(world, name)
    assert run is not None
    assert run.kind is kind
    one = known(world).digests[0]
    assert (one.runs, one.apart) == ((1, 1) if kind is RunKind.OTHER_ARGUMENTS else (2, 0))


def test_the_job_is_read_once_a_generation(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    for number in range(3):
        told(world, jobs.put(number, number * HOUR), 7)
    assert jobs.called["describe"] == 1
    told(world, jobs.put(9, 9 * HOUR), 8)
    told(world, jobs.put(10, 10 * HOUR), None)
    assert jobs.called["describe"] == 2


@pytest.mark.parametrize("error", [Denied("run.jobs.get"), Unavailable("away")])
def test_while_the_job_can_not_be_read_nothing_is_compared_and_it_is_asked_for_once(
    world: World, jobs: JobsOfOne, error: ServiceError
) -> None:
    enrolled(world)
    jobs.setup = error
    for number in range(3):
        name = jobs.put(number, number * HOUR)
        assert told(world, name, 7) == Observed(Seen.COUNTED)
        run = kept(world, name)
        assert run is not None
        assert run.kind is RunKind.NOT_COMPARED
    assert jobs.called["describe"] == 1
    assert (known(world).args, known(world).digests[0].runs) == (None, 3)


SIDECAR = Container("proxy", "gcr.io/cloud-sql/proxy@sha256:" + "0f" * 32)


def a_policy(**worker: Any) -> Policy:
    return replace(POLICY, workers=tuple(replace(one, **worker) for one in POLICY.workers))


@pytest.mark.parametrize(
    ("policy", "digest"),
    [
        (a_policy(image="", container=""), ""),
        (a_policy(container="main"), DIGEST),
        (a_policy(image=IMAGE, container=""), DIGEST),
        (a_policy(container="another"), ""),
    ],
    ids=["named by nobody", "named", "told by its image", "named, and not there"],
)
def test_of_two_containers_the_one_counts_that_policy_names_and_else_it_is_not_certain(
    world: World, jobs: JobsOfOne, policy: Policy, digest: str
) -> None:
    enrolled(world)
    name = jobs.put(1, containers=(Container("main", f"{IMAGE}@{DIGEST}"), SIDECAR))
    told(world, name, policy=policy)
    job = known(world)
    assert (job.digest, job.uncertain, runs_counted(world)) == (digest, int(not digest), 1)
    assert ("name it in the policy" in job.unclear) == (not digest)


def test_a_run_whose_tag_was_never_resolved_is_counted_as_uncertain(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    told(world, jobs.put(1))
    told(world, jobs.put(2, HOUR, containers=(Container("", f"{IMAGE}:latest"),)))
    job = known(world)
    assert (job.digest, job.uncertain) == (DIGEST, 1)
    assert "never resolved" in job.unclear


@pytest.mark.parametrize(
    ("creator", "names", "account"),
    [
        ("scheduler@vividly-dev.iam.gserviceaccount.com", False, "scheduler@vividly-dev.iam.gserviceaccount.com"),
        ("ana@vividly.example", False, A_PERSON),
        ("ana@vividly.example", True, "ana@vividly.example"),
        ("", False, ""),
    ],
)
def test_a_persons_address_is_kept_only_where_policy_names_people(
    world: World, jobs: JobsOfOne, creator: str, names: bool, account: str
) -> None:
    enrolled(world)
    name = jobs.put(1, creator=creator)
    told(world, name, policy=replace(POLICY, name_submitter=names))
    run = kept(world, name)
    assert run is not None
    assert run.account == account
    everything = "".join(str(stored.document) for stored in _all(world, name))
    assert (("ana@" in everything) == names) or creator != "ana@vividly.example"


def _all(world: World, name: str) -> list[Stored]:
    run = world.store.read(RUNS, name_of_run(name), timeout=5)
    assert run is not None
    return [stored_job(world), run]


FAILED = {"completion": Completion.FALSE, "succeeded": 0, "failed": 1, "exited": True}


@pytest.mark.parametrize(
    ("changes", "outcome", "failed"),
    [
        ({}, RunOutcome.SUCCEEDED, 0),
        (FAILED, RunOutcome.FAILED, 1),
        ({**FAILED, "failed": 0, "cancelled": 1, "exited": False}, RunOutcome.CANCELLED, 0),
        ({**FAILED, "exited": False, "message": "Internal error running task."}, RunOutcome.PLATFORM, 0),
        ({**FAILED, "completion": Completion.UNKNOWN, "failed": 0, "stuck": True}, RunOutcome.FAILED, 1),
    ],
    ids=["succeeded", "failed", "cancelled", "the platform's failure", "stuck for good"],
)
def test_how_it_ended_is_told_by_counts(
    world: World, jobs: JobsOfOne, changes: dict[str, Any], outcome: RunOutcome, failed: int
) -> None:
    enrolled(world)
    name = jobs.put(1, **changes)
    told(world, name)
    run = kept(world, name)
    assert run is not None
    assert run.outcome is outcome
    one = known(world).digests[0]
    assert (one.runs, one.failed) == (1, failed)
