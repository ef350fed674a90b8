"""Row by row: which count beside a WARNING, and what a line must not have so that its row holds."""

from __future__ import annotations

import pytest
import re2

from tests.unit.facts.logs.lines import WARNING, entry, read
from verifier.facts.logs import ROWS, LogRules, RuleRow

BY_NAME = {row.name: row for row in ROWS}
PROSE = {
    "could-not",
    "ends-in-errno",
    "error-line",
    "error-word",
    "exception-value",
    "failed-because",
    "failed-sign",
    "failed-to",
    "grpc-status",
    "no-room",
    "not-done",
    "not-set",
    "result-says-failed",
    "runtime-message",
    "shell-not-found",
}
"""What is said in a WARNING means that it was handled."""
EXCEPTED = [
    ("error-line", "Error: none"),
    ("error-line", "ERROR: 0"),
    ("exception-value", "retrying after ValueError('part 2 is corrupt')"),
    ("exception-value", "expected ValueError('part 2 is corrupt')"),
    ("runtime-message", "    it is 'NoneType' object is not subscriptable"),
    ("runtime-message", "retried: list index out of range"),
    ("database-says", 'table "clips" does not exist, creating it: table "clips" does not exist'),
    ("java-cause", "Caused by: none"),
    ("grpc-status", "attempt 2: rpc error: code = Unavailable"),
    ("shell-not-found", "key clip 7: not found"),
    ("shell-not-found", "GET /clip: 404: not found"),
    ("file-tool", "rm: cannot remove '/tmp/old': No such file or directory"),
    ("file-tool", "ls: cannot access 'x': No such file or directory"),
    ("network-tool", "curl: (7) Failed to connect, will try the next one"),
    ("test-runner", "not ok 7 the clip is kept # TODO"),
    ("failed-to", "failed to connect, retrying"),
    ("failed-to", "failed to connect, using the default"),
    ("could-not", "cannot read the cache: skipped"),
    ("failed-because", "upload failed: it is ignored"),
    ("failed-because", "of 7 uploads none failed: all is well"),
    ("error-word", "error while reading, trying again"),
    ("error-word", "any error while reading stops it"),
    ("error-word", "error code 0 is good"),
    ("error-word", "the error budget: error in percent"),
    ("result-says-failed", '{"status": "failed", "note": "expected failure"}'),
    ("not-done", "order 17 not shipped: by policy"),
    ("not-done", "row 7 skipped: unchanged"),
    ("ends-in-errno", "attempt 2: connection refused"),
    ("not-set", "DATABASE_URL is not set, using sqlite"),
]
FOUND = [
    ("not-done", "order 17 skipped: no tenant"),
    ("not-done", "order 17 lost: the store ignored it"),
]
"""What was skipped or ignored is a story with a good end elsewhere; here it is what was not done."""


def alone(row: RuleRow) -> LogRules:
    """Return rules of which this row is the only one."""
    return LogRules(noise=False, off=frozenset(one.name for one in ROWS if one.name != row.name))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_crash_counts_beside_a_warning_and_prose_does_not(row: RuleRow) -> None:
    assert bool(read([entry(row.example, WARNING)], alone(row)).errors) is (row.name not in PROSE)


def test_every_name_of_prose_is_a_rows() -> None:
    assert set(BY_NAME) >= PROSE


@pytest.mark.parametrize(("name", "line"), EXCEPTED)
def test_a_row_does_not_hold_where_its_line_tells_a_good_end(name: str, line: str) -> None:
    row = BY_NAME[name]
    assert re2.search(f"(?m){row.expression}", line), "it has the row's words"
    assert read([entry(line)], alone(row)).errors == ()


@pytest.mark.parametrize(("name", "line"), FOUND)
def test_a_row_holds_where_the_words_mean_no_good_end(name: str, line: str) -> None:
    (error,) = read([entry(line)], alone(BY_NAME[name])).errors
    assert error.rule == name


def test_each_row_with_an_exception_is_shown_with_one() -> None:
    assert {name for name, _ in EXCEPTED} == {row.name for row in ROWS if row.unless}


@pytest.mark.parametrize("name", sorted({name for name, _ in EXCEPTED}))
def test_an_exception_holds_for_its_own_line_alone(name: str) -> None:
    """Another line of the same entry says what it says."""
    row = BY_NAME[name]
    line = next(line for other, line in EXCEPTED if other == name)
    assert len(read([entry(f"{line}\n{row.example}")], alone(row)).errors) == 1
