"""Each call with each fault beside the story of a build: a message that is none, and a build that nobody ever made."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.faults.grid import NO_BUILD, GridRun, When, grid_run
from tests.faults.table import TAKES_EFFECT, FaultKind
from tests.faults.test_grid import GRID, INVOCATION_SECONDS, LEDGER_SECONDS
from tests.simulation.push import ELSEWHERE, UNKNOWN, UNREADABLE

HORIZON = 3 * 3600.0
HOUR = 3600.0
ONCE_EACH = [
    *(
        (call, When.FIRST)
        for call in "store.read store.create store.replace builds.fetch audit.write chat.post".split()
    ),
    ("store.create", When.SECOND),  # of the mark that counts such builds: the first is the record
]


def entries(run: GridRun) -> Counter[str]:
    """Return the audit trail's entries by kind, as a query counts them."""
    return Counter(labels["kind"] for labels, _ in run.simulation.world.audit.values())


def once_each() -> list[object]:
    """Return every call about a build that nobody made, with every fault."""
    return [
        pytest.param(call, when, fault, id=f"{call}-{when.value}-{fault}") for call, when in ONCE_EACH for fault in GRID
    ]


@pytest.mark.parametrize(("call", "when", "fault"), once_each())
def test_a_build_that_nobody_made_is_recorded_as_unconfirmed_once_and_told(
    call: str, when: When, fault: FaultKind
) -> None:
    with grid_run(call, fault, when, NO_BUILD) as run:
        run.simulation.pubsub.send("/builds", UNKNOWN, delay=10.0)
        run.simulation.run(HORIZON)
    assert run.plan.hits == 1
    assert entries(run) == {"unconfirmed": 1}
    assert [record["state"] for record in run.simulation.invariants.records.values()] == ["unconfirmed"]
    notices = [seconds for seconds, _, _ in run.simulation.world.messages]
    assert notices
    if len(notices) > 1:  # a notice whose reply was lost is posted again; never within the hour
        assert (call, fault in TAKES_EFFECT, len(notices)) == ("chat.post", True, 2)
        assert notices[1] - notices[0] >= HOUR - 1
    assert max(invocation.seconds for invocation in run.kernel.invocations) <= INVOCATION_SECONDS
    assert all(invocation.seconds <= LEDGER_SECONDS for invocation in run.refused())


@pytest.mark.parametrize("call", ["store.read", "store.create", "audit.write", "chat.post"])
@pytest.mark.parametrize("fault", GRID)
def test_a_build_in_a_region_that_nobody_watches_is_recorded_once_and_told(call: str, fault: FaultKind) -> None:
    with grid_run(call, fault, When.FIRST, NO_BUILD) as run:
        run.simulation.pubsub.send("/builds", ELSEWHERE, delay=10.0)
        run.simulation.run(HORIZON)
    assert run.plan.hits == 1
    assert entries(run) == {"unwatched": 1}
    assert not run.simulation.invariants.records
    notices = [seconds for seconds, _, _ in run.simulation.world.messages]
    assert len(notices) == 1 or (call, fault in TAKES_EFFECT, len(notices)) == ("chat.post", True, 2)


@pytest.mark.parametrize("fault", GRID)
def test_a_message_that_is_none_comes_again_until_it_is_quarantined_once(fault: FaultKind) -> None:
    with grid_run("audit.write", fault, When.FIRST, NO_BUILD) as run:
        run.simulation.pubsub.send("/builds", UNREADABLE, delay=10.0)
        run.simulation.run(HORIZON)
    assert run.plan.hits == 1
    assert len(run.refused()) == 1
    assert entries(run) == {"quarantined": 1}


@pytest.mark.parametrize("fault", GRID)
def test_a_message_that_can_never_be_quarantined_is_never_acknowledged(fault: FaultKind) -> None:
    with grid_run("audit.write", fault, When.ALWAYS, NO_BUILD) as run:
        run.simulation.pubsub.send("/builds", UNREADABLE, delay=10.0)
        run.simulation.run(HORIZON)
    assert run.plan.hits == len(run.refused()) > 1
    assert max(invocation.seconds for invocation in run.kernel.invocations) <= INVOCATION_SECONDS
