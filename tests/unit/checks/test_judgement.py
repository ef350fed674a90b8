"""A judgement as a value: what is kept of it, under which words, and what of an earlier version's is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from verifier.checks.errors_before import ErrorBefore
from verifier.checks.judgement import Judgement, judgement_document, parse_judgement
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.checks.watch.book import ErrorState
from verifier.facts.logs import Folded, Repeated

DECIDED = datetime(2026, 11, 23, 2, 23, 40, 125, tzinfo=UTC)
FIRST = datetime(2026, 11, 23, 2, 1, tzinfo=UTC)
HOLDS = Finding(Check.SOURCE_IS_A_COMMIT, Outcome.HOLDS, "the commit")
FAILS = Finding(Check.LOGS_HAVE_NO_ERRORS, Outcome.FAILS, "two errors", "look at them")
WHOLE = Judgement(
    Verdict.FAILED,
    (HOLDS, FAILS),
    DECIDED,
    execution="an-execution",
    errors=(
        Repeated(
            "crash",
            14,
            FIRST,
            "3",
            "it fell over",
            identity="0123456789abcdef",
            rule="severity",
            level="ERROR",
            folded=(Folded("fedcba9876543210", "gave up", 2),),
            ran_out="until 2026-11-20: known for long",
        ),
        Repeated("denied", 1, DECIDED, "0", "no access", accepted="until 2026-12-31: harmless"),
    ),
    known="not new: on 6 builds since 12 Nov",
    before=(
        ErrorBefore("0123456789abcdef", ErrorState.KNOWN, FIRST, deployments=3, builds=6, runs=48, read=96),
        ErrorBefore("fedcba9876543210", ErrorState.NEW, read=96),
    ),
    policy="a-digest",
    version="1.2.3",
    pull_request="214",
)
DOCUMENT: dict[str, Any] = {
    "verdict": "FAILED",
    "findings": [
        {"check": "source_is_a_commit", "outcome": "holds", "seen": "the commit", "remedy": ""},
        {"check": "logs_have_no_errors", "outcome": "fails", "seen": "two errors", "remedy": "look at them"},
    ],
    "decided": "2026-11-23T02:23:40.000125Z",
    "execution": "an-execution",
    "policy": "a-digest",
    "version": "1.2.3",
    "pull_request": "214",
    "errors": [
        {
            "name": "crash",
            "count": 14,
            "first": "2026-11-23T02:01:00.000000Z",
            "task": "3",
            "excerpt": "it fell over",
            "identity": "0123456789abcdef",
            "rule": "severity",
            "level": "ERROR",
            "folded": [{"identity": "fedcba9876543210", "name": "gave up", "count": 2}],
            "accepted": "",
            "ran_out": "until 2026-11-20: known for long",
        },
        {
            "name": "denied",
            "count": 1,
            "first": "2026-11-23T02:23:40.000125Z",
            "task": "0",
            "excerpt": "no access",
            "identity": "",
            "rule": "",
            "level": "",
            "folded": [],
            "accepted": "until 2026-12-31: harmless",
            "ran_out": "",
        },
    ],
    "known": "not new: on 6 builds since 12 Nov",
    "before": [
        {
            "identity": "0123456789abcdef",
            "state": "known",
            "since": "2026-11-23T02:01:00.000000Z",
            "deployments": 3,
            "builds": 6,
            "runs": 48,
            "read": 96,
        },
        {
            "identity": "fedcba9876543210",
            "state": "new",
            "since": None,
            "deployments": 0,
            "builds": 0,
            "runs": 0,
            "read": 96,
        },
    ],
}


def test_every_part_is_kept_under_its_own_word() -> None:
    assert judgement_document(WHOLE) == DOCUMENT


def test_what_was_kept_is_read_as_it_was() -> None:
    assert parse_judgement(DOCUMENT) == WHOLE


def test_moments_are_kept_in_utc_wherever_they_were_taken() -> None:
    elsewhere = replace(WHOLE, decided=DECIDED.astimezone(timezone(timedelta(hours=9))))
    assert judgement_document(elsewhere) == DOCUMENT


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_is_read_again(verdict: Verdict) -> None:
    judgement = replace(WHOLE, verdict=verdict)
    assert parse_judgement(judgement_document(judgement)) == judgement


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("check", Check)
def test_each_finding_is_read_again(check: Check, outcome: Outcome) -> None:
    judgement = replace(WHOLE, findings=(Finding(check, outcome, "seen", "do this"),))
    assert parse_judgement(judgement_document(judgement)) == judgement


def test_a_build_that_did_not_succeed_has_no_verdict_and_is_read_without_one() -> None:
    counted = Judgement(None, (), DECIDED)
    assert judgement_document(counted)["verdict"] is None
    assert parse_judgement(judgement_document(counted)) == counted


def test_nothing_is_known_of_what_was_not_said() -> None:
    bare = Judgement(Verdict.VERIFIED, (HOLDS,), DECIDED)
    assert (bare.execution, bare.errors, bare.known, bare.policy, bare.version) == ("", (), "", "", "")


def test_an_error_of_0_1_0_is_read_without_what_it_did_not_write() -> None:
    old = {"name": "crash", "count": 14, "first": "2026-11-23T02:01:00.000000Z", "task": "3", "excerpt": "it fell over"}
    assert parse_judgement(DOCUMENT | {"errors": [old]}).errors == (Repeated("crash", 14, FIRST, "3", "it fell over"),)


@pytest.mark.parametrize("word", ["policy", "version", "known"])
def test_a_word_that_an_earlier_version_did_not_write_is_empty(word: str) -> None:
    earlier = {name: value for name, value in DOCUMENT.items() if name != word}
    assert parse_judgement(earlier) == replace(WHOLE, **{word: ""})  # type: ignore[arg-type]  # one of two texts


def test_without_what_was_known_before_nobody_could_tell() -> None:
    earlier = {name: value for name, value in DOCUMENT.items() if name != "before"}
    assert parse_judgement(earlier) == replace(WHOLE, before=())


@pytest.mark.parametrize("word", ["verdict", "findings", "decided", "execution", "errors"])
def test_a_judgement_without_a_part_that_each_version_writes_is_none(word: str) -> None:
    with pytest.raises(KeyError, match=f"^'{word}'$"):
        parse_judgement({name: value for name, value in DOCUMENT.items() if name != word})


def test_of_the_follow_ups_of_an_error_the_three_most_frequent_are_kept() -> None:
    folded = tuple(Folded(str(number) * 16, f"line {number}", 9 - number) for number in range(5))
    (error,) = judgement_document(replace(WHOLE, errors=(replace(WHOLE.errors[0], folded=folded),)))["errors"]
    assert error["folded"] == [
        {"identity": "0" * 16, "name": "line 0", "count": 9},
        {"identity": "1" * 16, "name": "line 1", "count": 8},
        {"identity": "2" * 16, "name": "line 2", "count": 7},
    ]


@pytest.mark.parametrize(
    ("check", "answer"), [(HOLDS.check, HOLDS), (FAILS.check, FAILS), (Check.WORKER_STARTED, None)]
)
def test_the_answer_to_a_check_is_its_own_finding(check: Check, answer: Finding | None) -> None:
    assert WHOLE.finding(check) is answer


def test_of_two_answers_to_a_check_the_first_counts() -> None:
    again = replace(FAILS, seen="and again")
    assert replace(WHOLE, findings=(HOLDS, FAILS, again)).finding(FAILS.check) is FAILS
