"""Every crash point, and a share of their ordered pairs: `python -m tests.simulation --pairs` tries them all."""

from __future__ import annotations

from itertools import cycle

import pytest

from tests.calls import CALLS, OF_RUNS
from tests.simulation.scenarios import SCENARIOS, followers, run_scenario, single_crashes
from tests.tally import CountCases

_SHARE = 100
"""One of so many pairs is tried."""
_OTHER_SHARES = {"superseded": 500, "unanswered": 300}
"""Of scenarios that are many times as long."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_at_any_call_breaks_no_invariant_nor_does_another_after_it(name: str, tally: CountCases) -> None:
    scenario, share = SCENARIOS[name], _OTHER_SHARES.get(name, _SHARE)
    turns = cycle(range(share))
    for first in tally("crash points, simulated", single_crashes(scenario)):
        chosen = [second for second, turn in zip(followers(scenario, first), turns, strict=False) if turn == 0]
        for second in tally("ordered pairs of crashes", chosen):
            run_scenario(scenario, first, second)


def test_every_call_that_there_is_is_crashed_at() -> None:
    """Uploads are read, and messages edited, in the crash points of real processes."""
    made = {call for scenario in SCENARIOS.values() for call in run_scenario(scenario)[1]}
    assert made == CALLS - OF_RUNS - {"uploads.list_files", "chat.edit"}
