"""Which error follows from which, group by group: by what it quotes, and by SQLAlchemy's words for an aftermath."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.facts.logs.lines import START
from verifier.facts.logs.folding import ErrorGroup, folded, repeated
from verifier.facts.logs.identity import Described
from verifier.facts.logs.result import Folded, Repeated
from verifier.facts.logs.rules_python import SQLALCHEMY_MAPPERS

CAUSE = "could not reach the store of clips"
EIGHTY = "the same long words " * 4
AFTERWARDS = "One or more mappers failed to initialize"


def group(
    name: str,
    *said: str,
    second: float = 0,
    crash: bool = True,
    type_: str = "",
    rule: str = "level-word",
    count: int = 1,
) -> ErrorGroup:
    message = said[0] if said else ""
    described = Described(f"id-{name}", crash, type_ or name, message, "", name, (name,), said)
    return ErrorGroup(described, rule, "ERROR", name, count, START + timedelta(seconds=second), "0", f"text of {name}")


def names(*groups: ErrorGroup) -> dict[str, list[str]]:
    """Which errors there are, and what follows from each."""
    return {cause.name: [one.name for one in follow_ups] for cause, follow_ups in folded(groups)}


def test_errors_that_say_different_things_stand_side_by_side_earliest_first() -> None:
    late, early, same = group("a", "x", second=2), group("c", "y", second=1), group("b", "z", second=2)
    assert list(names(late, early, same)) == ["c", "a", "b"]


@pytest.mark.parametrize("second", [-1, 0, 1])
def test_an_error_that_quotes_another_inside_its_own_words_follows_from_it(second: float) -> None:
    assert names(group("cause", CAUSE), group("after", f"gave up: {CAUSE}", second=second)) == {"cause": ["after"]}


def test_an_error_that_quotes_another_after_one_sign_follows_from_it() -> None:
    assert names(group("cause", CAUSE), group("after", f"({CAUSE}", second=1)) == {"cause": ["after"]}
    assert names(group("cause", CAUSE), group("after", f"({CAUSE}", second=1, type_="cause")) == {"cause": ["after"]}


def test_any_message_of_its_chain_may_quote_any_of_the_others() -> None:
    assert names(group("cause", "x", CAUSE), group("after", "y", f"gave up: {CAUSE}", second=1)) == {"cause": ["after"]}


@pytest.mark.parametrize(
    ("quoted", "follows"),
    [
        ("one two three four", True),
        ("one two three", False),
        (EIGHTY + "and what came then", True),
        (EIGHTY[:-1] + ", and what came then", False),
    ],
    ids=["four words", "three words", "its first 80 characters", "its first 79"],
)
def test_it_quotes_four_words_at_least_and_eighty_characters_at_most(quoted: str, follows: bool) -> None:
    said = EIGHTY + "and something else" if quoted.startswith("the") else quoted
    found = names(group("cause", said), group("after", f"gave up: {quoted}", second=1))
    assert found == ({"cause": ["after"]} if follows else {"cause": [], "after": []})


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (group("one", CAUSE, type_="A"), group("two", CAUSE, type_="B", second=1), {"one": ["two"]}),
        (group("one", CAUSE, type_="A"), group("two", CAUSE, type_="A", second=1), {"one": [], "two": []}),
        (group("one", CAUSE, crash=False), group("two", CAUSE, crash=False, second=1), {"one": [], "two": []}),
        (group("one", CAUSE, crash=False), group("two", CAUSE, second=1), {"two": ["one"]}),
        (group("one", CAUSE), group("two", CAUSE, crash=False, second=1), {"one": ["two"]}),
    ],
    ids=["crashes of two types", "of one type", "two lines", "a line and its crash", "a crash and its line"],
)
def test_of_two_that_begin_alike_a_crash_is_the_cause_and_of_crashes_the_first(
    first: ErrorGroup, second: ErrorGroup, found: dict[str, list[str]]
) -> None:
    assert names(first, second) == found
    assert names(second, first) == found


def test_a_crash_never_follows_from_a_line_that_it_quotes() -> None:
    assert names(group("line", CAUSE, crash=False), group("crash", f"gave up: {CAUSE}", second=1)) == {
        "line": [],
        "crash": [],
    }


def test_what_follows_from_what_follows_has_one_cause() -> None:
    middle, last = f"gave up: {CAUSE}", f"then: gave up: {CAUSE}"
    assert names(group("a", CAUSE), group("b", middle, second=1), group("c", last, second=2)) == {"a": ["b", "c"]}


def test_two_that_quote_each_other_are_one_error() -> None:
    one, two = f"first {CAUSE} then no rows are left here", f"no rows are left here since {CAUSE}"
    assert sum(map(len, names(group("a", one, CAUSE), group("b", two, second=1)).values())) == 1


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (group("cause", "x", rule=SQLALCHEMY_MAPPERS), {"cause": ["after"]}),
        (group("cause", "x", rule=SQLALCHEMY_MAPPERS, second=9), {"cause": ["after"]}),
        (group("cause", "the mapper of Clip"), {"cause": ["after"]}),
        (group("cause", "the table of Clip"), {"cause": [], "after": []}),
        (group("cause", AFTERWARDS), {"cause": ["after"]}),
        (group("cause", AFTERWARDS, second=9), {"after": ["cause"]}),
        (group("cause", "the mapper of Clip", rule=""), {"cause": [], "after": []}),
    ],
    ids=["a mapper", "a mapper, later", "by its words", "no mapper", "another aftermath", "a later one", "no rule"],
)
def test_an_aftermath_of_mappers_follows_from_a_mappers_error(other: ErrorGroup, found: dict[str, list[str]]) -> None:
    assert names(other, group("after", f"{AFTERWARDS} - it is the state", second=1)) == found


def test_of_an_aftermath_told_as_a_crash_and_as_a_line_the_crash_is_the_cause() -> None:
    crash = group("crash", f"{AFTERWARDS}: of a crash", second=1)
    line = group("line", f"{AFTERWARDS}: of a line", crash=False)
    assert names(crash, line) == {"crash": ["line"]}


def test_a_cause_has_the_counts_of_all_that_followed_and_of_what_announced_it() -> None:
    cause, one, two = group("cause", count=2), group("one", count=3), group("two", count=4)
    cause.headlines = {"id-line": ("line", 1), "id-two": ("two", 1), "id-cause": ("cause", 50)}
    one.headlines = {"id-line": ("line", 2)}
    assert repeated(cause, [one, two]) == Repeated(
        name="cause",
        count=2 + 5 + 3 + 3,
        first=START,
        task="0",
        excerpt="text of cause",
        identity="id-cause",
        rule="level-word",
        level="ERROR",
        folded=(Folded("id-two", "two", 5), Folded("id-line", "line", 3), Folded("id-one", "one", 3)),
    )
