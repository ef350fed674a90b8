"""Word by word: what is data, an address, a path or a number, and which numbers are codes or names."""

from __future__ import annotations

import pytest

from verifier.facts.logs.masks import MASK, masked

DATA = [
    ("could not convert string to float: ", "'x y'"),
    ("Invalid isoformat string: ", "'x y'"),
    ("unconverted data remains: ", "x y"),
    ("invalid input syntax for type uuid: ", '"x y"'),
    ("invalid input syntax for integer: ", '"x"'),
    ("not a valid UUID: ", "a b"),
    ("not a valid date: ", "a b"),
]


@pytest.mark.parametrize(("words", "data"), DATA)
def test_what_a_runtime_quotes_is_masked_to_the_lines_end(words: str, data: str) -> None:
    assert masked(f"it failed: {words}{data} and more") == f"it failed: {words}{MASK}"


@pytest.mark.parametrize(
    "word",
    [
        "user@example.com",
        "git@github.com:a/b.git",
        "https://example.com/a",
        "v://x",
        "/tmp/a",
        "./a",
        "../a",
        "~/a",
        "C:\\a",
        "a/b/c",
        "1/2",
        '"/tmp/a"',
        "(/tmp/a)",
        "path:/tmp/a",
        "7",
        "a7",
        "x=7",
        "'part_777'",
        "x'a1'",
    ],
)
def test_a_word_that_varies_is_masked(word: str) -> None:
    assert masked(f"it says {word} once") == f"it says {MASK} once"
    assert masked(f"{word} {word} it says {word} {word} {word}") == f"{MASK} it says {MASK}"


@pytest.mark.parametrize(
    "word",
    [
        "a@b",
        "://",
        "a/b",
        "and/or",
        "\\n",
        "word",
        "half-word",
        "sha256",
        "(SHA256)",
        "'utf-8'",
        "x86_64,",
        "'part_7'",
        "'part_77'",
        '"a1"',
        "exit(3)",
        "signal:11",
        "code=42",
        "Errno(13).",
        "ORA-00942:",
        "E1101:",
    ],
)
def test_a_word_that_tells_errors_apart_stays(word: str) -> None:
    assert masked(f"it says {word} once") == f"it says {word} once"


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ("retries=7 left", "retries=<*> left"),
        ("ab=7", "ab=<*>"),
        ("(host=10.0.0.5 port=80)", "(host=<*> port=<*>"),
        ("key=/tmp/a", "key=<*>"),
        ("code=4242", "code=<*>"),
        ("ABCDE-123: no", "<*> no"),
    ],
)
def test_a_values_name_stays(message: str, key: str) -> None:
    assert masked(message) == key


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ("exit 3", "exit 3"),
        ("Exited: 3", "Exited: 3"),
        ("status: 500", "status: 500"),
        ("returned 12345", "returned 12345"),
        ("returned 123456", "returned <*>"),
        ("HTTP/1.1 404", "HTTP/1.1 404"),
        ("SQLSTATE 42P01", "SQLSTATE 42P01"),
        ("SQLSTATE 57014", "SQLSTATE 57014"),
        ("SQLSTATE 7", "SQLSTATE 7"),
        ("state 42P01", "state <*>"),
        ("code 42P01", "code <*>"),
        ("SQLSTATE 42P011", "SQLSTATE <*>"),
        ("row 7 of", "row <*> of"),
    ],
)
def test_a_number_after_a_word_for_codes_stays(message: str, key: str) -> None:
    assert masked(message) == key


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ("404 Not Found", "404 Not Found"),
        ("404 GET https://a.b/c", "404 GET <*>"),
        ("it said 504 Deadline", "it said 504 Deadline"),
        ("404 not found", "<*> not found"),
        ("(404) Found", "<*> Found"),
        ("604 Found", "<*> Found"),
        ("404 Found7", "<*>"),
        ("404", "<*>"),
    ],
)
def test_a_servers_answer_stays_before_its_words(message: str, key: str) -> None:
    assert masked(message) == key


def test_words_are_parted_by_one_space_and_neighbours_that_vary_are_one() -> None:
    assert masked("  a 7  8 \t b\n9 c ") == "a <*> b <*> c"
    assert masked("<*> <*> a") == "<*> a"
    assert masked("") == ""


def test_a_thousand_characters_of_a_message_are_looked_at() -> None:
    assert masked("x" * 1_000 + " y") == "x" * 1_000
    assert masked("x" * 998 + " y z") == "x" * 998 + " y"
