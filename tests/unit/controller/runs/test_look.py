"""The slow look finds what no message told, from where the one before ended, and counts it once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.builders import DIGEST, IMAGE, pushed
from tests.unit.controller.runs.cloud_run import (
    ARGUMENTS,
    BEGUN,
    JOB,
    OTHER_DIGEST,
    WATCHED,
    JobsOfOne,
    cloud_run,
    enrolled,
    kept,
    known,
    runs_counted,
    set_job,
    stored_job,
    watching,
    worked,
)
from tests.unit.controller.world import LEASE, NOW, SOON, World, world
from verifier.checks.job_runs import MOST_OPEN, MOST_RECENT, DigestRuns
from verifier.checks.run_count import OVERLAP, short_name
from verifier.config import Watched
from verifier.controller.budget import Deployment
from verifier.controller.ledger import BUILDS, Record, record_document
from verifier.controller.runs.job_runs import JOBS, job_document, name_of_job, parse_job
from verifier.controller.runs.job_work import LOOK_EVERY, MISSING_AGAIN, told
from verifier.controller.runs.observe import observe
from verifier.controller.signals import Signal
from verifier.controller.work import WorkContext, do_work
from verifier.errors import Denied, Missing, RateLimited, ServiceError, Unavailable
from verifier.facts.execution import Container, JobSetup
from verifier.facts.run import RunKind

__all__ = ["world"]

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def jobs(world: World) -> JobsOfOne:
    return cloud_run(world)


def again(world: World) -> None:
    """Do the work on the job as if it were due."""
    set_job(world, due=NOW, look=None)
    assert worked(world).trouble == ""


def test_what_no_message_told_is_found_kept_and_counted(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    names = [jobs.put(number, number * MINUTE) for number in range(5)]
    assert worked(world).trouble == ""
    assert [kept(world, name) is not None for name in names] == [True] * 5
    assert (runs_counted(world), known(world).execution) == (5, names[-1])
    assert (jobs.called["listed"], jobs.called["observe"]) == (1, 0)


def test_what_was_counted_is_not_counted_again_by_any_number_of_looks(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    for number in range(5):
        name = jobs.put(number, number * 7 * MINUTE)
        if number % 2:
            observe(name, None, watching(world), world.budget())
    for _ in range(4):
        again(world)
    assert runs_counted(world) == 5


def test_a_look_reads_back_to_where_the_one_before_ended_and_no_further(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    jobs.page_size = 4
    for number in range(40):
        jobs.put(number, number * 15 * MINUTE)
    again(world)
    assert jobs.called["listed"] == 10
    job = known(world)
    assert (job.looked, job.reach) == (BEGUN + 39 * 15 * MINUTE, BEGUN + 39 * 15 * MINUTE - OVERLAP)
    assert len(job.recent) == 1, "what is older is told by its own document"
    world.called.clear()
    jobs.put(40, 40 * 15 * MINUTE)
    again(world)
    assert (jobs.called["listed"], runs_counted(world)) == (1, 41)


def test_the_first_look_counts_nothing_that_was_created_before_the_job_was_watched(
    world: World, jobs: JobsOfOne
) -> None:
    enrolled(world)
    old, new = jobs.put(1, -MINUTE), jobs.put(2, timedelta(0))
    again(world)
    assert (runs_counted(world), kept(world, old), known(world).execution) == (1, None, new)


def test_many_pages_are_read_a_share_at_a_time_and_go_on_where_they_stopped(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    jobs.page_size = 3
    for number in range(30):
        jobs.put(number, number * MINUTE)
    assert worked(world, pages=4).trouble == ""
    job = known(world)
    assert (job.due, job.looked, runs_counted(world)) == (NOW, None, 12)
    jobs.put(30, 30 * MINUTE)
    for _ in range(2):
        worked(world, pages=4)
    job = known(world)
    assert (job.page, job.looked, runs_counted(world)) == ("", BEGUN + 29 * MINUTE, 30)
    assert job.due == NOW + LOOK_EVERY
    again(world)
    assert runs_counted(world) == 31


def test_a_page_token_that_is_not_taken_any_more_lets_the_look_begin_again(world: World, jobs: JobsOfOne) -> None:
    enrolled(world, page="of-yesterday", top=BEGUN + HOUR)
    jobs.put(1)
    assert "not taken any more" in worked(world).trouble
    assert (known(world).page, known(world).top, runs_counted(world)) == ("", None, 0)
    again(world)
    assert runs_counted(world) == 1


def test_what_has_not_ended_is_counted_when_it_has_and_keeps_no_look_from_going_on(
    world: World, jobs: JobsOfOne
) -> None:
    enrolled(world)
    going = jobs.put(1, HOUR)
    jobs.go_on(going)
    jobs.put(2, 3 * HOUR)
    again(world)
    job = known(world)
    assert (job.open, job.looked, runs_counted(world)) == (("run-1",), BEGUN + 3 * HOUR, 1)
    again(world)
    assert (known(world).open, runs_counted(world)) == (("run-1",), 1)
    jobs.end(going)
    again(world)
    assert (known(world).open, runs_counted(world)) == ((), 2)
    again(world)
    assert runs_counted(world) == 2


def test_one_that_ends_and_is_counted_by_a_message_while_it_is_looked_at_counts_once(
    world: World, jobs: JobsOfOne
) -> None:
    enrolled(world)
    going = jobs.put(1, HOUR)
    jobs.go_on(going)
    jobs.put(2, 5 * HOUR)
    again(world)
    assert known(world).open == ("run-1",)

    def others() -> None:
        jobs.end(going)
        observe(going, None, watching(world), world.budget())

    jobs.meanwhile = others
    again(world)
    assert (known(world).open, runs_counted(world)) == ((), 2)
    again(world)
    assert runs_counted(world) == 2


def test_what_was_to_be_counted_and_is_gone_or_too_old_is_given_up(world: World, jobs: JobsOfOne) -> None:
    enrolled(world, begun=BEGUN - timedelta(days=60), open=("gone", "run-1", "run-2"))
    old = jobs.put(1, -timedelta(days=40))
    jobs.go_on(jobs.put(2, HOUR))
    again(world)
    assert (known(world).open, kept(world, old), runs_counted(world)) == (("run-2",), None, 0)


def test_more_that_goes_on_than_is_remembered_keeps_the_next_look_from_passing_it(
    world: World, jobs: JobsOfOne
) -> None:
    enrolled(world)
    names = [jobs.put(number, number * MINUTE) for number in range(MOST_OPEN + 6)]
    for name in names:
        jobs.go_on(name)
    jobs.put(999, 10 * HOUR)
    again(world)
    job = known(world)
    assert len(job.open) == MOST_OPEN
    passed = {short_name(name) for name in names} - set(job.open)
    assert job.reach is not None
    assert all(jobs.executions[name].created > job.reach for name in names if short_name(name) in passed)
    for name in names:
        jobs.end(name)
    for _ in range(3):
        again(world)
    assert runs_counted(world) == MOST_OPEN + 7


def test_an_execution_that_becomes_visible_late_and_out_of_order_is_counted(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    late = jobs.put(1, HOUR)
    jobs.put(2, HOUR + OVERLAP - MINUTE)
    jobs.hidden.add(late)
    again(world)
    assert runs_counted(world) == 1
    jobs.hidden.clear()
    again(world)
    assert runs_counted(world) == 2


def test_one_that_no_look_saw_is_counted_by_the_look_after_its_late_message(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    late = jobs.put(1, HOUR)
    jobs.hidden.add(late)
    jobs.put(2, 5 * HOUR)
    again(world)
    observe(late, None, watching(world), world.budget())
    assert runs_counted(world) == 1
    assert worked(world).trouble == ""
    assert (runs_counted(world), known(world).open) == (2, ())
    observe(late, None, watching(world), world.budget())
    again(world)
    assert runs_counted(world) == 2


def test_a_busy_job_has_more_runs_than_are_remembered_and_each_counts_once(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    names = [jobs.put(number, number * timedelta(seconds=1)) for number in range(MOST_RECENT + 40)]
    for name in reversed(names):
        observe(name, None, watching(world), world.budget())
    assert len(known(world).recent) <= MOST_RECENT
    assert known(world).look == NOW, "the next look is due, after which less is to be remembered"
    for _ in range(2):
        again(world)
        for name in names[:: len(names) // 7]:
            observe(name, None, watching(world), world.budget())
    again(world)
    assert runs_counted(world) == len(names)


# trials, and what else names a build


BUILD = pushed().key


def put_record(world: World, **changes: Any) -> None:
    record = replace(Record(BUILD, created=NOW), **changes)
    assert world.store.create(BUILDS, BUILD.digest, record_document(record), timeout=SOON)


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"execution": f"{JOB.resource}/executions/run-1"}, RunKind.TRIAL),
        ({"nonce": "n-1"}, RunKind.TRIAL),
        ({"nonce": "n-1", "execution": f"{JOB.resource}/executions/run-7"}, RunKind.OTHER_ARGUMENTS),
        ({"nonce": "n-1", "execution": f"{JOB.resource}/executions/run-7", "requests": 2}, RunKind.TRIAL),
        ({"nonce": "n-2"}, RunKind.OTHER_ARGUMENTS),
        ({}, RunKind.OTHER_ARGUMENTS),
    ],
    ids=["known", "just started", "a copied nonce", "started twice", "another nonce", "nobody started it"],
)
def test_a_trial_is_counted_apart_and_only_the_ledger_says_that_it_is_one(
    world: World, jobs: JobsOfOne, record: dict[str, Any], kind: RunKind
) -> None:
    enrolled(world)
    put_record(world, **record)
    name = jobs.put(1, build=BUILD.name, nonce="n-1")
    again(world)
    run = kept(world, name)
    assert run is not None
    assert run.kind is kind
    [one] = known(world).digests
    assert (one.runs, one.apart, one.trials) == (0, 1, int(kind is RunKind.TRIAL))
    assert known(world).digest == ("" if kind is RunKind.TRIAL else DIGEST), "a trial is not what the job runs"


@pytest.mark.parametrize("build", [BUILD.name, "nonsense"])
def test_an_execution_that_names_a_build_that_nobody_knows_is_somebodys_own(
    world: World, jobs: JobsOfOne, build: str
) -> None:
    enrolled(world)
    name = jobs.put(1, build=build)
    again(world)
    run = kept(world, name)
    assert run is not None
    assert run.kind is RunKind.OTHER_ARGUMENTS


def test_after_a_trial_a_digest_runs_since_the_first_run_of_the_job_itself(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    put_record(world, execution=f"{JOB.resource}/executions/run-1")
    jobs.put(1, build=BUILD.name)
    again(world)
    jobs.put(2, HOUR)
    again(world)
    [one] = known(world).digests
    assert (one.since, one.last, one.runs, one.trials) == (BEGUN + HOUR, BEGUN + HOUR, 1, 1)


@pytest.mark.parametrize(
    ("updated", "kind"),
    [
        (BEGUN, RunKind.OTHER_ARGUMENTS),
        (BEGUN + 2 * HOUR, RunKind.NOT_COMPARED),
        (None, RunKind.NOT_COMPARED),
    ],
    ids=["unchanged since", "changed since", "changed at some time"],
)
def test_other_arguments_are_somebodys_own_only_where_the_job_was_not_changed_since(
    world: World, jobs: JobsOfOne, updated: Any, kind: RunKind
) -> None:
    enrolled(world)
    jobs.setup = JobSetup(7, updated, (Container("", f"{IMAGE}:latest", ARGUMENTS),))
    name = jobs.put(1, HOUR, containers=(Container("", f"{IMAGE}@{DIGEST}", ("--once",)),))
    again(world)
    run = kept(world, name)
    assert run is not None
    assert run.kind is kind


# trouble


class Heard(list[Signal]):
    """What was signalled."""


def listening(world: World) -> tuple[Deployment, Heard]:
    heard = Heard()
    return replace(watching(world), listener=heard.append), heard


@pytest.mark.parametrize("error", [Denied("grant run.executions.list"), Unavailable("away")])
def test_a_look_that_fails_is_told_by_name_and_tried_again_later_each_time(
    world: World, jobs: JobsOfOne, error: ServiceError
) -> None:
    enrolled(world)
    jobs.put(1)
    deployment, heard = listening(world)
    jobs.trouble["listed"] = error
    for waits in (1, 2, 4, 8, 16, 32, 60, 60):
        done = worked(world, deployment)
        assert str(error) in done.trouble
        assert JOB.job in done.trouble
        assert known(world).due == world.clock() + waits * MINUTE
        assert known(world).problem == str(error)
        world.clock.advance(waits * 60)
    assert [signal.name for signal in heard] == ["job_unseen"] * 6, "from the third failure on"
    assert heard[0].severity == "WARNING"
    assert heard[0].fields["job"] == JOB.job
    jobs.trouble.clear()
    assert worked(world, deployment).trouble == ""
    assert (known(world).problem, known(world).failures, runs_counted(world)) == ("", 0, 1)


def test_a_service_that_wants_a_rest_is_left_alone_for_so_long(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    jobs.trouble["listed"] = RateLimited("busy", retry_after=600)
    worked(world)
    assert known(world).due == NOW + 10 * MINUTE


def test_without_the_permission_to_read_the_job_its_runs_are_seen_all_the_same(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    jobs.setup = Denied("run.jobs.get")
    name = jobs.put(1)
    assert worked(world).trouble == ""
    run = kept(world, name)
    assert run is not None
    assert run.kind is RunKind.NOT_COMPARED


def test_a_job_that_does_not_exist_is_told_by_name_and_put_off_for_hours(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    jobs.setup = Missing("no such job")
    deployment, heard = listening(world)
    done = worked(world, deployment)
    assert (done.trouble, done.ignored) == ("", ""), "others of its project are not put off for it"
    assert (known(world).due, known(world).problem) == (NOW + MISSING_AGAIN, "no such job")
    assert [signal.message for signal in heard] == [
        f"the runs of {JOB.location}/{JOB.job} of {JOB.project} are not seen, there is no such job: no such job"
    ]
    assert jobs.called["listed"] == 0


def test_a_job_of_every_project_that_is_missing_in_one_of_many_is_no_trouble(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    jobs.setup = Missing("no such job")
    deployment, heard = listening(world)
    at = WorkContext(deployment, Watched({JOB.project: "", "another": ""}), world.budget())
    assert do_work("job", name_of_job(JOB), at).trouble == ""
    assert heard == []
    assert known(world).due == NOW + MISSING_AGAIN


def test_a_job_that_is_gone_is_told_wherever_it_was_and_looked_for_within_the_hour(
    world: World, jobs: JobsOfOne
) -> None:
    enrolled(world, generation=7)
    jobs.setup = Missing("no such job")
    deployment, heard = listening(world)
    at = WorkContext(deployment, Watched({JOB.project: "", "another": ""}), world.budget())
    assert do_work("job", name_of_job(JOB), at).trouble == ""
    assert [signal.name for signal in heard] == ["job_unseen"]
    assert known(world).due == NOW + LOOK_EVERY


def test_a_job_that_is_not_watched_any_more_is_put_off_without_a_call(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    done = worked(world, world.deployment())
    assert "not watched any more" in done.ignored
    assert world.called == []
    assert known(world).due == NOW + HOUR


def test_a_job_whose_project_is_not_watched_any_more_is_put_off_as_well(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    at = WorkContext(watching(world), Watched({"another": ""}), world.budget())
    assert "not watched any more" in do_work("job", name_of_job(JOB), at).ignored


def test_a_process_that_is_asked_to_end_gives_the_job_back_at_once(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    jobs.page_size = 1
    for number in range(6):
        jobs.put(number, number * MINUTE)
    budget = replace(world.budget(), stopping=lambda: jobs.called["listed"] >= 3)
    done = do_work("job", name_of_job(JOB), WorkContext(watching(world), WATCHED, budget))
    job = known(world)
    assert (job.due, job.leased) == (NOW, None)
    assert "asked to end" in done.trouble or done.trouble == ""
    worked(world)
    assert runs_counted(world) == 6


def test_two_invocations_do_not_look_at_one_job_at_once(world: World, jobs: JobsOfOne) -> None:
    enrolled(world, leased=NOW + MINUTE, due=NOW)
    assert "another invocation works on it" in worked(world).ignored
    set_job(world, leased=NOW + LEASE + timedelta(days=1))
    assert worked(world).ignored == "", "a lease of a clock that was wrong keeps nobody away"


def test_who_was_frozen_until_another_took_over_writes_nothing_any_more(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    jobs.put(1)
    setup = jobs.setup

    class Slow:
        """Is asked, and another invocation takes the job over meanwhile."""

        def __getattr__(self, name: str) -> Any:
            return getattr(jobs, name)

        def describe(self, *_: Any, **__: Any) -> Any:
            set_job(world, leased=NOW + timedelta(seconds=7), page="another's")
            return setup

    world.jobs = Slow()
    assert "taken it over" in worked(world).ignored
    assert (known(world).page, runs_counted(world)) == ("another's", 0)


def test_what_is_seen_during_a_look_makes_the_job_due_as_it_would_otherwise(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    jobs.put(1)
    setup = jobs.setup

    class Busy:
        """Another invocation counts a run of another digest during the look."""

        def __getattr__(self, name: str) -> Any:
            return getattr(jobs, name)

        def describe(self, *_: Any, **__: Any) -> Any:
            observe(jobs.put(2, HOUR, digest=OTHER_DIGEST), None, watching(world), world.budget())
            return setup

    world.jobs = Busy()
    worked(world)
    assert (runs_counted(world), known(world).digest, known(world).due) == (2, OTHER_DIGEST, NOW)


@pytest.mark.parametrize("jump", [-3 * HOUR, 5 * HOUR, timedelta(days=2)])
def test_a_clock_that_jumps_loses_no_run_and_counts_none_twice(world: World, jobs: JobsOfOne, jump: timedelta) -> None:
    enrolled(world)
    for number in range(3):
        jobs.put(number, number * MINUTE)
    again(world)
    right = world.ledger.clock

    def wrong() -> datetime:
        return right() + jump

    jumped = replace(watching(world), ledger=replace(world.ledger, clock=wrong))
    jobs.put(3, 5 * MINUTE)
    set_job(world, due=NOW - timedelta(days=9), look=None)

    class Jumped:
        """The world, by another clock."""

        clock = staticmethod(wrong)

        def __getattr__(self, name: str) -> Any:
            return getattr(world, name)

    jumped = replace(jumped, services=Jumped())
    budget = replace(world.budget(), clock=wrong, until=wrong() + MINUTE)
    do_work("job", name_of_job(JOB), WorkContext(jumped, WATCHED, budget))
    for number in range(4):
        observe(f"{JOB.resource}/executions/run-{number}", None, jumped, budget)
    jobs.put(4, 6 * MINUTE)
    again(world)
    assert runs_counted(world) == 5


# what the telling changes


def test_what_the_telling_changes_leaves_what_was_counted_meanwhile(world: World) -> None:
    enrolled(world)
    before = replace(known(world), digest=DIGEST).with_digest(DigestRuns(DIGEST, IMAGE, NOW, NOW, runs=1))
    after = replace(before, started=True).with_digest(
        replace(before.digests[0], build="b", verdict="VERIFIED", told=("x",), audited="begun")
    )
    fresh = before.with_digest(replace(before.digests[0], runs=5, failed=2, last=NOW + HOUR))
    fresh = fresh.with_digest(DigestRuns(OTHER_DIGEST, IMAGE, NOW, NOW, runs=1))
    [other, one] = sorted(told(fresh, before, after).digests, key=lambda runs: runs.runs)
    assert (other.digest, other.runs) == (OTHER_DIGEST, 1)
    assert (one.runs, one.failed, one.last, one.build, one.told, one.audited) == (
        5,
        2,
        NOW + HOUR,
        "b",
        ("x",),
        "begun",
    )
    assert told(fresh, before, after).started


def test_a_document_of_a_later_version_is_put_off_and_named(world: World, jobs: JobsOfOne) -> None:
    enrolled(world)
    stored = stored_job(world)
    later = {**job_document(parse_job(stored.document)), "version": 2}
    assert world.store.replace(JOBS, name_of_job(JOB), later, stored.revision, timeout=SOON)
    assert "expected a job of version 1, got version 2" in worked(world).trouble
    assert stored_job(world).document["due"] > stored.document["due"]
