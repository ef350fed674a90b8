"""Known noise of test runners: the line of a test that passed or was passed over, whatever error its name quotes.

A result that is a failure is none of it. Each row holds for a line alone: what a test prints below it is judged.
"""

from __future__ import annotations

from verifier.facts.logs.row import RuleRow

_TEST_ID = r"\S+\.\w+::\S"
_TOOK = r"[(<\[]?[\d.]+ ?[mµn]?s(?:ec)?[)>\]]?"

PASSED_TESTS: tuple[RuleRow, ...] = (
    RuleRow(
        "passed-pytest",
        rf"^{_TEST_ID}.* (?:PASSED|SKIPPED|XFAIL|XPASS)(?: \(.*)?(?:\s+\[.*\])?$"
        r"|^(?:\[gw\d+\] \[ *\d+%\] )?(?:PASSED|SKIPPED|XFAIL|XPASS) (?:\[\d+\] )?\S+\.\w+(?:::\S|:\d+: )"
        rf"|^(?:[\d.]+s (?:call|setup|teardown) +)?{_TEST_ID}+(?:\[.*\])? ?$",
        "pytest: terminal.py, with -v, -rA, --durations and --collect-only; pytest-xdist",
        'tests/test_slack.py::test_refused[{"ok": false, "error": "no channel"}] PASSED [ 54%]',
        "tests/test_slack.py::test_refused[ERROR: no channel] FAILED [ 54%]",
        unless=r" (?:FAILED|ERROR)(?:\s+\[[^\]]*\])?$",
    ),
    RuleRow(
        "passed-dots-ok",
        rf"\.\. *(?:ok|OK|\[(?:OK|SKIPPED|TODO)\]|Passed)(?:\s+{_TOOK})?$"
        r"|\.\.\. (?:expected failure|skipped ['\"].*)$|^test .+ \.\.\. ignored(?:, .+)?$|^\S+\.t \.+ skipped: ",
        "unittest, nose, trial, cargo test, deno test, zig test, prove, ctest",
        "test_MemoryError (tests.test_words.Words.test_MemoryError) ... ok",
        "test_MemoryError (tests.test_words.Words.test_MemoryError) ... ERROR",
    ),
    RuleRow(
        "passed-tap",
        r"^\s*ok \d+(?:\s|$)|^\s*# Subtest: ",
        "the Test Anything Protocol: node --test, tape, bats, Test::More, Playwright",
        "ok 8 - ERROR is a level",
        "not ok 8 - ERROR is a level",
        unless=r"^\s*ok \d+ (?:failed|failures?|errors?)\b[ :=]*\d",
    ),
    RuleRow(
        "passed-check-mark",
        r"^[\s\d:.TZ-]*[✓✔√](?:\s|$)|^\s*(?:○ skipped |↓ \S+\.\w+ > )|^\s*﹣ .*# (?:SKIP|TODO)"
        r"|^\((?:pass|skip|todo)\) .*\S",
        "mocha, jest, vitest, ava, node --test, PHPUnit's testdox, bun test",
        "    ✓ [error] is told to the caller (3 ms)",
        "    ✕ [error] is told to the caller (3 ms)",
    ),
    RuleRow(
        "passed-verdict",
        r"^\s*--- (?:PASS|SKIP): \S|^=== (?:RUN|PAUSE|CONT|NAME)\s+\S|^ok\s+\S+\s+(?:[\d.]+s|\(cached\))"
        r"|^\[ +(?:RUN|OK|SKIPPED|PASSED) +\] |^(?:PASS|SKIP|XFAIL): \S+$|^PASS \S+(?: \([\d.]+ m?s\))?$"
        rf"|^\s*PASS \[ *[\d.]+s\] |^\S.* > .+ (?:PASSED|SKIPPED)$|^\s*(?:Passed|Skipped) \S.* \[.*{_TOOK}\]$"
        r"|^Test (?:Case|Suite) '.+' (?:started|passed|skipped)\b|^[ |│├└╷+'─-]+.*(?:✔|\[OK\])$"
        rf"|^//\S+\s+(?:\(cached\) )?PASSED(?: in {_TOOK})?$|\| PASS \|$|^\S+#test_.* = [\d.]+ s = [.S]$",
        "go test, gtest, automake, nextest, JUnit by Gradle or its console, dotnet, XCTest, bazel, Robot, minitest",
        "com.acme.ErrorTest > says Error: no tenant PASSED",
        "com.acme.ErrorTest > says Error: no tenant FAILED",
    ),
)
"""Rows of the same table as `NOISE`."""
