"""Each call with each fault beside the story of a build: a message that is none, and a build that nobody ever made."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.faults.grid import NOBODY, Stage, When, staged
from tests.faults.table import LANDS, Fault
from tests.faults.test_grid import GRID, INVOCATION_SECONDS, LEDGER_SECONDS
from tests.simulation.post import UNKNOWN, UNREADABLE

HORIZON = 3 * 3600.0
HOUR = 3600.0
ONCE_EACH = [
    *(
        (call, When.FIRST)
        for call in "store.read store.create store.replace builds.fetch audit.write chat.post".split()
    ),
    ("store.create", When.SECOND),  # of the mark that counts such builds: the first is the record
]


def entries(stage: Stage) -> Counter[str]:
    """The audit trail's entries by kind, as a query counts them."""
    return Counter(labels["kind"] for labels, _ in stage.life.planet.audit.values())


def once_each() -> list[object]:
    """Every call of the story of a build that nobody made, with every fault."""
    return [
        pytest.param(call, when, fault, id=f"{call}-{when.value}-{fault}") for call, when in ONCE_EACH for fault in GRID
    ]


@pytest.mark.parametrize(("call", "when", "fault"), once_each())
def test_a_build_that_nobody_made_is_recorded_as_unconfirmed_once_and_told(call: str, when: When, fault: Fault) -> None:
    with staged(call, fault, when, NOBODY) as stage:
        stage.life.post.send("/builds", UNKNOWN, delay=10.0)
        stage.life.live(HORIZON)
    assert stage.cell.hits == 1
    assert entries(stage) == {"unconfirmed": 1}
    assert [record["state"] for record in stage.life.laws.records.values()] == ["unconfirmed"]
    notices = [seconds for seconds, _, _ in stage.life.planet.messages]
    assert notices
    if len(notices) > 1:  # a notice whose reply was lost is posted again; never within the hour
        assert (call, fault in LANDS, len(notices)) == ("chat.post", True, 2)
        assert notices[1] - notices[0] >= HOUR - 1
    assert max(visit.seconds for visit in stage.kernel.visits) <= INVOCATION_SECONDS
    assert all(visit.seconds <= LEDGER_SECONDS for visit in stage.turned_away())


@pytest.mark.parametrize("fault", GRID)
def test_a_message_that_is_none_comes_again_until_it_is_quarantined_once(fault: Fault) -> None:
    with staged("audit.write", fault, When.FIRST, NOBODY) as stage:
        stage.life.post.send("/builds", UNREADABLE, delay=10.0)
        stage.life.live(HORIZON)
    assert stage.cell.hits == 1
    assert len(stage.turned_away()) == 1
    assert entries(stage) == {"quarantined": 1}


@pytest.mark.parametrize("fault", GRID)
def test_a_message_that_can_never_be_quarantined_is_never_acknowledged(fault: Fault) -> None:
    with staged("audit.write", fault, When.ALWAYS, NOBODY) as stage:
        stage.life.post.send("/builds", UNREADABLE, delay=10.0)
        stage.life.live(HORIZON)
    assert stage.cell.hits == len(stage.turned_away()) > 1
    assert max(visit.seconds for visit in stage.kernel.visits) <= INVOCATION_SECONDS
