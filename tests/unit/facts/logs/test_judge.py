"""What one entry is: an error and why, calm, or a part of something; and by what an error is silenced."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import re2

from tests.unit.facts.logs.lines import START, STDERR
from verifier.facts.logs.entry import LogEntry
from verifier.facts.logs.identity import Described, describe
from verifier.facts.logs.judge import (
    CALM,
    FAIL_PATTERN,
    LEVEL_FIELD,
    LEVEL_WORD,
    NOTHING,
    SEVERITY,
    ErrorReason,
    Judge,
    Look,
    is_calm,
    search_set,
    team_search,
)
from verifier.facts.logs.patterns import LogRules, Pattern
from verifier.facts.logs.rules import ROWS

TEAM = LogRules(
    failures=(Pattern("no rows", "no rows"), Pattern("slow", "slow .*query")),
    expected=(Pattern("done", "query done"), Pattern("began", "query began")),
)
RULES = LogRules()
RUST = "thread 'main' panicked at src/main.rs:4:5:"
SHELL = "run.sh: line 4: migrate-db: command not found"


def look(
    text: str, severity: int = 0, *, level: int = 0, structured: bool = False, rules: LogRules = RULES
) -> tuple[Look, list[str]]:
    entry = LogEntry(START, severity, STDERR, text, "", "", "", level, "", structured)
    found, seen = Judge(rules).look(entry, text)
    return found, list(seen)


def error(rule: str, level: str, pattern: str = "", *, relevant: bool = True) -> Look:
    return Look(ErrorReason(rule, level, pattern), calm=False, relevant=relevant)


@pytest.mark.parametrize(
    ("severity", "name"), [(500, "ERROR"), (600, "CRITICAL"), (700, "ALERT"), (800, "EMERGENCY"), (900, "EMERGENCY")]
)
def test_an_entry_of_severity_error_and_above_is_an_error_whatever_it_says(severity: int, name: str) -> None:
    assert look("all is well", severity) == (error(SEVERITY, name), [])
    assert look("INFO all is well", severity, level=200, structured=True) == (error(SEVERITY, name), [])


@pytest.mark.parametrize("severity", [100, 200, 300])
def test_a_calm_severity_outranks_what_only_looks_like_an_error(severity: int) -> None:
    assert look(f"ERROR {RUST}", severity) == (CALM, [])
    assert look("boom", severity, level=500, structured=True) == (CALM, [])


@pytest.mark.parametrize(
    ("level", "found"),
    [
        (200, CALM),
        (399, CALM),
        (500, error(LEVEL_FIELD, "ERROR", relevant=False)),
        (550, error(LEVEL_FIELD, "ERROR", relevant=False)),
        (600, error(LEVEL_FIELD, "CRITICAL", relevant=False)),
        (950, error(LEVEL_FIELD, "EMERGENCY", relevant=False)),
        (0, Look(None, calm=False, relevant=True)),
        (400, Look(None, calm=False, relevant=True)),
    ],
)
def test_a_structured_entry_is_as_loud_as_its_own_field_says(level: int, found: Look) -> None:
    assert look("no tenant", level=level, structured=True) == (found, [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ERROR no tenant", error(LEVEL_WORD, "ERROR", relevant=False)),
        ("CRITICAL no tenant", error(LEVEL_WORD, "CRITICAL", relevant=False)),
        ("\x1b[31mERROR\x1b[0m no tenant", error(LEVEL_WORD, "ERROR", relevant=False)),
        (f"INFO {RUST}", CALM),
        ("2026-11-03 09:21:00,123 INFO worker: ERROR is a word", CALM),
        ("all is well", NOTHING),
    ],
)
def test_a_line_of_text_is_as_loud_as_its_first_level_word(text: str, found: Look) -> None:
    assert look(text) == (found, [])


@pytest.mark.parametrize("before", ["", "2026-11-03 09:21:00 ", "[2026-11-03T09:21:00.5Z] ", "2026/11/03 09:21:00 "])
def test_without_a_level_the_rows_of_the_tables_decide_also_after_a_moment(before: str) -> None:
    found, _ = look(f"{before}{SHELL}")
    assert found == error("shell-not-found", "")


def test_a_row_counts_beside_a_warning_where_it_is_no_prose() -> None:
    nothing = Look(None, calm=False, relevant=True)
    (crash,) = (row for row in ROWS if row.name == "python-traceback")
    assert crash.over_warning
    assert look(crash.example, 400)[0] == error(crash.name, "WARNING")
    assert look(crash.example, 400, rules=LogRules(crash_words=False))[0] == nothing
    assert look(crash.example, 400, rules=LogRules(off=frozenset({crash.name})))[0] == nothing
    assert look(SHELL, 400)[0] == nothing


@pytest.mark.parametrize(
    ("text", "severity", "level", "found", "seen"),
    [
        ("INFO there were no rows", 0, 0, error(FAIL_PATTERN, "INFO", "no rows"), []),
        ("there were no rows", 0, 0, error(FAIL_PATTERN, "", "no rows"), []),
        ("there were no rows", 200, 500, error(FAIL_PATTERN, "INFO", "no rows"), []),
        ("there were no rows", 0, 500, error(FAIL_PATTERN, "ERROR", "no rows"), []),
        ("slow old query, no rows", 0, 0, error(FAIL_PATTERN, "", "no rows"), []),
        ("slow old query", 0, 0, error(FAIL_PATTERN, "", "slow"), []),
        ("slow query done", 0, 0, error(FAIL_PATTERN, "", "slow"), ["done"]),
        ("query done", 0, 0, NOTHING, ["done"]),
        ("query began, query done", 0, 0, NOTHING, ["began", "done"]),
        ("query done", 500, 0, error(SEVERITY, "ERROR"), ["done"]),
    ],
)
def test_a_teams_patterns_come_before_every_level(
    text: str, severity: int, level: int, found: Look, seen: list[str]
) -> None:
    looked, names = look(text, severity, level=level, rules=TEAM)
    assert (looked, sorted(names)) == (found, seen)


NOISY = "BrokenPipeError: [Errno 32] Broken pipe"
DISK = describe("disk is full")
BY_LEVEL = ErrorReason(LEVEL_WORD, "ERROR")
BY_PATTERN = ErrorReason(FAIL_PATTERN, "ERROR", "full")


@pytest.mark.parametrize(
    ("rules", "described", "judged", "alone", "name"),
    [
        (LogRules(ignored=(Pattern("a", "disk"),)), DISK, BY_LEVEL, True, "a"),
        (LogRules(ignored=(Pattern("a", "disk"), Pattern("b", "full"))), DISK, BY_LEVEL, True, "a"),
        (LogRules(ignored=(Pattern("a", "none"), Pattern("b", "full"))), DISK, BY_LEVEL, True, "b"),
        (LogRules(ignored=(Pattern("a", "disk"),), noise=False), DISK, BY_PATTERN, True, "a"),
        (LogRules(ignored=(Pattern("a", "tape"),)), DISK, BY_LEVEL, True, ""),
        (RULES, DISK, BY_LEVEL, True, ""),
        (RULES, describe(NOISY), BY_LEVEL, True, "broken-pipe-at-exit"),
        (RULES, describe(NOISY), BY_LEVEL, False, ""),
        (RULES, describe(NOISY), BY_PATTERN, True, ""),
        (LogRules(noise=False), describe(NOISY), BY_LEVEL, True, ""),
        (LogRules(off=frozenset({"broken-pipe-at-exit"})), describe(NOISY), BY_LEVEL, True, ""),
    ],
    ids=[
        "ignored",
        "by the first of two",
        "by the second alone",
        "even what the team looks for",
        "by another pattern",
        "by nothing",
        "noise",
        "noise that holds for a line alone",
        "noise that the team looks for",
        "noise that counts",
        "one row of it that counts",
    ],
)
def test_an_error_is_silenced_by_name(
    rules: LogRules, described: Described, judged: ErrorReason, alone: bool, name: str
) -> None:
    judge = Judge(rules)
    assert judge.silenced_by(described, judged, alone=alone) == name
    assert judge.silenced_by(described, judged, alone=alone) == name, "asked again"


def test_errors_of_one_line_are_told_apart_by_what_found_them_and_where_they_stand() -> None:
    judge = Judge(RULES)
    for judged, alone, name in (
        (BY_LEVEL, True, "broken-pipe-at-exit"),
        (BY_LEVEL, False, ""),
        (BY_PATTERN, True, ""),
        (BY_LEVEL, True, "broken-pipe-at-exit"),
    ):
        assert judge.silenced_by(describe(NOISY), judged, alone=alone) == name


@pytest.mark.parametrize(
    ("text", "calm"), [("INFO ok", True), ("DEBUG ok", True), ("WARNING ok", False), ("ERROR", False), ("ok", False)]
)
def test_a_line_is_calm_by_its_own_word(text: str, calm: bool) -> None:
    assert is_calm(text) is calm


@pytest.mark.parametrize(
    ("expressions", "text", "numbers"),
    [
        ((), "a", []),
        (("a b",), "a b", [0]),
        (("a b",), "ab", []),
        (("a.b",), "a-b", [0]),
        (("a", "b.c", "d"), "d b-c", [1, 2]),
        (("a", "b.c", "d"), "a", [0]),
        (("x", "a", "b"), "ab", [1, 2]),
        (("a.c", "b.d"), "b-d", [1]),
    ],
)
def test_a_teams_patterns_are_found_by_their_numbers(
    expressions: tuple[str, ...], text: str, numbers: list[int]
) -> None:
    assert sorted(team_search(expressions)(text)) == numbers


def test_a_set_of_expressions_says_which_of_them_a_text_has() -> None:
    assert list(search_set(("a", "b", "c"))("bc")) == [1, 2]
    assert not search_set(("a", "b"))("c")
    assert not search_set(())("c")


def test_what_says_nothing_and_what_is_calm_are_no_part_of_a_trace() -> None:
    assert look("all is well") == (Look(None, calm=False, relevant=False), [])
    assert look("2026-11-03 09:21:00 INFO ok") == (Look(None, calm=True, relevant=False), [])


@pytest.mark.parametrize(
    "rules",
    [
        lambda patterns: LogRules(failures=patterns),
        lambda patterns: LogRules(ignored=patterns),
        lambda patterns: LogRules(expected=patterns),
    ],
    ids=["failures", "ignored", "expected"],
)
def test_a_teams_patterns_that_need_too_much_memory_are_refused(
    rules: Callable[[tuple[Pattern, ...]], LogRules], capfd: pytest.CaptureFixture[str]
) -> None:
    patterns = tuple(Pattern(str(number), rf"{number}[\p{{L}}]{{30}}") for number in range(15))
    Judge(rules(patterns[:2]))
    with pytest.raises(re2.error):
        Judge(rules(patterns))
    with pytest.raises(re2.error):
        Judge(rules((Pattern("open", "a["),)))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("line", "is_error"), [(350, True), (450, False)])
def test_of_many_lines_four_hundred_are_looked_at_where_a_row_excepts_something(line: int, is_error: bool) -> None:
    """Of a row that excepts nothing, all are looked at: it costs one pass."""
    text = "\n".join(["all is well"] * line + [SHELL])
    assert bool(look(text)[0].judged) is is_error
    assert look("\n".join(["all is well"] * line + [RUST]))[0].judged == ErrorReason("rust-panic", "")
