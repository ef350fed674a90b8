"""Every crash point, and a share of their ordered pairs: `python -m tests.simulation --pairs` tries them all."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.calls import CALLS
from tests.simulation.plays import PLAYS, pairs, perform, single_crashes
from tests.tally import Tally

_SHARE = 150
"""One of so many pairs is tried."""
_OTHER_SHARES = {"superseded": 600, "unanswered": 400}
"""Of a play that is many times as long."""


@pytest.mark.parametrize("name", PLAYS)
def test_a_crash_at_any_call_breaks_no_law(name: str, tally: Tally) -> None:
    for crash in tally("crash points, simulated", single_crashes(PLAYS[name])):
        perform(PLAYS[name], crash)


@pytest.mark.parametrize("name", PLAYS)
def test_two_crashes_one_after_the_other_break_no_law(name: str, tally: Tally) -> None:
    share = islice(pairs(PLAYS[name]), 0, None, _OTHER_SHARES.get(name, _SHARE))
    for crashes in tally("ordered pairs of crashes", share):
        perform(PLAYS[name], *crashes)


def test_every_call_that_there_is_is_crashed_at() -> None:
    assert {call for play in PLAYS.values() for call in perform(play)[1]} == CALLS
