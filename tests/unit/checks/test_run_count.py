"""Runs are counted once each, in whatever order and however often they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.checks.job_runs import MOST_OPEN, MOST_STARTS, JobRuns
from verifier.checks.run_count import (
    OVERLAP,
    counted,
    is_below,
    is_of_age,
    is_recent,
    looked_through,
    short_name,
    with_open,
    with_setup,
)
from verifier.facts.execution import Container, JobName, JobSetup, hash_of_arguments
from verifier.facts.run import EndedRun, RunKind, RunOutcome

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOB = JobName("vividly-dev", "us-central1", "worker")
NEW = JobRuns(JOB, begun=NOON)


def a_run(
    number: int,
    *,
    digest: str = "sha256:aa",
    kind: RunKind = RunKind.OWN,
    outcome: RunOutcome = RunOutcome.SUCCEEDED,
    at: timedelta | None = None,
) -> EndedRun:
    created = NOON + (timedelta(minutes=number) if at is None else at)
    name = f"{JOB.resource}/executions/run-{number}"
    return EndedRun(name, JOB, digest, "repo/worker", created, created, outcome, kind)


RUNS = st.lists(
    st.builds(
        a_run,
        st.integers(0, 60),
        digest=st.sampled_from(["sha256:aa", "sha256:bb", ""]),
        kind=st.sampled_from(RunKind),
        outcome=st.sampled_from(RunOutcome),
    ),
    unique_by=lambda run: run.execution,
)


def all_counted(runs: list[EndedRun]) -> JobRuns:
    job = NEW
    for run in runs:
        job = counted(job, run)
    return job


@given(RUNS, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_what_is_counted(runs: list[EndedRun], random: object) -> None:
    """Each execution is counted once, whenever and however often it is told."""
    again = [*runs, *runs]
    random.shuffle(again)  # type: ignore[attr-defined]  # hypothesis' own random
    straight, shuffled = all_counted(runs), all_counted(again)
    assert replace(straight, unclear="", digests=()) == replace(shuffled, unclear="", digests=())
    assert set(straight.digests) == set(shuffled.digests)
    assert sum(one.runs + one.apart for one in straight.digests) + straight.uncertain == len(runs)


@given(RUNS)
def test_what_runs_now_is_the_newest_run_that_is_certain_and_no_trial(runs: list[EndedRun]) -> None:
    candidates = [run for run in runs if run.digest and run.kind is not RunKind.TRIAL]
    newest = max(candidates, key=lambda run: (run.created, run.execution), default=None)
    job = all_counted(runs)
    assert (job.execution, job.digest) == ((newest.execution, newest.digest) if newest else ("", ""))


@pytest.mark.parametrize(
    ("kind", "outcome", "numbers"),
    [
        (RunKind.OWN, RunOutcome.SUCCEEDED, (1, 0, 0, 0)),
        (RunKind.NOT_COMPARED, RunOutcome.FAILED, (1, 1, 0, 0)),
        (RunKind.OWN, RunOutcome.PLATFORM, (1, 0, 0, 0)),
        (RunKind.OWN, RunOutcome.CANCELLED, (1, 0, 0, 0)),
        (RunKind.OTHER_ARGUMENTS, RunOutcome.FAILED, (0, 0, 1, 0)),
        (RunKind.TRIAL, RunOutcome.FAILED, (0, 0, 1, 1)),
    ],
)
def test_a_run_counts_by_its_kind_and_how_it_ended(
    kind: RunKind, outcome: RunOutcome, numbers: tuple[int, ...]
) -> None:
    [one] = counted(NEW, a_run(1, kind=kind, outcome=outcome)).digests
    assert (one.runs, one.failed, one.apart, one.trials) == numbers


def test_only_runs_that_count_say_how_often_the_job_runs_and_the_latest_of_them() -> None:
    kinds = [RunKind.OWN, RunKind.TRIAL, RunKind.OTHER_ARGUMENTS, RunKind.NOT_COMPARED]
    job = all_counted([a_run(number, kind=kinds[number % 4]) for number in range(60)])
    assert len(job.starts) == MOST_STARTS
    assert job.starts == tuple(NOON + timedelta(minutes=n) for n in range(60) if n % 4 in (0, 3))[-MOST_STARTS:]


@pytest.mark.parametrize(
    ("moment", "is_old_enough"),
    [
        (NOON, True),
        (NOON - timedelta(seconds=1), False),
        (NOON + timedelta(days=65), True),
        (NOON + timedelta(days=64), False),
    ],
)
def test_what_may_be_counted_began_with_the_watch_or_later_and_at_most_35_days_ago(
    moment: datetime, is_old_enough: bool
) -> None:
    now = NOON if moment <= NOON else NOON + timedelta(days=100)
    assert is_of_age(NEW, moment, now) is is_old_enough


def test_after_a_look_what_is_older_than_it_reaches_back_is_known_without_being_remembered() -> None:
    job = replace(all_counted([a_run(number) for number in range(0, 60, 5)]), top=NOON + timedelta(minutes=55))
    after = looked_through(job)
    assert after.floor == after.reach == NOON + timedelta(minutes=55) - OVERLAP
    assert [mark.partition(" ")[2] for mark in after.recent] == ["run-50", "run-55"]
    assert is_below(after, "run-3", NOON + timedelta(minutes=3))
    assert counted(after, a_run(0)) == after
    assert not is_recent(after, "run-0")


def test_a_look_that_saw_nothing_moves_nothing() -> None:
    job = replace(NEW, reach=NOON, floor=NOON, looked=NOON, page="x")
    assert looked_through(job) == replace(job, page="")


def test_a_look_never_moves_what_is_known_back() -> None:
    job = replace(NEW, reach=NOON, floor=NOON, looked=NOON, top=NOON - timedelta(hours=1))
    after = looked_through(job)
    assert (after.reach, after.floor, after.looked) == (NOON, NOON, NOON)


def test_one_that_found_no_room_among_those_still_to_be_counted_is_gone_back_to() -> None:
    going = [(f"run-{number}", NOON + timedelta(minutes=number)) for number in range(MOST_OPEN + 3)]
    job = with_open(replace(NEW, top=NOON + timedelta(days=1)), going)
    assert len(job.open) == MOST_OPEN
    reach = looked_through(job).reach
    assert reach is not None
    assert reach < NOON + timedelta(minutes=MOST_OPEN)


def test_one_that_is_still_to_be_counted_counts_however_old_it_is() -> None:
    job = replace(NEW, floor=NOON + timedelta(hours=1), open=("run-1", "run-2"))
    after = counted(job, a_run(1))
    assert (after.open, after.digests[0].runs) == (("run-2",), 1)
    assert counted(after, a_run(1)) == after


def test_a_short_name_that_ends_like_another_is_another() -> None:
    job = counted(NEW, a_run(11))
    assert is_recent(job, short_name(a_run(11).execution))
    assert not is_recent(job, "1")
    assert not is_recent(job, "un-11")


def test_the_jobs_arguments_are_those_of_all_its_containers_by_their_names() -> None:
    one, two = Container("a", "x", ("1",)), Container("b", "y", ("2",))
    assert hash_of_arguments([one, two]) == hash_of_arguments([two, one])
    assert hash_of_arguments([one, two]) != hash_of_arguments([replace(one, args=("2",)), replace(two, args=("1",))])
    assert hash_of_arguments([one]) == hash_of_arguments([replace(one, name="", image="z")])
    assert hash_of_arguments([replace(one, args=("1", "2"))]) != hash_of_arguments([replace(one, args=("1 2",))])


def test_a_generation_whose_arguments_could_not_be_read_forgets_those_of_the_one_before() -> None:
    known = with_setup(NEW, JobSetup(3, None, (Container("", "x", ("1",)),)))
    assert (known.generation, known.args is not None) == (3, True)
    assert with_setup(known, None) == known
    assert with_setup(known, None, 3) == known
    assert with_setup(known, None, 4) == replace(known, generation=4, args=None)


def test_the_images_that_a_job_is_set_up_with_by_a_tag_are_known_and_forgotten_with_its_arguments() -> None:
    images = ("r.example:5000/a/b:main", "r.example:5000/a/c", "a/d:1@sha256:12", "a/e@sha256:12")
    known = with_setup(NEW, JobSetup(3, None, tuple(Container("", image) for image in images)))
    assert known.images == images[:1]
    assert with_setup(known, None, 4).images == ()
