"""How often a watch is wrong where nothing got worse. `make bench` prints the rates."""

from __future__ import annotations

import pytest

from tests.benchmarks.watches import FAIL, RUNS_A_DAY, WATCHES, is_alarmed, told_as_new

EACH = len(RUNS_A_DAY) * len(FAIL)


@pytest.mark.parametrize("count", [4 * EACH, pytest.param(WATCHES, marks=pytest.mark.soak)])
def test_of_quiet_watches_two_in_a_hundred_alarm_at_the_most(count: int) -> None:
    alarms = sum(is_alarmed(number) for number in range(count))
    assert 0 < alarms <= count * 0.02


def test_a_deployment_makes_hardly_any_known_error_new_and_hides_no_new_one() -> None:
    found = told_as_new()
    assert found.known > 70
    assert found.new > 10
    assert found.falsely <= found.known * 0.02
    assert found.missed == 0
