"""The words of the audit trail, of published verdicts and of what finds a Slack message again are those of 0.1.0."""

from __future__ import annotations

import pytest

from tests.frozen.compare import frozen, lost
from tests.frozen.said import CASES, said_now
from verifier.checks.verdict import Verdict


@pytest.mark.parametrize("case", CASES)
def test_whatever_was_said_in_a_case_is_said_with_the_same_words(case: str) -> None:
    assert lost(frozen(f"said/{case}.json"), said_now(case)) == []


def test_each_verdict_and_each_other_kind_of_entry_is_frozen() -> None:
    labels = [entry["labels"] for case in CASES for entry in frozen(f"said/{case}.json")["audit"]]
    assert {entry.get("verdict", "") for entry in labels} == {*Verdict, ""}
    kinds = {"verdict", "build-did-not-succeed", "unconfirmed", "undelivered", "quarantined"}
    assert {entry["kind"] for entry in labels} == kinds
