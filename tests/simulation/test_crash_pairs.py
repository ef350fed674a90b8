"""Every crash point, and a share of their ordered pairs: `python -m tests.simulation --pairs` tries them all."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.calls import CALLS
from tests.simulation.plays import PLAYS, pairs, perform, single_crashes

_SHARE = 100
"""One of so many pairs is tried."""
_OTHER_SHARES = {"superseded": 500}
"""Of a play that is many times as long."""


@pytest.mark.parametrize("name", PLAYS)
def test_a_crash_at_any_call_breaks_no_law(name: str) -> None:
    tried = 0
    for crash in single_crashes(PLAYS[name]):
        perform(PLAYS[name], crash)
        tried += 1
    assert tried >= 3


@pytest.mark.parametrize("name", PLAYS)
def test_two_crashes_one_after_the_other_break_no_law(name: str) -> None:
    for crashes in islice(pairs(PLAYS[name]), 0, None, _OTHER_SHARES.get(name, _SHARE)):
        perform(PLAYS[name], *crashes)


def test_no_call_is_left_out_of_the_crashes() -> None:
    met: set[str] = set()
    for play in PLAYS.values():
        for crash in single_crashes(play):
            met |= set(perform(play, crash)[1])
    assert met == CALLS
