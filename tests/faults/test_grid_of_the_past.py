"""Every call that reads the time before a job was watched, with every fault: each run is in its book once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cache

import pytest

from tests.crashes.intercepted import intercepted
from tests.faults.table import FaultKind, adapter_outcome
from tests.faults.test_grid import GRID, INVOCATION_SECONDS
from tests.faults.watch_cell import FaultedCalls
from tests.tally import CountCase, CountCases
from tests.unit.controller.runs.cloud_run import JOB
from tests.unit.controller.watch.deployed import digest
from tests.unit.controller.watch.job_with_a_past import HOUR, NAME, JobWithAPast, a_job_with_a_past
from tests.unit.controller.world import NOW, World
from verifier.adapters.sqlite import SqliteStore
from verifier.controller.budget import Deployment
from verifier.controller.quota.metered import MeteredServices
from verifier.controller.quota.quota import Quota
from verifier.controller.runs.job_runs import name_of_job
from verifier.errors import ServiceError
from verifier.standin.clock import ManualClock

CALLS = ("store.read", "store.create", "store.replace", "jobs.listed", "jobs.describe", "logs.read")
CELLS = [(call, fault) for call in CALLS for fault in GRID]
LESSON, CLIP = "KeyError: 'lesson'", "ValueError: no clip"
IN_THE_BOOK = ([(digest("a"), 90), (digest("b"), 150)], {CLIP: 90, LESSON: 150})
_TALLY = "cells of the grid of faults, about the time before"
_SECONDS = (*[400] * 30, *[3_600] * 8)
"""Between pieces of work: a job that is said not to exist is looked for again after six hours."""


@dataclass
class PastCell:
    """A job that ran two digests before it was watched, and a call that has a fault."""

    past: JobWithAPast
    calls: FaultedCalls
    troubles: list[str]

    def play(self) -> tuple[list[tuple[str, int]], dict[str, int]]:
        """Do what is due, time and again, and return what is in the book then."""
        self.past.hours(150, "b", LESSON)
        self.past.hours(90, "a", CLIP, until=-150 * HOUR, first=150)
        self.calls.is_armed = True
        for seconds in _SECONDS:
            self._do("job", name_of_job(JOB))
            self._do("baseline", NAME)
            self.past.world.clock.advance(seconds)
        self.calls.is_armed = False
        return self.past.counted(), self.past.names()

    def _do(self, word: str, name: str) -> None:
        try:
            done = self.past.do(word, name)
        except ServiceError as error:
            self.troubles.append(str(error))  # the message comes again
        else:
            self.troubles += [done.trouble] if done.trouble else []


@contextmanager
def a_past_cell(call: str, fault: FaultKind, hits_at: Callable[[int], bool]) -> Iterator[PastCell]:
    """Yield a cell in which these calls of this name have the fault."""
    with closing(SqliteStore(":memory:")) as store:
        world = World(store, ManualClock(NOW))
        calls = FaultedCalls(world.clock, call, fault, hits_at)

        def through(deployment: Deployment) -> Deployment:
            quota = Quota(world, lambda *_: 60)
            calls.begin()
            return intercepted(
                replace(deployment, services=MeteredServices(world, quota, lambda project: project)), world.clock, calls
            )

        past = a_job_with_a_past(world)
        past.through = through
        yield PastCell(past, calls, [])


@cache
def unharmed() -> dict[str, int]:
    """Return how often each call is made where nothing goes wrong."""
    with a_past_cell("none", FaultKind.DOWN, lambda _: False) as cell:
        assert cell.play() == IN_THE_BOOK
        assert cell.troubles == []
        return dict(cell.calls.made)


def test_these_are_all_calls_that_it_makes() -> None:
    assert unharmed().keys() == set(CALLS)


@pytest.mark.parametrize(("call", "fault"), CELLS)
def test_a_fault_once_changes_nothing_of_what_is_in_the_book(call: str, fault: FaultKind, tally: CountCases) -> None:
    turn = [*map(str, GRID)].index(fault)
    for at in tally(_TALLY, [at for at in range(1, unharmed()[call] + 1) if at == 1 or at % len(GRID) == turn]):
        with a_past_cell(call, fault, lambda number, at=at: number == at) as cell:  # type: ignore[misc]  # bound early
            assert cell.play() == IN_THE_BOOK
            assert cell.past.baseline.is_over
            assert cell.calls.hits == 1
            assert cell.calls.longest <= INVOCATION_SECONDS


@pytest.mark.parametrize(("call", "fault"), CELLS)
def test_a_fault_that_never_ends_puts_nothing_wrong_into_the_book(call: str, fault: FaultKind, case: CountCase) -> None:
    case(_TALLY)
    with a_past_cell(call, fault, lambda _: True) as cell:
        found = cell.play()
    assert cell.calls.hits > 0
    assert cell.calls.longest <= INVOCATION_SECONDS
    assert found in (IN_THE_BOOK, ([], {}))
    if call == "logs.read" and adapter_outcome(call, fault).error is not None:
        assert found == ([], {})
