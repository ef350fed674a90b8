"""What an error is known by, part by part; and that an identity which is stored is found again by the next version."""

from __future__ import annotations

import pytest

from tests.unit.facts.logs.test_identity import CHAIN, PYTHON, STACKS
from verifier.facts.logs import ALGORITHM
from verifier.facts.logs.identity import Described, describe

KEPT = {
    "python": "223eaac7d4068f76",
    "chain": "1565e1953d5214d2",
    "group": "956c7dee75eb0bf1",
    "node": "45909c910cbf9130",
    "node-cause": "87714761dfc99e7a",
    "java": "006eb3a0725e89bf",
    "go": "93d30be46dfc353d",
    "ruby": "0157e505e3b8464e",
    "php": "8a9cbfb5a8a69b19",
    "dotnet": "9fc72ded2e7abe1b",
    "rust": "90a555db45264031",
}
"""Ledgers and policies hold such identities. What changes one of them needs another `ALGORITHM`."""
MORE = [
    ("ERROR no tenant 7", 1, "4b144003cefa38b7"),
    ("no tenant 7\nrow", 2, "19d7b971b4f7710b"),
    ("KeyError: 'clip'", 1, "ac00ece1beaada5f"),
    ("", 1, "e38d4b6eea7225d1"),
]


@pytest.mark.parametrize("name", STACKS)
def test_a_stored_identity_of_a_crash_is_found_again(name: str) -> None:
    assert describe(STACKS[name][0]).identity == KEPT[name]


@pytest.mark.parametrize(("text", "lines", "identity"), MORE)
def test_a_stored_identity_of_a_line_is_found_again(text: str, lines: int, identity: str) -> None:
    assert describe(text, lines=lines).identity == identity


def test_what_is_stored_under_the_first_algorithm_is_compared_with_the_first() -> None:
    assert ALGORITHM == 1


LAST = "json.decoder.JSONDecodeError: Expecting value: line 1 column 7 (char 6)"
MASKED = "Expecting value: line <*> column <*> (char <*>"
UNIQUE = "UNIQUE constraint failed: users.email"
KEY_ERROR = "KeyError: 'clip'"


@pytest.mark.parametrize(
    ("text", "lines", "found"),
    [
        (PYTHON, 1, ("JSONDecodeError", MASKED, "store.py load", LAST, (LAST,), (MASKED,))),
        (
            f"could not load\n{PYTHON}",
            2,
            ("JSONDecodeError", MASKED, "store.py load", LAST, ("could not load", LAST), (MASKED,)),
        ),
        (
            f"{LAST}\n{PYTHON}",
            1,
            ("JSONDecodeError", MASKED, "store.py load", LAST, (LAST,), (MASKED,)),
        ),
        (
            CHAIN,
            1,
            (
                "IntegrityError",
                UNIQUE,
                "jobs.py store",
                f"sqlite3.IntegrityError: {UNIQUE}",
                (
                    f"sqlite3.IntegrityError: {UNIQUE}",
                    f"sqlalchemy.exc.IntegrityError: (sqlite3.IntegrityError) {UNIQUE}",
                ),
                (UNIQUE, f"<*> {UNIQUE}"),
            ),
        ),
        (KEY_ERROR, 1, ("KeyError", "'clip'", "", KEY_ERROR, (KEY_ERROR,), ("'clip'",))),
        (
            "LostError: row 7\nmain.serve()\n\t/srv/main.go:9",
            1,
            ("LostError", "row <*>", "main.go serve", "LostError: row 7", ("LostError: row 7",), ("row <*>",)),
        ),
        (
            "\x1b[31mshop::LostError: row 7\x1b[0m",
            1,
            ("LostError", "row <*>", "", "shop::LostError: row 7", ("shop::LostError: row 7",), ("row <*>",)),
        ),
        (
            "shop.LostError: row 7 [SQL: select 1]",
            1,
            (
                "LostError",
                "row <*>",
                "",
                "shop.LostError: row 7",
                ("shop.LostError: row 7 [SQL: select 1]",),
                ("row <*> [SQL: select <*>",),
            ),
        ),
    ],
    ids=["Python", "with a line above", "with its own above", "a chain", "a line", "with a place", "coloured", "SQL"],
)
def test_a_crash_is_known_by_its_first_cause(
    text: str, lines: int, found: tuple[str, str, str, str, tuple[str, ...], tuple[str, ...]]
) -> None:
    described = describe(text, lines=lines)
    assert described == Described(described.identity, True, *found)


@pytest.mark.parametrize(
    ("text", "lines", "found"),
    [
        ("no tenant 7\nrow", 1, ("no tenant <*>", "", "no tenant 7", ("no tenant 7",), ("no tenant <*>",))),
        ("\n  no tenant 7 \n", 1, ("no tenant <*>", "", "no tenant 7", ("no tenant 7",), ("no tenant <*>",))),
        ("no tenant\nrow 7", 2, ("no tenant | row <*>", "", "no tenant", ("no tenant",), ("no tenant", "row <*>"))),
        ("hangs\nmain.serve()\n\t/srv/main.go:9", 1, ("hangs", "main.go serve", "hangs", ("hangs",), ("hangs",))),
        (
            "lost: Original exception was: a b",
            1,
            (
                "a b",
                "",
                "lost: Original exception was: a b",
                ("lost: Original exception was: a b",),
                ("lost: Original exception was: a b",),
            ),
        ),
        (" \n\t", 1, ("", "", "an entry without text", ("",), ())),
    ],
    ids=["a line", "between blank ones", "two lines", "with a place", "a quoted cause", "nothing"],
)
def test_text_is_known_by_its_lines(
    text: str, lines: int, found: tuple[str, str, str, tuple[str, ...], tuple[str, ...]]
) -> None:
    described = describe(text, lines=lines)
    assert described == Described(described.identity, False, "", *found)


def test_the_same_words_from_another_place_are_another_error() -> None:
    hangs = "it hangs\nmain.serve()\n\t/srv/main.go:9"
    assert describe(hangs).identity != describe(hangs.replace("serve", "load")).identity
    assert describe(hangs).identity == describe(hangs.replace(":9", ":10")).identity


def chained(*lines: str) -> str:
    """Return tracebacks of which each caused the next."""
    link = "\n\nThe above exception was the direct cause of the following exception:\n\n"
    return link.join(f"Traceback (most recent call last):\n{line}" for line in lines)


@pytest.mark.parametrize(
    ("root", "name"),
    [
        ("KeyError: 'clip'", "KeyError: 'clip', then LostError: row 7"),
        ("KeyError: two words", "KeyError: two words, then LostError: row 7"),
        ("KeyError: it has three", "KeyError: it has three"),
    ],
)
def test_a_cause_of_one_or_two_words_is_named_with_what_came_of_it(root: str, name: str) -> None:
    assert describe(chained(root, "LostError: row 7")).name == name
    assert describe(chained(root)).name == root


def test_of_a_chain_the_first_eight_are_kept() -> None:
    lines = [f"A{number}Error: no" for number in range(9)]
    assert describe(chained(*lines)).own == tuple(lines[:8])


def test_what_was_only_being_handled_is_none_of_its_own_lines() -> None:
    during = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
    text = f"{chained('KeyError: 1')}{during}{chained('LostError: row 7')}"
    assert describe(text).own == ("LostError: row 7",)
    assert describe(f"{chained(*['AError: no'] * 9)}{during}{chained('LostError: row 7')}").own == ("AError: no",)


def test_a_text_of_any_length_is_described_alike() -> None:
    long = f"{PYTHON}\n{'x' * 5_000}"
    assert describe(long).identity == describe(PYTHON).identity
