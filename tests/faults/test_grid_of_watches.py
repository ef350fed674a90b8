"""Every call that reads logs of runs, and judges and tells watches, with every fault: all is told once, and is true."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import pytest

from tests.faults.table import TAKES_EFFECT, FaultKind, adapter_outcome
from tests.faults.test_grid import GRID, INVOCATION_SECONDS
from tests.faults.watch_cell import a_watch_cell
from tests.tally import CountCase, CountCases
from tests.unit.controller.watch.left_behind import WhatIsLeft, left_behind
from verifier.checks.watch.watching import WatchOutcome

CALLS = ("store.read", "store.create", "store.replace", "store.due", "logs.read", "audit.write", "announcer.publish")
CELLS = [(call, fault) for call in CALLS for fault in GRID]
EVENTS = ("after-14400s", "ended", "ended", "regressed-2da40ef03eced776")
_TALLY = "cells of the grid of faults, about watches"


@dataclass(frozen=True)
class Unharmed:
    """What is left where nothing goes wrong, and how often each call was made for it."""

    left: WhatIsLeft
    calls: dict[str, int]


@cache
def unharmed() -> Unharmed:
    with a_watch_cell("none", FaultKind.DOWN, lambda _: False) as cell:
        left = left_behind(cell.team, "abc", cell.play())
        assert cell.troubles == []
        return Unharmed(left, dict(cell.calls.made))


def ordinals(call: str, fault: FaultKind) -> list[int]:
    """Return which calls have the fault, each in a cell of its own: the first one, and another by turns."""
    count, turn = unharmed().calls[call], [*map(str, GRID)].index(fault)
    return [1, *(at for at in range(2, count + 1) if at % len(GRID) == turn)][:2]


def test_these_are_all_calls_that_reading_and_watching_make() -> None:
    assert unharmed().calls.keys() == set(CALLS)


def test_where_nothing_goes_wrong_each_thing_is_told_once() -> None:
    left = unharmed().left
    assert [watch.outcome for watch in left.watches] == [
        WatchOutcome.REPLACED,
        WatchOutcome.REGRESSED,
        WatchOutcome.WATCHING,
    ]
    assert [lines[0][:4] for lines in left.said] == ["✅ re", "🔴 RE"]
    assert sorted(event for event, count in left.entries for _ in range(count)) == sorted(EVENTS)


@pytest.mark.parametrize(("call", "fault"), CELLS)
def test_a_fault_once_changes_nothing_of_what_is_counted_and_told(
    call: str, fault: FaultKind, tally: CountCases
) -> None:
    for at in tally(_TALLY, ordinals(call, fault)):
        assert_unharmed(call, fault, at)


@pytest.mark.soak
@pytest.mark.parametrize(("call", "fault"), CELLS)
def test_a_fault_at_any_call_changes_nothing_of_what_is_counted_and_told(
    call: str, fault: FaultKind, tally: CountCases
) -> None:
    for at in tally(_TALLY, range(1, unharmed().calls[call] + 1)):
        assert_unharmed(call, fault, at)


def assert_unharmed(call: str, fault: FaultKind, at: int) -> None:
    """Assert that all ends as if nothing had happened to this call."""
    with a_watch_cell(call, fault, lambda number: number == at) as cell:
        left = left_behind(cell.team, "abc", cell.play())
        assert cell.calls.hits == 1
        assert left == unharmed().left
        assert cell.calls.longest <= INVOCATION_SECONDS


@pytest.mark.parametrize(("call", "fault"), CELLS)
def test_a_fault_that_never_ends_tells_nothing_that_is_not_so(call: str, fault: FaultKind, case: CountCase) -> None:
    case(_TALLY)
    with a_watch_cell(call, fault, lambda _: True) as cell:
        records = cell.play()
        left, waiting = left_behind(cell.team, cell.known(), records), cell.waiting()
    outcome = adapter_outcome(call, fault)
    assert cell.calls.hits > 0
    assert outcome.error is None or any(outcome.says in trouble for trouble in cell.troubles)
    assert cell.calls.longest <= INVOCATION_SECONDS
    match call:
        case "logs.read":
            assert_nobody_can_tell(left)
        case "announcer.publish":
            assert replace(left, watches=()) == replace(unharmed().left, watches=())
            assert waiting == len(EVENTS), "what is to be published is kept"
        case "audit.write":
            assert left.watches == unharmed().left.watches
            assert (left.said, left.notes) == ((), ((), ())), "the audit trail comes first"
            assert waiting == len(EVENTS) + 1, "nothing is lost"
        case "store.create" if fault in TAKES_EFFECT:
            assert left.watches == unharmed().left.watches
            assert left.said == unharmed().left.said
        case _:
            assert [watch.runs for watch in left.watches] == [8], "only what was before it is counted"
            assert (left.said, left.notes, left.entries) == ((), ((), ()), ())


def assert_nobody_can_tell(left: WhatIsLeft) -> None:
    """Assert that the runs are known, that nobody can tell how they went, and that this is said."""
    _, worse, better = left.watches
    for watch in (worse, better):
        assert watch.runs > 0
        assert (watch.read, watch.unread) == (0, watch.runs)
        assert not watch.is_regressed
        assert not watch.is_earned
    assert left.said == ()
    [note] = [line for notes in left.notes for line in notes]
    assert "no new errors" not in note
    assert "Can't tell about 1 run" in note
