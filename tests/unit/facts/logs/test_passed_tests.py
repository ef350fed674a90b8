"""A test that passed is no error, whatever its name quotes; a test that failed is one as before."""

from __future__ import annotations

import pytest

from tests.unit.facts.logs.lines import entry, read
from verifier.facts.logs import ERROR, LogRules

PASSED = {
    "pytest": "tests/test_a.py::test_told[Error: no tenant] PASSED    [ 16%]",
    "pytest, a class": "tests/test_a.py::Told::test_told[failed to connect: connection refused] PASSED",
    "pytest, skipped": "test_a.py::test_told[ERROR worker: x] SKIPPED (ERROR worker: no tenant...) [  3%]",
    "pytest, expected to fail": "test_a.py::test_told[upload failed after 5 attempts] XFAIL (ValueE...) [ 46%]",
    "pytest, summary": "XFAIL test_a.py::test_told[cannot parse row 7: no such column] - ValueError: boom",
    "pytest, summary of skipped": "SKIPPED [1] tests/test_a.py:6: ERROR worker: failed to process 7",
    "pytest-xdist": "[gw0] [ 15%] PASSED test_a.py::test_told[[error] could not open the file] ",
    "pytest-xdist, begun": "test_a.py::test_told[Error: connect ECONNREFUSED 127.0.0.1:5432] ",
    "pytest, slowest": "0.01s setup    test_a.py::test_told[ERROR worker: failed to process 7]",
    "unittest": "test_RuntimeError (tests.test_a.Told.test_RuntimeError) ... ok",
    "unittest, a docstring": "ERROR worker: failed to process 7 ... ok",
    "unittest, skipped": "test_RuntimeError (tests.test_a.Told.test_RuntimeError) ... skipped 'ValueError: boom'",
    "unittest, expected to fail": "test_MemoryError (tests.test_a.Told.test_MemoryError) ... expected failure",
    "trial": "  test_error: ERROR is told ...                     [OK]",
    "cargo test": "test words::tells_ERROR: ... ok",
    "deno test": "Error: no tenant is told ... ok (3ms)",
    "ctest": " 1/3 Test #1: level:ERROR ......................   Passed    0.01 sec",
    "prove": "t/ERROR: no tenant.t .. ok",
    "prove, skipped": "t/level=ERROR.t .. skipped: no database",
    "go test": "    --- PASS: TestTold/level:ERROR (0.00s)",
    "go test, begun": "=== RUN   TestTold/level:ERROR",
    "node --test": "    ok 2 - ERROR worker: failed to process 7",
    "node --test, begun": "    # Subtest: upload failed after 5 attempts",
    "tape": "ok 7 Traceback (most recent call last):",
    "jest": "    ✓ ERROR worker: failed to process 7 (2 ms)",
    "jest, skipped": "    ○ skipped [error] could not open the file",
    "vitest": " \x1b[32m✓\x1b[39m a.test.ts > Error: the words > failed to connect: connection refused 0ms",
    "vitest, skipped": " ↓ a.test.ts > Error: the words > upload failed after 5 attempts",
    "node's spec, skipped": "  ﹣ cannot parse row 7: no such column (0.036264ms) # SKIP",
    "bun test": '(pass) told > {"ok": false, "error": "x"} [0.12ms]',
    "gtest": "[       OK ] Told.level:ERROR (0 ms)",
    "JUnit by Gradle": "ErrorTest > Error: no tenant > is told() PASSED",
    "JUnit's console": "│  ├─ Error: no tenant ✔",
    "dotnet test": '  Passed Told.Tells(words: "Error: no tenant") [< 1 ms]',
    "XCTest": "Test Case '-[Told level:ERROR]' passed (0.001 seconds).",
    "automake": "PASS: level:ERROR",
    "minitest": "Told#test_upload failed after 5 attempts = 0.00 s = .",
    "Robot": "Error: no tenant is told                    | PASS |",
}
FAILED_AT_NO_LEVEL = (
    "FAILED tests/test_a.py::test_told[no tenant] - ValueError: boom",
    "ERROR tests/test_a.py::test_told - ValueError: boom",
    "tests/test_a.py::test_told[ERROR: no tenant] FAILED [ 50%]",
    "tests/test_a.py::test_told ERROR [ 50%]",
    "test_told (tests.test_a.Told.test_told) ... FAIL",
    "test_told (tests.test_a.Told.test_told) ... ERROR",
    "test words::told ... FAILED",
    "--- FAIL: TestTold (0.00s)",
    "not ok 2 - told",
    "    ✕ is told (2 ms)",
    "ErrorTest > says Error: no tenant FAILED",
)
FAILED = (
    *FAILED_AT_NO_LEVEL,
    "tests/test_a.py::test_told[no tenant] FAILED  [ 7/88]",
    "[gw0] [ 15%] FAILED test_a.py::test_told[no tenant]",
    "test_told (tests.test_a.Told.test_told) ... unexpected success",
    "[  FAILED  ] Told.level (0 ms)",
    "  Failed Told.Tells [3 ms]",
    "ok 12 failed 3",
    "SKIP row 7: ValueError: bad",
    "PASS the parcel: ValueError: bad",
    "row 7 ... skipped: KeyError: 'id'",
    "    - is told",
)


@pytest.mark.parametrize("runner", PASSED)
def test_a_test_that_passed_is_no_error_whatever_its_name_quotes(runner: str) -> None:
    assert read([entry(PASSED[runner])]).errors == ()
    facts = read([entry(PASSED[runner], ERROR)])
    assert facts.errors == ()
    assert [count for name, count in facts.ignored if name.startswith("passed-")] == [1]


@pytest.mark.parametrize("runner", PASSED)
def test_without_known_noise_such_a_line_is_as_loud_as_it_was_logged(runner: str) -> None:
    assert read([entry(PASSED[runner], ERROR)], LogRules(noise=False)).errors


@pytest.mark.parametrize("line", FAILED)
def test_a_test_that_failed_and_what_only_resembles_a_pass_are_errors(line: str) -> None:
    assert read([entry(line, ERROR)]).errors


@pytest.mark.parametrize("line", FAILED_AT_NO_LEVEL)
def test_a_result_that_is_a_failure_is_an_error_without_a_level(line: str) -> None:
    assert read([entry(line)]).errors


def test_what_a_test_that_passed_printed_is_judged() -> None:
    passed = "test_a.py::test_told[ERROR: no tenant] PASSED [ 50%]"
    crash = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: 7'
    assert [error.name for error in read([entry(passed), entry(crash, second=1)]).errors] == ["KeyError: 7"]
    assert read([entry(f"{passed}\n{crash}")]).errors
