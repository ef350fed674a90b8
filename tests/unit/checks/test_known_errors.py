"""Which errors earlier builds had: what counts as before, and what stays of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from verifier.checks.known_errors import MOST_BUILDS, MOST_ERRORS, MOST_NAME, ErrorBook, kept_name, name_of_build
from verifier.facts.logs import Folded, Repeated

DAY = datetime(2026, 11, 12, 2, 0, tzinfo=UTC)


def error(identity: str, *follow_ups: str) -> Repeated:
    folded = tuple(Folded(one, one, 1) for one in follow_ups)
    return Repeated(f"error {identity}", 1, DAY, "0", "text", identity, folded=folded)


CRASH, OTHER = error("crash"), error("other")


def after(*builds: tuple[str, Repeated], book: ErrorBook | None = None) -> ErrorBook:
    """Return the book when these builds, a day apart, had these errors."""
    book = book or ErrorBook()
    for number, (build, one) in enumerate(builds):
        book = book.with_errors([one], build=build, digest=f"sha256:{build}", now=DAY + timedelta(days=number))
    return book


def said(book: ErrorBook, *errors: Repeated, build: str = "now", now: datetime = DAY) -> str:
    return book.known_before(errors, build=build, now=now)


def test_an_error_that_no_build_had_is_new() -> None:
    assert said(ErrorBook(), CRASH) == ""
    assert said(after(("a", OTHER)), CRASH) == ""


def test_an_error_that_builds_had_is_told_with_their_number_and_the_first_day() -> None:
    assert said(after(("a", CRASH)), CRASH) == "not new: on 1 build since 12 Nov"
    assert said(after(*((name, CRASH) for name in "abcdef")), CRASH) == "not new: on 6 builds since 12 Nov"


def test_the_year_is_told_where_it_is_another_one() -> None:
    assert said(after(("a", CRASH)), CRASH, now=DAY.replace(year=2027)) == "not new: on 1 build since 12 Nov 2026"


def test_of_several_errors_each_must_have_been_there() -> None:
    book = after(("a", CRASH), ("b", CRASH), ("c", OTHER))
    assert said(book, CRASH, OTHER) == "not new: each on 1 build or more, all of them since 14 Nov"
    assert said(book, CRASH, error("third")) == ""


def test_no_errors_and_errors_without_an_identity_are_not_known() -> None:
    assert said(after(("a", CRASH))) == ""
    nameless = replace(CRASH, identity="")
    assert after(("a", nameless)) == ErrorBook()
    assert said(after(("a", CRASH)), nameless) == ""


def test_a_builds_own_errors_are_new_to_it_however_often_it_is_judged() -> None:
    book = after(("a", CRASH))
    assert said(book, CRASH, build="a") == ""
    again = book.with_errors([CRASH], build="a", digest="", now=DAY + timedelta(days=1))
    assert again == book


def test_what_came_after_a_build_is_not_before_it() -> None:
    book = after(("a", CRASH), ("b", CRASH), ("c", CRASH))
    assert said(book, CRASH, build="a") == ""
    assert said(book, CRASH, build="b") == "not new: on 1 build since 12 Nov"
    assert said(book, CRASH, build="c") == "not new: on 2 builds since 12 Nov"


def test_what_followed_from_an_error_is_known_when_it_comes_alone() -> None:
    assert said(after(("a", error("crash", "gave up"))), error("gave up")) == "not new: on 1 build since 12 Nov"


def test_an_error_is_not_known_for_the_company_it_comes_in() -> None:
    assert said(after(("a", error("crash", "gave up"))), error("another crash", "gave up")) == ""


def test_an_error_is_not_known_for_what_else_this_very_build_brings_along() -> None:
    book = after(("a", error("crash")))
    both = [error("crash", "gave up"), error("gave up")]
    grown = book.with_errors(both, build="b", digest="", now=DAY)
    assert said(book, *both, build="b") == ""
    assert said(grown, *both, build="b") == ""


def test_it_is_kept_when_how_often_and_where_an_error_was() -> None:
    [known] = after(("a", error("crash", "x")), ("b", error("crash", "y", "x"))).errors
    assert (known.first, known.last) == (DAY, DAY + timedelta(days=1))
    assert (known.runs, known.builds, known.latest) == (2, 2, (name_of_build("a"), name_of_build("b")))
    assert (known.digest, known.aliases) == ("sha256:a", ("x", "y"))


def test_only_the_latest_builds_are_kept_by_name_and_all_are_counted() -> None:
    names = [f"b{number}" for number in range(MOST_BUILDS + 5)]
    [known] = after(*((name, CRASH) for name in names)).errors
    assert known.latest == tuple(map(name_of_build, names[-MOST_BUILDS:]))
    assert known.builds == len(names)


@pytest.mark.parametrize("extra", [0, 1, 7])
def test_what_was_seen_longest_ago_makes_room_and_is_counted(extra: int) -> None:
    book = after(*((f"b{number}", error(f"e{number}")) for number in range(MOST_ERRORS + extra)))
    assert len(book.errors) == MOST_ERRORS
    assert book.beyond == extra
    assert book.errors[0].identity == f"e{extra}"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("x" * MOST_NAME, "x" * MOST_NAME),
        ("x" * (MOST_NAME + 1), "x" * (MOST_NAME - 3) + "…"),
        ("Ä" * MOST_NAME, "Ä" * 48 + "…"),
        ("x" * (MOST_NAME - 4) + " and more", "x" * (MOST_NAME - 4) + "…"),
    ],
)
def test_a_long_name_is_kept_with_a_sign_where_it_was_cut(name: str, kept: str) -> None:
    assert kept_name(name) == kept
    assert len(kept_name(name).encode()) <= MOST_NAME
