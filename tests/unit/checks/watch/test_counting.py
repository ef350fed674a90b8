"""What a run changes in the watch of its digest, and what a watch takes over from the one before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.checks.watch.made import (
    CRASH,
    HOUR,
    OTHER,
    REPOSITORY,
    START,
    after,
    book_after,
    digest,
    error,
    hours_before,
    quiet,
    run,
    successor,
    watch,
)
from verifier.checks.watch.book import ErrorState
from verifier.checks.watch.chances import RunCounts
from verifier.checks.watch.counting import counted_all
from verifier.checks.watch.rules import Benign
from verifier.checks.watch.watching import MOST_ERRORS_WATCHED, Good, Hour, Red, WatchOutcome, counts_before, is_rare
from verifier.facts.run import RunOutcome


def test_runs_are_counted_once_with_how_they_ended() -> None:
    ok, failed = run(0), run(1, CRASH, failed=True)
    found = after(watch(), ok, failed, ok, failed)
    assert (found.runs, found.failed, found.read, found.unread, found.tail) == (2, 1, 2, 0, "SF")
    assert found.until == failed.ended


def test_an_error_keeps_the_run_that_had_it_first_and_in_how_many_it_was() -> None:
    found = after(watch(), run(0), run(1, replace(CRASH, count=3)), run(2, CRASH, failed=True)).errors
    [seen] = found
    assert (seen.state, seen.run, seen.runs, seen.failed_runs, seen.entries) == (ErrorState.NEW, 2, 2, 1, 4)
    assert seen.execution == "run-1"


def test_a_run_whose_logs_could_not_be_read_counts_and_is_unread() -> None:
    found = after(watch(), run(0, whole=False), run(1))
    assert (found.runs, found.read, found.unread) == (2, 1, 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"benign": Benign.SWITCH},
        {"outcome": RunOutcome.PLATFORM},
        {"outcome": RunOutcome.CANCELLED},
    ],
)
def test_what_is_nobodys_fault_counts_apart(fields: dict[str, object]) -> None:
    found = after(watch(), replace(run(0, CRASH, failed=True), **fields))  # type: ignore[arg-type]
    assert (found.runs, found.benign, found.errors, found.tail) == (0, 1, (), "")


def test_more_errors_than_there_is_room_for_are_counted() -> None:
    many = [error(str(number)) for number in range(1_000)]
    found = after(watch(), run(0, *many))
    assert len(found.errors) == MOST_ERRORS_WATCHED
    assert found.beyond == 1_000 - MOST_ERRORS_WATCHED


def test_the_order_in_which_runs_are_read_makes_no_difference() -> None:
    runs = [run(number, *([CRASH] if number == 2 else [])) for number in range(4)]
    assert counted_all(watch(), runs) == counted_all(watch(), list(reversed(runs)))


def test_after_its_end_only_what_a_later_watch_is_compared_with_goes_on() -> None:
    ended = replace(quiet(watch(), 3), ended=START + timedelta(days=1))
    found = after(ended, run(60, CRASH, failed=True))
    assert (found.runs, found.failed, found.errors) == (3, 0, ())
    assert (found.tail, sum((hour.counts for hour in found.hours), RunCounts())) == ("SSSF", RunCounts(4, 1))


def test_an_accepted_error_is_not_new() -> None:
    assert after(watch(), run(0, error("crash", accepted="until 2026-12-01: known"))).new == ()


def test_what_a_job_ran_when_it_began_to_be_watched_is_no_deployment() -> None:
    assert successor(None).found
    assert not successor(watch()).found


def test_what_took_the_place_of_something_that_ran_before_is_a_deployment() -> None:
    found = successor(None, ran_before=True)
    assert (found.found, found.before, found.good) == (False, (), None)


def test_a_watch_goes_on_from_the_one_before() -> None:
    previous = quiet(watch(before=hours_before(48, 1)), 3)
    found = successor(previous)
    assert found.tail == "SSS"
    assert found.before == (*previous.before, *previous.hours)


def test_hours_are_kept_for_as_long_as_failures_are_compared() -> None:
    before = tuple(Hour(START - number * HOUR, RunCounts(1, 0)) for number in range(1, 800))
    assert len(successor(watch(before=before)).before) == 15 * 24 + 1


@pytest.mark.parametrize(("after_hours", "days"), [(1, 1), (24, 1), (25, 2), (400, 14)])
def test_failures_are_compared_with_as_many_days_before(after_hours: int, days: int) -> None:
    found = counts_before(watch(before=hours_before(48, 1, days=20)), START + after_hours * HOUR)
    assert found == RunCounts(48 * days, days)


@pytest.mark.parametrize(
    ("hours", "rare"), [([], False), ([24], False), ([24, 24], True), ([4, 4, 4], False), ([5, 5, 1], True)]
)
def test_a_job_is_rare_that_runs_less_than_six_times_a_day(hours: list[int], rare: bool) -> None:
    starts = [START]
    for gap in hours:
        starts.append(starts[-1] + gap * HOUR)
    assert is_rare(starts) is rare


GOOD = Good(digest("b"), REPOSITORY, "projects/p/locations/l/builds/b", "85cffd8" * 5, 8, START)


@pytest.mark.parametrize(
    ("previous", "expected"),
    [
        (quiet(watch(verdict="VERIFIED"), 8), GOOD),
        (quiet(watch(verdict="VERIFIED"), 7), None),
        (quiet(watch(verdict="VERIFIED", rare=True), 3), replace(GOOD, runs=3)),
        (replace(quiet(watch(verdict="VERIFIED"), 8), outcome=WatchOutcome.REPLACED, ended=START), GOOD),
        (quiet(watch(verdict="FAILED"), 8), None),
        (after(quiet(watch(verdict="VERIFIED"), 8), run(9, CRASH)), None),
        (quiet(watch(verdict="VERIFIED", repository="us-docker.pkg.dev/other/image"), 8), None),
        (watch(good=replace(GOOD, digest=digest("a"))), replace(GOOD, digest=digest("a"))),
    ],
    ids=[
        "enough",
        "too few",
        "enough of a rare job",
        "replaced",
        "failed",
        "a new error",
        "another image",
        "inherited",
    ],
)
def test_one_may_go_back_to_what_ran_long_enough_without_a_new_error(previous: object, expected: Good | None) -> None:
    assert successor(previous).good == expected  # type: ignore[arg-type]


def test_what_was_wrong_before_is_taken_over_until_it_is_over() -> None:
    regressed = replace(after(watch(verdict="VERIFIED"), run(0, CRASH, OTHER)), reasons=("crash", "failures"))
    [red] = successor(regressed).reds
    assert red == Red("REGRESSED", digest("b"), regressed.build, regressed.commit, START, ("crash",), (CRASH.name,))
    assert [one.what for one in successor(watch(verdict="LOCAL_SOURCE")).reds] == ["LOCAL_SOURCE"]
    assert successor(watch(verdict="VERIFIED")).reds == ()
    assert [one.digest for one in successor(successor(regressed)).reds] == [digest("b")]


def test_of_many_reds_the_latest_are_kept() -> None:
    found = successor(watch(verdict="FAILED"))
    for name in "defghi":
        found = successor(replace(found, verdict="FAILED"), name)
    assert len(found.reds) == 5


def test_the_baseline_of_a_digest_is_what_was_read_before() -> None:
    assert successor(watch()).baseline == 8
    assert book_after(("a", 3, {})).digests[0].runs == 3
