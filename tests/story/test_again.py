"""Somebody has a build judged anew: everything is done once more, and nothing of the first time is lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.story.harness import CLEAN, Harness, harness
from verifier.controller.again import AgainOutcome, judge_again
from verifier.controller.ledger import State
from verifier.facts.build import BuildKey
from verifier.standin.faults import Fault
from verifier.standin.script import Line, Script

__all__ = ["harness"]

WHO = "deployer@vividly-ops.iam.gserviceaccount.com"
FLAKY = Script(exit_code=1, lines=(Line(1.0, "Traceback: the database was away", "ERROR"),))


def judged(harness: Harness, script: Script) -> BuildKey:
    harness.job(script)
    key = harness.triggered()
    harness.announce(key)
    harness.live(8)
    assert harness.record(key).state is State.DONE
    return key


def ask(harness: Harness, key: BuildKey) -> AgainOutcome:
    return judge_again(harness.deployment.services.store, key, WHO, harness.clock()).outcome


def verdicts(harness: Harness) -> list[dict[str, Any]]:
    return [entry for entry in harness.cloud.audit_entries() if entry["labels"]["kind"] == "verdict"]


def test_the_worker_runs_once_more_and_both_verdicts_stay_in_the_audit_trail(harness: Harness) -> None:
    key = judged(harness, FLAKY)
    first = harness.record(key).execution
    assert harness.verdict(key) == "FAILED"
    harness.job(CLEAN)
    assert ask(harness, key) is AgainOutcome.REOPENED
    harness.live(8)
    record = harness.record(key)
    assert (record.state, harness.verdict(key), harness.executions()) == (State.DONE, "VERIFIED", 2)
    assert record.execution != first
    assert [one["execution"] for one in record.earlier] == [first]
    one, two = verdicts(harness)
    assert (one["labels"]["verdict"], two["labels"]["verdict"]) == ("FAILED", "VERIFIED")
    assert one["insertId"] != two["insertId"]
    assert one["jsonPayload"]["again"] is None
    again = two["jsonPayload"]["again"]
    assert (again["number"], again["by"], again["before"]) == (1, WHO, "FAILED")


def test_the_same_verdict_again_is_an_entry_of_its_own(harness: Harness) -> None:
    key = judged(harness, FLAKY)
    for _ in range(2):
        assert ask(harness, key) is AgainOutcome.REOPENED
        harness.live(8)
    assert [entry["jsonPayload"]["verdict"] for entry in verdicts(harness)] == ["FAILED"] * 3
    assert len({entry["insertId"] for entry in verdicts(harness)}) == 3


def test_who_asks_while_it_is_judged_starts_nothing_more(harness: Harness) -> None:
    key = judged(harness, FLAKY)
    ask(harness, key)
    harness.live(1)
    assert ask(harness, key) is AgainOutcome.ASKED_BEFORE
    harness.live(8)
    assert harness.executions() == 2


def test_a_message_that_comes_late_about_the_first_execution_changes_nothing(harness: Harness) -> None:
    key = judged(harness, FLAKY)
    harness.job(CLEAN)
    ask(harness, key)
    harness.finish(key)
    harness.live(8)
    harness.finish(key)
    assert (harness.verdict(key), harness.executions()) == ("VERIFIED", 2)


@pytest.mark.parametrize("lost", ["before", "after"])
def test_the_execution_of_the_verdict_before_is_not_taken_for_a_strangers(harness: Harness, lost: str) -> None:
    """A start whose answer is lost has the executions listed, and the first one carries another nonce."""
    key = judged(harness, CLEAN)
    ask(harness, key)
    harness.faults.add(Fault("RunJob", lost))
    harness.live(12)
    assert harness.verdict(key) == "VERIFIED"
    assert harness.record(key).claimants == ()


def test_a_local_source_build_is_told_again_without_reading_its_upload_again(harness: Harness) -> None:
    key = harness.upload()
    harness.announce(key)
    ask(harness, key)
    harness.live(2)
    assert harness.verdict(key) == "LOCAL_SOURCE"
    assert len(verdicts(harness)) == 2
