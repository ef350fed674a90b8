"""What was read of the time before stands before what a book has, as if it had been read in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.checks.watch.made import START, digest, error
from verifier.checks.known_errors import MOST_DIGESTS_RUN, MOST_ERRORS, ErrorBook, KnownError
from verifier.checks.watch.book import ErrorState, compared, runs_read_before
from verifier.checks.watch.earlier import with_earlier

DAY = timedelta(days=1)


def book(*runs: tuple[str, str], first: int = 0) -> ErrorBook:
    """Return the book of runs a day apart: the digest of each, and the errors that it had, by a letter."""
    made = ErrorBook()
    for number, (name, errors) in enumerate(runs, start=first):
        at = moment(number)
        had = [error(letter) for letter in errors]
        made = made.with_run(had, run=f"run-{number}", digest=digest(name), created=at, now=at)
    return made


def moment(number: int) -> datetime:
    return START + number * DAY


def told(made: ErrorBook, name: str, *identities: str) -> list[tuple[str, int]]:
    """Return how these errors of a run that begins something new stand."""
    found = compared(made, [error(one) for one in identities], digest=digest(name), created=moment(99))
    return [(one.state, one.deployments) for one in found]


def without_names(made: ErrorBook) -> ErrorBook:
    """Return it without the runs that it knows by their names: of those before nobody asks."""
    return replace(made, counted=())


def test_what_comes_before_has_the_lower_numbers() -> None:
    joined = with_earlier(book(("c", "x"), first=5), book(("a", "y"), ("b", "")))
    assert [(ran.number, ran.digest, ran.runs) for ran in joined.digests] == [
        (1, digest("a"), 1),
        (2, digest("b"), 1),
        (3, digest("c"), 1),
    ]
    assert {known.identity: known.on for known in joined.errors} == {"y": ((1, 1),), "x": ((3, 1),)}


def test_a_digest_that_goes_on_keeps_one_number_and_its_first_moment() -> None:
    joined = with_earlier(book(("b", "x"), ("c", ""), first=5), book(("a", ""), ("b", "x"), ("b", "")))
    assert [(ran.number, ran.runs, ran.since) for ran in joined.digests] == [
        (1, 1, moment(0)),
        (2, 3, moment(1)),
        (3, 1, moment(6)),
    ]
    [known] = joined.errors
    assert (known.on, known.runs, known.first, known.last) == (((2, 2),), 2, moment(1), moment(5))


def test_an_error_of_before_is_known_and_another_is_new_where_eight_runs_are_there() -> None:
    now = book(("b", ""), first=20)
    assert told(now, "c", "x", "y") == [(ErrorState.FIRST_SEEN, 0)] * 2
    joined = with_earlier(now, book(*[("a", "x"), ("a", "")] * 3, ("a", "x")))
    assert told(joined, "c", "x", "y") == [(ErrorState.KNOWN, 2), (ErrorState.NEW, 0)]
    assert runs_read_before(joined, digest("c"), moment(99)) == 8


def test_what_the_digest_at_hand_had_before_is_not_before_it() -> None:
    joined = with_earlier(book(("b", ""), first=20), book(("a", ""), *[("b", "x")] * 8))
    assert told(joined, "b", "x") == [(ErrorState.FIRST_SEEN, 0)]
    assert told(joined, "c", "x") == [(ErrorState.KNOWN, 1)]


def test_what_followed_from_an_error_of_before_is_that_error() -> None:
    folded = error("crash", "gave up")
    earlier = ErrorBook().with_run([folded], run="run-0", digest=digest("a"), created=START, now=START)
    alone = ErrorBook().with_run([error("gave up")], run="run-9", digest=digest("b"), created=moment(9), now=moment(9))
    [known] = with_earlier(alone, earlier).errors
    assert (known.identity, known.aliases, known.on) == ("crash", ("gave up",), ((1, 1), (2, 1)))


def test_builds_and_the_names_of_counted_runs_stay_the_books_own() -> None:
    later = book(("b", "x"), first=9).with_errors([error("x")], build="b-1", digest=digest("b"), now=moment(9))
    joined = with_earlier(later, book(("a", "x")))
    [known] = joined.errors
    assert (known.builds, known.runs, joined.counted) == (1, 3, ("run-9",))
    assert known.builds_before("b-1") == 0


def test_a_book_without_runs_takes_all_of_it() -> None:
    earlier = book(("a", "x"), ("b", ""))
    assert with_earlier(ErrorBook(), earlier) == without_names(earlier)
    assert with_earlier(earlier, ErrorBook()) == earlier


def test_there_is_no_more_room_than_for_other_errors_and_digests() -> None:
    many = tuple(KnownError(f"e{number}", START, moment(number)) for number in range(MOST_ERRORS))
    joined = with_earlier(ErrorBook(errors=many), book(("a", "x"), first=-1))
    assert (len(joined.errors), joined.beyond) == (MOST_ERRORS, 1)
    assert joined.find("x") is None
    digests = [(chr(ord("a") + number % 2), "") for number in range(MOST_DIGESTS_RUN)]
    assert len(with_earlier(book(*digests, first=50), book(*digests)).digests) == MOST_DIGESTS_RUN


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sets(st.sampled_from("xyz")).map("".join)), max_size=12),
    st.data(),
)
def test_it_makes_no_difference_whether_runs_were_read_in_time_or_later_from_the_newest_slice_on(
    runs: list[tuple[str, str]], data: st.DataObject
) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(runs)), max_size=4).map(sorted))
    edges = [0, *cuts, len(runs)]
    slices = [book(*runs[first:last], first=first) for first, last in pairwise(edges)]
    joined = ErrorBook()
    for one in reversed(slices):
        joined = with_earlier(joined, one)
    whole = without_names(book(*runs))
    assert joined.digests == whole.digests
    assert {known.identity: known for known in joined.errors} == {known.identity: known for known in whole.errors}


@pytest.mark.parametrize("cut", [15, 30, 45])
def test_where_there_is_no_room_for_all_digests_their_numbers_stay_those_of_what_was_read_in_time(cut: int) -> None:
    runs = [(f"{number}", "x" if number in (3, 25) else "") for number in range(60)]
    joined = with_earlier(book(*runs[cut:], first=cut), book(*runs[:cut]))
    whole = without_names(book(*runs))
    assert joined.digests == whole.digests
    assert joined.find("x") == whole.find("x")
    assert told(joined, "c", "x") == told(whole, "c", "x")


@pytest.mark.parametrize("shift", [0, 3])
def test_numbers_are_shifted_for_errors_and_digests_alike(shift: int) -> None:
    joined = with_earlier(book(("y", "q"), ("z", "q"), first=9), book(*[(name, "") for name in "abcd"[:shift]]))
    assert [number for number, _ in joined.errors[-1].on] == [ran.number for ran in joined.digests[-2:]]
