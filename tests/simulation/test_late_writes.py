"""A write that its caller was told nothing about takes effect all the same, later: each of them, early and late."""

from __future__ import annotations

from tests.simulation.late_writes import late_writes, run_late_write
from tests.tally import CountCases


def test_a_write_that_arrives_late_breaks_no_invariant(tally: CountCases) -> None:
    for write in tally("late writes", late_writes()):
        run_late_write(write)
