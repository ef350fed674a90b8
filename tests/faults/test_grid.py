"""Every external call with every fault, the first time, the second time and always: the real story in virtual time.

What an adapter makes of a fault is in `table.py`, and held against the real adapters by `test_real_adapters.py`.
"""

from __future__ import annotations

import pytest

from tests.calls import CALLS, OF_RUNS
from tests.faults.grid import NOTHING, GridRun, When, grid_run, promised_state
from tests.faults.table import ASKED_SECONDS, FaultKind, adapter_outcome
from tests.tally import CountCase

GRID = [fault for fault in FaultKind if fault not in (FaultKind.TRICKLE, FaultKind.EMPTY)]
"""To the story, a trickle is a slow answer, and what says nothing is no fault or an unreadable answer."""
INVOCATION_SECONDS = 60.0
"""The function's own time-out."""
LEDGER_SECONDS = 10.0
PATIENT = """
    builds.fetch jobs.start jobs.started_for jobs.observe logs.read audit.write chat.post chat.edit chat.find
    announcer.publish
""".split()
"""Calls that are not made again before the time that their service asked for. Each place's listing waits by itself:
tests/unit/controller/test_places.py."""
HORIZON = 2.5 * 3600.0


_CELLS = "cells of the grid of faults"
CELLS = [(call, fault) for call in sorted(CALLS - OF_RUNS) for fault in GRID]


@pytest.mark.parametrize(("call", "fault"), CELLS)
@pytest.mark.parametrize("when", [When.FIRST, When.SECOND], ids=lambda when: when.value)
def test_a_fault_once_changes_nothing(when: When, call: str, fault: FaultKind, case: CountCase) -> None:
    case(_CELLS)
    with grid_run(call, fault, when) as run:
        run.simulation.settle(exactly=True)
    assert run.plan.hits == 1
    assert_in_time(run)


@pytest.mark.parametrize(("call", "fault"), CELLS)
def test_a_fault_that_never_ends_comes_to_what_is_promised(call: str, fault: FaultKind, case: CountCase) -> None:
    case(_CELLS)
    promised = promised_state(call, fault)
    with grid_run(call, fault, When.ALWAYS) as run:
        if promised is None:
            run.simulation.settle(exactly=True)
        else:
            run.simulation.run(HORIZON)
    assert run.plan.hits > 0
    assert_in_time(run)
    if promised is None:
        return
    for made in run.affected:
        record = run.record(made)
        assert run.final_state(made) == promised
        assert adapter_outcome(call, fault).says in run.told(made)
        assert record is None or bool(record.due or record.unsaid) == (promised.state == "open")
    if promised == NOTHING and call.startswith("store.") and run.scenario.builds[0].late >= 0:
        assert run.refused()


@pytest.mark.parametrize("call", PATIENT)
def test_a_call_is_made_again_no_sooner_than_its_service_asked_for(call: str) -> None:
    with grid_run(call, FaultKind.BUSY_FOR, When.FIRST) as run:
        run.simulation.settle(exactly=True)
    times = [(seconds, bool(what.error)) for seconds, _, name, what in run.simulation.injector.trace if name == call]
    [refused] = [seconds for seconds, is_refused in times if is_refused]
    assert min(seconds for seconds, _ in times if seconds > refused) >= refused + ASKED_SECONDS


def assert_in_time(run: GridRun) -> None:
    """Assert that each invocation ended in time, and soon where the ledger can't be reached."""
    assert max(invocation.seconds for invocation in run.kernel.invocations) <= INVOCATION_SECONDS
    refused = run.refused()
    if run.plan.call.startswith("store."):
        assert all(invocation.seconds <= LEDGER_SECONDS for invocation in refused)
    else:
        assert not refused
