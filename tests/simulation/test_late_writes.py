"""A write that its caller was told nothing about takes effect all the same, later: each of them, early and late."""

from __future__ import annotations

import pytest

from tests.simulation.late import cells, perform
from tests.tally import Tally


@pytest.mark.timeout(240)
def test_a_write_that_arrives_late_breaks_no_law(tally: Tally) -> None:
    for cell in tally("late writes", cells()):
        perform(cell)
