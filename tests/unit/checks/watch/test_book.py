"""How errors stand beside what was before a digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from time import process_time

import pytest

from tests.unit.checks.watch.made import BASELINE, CRASH, START, book_after, digest, error
from verifier.checks.known_errors import MOST_ALIASES, MOST_BUILDS, MOST_ERRORS, ErrorBook
from verifier.checks.watch.book import ErrorState, absent, compared
from verifier.facts.logs import Repeated

NEW, FIRST, KNOWN, BACK, GONE, OPEN = (
    ErrorState.NEW,
    ErrorState.FIRST_SEEN,
    ErrorState.KNOWN,
    ErrorState.BACK,
    ErrorState.GONE,
    ErrorState.NOT_SEEN_YET,
)


def state(book: ErrorBook, one: Repeated = CRASH, build: str = "") -> tuple[ErrorState, int]:
    [found] = compared(book, [one], digest=digest("z"), created=START, build=build)
    return found.state, found.deployments


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], (FIRST, 0)),
        ([("a", 7, {})], (FIRST, 0)),
        ([("a", 8, {})], (NEW, 0)),
        ([("a", 4, {}), ("b", 4, {})], (NEW, 0)),
        ([("a", 1, {"crash": 1})], (KNOWN, 1)),
        ([("a", 8, {"crash": 4}), ("b", 1, {}), ("c", 3, {})], (KNOWN, 3)),
        ([("a", 8, {"crash": 4}), ("b", 5, {})], (BACK, 2)),
        ([("a", 8, {"crash": 4}), ("b", 3, {}), ("c", 2, {})], (BACK, 3)),
        ([("a", 8, {"crash": 4}), ("b", 8, {}), ("c", 8, {"crash": 1})], (KNOWN, 3)),
        ([("a", 8, {}), ("z", 1, {"crash": 1})], (NEW, 0)),
        ([("z", 8, {"crash": 8}), ("a", 8, {})], (NEW, 0)),
    ],
)
def test_an_error_stands_by_what_runs_before_had(
    spans: list[tuple[str, int, dict[str, int]]], expected: tuple[ErrorState, int]
) -> None:
    assert state(book_after(*spans)) == expected


def test_what_followed_from_a_known_error_is_known_by_it() -> None:
    book = ErrorBook().with_run(
        [error("crash", "gave up")], run="r", digest=digest("a"), created=START - timedelta(days=1), now=START
    )
    [found] = compared(book, [error("gave up")], digest=digest("z"), created=START)
    assert (found.identity, found.state) == ("crash", KNOWN)


def test_an_error_of_the_builds_own_trial_is_new_and_its_verdict_has_told() -> None:
    book = BASELINE.with_errors([CRASH], build="mine", digest=digest("z"), now=START)
    [found] = compared(book, [CRASH], digest=digest("z"), created=START, build="mine")
    assert (found.state, found.of_trial) == (NEW, True)
    [found] = compared(book, [CRASH], digest=digest("z"), created=START, build="another")
    assert (found.state, found.of_trial, found.deployments) == (KNOWN, False, 1)


def test_errors_without_an_identity_are_left_out() -> None:
    assert compared(BASELINE, [replace(CRASH, identity="")], digest=digest("z"), created=START) == ()


def test_a_run_that_is_counted_changes_nothing_however_often_it_is_read() -> None:
    once = BASELINE.with_run([CRASH], run="r", digest=digest("b"), created=START, now=START)
    again = once.with_run([CRASH, error("late")], run="r", digest=digest("b"), created=START, now=START)
    assert again == once
    [known] = [one for one in once.errors if one.identity == "crash"]
    assert (known.runs, known.on) == (1, ((2, 1),))


def test_the_same_error_twice_in_a_run_is_one_run() -> None:
    book = ErrorBook().with_run([error("crash", "gave up")], run="r", digest=digest("a"), created=START, now=START)
    book = book.with_run([error("crash"), error("gave up")], run="s", digest=digest("a"), created=START, now=START)
    assert [known.on for known in book.errors] == [((1, 2),)]


def test_a_run_that_began_before_the_switch_counts_for_its_own_digest() -> None:
    book = book_after(("a", 2, {}))
    book = book.with_run([], run="b", digest=digest("b"), created=START, now=START)
    book = book.with_run([], run="late", digest=digest("a"), created=START - timedelta(hours=1), now=START)
    assert [(ran.number, ran.runs) for ran in book.digests] == [(1, 3), (2, 1)]
    book = book.with_run([], run="back", digest=digest("a"), created=START + timedelta(hours=1), now=START)
    assert [(ran.number, ran.runs) for ran in book.digests] == [(1, 3), (2, 1), (3, 1)]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([("a", 8, {"crash": 4}), ("z", 4, {})], OPEN),
        ([("a", 8, {"crash": 4}), ("z", 5, {})], GONE),
        ([("a", 10, {"crash": 2}), ("z", 13, {})], OPEN),
        ([("a", 10, {"crash": 2}), ("z", 14, {})], GONE),
        ([("a", 8, {"crash": 4}), ("b", 2, {}), ("z", 3, {})], GONE),
        ([("a", 8, {"crash": 4}), ("b", 5, {}), ("z", 3, {})], None),
        ([("a", 8, {"crash": 4}), ("z", 5, {"crash": 1})], None),
        ([("z", 5, {})], None),
    ],
)
def test_what_no_run_had_is_gone_or_not_seen_yet(
    spans: list[tuple[str, int, dict[str, int]]], expected: ErrorState | None
) -> None:
    found = absent(book_after(*spans), digest=digest("z"), created=START)
    assert [one.state for one in found] == ([expected] if expected else [])


def test_what_is_left_out_is_not_called_gone() -> None:
    book = book_after(("a", 8, {"crash": 8}), ("z", 5, {}))
    assert absent(book, digest=digest("z"), created=START, unless=["crash"]) == ()


def test_another_version_of_the_algorithm_makes_nothing_new() -> None:
    book = BASELINE.by(2)
    assert book.by(2) == book
    assert state(book, error("another-identity", name="ValueError: never seen"))[0] is FIRST
    assert state(book, error("crash-by-version-2", name="KeyError: known")) == (KNOWN, 1)
    assert absent(book, digest=digest("z"), created=START) == ()


def test_an_error_of_a_version_before_gets_its_new_identity_and_keeps_its_counts() -> None:
    book = BASELINE.by(2).with_run(
        [error("version-2", name="KeyError: known")], run="r", digest=digest("a"), created=START, now=START
    )
    [known] = book.errors
    assert (known.identity, known.runs, known.old) == ("version-2", 49, False)


def test_a_verdict_knows_errors_of_a_version_before_by_their_names() -> None:
    book = ErrorBook().with_errors([error("v1", name="KeyError: 'Clip'")], build="a", digest="", now=START).by(2)
    said = book.known_before([error("v2", name="KeyError: 'Clip'")], build="b", now=START)
    assert said == "not new: on 1 build since 12 Nov"


def test_what_runs_had_is_not_new_to_a_verdict() -> None:
    said = BASELINE.known_before([error("known")], build="b", now=START, digest=digest("b"))
    assert said == "not new: in 48 runs since 3 Nov"
    assert BASELINE.known_before([error("known")], build="b", now=START, digest=digest("a")) == ""


def test_an_error_is_kept_for_ninety_days_and_for_ten_digests_whichever_is_longer() -> None:
    later = START + timedelta(days=200)
    book = book_after(("a", 1, {"crash": 1}))
    for number in range(9):
        book = book.with_run([], run=str(number), digest=digest(str(number)), created=START, now=later)
    assert book.errors
    book = book.with_run([], run="last", digest=digest("y"), created=START, now=later)
    assert book.errors == ()


def _full(book: ErrorBook) -> ErrorBook:
    """Return a book that is as large as it may get."""
    text = "Ä" * 300
    for number in range(MOST_ERRORS + 1):
        aliases = [f"a{number:03}{alias:012}" for alias in range(MOST_ALIASES + 3)]
        one = error(f"{number:016}", *aliases, name=text)
        for build in range(MOST_BUILDS + 1):
            book = book.with_errors([one], build=f"projects/p/builds/{build}", digest=digest("a"), now=START)
    return book


FULL = _full(ErrorBook())


def test_comparing_fifty_errors_with_a_full_book_takes_less_than_a_millisecond() -> None:
    errors = [error(f"{number:016}") for number in range(25)] + [error(f"new-{number}") for number in range(25)]
    spans = []
    for _ in range(20):
        began = process_time()
        found = compared(FULL, errors, digest=digest("z"), created=START)
        spans.append(process_time() - began)
        assert len(found) == len(errors)
    assert min(spans) < 0.001


def test_a_run_with_a_thousand_errors_leaves_room_for_the_latest() -> None:
    errors = [error(str(number)) for number in range(1_000)]
    book = FULL.with_run(errors, run="r", digest=digest("b"), created=START, now=START + timedelta(days=1))
    assert len(book.errors) == MOST_ERRORS
    assert book.beyond == FULL.beyond + 1_000


def test_what_was_between_is_before_where_a_digest_came_back_and_that_is_read_late() -> None:
    book = book_after(("b", 8, {}), ("a", 8, {"crash": 4}), ("c", 1, {}))
    back = book.digests[1].since + timedelta(hours=1)
    assert back < book.digests[2].since
    [known] = compared(book, [CRASH], digest=digest("b"), created=back)
    assert known.state is ErrorState.KNOWN
    [new] = compared(book, [CRASH], digest=digest("b"), created=book.digests[0].since + timedelta(hours=1))
    assert new.state is ErrorState.FIRST_SEEN


def test_what_ran_earlier_is_before_though_it_was_read_later() -> None:
    book = book_after(("a", 8, {}), ("c", 2, {}))
    earlier = book.digests[1].since - timedelta(hours=1)
    book = book.with_run([CRASH], run="late", digest=digest("b"), created=earlier, now=START)
    [known] = compared(book, [CRASH], digest=digest("c"), created=book.digests[1].since)
    assert known.state is ErrorState.KNOWN
