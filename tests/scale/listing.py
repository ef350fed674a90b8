"""Places are listed in time, and a sweep says so only where it is true."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tests.scale.effort import Size
from tests.scale.goals import GoalRow, minutes
from tests.scale.load_model import LoadModel, places_of
from verifier.controller.quota.held_calls import Api

_MOST_GAP = 600.0
SETTLED_SECONDS = 1200.0
"""From then on, the first listings of all places are over: they begin a quarter of an hour after installation."""


def measure(size: Size) -> Iterator[GoalRow]:
    """List many places with few calls, and look at the pauses between the listings of each."""
    model = LoadModel(places=places_of(size.projects, size.regions), quotas={Api.BUILDS: size.lists})
    until = SETTLED_SECONDS + size.listed_seconds
    model.sweep_until(until)
    model.kernel.run(until)
    gap = max(longest_gap(model.listings[place.project, place.region], until) for place in model.places)
    yield GoalRow(
        f"longest time between two listings of a place, {size.projects} × {size.regions} places, "
        f"{size.lists} lists a minute",
        "17 h",
        f"≤ {minutes(_MOST_GAP)}",
        minutes(gap),
        gap <= _MOST_GAP,
    )


def longest_gap(listed: list[float], until: float) -> float:
    """Return the longest pause after the first listing, with the one at the end."""
    moments = [*listed, until]
    if len(moments) < 2:
        return float("inf")
    return max(later - earlier for earlier, later in pairwise(moments))
