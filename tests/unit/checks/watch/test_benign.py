"""What happens while deploying and alarms nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.checks.watch.made import CRASH, START, error
from verifier.checks.watch.benign import benign
from verifier.checks.watch.rules import ALL_BENIGN, Benign
from verifier.facts.logs import Ending, Repeated
from verifier.facts.run import RunOutcome

TERMINATED = Ending("0", "0", "", "signal", 15)
KILLED = Ending("0", "0", "", "signal", 9)
QUOTA = error("q", name="ResourceExhausted: 429 Quota exceeded for quota metric 'Read requests'")
NEAR, FAR = START + timedelta(seconds=50), START + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("outcome", "endings", "errors", "switch", "expected"),
    [
        (RunOutcome.SUCCEEDED, [], [CRASH], NEAR, None),
        (RunOutcome.PLATFORM, [], [], FAR, Benign.PLATFORM),
        (RunOutcome.CANCELLED, [], [], FAR, Benign.CANCELLED),
        (RunOutcome.FAILED, [TERMINATED], [], NEAR, Benign.SWITCH),
        (RunOutcome.FAILED, [TERMINATED], [], FAR, None),
        (RunOutcome.FAILED, [TERMINATED, KILLED], [], NEAR, None),
        (RunOutcome.FAILED, [KILLED], [], NEAR, None),
        (RunOutcome.FAILED, [], [], NEAR, None),
        (RunOutcome.FAILED, [], [QUOTA], FAR, Benign.QUOTA),
        (RunOutcome.FAILED, [], [QUOTA, CRASH], FAR, None),
        (RunOutcome.FAILED, [], [CRASH], FAR, None),
    ],
)
def test_a_run_alarms_unless_what_happened_is_named(
    outcome: RunOutcome, endings: list[Ending], errors: list[Repeated], switch: object, expected: Benign | None
) -> None:
    found = benign(outcome, START, endings, errors, switches=[switch], named=ALL_BENIGN)  # type: ignore[list-item]
    assert found is expected


def test_what_policy_does_not_name_is_not_benign() -> None:
    assert benign(RunOutcome.FAILED, START, [], [QUOTA], switches=[], named=ALL_BENIGN - {Benign.QUOTA}) is None
