"""Each row of the tables finds its example and leaves its counter example alone."""

from __future__ import annotations

import pytest

from tests.unit.facts.logs.lines import WARNING, entry, read
from verifier.facts.logs import ERROR, NOISE, ROWS, LogRules, RuleRow, row_names, unknown_rows
from verifier.facts.logs.level_words import level_of_text

(POWERSHELL,) = (row for row in ROWS if row.name == "powershell")


def alone(row: RuleRow) -> LogRules:
    """Rules of which this row is the only one."""
    return LogRules(noise=False, off=frozenset(one.name for one in ROWS if one.name != row.name))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_finds_its_example(row: RuleRow) -> None:
    (error,) = read([entry(row.example)], alone(row)).errors
    assert error.rule == ("level-word" if level_of_text(row.example).level >= ERROR else row.name)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_rows_counter_example_is_no_error(row: RuleRow) -> None:
    assert row.counter
    assert read([entry(row.counter)]).errors == ()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_explicit_info_outranks_each_row(row: RuleRow) -> None:
    line = row.example.partition("\n")[0]
    assert read([entry(f"2026-11-03 09:21:00,123 INFO worker: ticket says {line}")]).errors == ()
    assert read([entry(line, 200)]).errors == ()


@pytest.mark.parametrize("row", [row for row in ROWS if not row.over_warning], ids=lambda row: row.name)
def test_prose_means_nothing_in_a_line_that_calls_itself_a_warning(row: RuleRow) -> None:
    assert read([entry(row.example, WARNING)], alone(row)).errors == ()


@pytest.mark.parametrize(
    "line",
    [
        "Get-Item: /srv/w.ps1:3",
        "ParserError: /srv/w.ps1:3",
        "InvalidOperation: /srv/w.ps1:3",
        r"Get-Item : Cannot find path 'C:\x' because it does not exist.",
        "    + FullyQualifiedErrorId : PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand",
        "migrate-db: The term 'migrate-db' is not recognized as a name of a cmdlet, function, script file, or program.",
        "Invoke-WebRequest: Response status code does not indicate success: 503 (Service Unavailable).",
    ],
)
def test_powershells_errors_are_found_in_both_of_its_views(line: str) -> None:
    (error,) = read([entry(line)], alone(POWERSHELL)).errors
    assert error.rule == POWERSHELL.name


def test_a_row_that_is_switched_off_finds_nothing() -> None:
    line = "run.sh: line 4: migrate-db: command not found"
    assert read([entry(line)]).errors[0].rule == "shell-not-found"
    assert read([entry(line)], LogRules(off=frozenset({"shell-not-found"}))).errors == ()


def test_without_crash_words_the_level_alone_decides() -> None:
    rules = LogRules(crash_words=False)
    assert read([entry("panic: nil map")], rules).errors == ()
    assert read([entry("ERROR nil map")], rules).errors


def test_names_are_unique_and_sources_are_told() -> None:
    names = row_names()
    assert len(set(names)) == len(names)
    assert all(row.source for row in (*ROWS, *NOISE))


def test_a_name_that_no_row_has_is_told_with_the_nearest() -> None:
    ((name, nearest),) = unknown_rows(["python-tracback", "git"])
    assert (name, nearest[0]) == ("python-tracback", "python-traceback")


@pytest.mark.parametrize(
    "line",
    [
        "0 errors, 0 warnings",
        "result: {'ok': 12, 'errors': [], 'exception': None}",
        "order;ERROR 404 T-Shirt;19.99",
        "log_level: ERROR",
        "errors.spec.ts: shows the error page",
        "test_error_is_raised (tests.test_errors.T.test_error_is_raised) ... ok",
        '10.0.0.1 - - [02/Jan/2026:10:00:00 +0000] "GET /static/error.css HTTP/1.1" 304 0',
        "registered handlers: ValueErrorHandler, HttpErrorMapper",
        "attempt 1 failed, retrying",
        "    Add Nim to the corpus, and say what could not be had",
        "PASS: 12  FAIL: 0  XFAIL: 1  ERROR: 0",
        "Tests run: 10, Failures: 0, Errors: 0, Skipped: 1, Time elapsed: 0.1 s - in com.acme.ErrorHandlerTest",
        "npm warn deprecated inflight@1.0.6: This module is not supported",
        "usage: worker [--fail-on-error] [--traceback]",
    ],
)
def test_words_about_errors_are_none(line: str) -> None:
    assert read([entry(line)]).errors == ()
