"""What a job runs, judged: tables of what is wrong, of what began and ceased, and of what is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from verifier.checks.job_runs import DigestRuns, JobRuns, NewerBuild, Tie
from verifier.checks.running import (
    SETTLED_AGAIN,
    UNJUDGED_FOR,
    UNKNOWN_AGAIN,
    NewsTopic,
    Transition,
    is_settled,
    is_wrong,
    look_again,
    news,
    runs_since,
    to_seek,
    told,
    transitions,
    was_moved_back,
    with_stretches,
)
from verifier.facts.execution import JobName

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOB = JobName("vividly-dev", "us-central1", "worker")
BUILD = "projects/vividly-dev/locations/global/builds/4e841fcb"
ELSEWHERE = "projects/sandbox/locations/global/builds/4e841fcb"


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def digest(name: str, minutes: float = 0, verdict: str = "VERIFIED", **changes: object) -> DigestRuns:
    """Return a digest that ran once, then, and whose build is judged so; empty: no build pushed it."""
    tie = Tie.BUILD if verdict else Tie.NONE
    moment = at(minutes)
    runs = DigestRuns(name, "repo/worker", moment, moment, runs=1, tie=tie, build=BUILD if verdict else "")
    return replace(runs, **{"verdict": verdict, "sought": moment, **changes})  # type: ignore[arg-type]  # fields by their names


def running(*digests: DigestRuns, started: bool = True) -> JobRuns:
    """Return a job that runs the last of these, with its stretches."""
    newest = digests[-1]
    job = JobRuns(JOB, NOON, digest=newest.digest, newest=newest.last, execution="e", digests=digests, started=started)
    return with_stretches(job)


def heard(job: JobRuns) -> JobRuns:
    """Return the job once the audit trail has heard all that there is to hear."""
    for transition, runs in transitions(job, at(600)):
        known = job.of(runs.digest)
        assert known is not None
        job = job.with_digest(replace(known, audited=transition))
    return job


def topics(job: JobRuns, minutes: float = 10) -> list[tuple[NewsTopic, str]]:
    return [(each.topic, each.digest) for each in news(job, at(minutes))]


@pytest.mark.parametrize(
    ("runs", "wrong"),
    [
        (digest("a"), False),
        (digest("a", verdict="INCONCLUSIVE"), False),
        (digest("a", verdict="LOCAL_SOURCE"), True),
        (digest("a", verdict="FAILED"), True),
        (digest("a", verdict="EXEMPT"), False),
        (digest("a", verdict="EXEMPT", build=ELSEWHERE), True),
        (digest("a", verdict="VERIFIED", build=ELSEWHERE), False),
        (digest("a", verdict=""), False),
        (digest("a", verdict="FAILED", tie=Tie.OPEN), False),
    ],
)
def test_wrong_is_what_its_build_says_and_an_exemption_of_another_project(runs: DigestRuns, wrong: bool) -> None:
    assert is_wrong(JOB, runs) is wrong


@pytest.mark.parametrize(
    ("runs", "minutes", "settled"),
    [
        (digest("a"), 0, True),
        (digest("a", verdict=""), 0, True),
        (digest("a", verdict="", tie=Tie.OPEN), 600, False),
        (digest("a", verdict="", tie=Tie.BUILD), 1, False),
        (digest("a", verdict="", tie=Tie.BUILD, why="it ended FAILURE"), 1, True),
        (digest("a", verdict="", tie=Tie.BUILD), UNJUDGED_FOR.total_seconds() / 60 + 1, True),
    ],
)
def test_nothing_is_said_before_the_build_is_judged_or_nobody_knows_one(
    runs: DigestRuns, minutes: float, settled: bool
) -> None:
    assert is_settled(runs, at(minutes)) is settled


def test_a_stretch_begins_with_the_first_run_and_ends_with_the_first_run_of_another_digest() -> None:
    job = running(digest("a"), digest("b", 30))
    assert [(runs.digest, runs.begun, runs.ceased) for runs in job.digests] == [
        ("a", at(0), at(30)),
        ("b", at(30), None),
    ]
    assert with_stretches(job) == job


def test_what_ran_between_two_looks_has_a_stretch_too() -> None:
    job = with_stretches(replace(running(digest("a")), digest="a"))
    later = job.with_digest(digest("b", 10)).with_digest(digest("c", 20))
    job = with_stretches(replace(later, digest="c", newest=at(20)))
    assert [(runs.digest, runs.begun, runs.ceased) for runs in job.digests] == [
        ("a", at(0), at(20)),
        ("b", at(10), at(20)),
        ("c", at(20), None),
    ]


def test_a_digest_that_only_this_verifier_tried_begins_nothing() -> None:
    tried = digest("a", 5, runs=0, apart=1, trials=1)
    job = running(tried, digest("b"))
    assert [(runs.digest, runs.begun) for runs in job.digests] == [("b", at(0)), ("a", None)]
    assert to_seek(replace(job, digests=(replace(tried, sought=None),)), at(30)) == []


def test_a_stretch_that_comes_back_begins_anew_once_the_end_of_the_one_before_was_heard_of() -> None:
    job = running(digest("a", told=("wrong", "closed", "said")), digest("b", 30))
    back = replace(job.with_digest(replace(job.digests[0], last=at(60), runs=2)), digest="a", newest=at(60))
    assert with_stretches(back) == back
    again = with_stretches(heard(back)).of("a")
    assert again is not None
    assert (again.begun, again.ceased, again.audited, again.told) == (at(60), None, "", ("said",))


def test_the_audit_trail_hears_of_each_beginning_and_end_in_the_order_of_time() -> None:
    job = running(digest("a"), digest("b", 30))
    assert [(word, runs.digest) for word, runs in transitions(job, at(31))] == [
        (Transition.BEGUN, "a"),
        (Transition.CEASED, "a"),
        (Transition.BEGUN, "b"),
    ]
    assert transitions(heard(job), at(31)) == []


def test_the_audit_trail_waits_for_the_verdict() -> None:
    job = running(digest("a", verdict="", tie=Tie.BUILD))
    assert transitions(job, at(1)) == []
    assert [word for word, _ in transitions(job, NOON + UNJUDGED_FOR + timedelta(minutes=1))] == [Transition.BEGUN]


RED = digest("b", 30, verdict="LOCAL_SOURCE")
NOBODYS = digest("b", 30, verdict="")


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (running(digest("a")), []),
        (running(digest("a"), started=False), [(NewsTopic.START, "a")]),
        (running(RED), [(NewsTopic.WRONG, "b")]),
        (running(digest("a"), RED), [(NewsTopic.WRONG, "b")]),
        (running(digest("a"), replace(RED, told=("wrong",))), []),
        (running(NOBODYS), []),
        (running(digest("a"), NOBODYS), [(NewsTopic.UNKNOWN, "b")]),
        (running(digest("a", verdict=""), NOBODYS), []),
        (running(digest("a"), replace(NOBODYS, told=("unknown",))), []),
        (running(digest("a"), replace(NOBODYS, tie=Tie.OPEN)), []),
        (running(replace(RED, told=("wrong",)), digest("c", 60)), [(NewsTopic.CLOSED, "b")]),
        (running(replace(RED, told=("wrong", "closed")), digest("c", 60)), []),
        (running(RED, digest("c", 60)), []),
        (running(replace(RED, told=("telling",)), digest("c", 60)), [(NewsTopic.CLOSED, "b")]),
        (running(digest("a"), replace(NOBODYS, told=("unknown",)), digest("c", 60)), [(NewsTopic.CLOSED, "b")]),
        (running(replace(RED, told=("wrong",)), digest("c", 60, verdict="", tie=Tie.OPEN)), []),
        (JobRuns(JOB, NOON), []),
    ],
)
def test_people_are_told_what_is_wrong_and_when_it_is_over_once(
    job: JobRuns, expected: list[tuple[NewsTopic, str]]
) -> None:
    assert topics(job, 90) == expected


NEWER = NewerBuild("projects/vividly-dev/locations/global/builds/71a0c2d4", "c0ffee", "new", at(60))
OLD = running(digest("old", ended=at(-30)))


@pytest.mark.parametrize(
    ("starts", "changes", "count"),
    [
        ((0.0, 65.0), {}, 0),
        ((0.0, 75.0), {}, 1),
        ((75.0, 90.0, 120.0), {}, 3),
        ((75.0,), {"newer": None}, 0),
        ((75.0,), {"newer": replace(NEWER, digest="old")}, 0),
        ((75.0,), {"newer": replace(NEWER, ended=at(-40))}, 0),
    ],
)
def test_a_pinned_image_is_told_by_the_runs_since_the_newer_build_ended(
    starts: tuple[float, ...], changes: dict[str, NewerBuild | None], count: int
) -> None:
    job = replace(OLD, newer=NEWER, starts=tuple(map(at, starts)))
    job = replace(job, **changes)  # type: ignore[arg-type]  # fields by their names
    assert runs_since(job) == count
    assert topics(job, 200) == ([(NewsTopic.PINNED, "old")] if count else [])


def test_each_newer_build_is_told_of_once() -> None:
    job = replace(OLD, newer=NEWER, starts=(at(75),))
    [what] = news(job, at(200))
    job = told(job, what.digest, what.word)
    assert news(job, at(200)) == []
    job = replace(job, newer=replace(NEWER, build=BUILD))
    [another] = news(job, at(200))
    assert told(job, another.digest, another.word).digests[0].told == (another.word,)


def test_a_tag_was_moved_back_where_the_newer_image_has_run() -> None:
    job = replace(OLD, newer=NEWER)
    assert not was_moved_back(job)
    assert was_moved_back(job.with_digest(digest("new", 61)))
    assert not was_moved_back(job.with_digest(digest("new", 61, runs=0, apart=1, trials=1)))


def sought(job: JobRuns, minutes: float) -> list[str]:
    return [runs.digest for runs in to_seek(job, at(minutes))]


def test_a_build_is_looked_for_at_once_and_then_ever_more_seldom() -> None:
    fresh = running(digest("a", verdict="", tie=Tie.OPEN, sought=None))
    assert sought(fresh, 0) == ["a"]
    assert look_again(fresh, at(0)) == at(0)
    for last, wait in [(0.0, 0.5), (4.0, 2.0), (100.0, 10.0), (400.0, 60.0)]:
        job = running(digest("a", verdict="", tie=Tie.OPEN, sought=at(last)))
        assert sought(job, last + wait - 0.1) == []
        assert sought(job, last + wait) == ["a"]
        assert look_again(job, at(last)) == at(last + wait)


def test_a_build_without_a_verdict_is_looked_at_again_and_one_that_did_not_succeed_is_not() -> None:
    unjudged = running(digest("a", verdict="", tie=Tie.BUILD))
    assert look_again(unjudged, at(0)) == at(0.5)
    failed = running(digest("a", verdict="", tie=Tie.BUILD, why="it ended FAILURE"))
    assert look_again(failed, at(0)) is None


def test_what_is_settled_is_looked_for_again_when_the_job_is_looked_at_and_only_what_runs_now() -> None:
    settled = running(digest("a"), digest("b", 30))
    hours = SETTLED_AGAIN.total_seconds() / 60
    assert look_again(settled, at(30)) is None
    assert sought(settled, 30 + hours - 1) == []
    assert sought(settled, 30 + hours) == ["b"]
    unknown = running(digest("a", verdict=""))
    assert sought(unknown, hours) == []
    assert sought(unknown, UNKNOWN_AGAIN.total_seconds() / 60) == ["a"]


def test_a_job_that_was_not_told_of_at_the_start_is_looked_at_again() -> None:
    job = running(digest("a"), started=False)
    assert look_again(job, at(1)) == at(6)


def test_of_a_digest_that_is_not_known_any_more_nothing_is_kept() -> None:
    assert told(OLD, "gone", "wrong") == OLD
