"""Which errors of a build are new, which were there before, and since when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.checks.watch.made import CRASH, OTHER, START, book_after, digest, error
from verifier.checks.errors_before import ErrorBefore, before_document, errors_before, parse_before
from verifier.checks.known_errors import ErrorBook
from verifier.checks.watch.book import ErrorState

BEGAN = START - timedelta(days=9)
OF_RUNS = book_after(("a", 4, {"crash": 2}), ("b", 6, {}))
"""Ten runs of two digests; the first one's had the crash twice, first of all."""


def standing(book: ErrorBook, identity: str = "crash", *, pushed: str = "c", build: str = "now") -> ErrorBefore:
    [found] = errors_before(book, [error(identity)], build=build, digest=digest(pushed))
    return found


def test_an_error_of_earlier_runs_is_known_since_the_first_of_them_and_so_many_deployments() -> None:
    assert standing(OF_RUNS) == ErrorBefore("crash", ErrorState.KNOWN, BEGAN, deployments=2, runs=2, read=10)
    assert standing(OF_RUNS, pushed="b").deployments == 1


def test_an_error_of_earlier_builds_is_known_since_the_first_of_them() -> None:
    book = ErrorBook()
    for number, build in enumerate(("one", "two")):
        book = book.with_errors([CRASH], build=build, digest="", now=BEGAN + timedelta(days=number))
    assert standing(book) == ErrorBefore("crash", ErrorState.KNOWN, BEGAN, builds=2)
    assert standing(book, build="two").builds == 1


def test_what_neither_runs_nor_builds_had_is_new_where_eight_runs_were_read_and_else_seen_first() -> None:
    assert standing(OF_RUNS, "other") == ErrorBefore("other", ErrorState.NEW, read=10)
    assert standing(book_after(("a", 7, {})), "other").state is ErrorState.FIRST_SEEN
    assert standing(book_after(("a", 8, {})), "other").state is ErrorState.NEW


def test_runs_of_the_digest_that_the_build_pushed_are_not_before_it() -> None:
    assert standing(book_after(("c", 9, {"crash": 9}))).state is ErrorState.FIRST_SEEN


def test_what_the_build_itself_wrote_is_not_before_it() -> None:
    own = OF_RUNS.with_errors([OTHER], build="now", digest=digest("c"), now=START)
    assert standing(own, "other").state is ErrorState.NEW


def test_errors_without_an_identity_are_left_out_and_one_identity_is_told_once() -> None:
    nameless = replace(CRASH, identity="")
    found = errors_before(OF_RUNS, [nameless, CRASH, CRASH, OTHER], build="now", digest=digest("c"))
    assert [one.identity for one in found] == ["crash", "other"]


@pytest.mark.parametrize("identity", ["crash", "other"])
def test_what_was_kept_is_read_as_it_was(identity: str) -> None:
    assert parse_before(before_document(standing(OF_RUNS, identity))) == standing(OF_RUNS, identity)


@pytest.mark.parametrize("book", [OF_RUNS, ErrorBook(), book_after(("c", 9, {"crash": 9}))])
def test_what_is_known_in_words_is_what_is_known_one_by_one(book: ErrorBook) -> None:
    for errors in ([CRASH], [OTHER], [CRASH, OTHER]):
        said = book.known_before(errors, build="now", now=START, digest=digest("c"))
        found = errors_before(book, errors, build="now", digest=digest("c"))
        assert bool(said) == all(one.state is ErrorState.KNOWN for one in found)
