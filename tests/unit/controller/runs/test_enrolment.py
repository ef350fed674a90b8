"""The sweep sees to it that every watched job has its document, and deletes what is kept of runs long over."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.builders import POLICY
from tests.unit.controller.runs.cloud_run import (
    JOB,
    WATCHED,
    JobsOfOne,
    cloud_run,
    enrolled,
    known,
    runs_counted,
    watching,
)
from tests.unit.controller.world import LEASE, NOW, SOON, WorkRecorder, World, world
from verifier.checks.policy import Policy
from verifier.checks.run_count import KEPT_FOR
from verifier.config import Watched
from verifier.controller.ledger import MARKS
from verifier.controller.runs.enrol_jobs import jobs_of
from verifier.controller.runs.job_runs import JOBS, RUNS, name_of_job
from verifier.controller.runs.observe import observe
from verifier.controller.runs.old_runs import EVERY
from verifier.controller.sweep import Swept, sweep
from verifier.errors import Unavailable
from verifier.facts.execution import JobName
from verifier.services import MOST_DELETED
from verifier.times import show_time

__all__ = ["world"]

ANOTHER = JobName("", "us-central1", "another")
FOREIGN = JobName("elsewhere", "us-central1", "worker")


@pytest.fixture
def jobs(world: World) -> JobsOfOne:
    return cloud_run(world)


def swept(world: World, policy: Policy = POLICY, watched: Watched = WATCHED) -> Swept:
    done = sweep(world.deployment(policy), watched, world.budget(), LEASE)
    assert done is not None
    return done


def test_the_jobs_are_those_of_policy_in_every_watched_project_and_no_other(world: World) -> None:
    two = Watched({"vividly-dev": "", "vividly-prod": ""})
    deployment = world.deployment(replace(POLICY, jobs=(ANOTHER, FOREIGN, JobName("vividly-prod", "r", "own"))))
    assert jobs_of(deployment, two) == [
        JOB,
        replace(JOB, project="vividly-prod"),
        replace(ANOTHER, project="vividly-dev"),
        replace(ANOTHER, project="vividly-prod"),
        JobName("vividly-prod", "r", "own"),
    ]


def test_a_worker_that_is_not_to_be_watched_has_no_job_here(world: World) -> None:
    assert jobs_of(world.deployment(), WATCHED) == []


def test_a_sweep_enrols_a_job_which_is_watched_from_then_on_and_looked_at_at_once(
    world: World, jobs: JobsOfOne
) -> None:
    swept(world)
    assert (known(world).begun, known(world).look) == (NOW, NOW + timedelta(hours=1))
    assert jobs.called == Counter(describe=1, listed=1)
    world.called.clear()
    world.clock.advance(60)
    swept(world)
    assert (known(world).begun, world.called) == (NOW, ["listed"])  # once, for what it ran before
    world.clock.advance(60)
    swept(world)
    assert world.called == ["listed"]


def test_with_a_work_topic_a_jobs_work_is_handed_out(world: World, jobs: JobsOfOne) -> None:
    world.work_topic = recorder = WorkRecorder()
    swept(world)
    assert ("job", name_of_job(JOB)) in recorder.taken()
    assert jobs.called["listed"] == 0


def test_a_job_keeps_its_beginning_whatever_becomes_of_the_register(world: World, jobs: JobsOfOne) -> None:
    swept(world)
    world.store.delete(MARKS, ["jobs"], timeout=SOON)
    world.clock.advance(3600)
    assert swept(world).problems == ()
    assert known(world).begun == NOW


def test_a_document_that_was_lost_is_there_again_within_an_hour(world: World, jobs: JobsOfOne) -> None:
    swept(world)
    world.store.delete(JOBS, [name_of_job(JOB)], timeout=SOON)
    swept(world)
    assert world.store.read(JOBS, name_of_job(JOB), timeout=SOON) is None
    world.clock.advance(3600)
    swept(world)
    assert known(world).begun == NOW + timedelta(hours=1)


def test_a_job_that_is_watched_again_goes_on_with_what_is_known_of_it(world: World, jobs: JobsOfOne) -> None:
    swept(world)
    world.clock.advance(60)
    swept(world, replace(POLICY, workers=(), jobs=(replace(ANOTHER, project="vividly-dev"),)))
    world.clock.advance(60)
    swept(world)
    assert known(world).begun == NOW


def test_one_job_that_can_not_be_looked_at_keeps_no_other_from_it(world: World, jobs: JobsOfOne) -> None:
    jobs.trouble["listed"] = Unavailable("away")
    done = swept(world, replace(POLICY, jobs=(ANOTHER,)))
    assert jobs.called["listed"] == 2
    assert [JOB.job in problem or ANOTHER.job in problem for problem in done.problems] == [True, True]


def test_runs_are_deleted_35_days_after_their_end_and_no_sooner(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    name = jobs.put(1)
    observe(name, None, watching(world), world.budget())
    ended = jobs.executions[name].completed
    assert ended is not None
    until = (ended + KEPT_FOR - world.clock()).total_seconds()
    world.clock.advance(until - 1)
    swept(world)
    assert len(world.store.due(RUNS, "9", 10, field="expires", timeout=SOON)) == 1
    world.clock.advance(EVERY.total_seconds())
    swept(world)
    assert world.store.due(RUNS, "9", 10, field="expires", timeout=SOON) == []
    assert runs_counted(world) == 1
    assert observe(name, None, watching(world), world.budget()).seen == "counted before"


def test_a_sweep_deletes_a_page_of_what_has_expired_and_the_next_one_goes_on(world: World, jobs: JobsOfOne) -> None:
    for number in range(MOST_DELETED + 3):
        document = {"expires": show_time(NOW - timedelta(seconds=number))}
        world.store.create(RUNS, f"run-{number}", document, timeout=SOON)
    swept(world)
    left = world.store.due(RUNS, "9", 1000, field="expires", timeout=SOON)
    assert {name for name, _ in left} == {"run-0", "run-1", "run-2"}, "the oldest went first"
    world.clock.advance(EVERY.total_seconds() - 1)
    swept(world)
    assert len(world.store.due(RUNS, "9", 1000, field="expires", timeout=SOON)) == 3, "it is asked for seldom"
    world.clock.advance(1)
    swept(world)
    assert world.store.due(RUNS, "9", 1000, field="expires", timeout=SOON) == []
