"""Every external call with every fault, the first time, the second time and always: the real story in virtual time.

What an adapter makes of a fault is in `table.py`, and held against the real adapters by `test_rows.py`.
"""

from __future__ import annotations

import pytest

from tests.calls import CALLS
from tests.faults.grid import NOTHING, Stage, When, end_of, staged
from tests.faults.table import ASKED_SECONDS, Fault, outcome
from tests.tally import Attempt

GRID = [fault for fault in Fault if fault not in (Fault.TRICKLE, Fault.EMPTY)]
"""To the story, a trickle is a slow answer, and what says nothing is no fault or an unreadable answer."""
INVOCATION_SECONDS = 60.0
"""The function's own time-out."""
LEDGER_SECONDS = 10.0
PATIENT = """
    builds.fetch builds.finished jobs.start jobs.started_for jobs.observe logs.read audit.write chat.post chat.find
    announcer.publish
""".split()
"""Calls that are not made again before the time that their service asked for."""
HORIZON = 2.5 * 3600.0


_CELLS = "cells of the grid of faults"
CELLS = [(call, fault) for call in sorted(CALLS) for fault in GRID]


@pytest.mark.parametrize(("call", "fault"), CELLS)
@pytest.mark.parametrize("when", [When.FIRST, When.SECOND], ids=lambda when: when.value)
def test_a_fault_once_changes_nothing(when: When, call: str, fault: Fault, case: Attempt) -> None:
    case(_CELLS)
    with staged(call, fault, when) as stage:
        stage.life.settle(exactly=True)
    assert stage.cell.hits == 1
    assert_in_time(stage)


@pytest.mark.parametrize(("call", "fault"), CELLS)
def test_a_fault_that_never_ends_comes_to_what_is_promised(call: str, fault: Fault, case: Attempt) -> None:
    case(_CELLS)
    promised = end_of(call, fault)
    with staged(call, fault, When.ALWAYS) as stage:
        if promised is None:
            stage.life.settle(exactly=True)
        else:
            stage.life.live(HORIZON)
    assert stage.cell.hits > 0
    assert_in_time(stage)
    if promised is None:
        return
    for made in stage.hit:
        record = stage.record(made)
        assert stage.end(made) == promised
        assert outcome(call, fault).says in stage.said(made)
        assert record is None or bool(record.due or record.unsaid) == (promised.state == "open")
    if promised == NOTHING and call.startswith("store.") and stage.play.builds[0].late >= 0:
        assert stage.turned_away()


@pytest.mark.parametrize("call", PATIENT)
def test_a_call_is_made_again_no_sooner_than_its_service_asked_for(call: str) -> None:
    with staged(call, Fault.BUSY_FOR, When.FIRST) as stage:
        stage.life.settle(exactly=True)
    times = [(seconds, bool(fate.error)) for seconds, _, name, fate in stage.life.wire.trace if name == call]
    [refused] = [seconds for seconds, is_refused in times if is_refused]
    assert min(seconds for seconds, _ in times if seconds > refused) >= refused + ASKED_SECONDS


def assert_in_time(stage: Stage) -> None:
    """Each invocation had its time; and it was soon noticed that the ledger can't be reached."""
    assert max(visit.seconds for visit in stage.kernel.visits) <= INVOCATION_SECONDS
    turned_away = stage.turned_away()
    if stage.cell.call.startswith("store."):
        assert all(visit.seconds <= LEDGER_SECONDS for visit in turned_away)
    else:
        assert not turned_away
