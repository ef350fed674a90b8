"""What one process remembers of messages about ended executions."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.controller.world import NOW
from verifier.controller.arrivals import Arrivals


def test_a_message_counts_for_its_project_for_an_hour() -> None:
    arrivals = Arrivals()
    assert not arrivals.came("team", NOW)
    arrivals.note("team", NOW)
    assert arrivals.came("team", NOW + timedelta(minutes=59))
    assert not arrivals.came("team", NOW + timedelta(minutes=60))
    assert not arrivals.came("other", NOW)
