"""What people hear of a watch, and what they don't."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.unit.checks.watch.made import (
    CRASH,
    HOUR,
    START,
    after,
    book_after,
    digest,
    error,
    hours_before,
    quiet,
    run,
    watch,
)
from verifier.checks.known_errors import ErrorBook
from verifier.checks.watch.counting import ReadRun
from verifier.checks.watch.telling import (
    NewsKind,
    Standing,
    WatchNews,
    after_runs,
    at_checkpoint,
    next_checkpoint,
    standing,
)
from verifier.checks.watch.watching import Red, Watch

NEARLY_NONE = book_after(("a", 7, {}))
GONE_BEFORE = book_after(("a", 8, {"crash": 4}), ("c", 8, {}))


def told(one: Watch, *runs: ReadRun) -> tuple[Watch, list[WatchNews]]:
    """Return what is told while these runs come one by one."""
    news: list[WatchNews] = []
    for each in runs:
        one, more = after_runs(after(one, each), each.ended, failed=each.outcome == "failed")
        news += more
    return one, news


def kinds(news: list[WatchNews]) -> list[str]:
    return [f"{one.kind}:{one.error.identity if one.error else one.reason}" for one in news]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([run(0)], []),
        ([run(0), run(1, CRASH)], ["once:crash"]),
        ([run(0), run(1, CRASH), run(2, CRASH)], ["once:crash", "regressed:crash"]),
        ([run(0, CRASH, failed=True)], ["regressed:crash"]),
        ([run(0, CRASH, failed=True), run(1, CRASH, failed=True)], ["regressed:crash"]),
        ([run(0, error("known"), failed=True)], []),
        ([run(0, error("known")), run(1, error("known"))], []),
        ([run(0, error("crash", accepted="until then"), failed=True)], []),
        ([run(0, CRASH, error("other"))], ["once:crash", "once:other"]),
        ([run(0, CRASH, book=GONE_BEFORE)], ["once:crash"]),
        ([run(0, CRASH, book=GONE_BEFORE), run(1, CRASH, book=GONE_BEFORE)], ["once:crash", "regressed:crash"]),
        ([run(0, CRASH, book=NEARLY_NONE)], []),
        ([run(0, CRASH, book=NEARLY_NONE), run(1, CRASH, book=NEARLY_NONE)], []),
        ([run(0, CRASH, book=NEARLY_NONE, failed=True)], ["regressed:crash"]),
        ([run(0, CRASH, book=ErrorBook(), failed=True)], ["regressed:crash"]),
    ],
)
def test_a_regression_is_told_once_an_error_and_watch(runs: list[ReadRun], expected: list[str]) -> None:
    assert kinds(told(watch(), *runs)[1]) == expected


def test_of_a_rare_job_one_run_with_a_new_error_is_enough() -> None:
    assert kinds(told(watch(rare=True), run(0, CRASH))[1]) == ["regressed:crash"]


def test_what_the_builds_own_verdict_has_told_is_not_told_again() -> None:
    trial = run(0, CRASH, failed=True)
    [found] = trial.standings
    told_already = replace(trial, standings=(replace(found, of_trial=True),))
    after_it, news = told(watch(verdict="FAILED"), told_already)
    assert (news, after_it.is_regressed) == ([], False)


def test_of_what_ran_already_and_of_what_has_ended_nothing_is_told() -> None:
    assert told(watch(found=True), run(0, CRASH, failed=True))[1] == []
    assert told(watch(ended=START), run(0, CRASH, failed=True))[1] == []


def failing(*numbers: int, count: int) -> list[ReadRun]:
    return [run(number, failed=number in numbers) for number in range(count)]


STEADY = hours_before(48, 0)


@pytest.mark.parametrize(
    ("before", "runs", "expected"),
    [
        (STEADY, failing(0, count=3), []),
        (STEADY, failing(0, 1, count=3), ["regressed:failures"]),
        (STEADY, failing(0, 5, count=8), []),
        (STEADY, failing(0, 5, 7, count=8), ["regressed:failures"]),
        (hours_before(48, 24), failing(0, 1, count=3), []),
        ((), failing(0, 1, count=3), []),
        ((), failing(10, 11, count=12), ["regressed:twice"]),
        ((), failing(9, 10, count=11), []),
        ((), failing(0, 11, 12, count=13), []),
        (hours_before(48, 2), failing(10, 11, count=12), []),
    ],
)
def test_failures_are_up_beside_what_was_before(before: object, runs: list[ReadRun], expected: list[str]) -> None:
    assert kinds(told(watch(before=before), *runs)[1]) == expected


def test_two_failed_runs_after_ten_of_what_ran_before_count_as_well() -> None:
    assert kinds(told(watch(tail="SSSSSSSSSS"), *failing(0, 1, count=2))[1]) == ["regressed:twice"]


def test_where_people_were_called_for_an_error_its_failures_call_nobody_again() -> None:
    runs = [run(number, CRASH, failed=True) for number in range(3)]
    found, news = told(watch(before=STEADY), *runs)
    assert [(one.kind, one.replies) for one in news] == [(NewsKind.REGRESSED, True), (NewsKind.REGRESSED, False)]
    assert found.reasons == ("crash", "failures")


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (watch(), Standing.NOTHING_RAN),
        (quiet(watch(), 7), Standing.NO_NEW_ERRORS),
        (quiet(watch(), 8), Standing.HEALTHY),
        (after(quiet(watch(), 8), run(9, whole=False)), Standing.CANNOT_TELL),
        (after(quiet(watch(), 8), run(9, CRASH)), Standing.NEW_ERRORS),
        (after(quiet(watch(), 8), run(9, error("known"))), Standing.HEALTHY),
        (replace(quiet(watch(), 8), reasons=("failures",)), Standing.REGRESSED),
        (replace(quiet(watch(), 8), beyond=1), Standing.CANNOT_TELL),
    ],
)
def test_a_checkpoint_says_no_more_than_was_seen(one: Watch, expected: Standing) -> None:
    assert standing(one) is expected


def checkpoints(one: Watch, hours: float) -> tuple[Watch, list[tuple[str, bool]]]:
    one, news = at_checkpoint(one, START + hours * HOUR)
    return one, [(one.key, one.replies) for one in news]


def test_checkpoints_come_after_four_and_after_24_hours_as_edits() -> None:
    one = quiet(watch(), 8)
    assert checkpoints(one, 3.9)[1] == []
    one, told_then = checkpoints(one, 4)
    assert told_then == [("after-14400s", False)]
    assert checkpoints(one, 23)[1] == []
    one, told_then = checkpoints(one, 24)
    assert told_then == [("after-86400s", False)]
    assert checkpoints(one, 25)[1] == []


def test_a_checkpoint_waits_until_something_ran() -> None:
    one, told_then = checkpoints(watch(), 5)
    assert told_then == []
    assert next_checkpoint(one) is None
    one = quiet(one, 1)
    assert next_checkpoint(one) == START + 4 * HOUR
    assert checkpoints(one, 9)[1] == [("after-14400s", False)]


def test_of_checkpoints_that_went_by_the_last_one_is_told_with_how_late_it_is() -> None:
    one, news = at_checkpoint(quiet(watch(), 8), START + 30 * HOUR)
    assert [(found.key, found.after) for found in news] == [("after-86400s", timedelta(hours=30))]
    assert next_checkpoint(one) is None


def test_a_rare_job_has_its_checkpoints_after_its_first_and_its_third_run() -> None:
    one, told_then = checkpoints(quiet(watch(rare=True), 1), 1)
    assert told_then == [("runs-1", False)]
    one, told_then = checkpoints(quiet(one, 1, first=1), 2)
    assert told_then == []
    assert checkpoints(quiet(one, 1, first=2), 3)[1] == [("runs-3", False)]


def test_a_checkpoint_replies_where_it_got_worse() -> None:
    one, _ = told(quiet(watch(), 6), run(7, CRASH, failed=True))
    assert checkpoints(one, 4)[1] == [("after-14400s", True)]


def test_a_checkpoint_looks_at_failures_too_and_tells_of_them_once() -> None:
    one = after(watch(before=STEADY), *failing(*range(0, 48, 7), count=48))
    assert checkpoints(one, 24)[1] == [("regressed-failures", True), ("after-86400s", False)]


def red(*identities: str, what: str = "REGRESSED") -> Red:
    return Red(what, digest("a"), "projects/p/locations/l/builds/a", "a" * 40, START - HOUR, identities)


@pytest.mark.parametrize(
    ("one", "over"),
    [
        (quiet(watch(reds=(red("crash"),)), 5), True),
        (quiet(watch(reds=(red(),)), 8), True),
        (after(quiet(watch(reds=(red("known"),)), 4), run(5, error("known"))), False),
        (after(quiet(watch(reds=(red("crash"),)), 4), run(5, error("other"))), False),
        (after(quiet(watch(reds=(red("crash"),)), 4), run(5, whole=False)), False),
        (quiet(watch(verdict="FAILED", reds=(red("crash"),)), 5), False),
        (quiet(watch(verdict="LOCAL_SOURCE", reds=(red(what="FAILED"),)), 5), False),
    ],
)
def test_what_was_wrong_before_is_over_at_the_first_checkpoint_without_it(one: Watch, over: bool) -> None:
    found, told_then = checkpoints(one, 4)
    assert ("recovered", True) in told_then if over else ("recovered", True) not in told_then
    assert (found.reds == ()) is over


def test_nothing_is_said_of_a_watch_that_ended_before_its_first_checkpoint() -> None:
    assert checkpoints(replace(quiet(watch(), 8), ended=START + HOUR), 4)[1] == []


@pytest.mark.parametrize("one", [watch(ended=START), watch(found=True), watch(rare=True)])
def test_no_checkpoint_is_due_where_none_will_be_told_by_the_clock(one: Watch) -> None:
    moment: datetime | None = next_checkpoint(replace(one, runs=1))
    assert moment is None
