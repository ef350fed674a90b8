"""Every crash point, and a share of their ordered pairs: `python -m tests.simulation --pairs` tries them all."""

from __future__ import annotations

from itertools import cycle

import pytest

from tests.calls import CALLS
from tests.simulation.plays import PLAYS, followers, perform, single_crashes
from tests.tally import Tally

_SHARE = 100
"""One of so many pairs is tried."""
_OTHER_SHARES = {"superseded": 500, "unanswered": 300}
"""Of plays that are many times as long."""


@pytest.mark.parametrize("name", PLAYS)
def test_a_crash_at_any_call_breaks_no_law_nor_does_another_after_it(name: str, tally: Tally) -> None:
    play, share = PLAYS[name], _OTHER_SHARES.get(name, _SHARE)
    turns = cycle(range(share))
    for first in tally("crash points, simulated", single_crashes(play)):
        chosen = [second for second, turn in zip(followers(play, first), turns, strict=False) if turn == 0]
        for second in tally("ordered pairs of crashes", chosen):
            perform(play, first, second)


def test_every_call_that_there_is_is_crashed_at() -> None:
    assert {call for play in PLAYS.values() for call in perform(play)[1]} == CALLS
