"""What comes after an outage: everything is judged soon, with and without a quota of gets."""

from __future__ import annotations

from collections.abc import Iterator

from tests.scale.effort import Size
from tests.scale.goals import GoalRow, minutes
from tests.scale.load_model import SOURCE_ONLY, LoadModel, places_of
from verifier.controller.quota.held_calls import Api

_PLACES = 10
_SOON, _SOON_WITH_QUOTA = 180.0, 5400.0
_GETS = 60
_PATIENCE = 14_400.0
_BEFORE_A_SWEEP = 30.0
"""The outage ends half a minute before a sweep."""


def measure(size: Size) -> Iterator[GoalRow]:
    """Let the function be away for hours while builds finish, and see when the last of them is judged."""
    hours = size.outage_seconds / 3600
    seconds = _after(size, {})
    yield GoalRow(
        f"{size.after_outage:,} builds after a {hours:g} h outage judged within",
        "12 min",
        f"≤ {minutes(_SOON)}",
        minutes(seconds),
        seconds <= _SOON,
    )
    seconds = _after(size, {Api.BUILDS: _GETS})
    yield GoalRow(
        f"the same with {_GETS} gets a minute",
        "110 min",
        f"≤ {minutes(_SOON_WITH_QUOTA)}",
        minutes(seconds),
        seconds <= _SOON_WITH_QUOTA,
    )


def _after(size: Size, quotas: dict[Api, int]) -> float:
    """Return the seconds from the end of the outage until all is judged; infinity where that did not come."""
    model = LoadModel(places=places_of(_PLACES, 1), quotas=quotas)
    model.install()
    begin = model.kernel.seconds
    back = begin + size.outage_seconds
    made = [
        model.build(
            number,
            begin + size.outage_seconds * number / (size.after_outage + 1),
            trigger=SOURCE_ONLY,
            place=model.places[number % _PLACES],
        )
        for number in range(1, size.after_outage + 1)
    ]
    model.platform.is_down = True
    model.kernel.at(back, lambda: setattr(model.platform, "is_down", False))
    model.kernel.run(back + _BEFORE_A_SWEEP)
    model.sweep_until(back + _PATIENCE)
    while len(model.judged) < len(made) and model.kernel.seconds < back + _PATIENCE:
        model.kernel.run(model.kernel.seconds + 10.0)
    if len(model.judged) < len(made):
        return float("inf")
    return max(model.judged.values()) - back
