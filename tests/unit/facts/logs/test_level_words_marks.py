"""Which marks make a word a level: capitals that are no value, and small letters between signs or after a moment."""

from __future__ import annotations

import pytest

from verifier.facts.logs.level_words import level_of_text
from verifier.facts.logs.levels import CRITICAL, ERROR, INFO, WARNING

GLUED = "]ERROR:"


@pytest.mark.parametrize(
    "line",
    [
        "worker ERROR",
        "job done ERROR",
        "ERROR: no",
        "key: [ERROR] no",
        "a key: ERROR no",
        "ERROR 12 rows",
        "ERROR 0x7",
        "severity='ERROR'",
        "a.ERROR: no",
        "ERROR/Main] no",
        "x:ERROR:no",
        "'it said ERROR no' ERROR no",
        '"a \'b" ERROR no',
        f"{'x' * 112}{GLUED} no",
    ],
)
def test_capitals_are_a_level(line: str) -> None:
    assert level_of_text(line).level == ERROR


@pytest.mark.parametrize(
    "line",
    [
        "ERROR",
        "the log_level: ERROR",
        "the level = ERROR",
        "level= ERROR",
        "NO ERROR here",
        "0 ERROR rows",
        "UNKNOWN ERROR here",
        "key: ERROR no",
        "ERROR 0",
        "ERROR: 12 | 13",
        "ERROR = 0",
        "- ERROR no",
        "> ERROR no",
        "# ERROR no",
        "| `ERROR` no",
        "'ERROR in quotes' no",
        "'tis ERROR no",
        "WORKER/ERROR] no",
        f"{'x' * 113}{GLUED} no",
    ],
)
def test_capitals_that_are_a_value_a_count_an_item_or_a_sentences_part_are_none(line: str) -> None:
    assert level_of_text(line).level == 0


@pytest.mark.parametrize(
    "line",
    [
        "[error] no",
        "(error) no",
        "<error> no",
        "|error| no",
        "[error    ] no",
        "error: no",
        "10:00:00 error: no",
        "app: error: no",
        "3:4: error: no",
        "a] error: no",
        "a\terror\tno",
        "10:00:00 error no",
        "2026-11-03 10:00:00 error no",
        "2026-11-03T10 error no",
        "level=error no",
        "level:error+1 no",
        "[core:error] no",
    ],
)
def test_small_letters_between_signs_or_after_a_moment_are_a_level(line: str) -> None:
    assert level_of_text(line).level == ERROR


@pytest.mark.parametrize(
    "line",
    [
        "[error no",
        "a (error no)",
        "worker error: no",
        "7: error: no",
        "a\terror no",
        "a error\tno",
        "10:00:00 main error no",
        "a 2026-11-03 10:00:00 error no",
        "10:00:00 Error no",
        "20261103 error no",
        "10:00:00 error7 no",
        "10:00:00 error, no",
        "error   : 4,",
        "Error: no",
        "alert: no",
        "panic: no",
        "fatal: no",
    ],
)
def test_small_letters_in_a_sentence_are_none(line: str) -> None:
    assert level_of_text(line).level == 0


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("LOG:  no", INFO),
        ("DETAIL: no", INFO),
        ("a LOG: no", INFO),
        ("10:00:00 fatal: no", CRITICAL),
        ("app: panic: no", CRITICAL),
        ("[warn] no", WARNING),
        ("\n  \ufeff[error] no", ERROR),
    ],
)
def test_each_has_its_own_level(line: str, level: int) -> None:
    assert level_of_text(line).level == level
