"""A burst in one Slack channel: one message a second over all instances, and none refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.scale.effort import Size
from tests.scale.goals import GoalRow, minutes
from tests.scale.load_model import LoadModel
from tests.simulation.world_model import CHANNEL

_SECOND = 0.95
"""Messages so far apart are one a second: calls take their time."""
_SLOWER = 1.5
"""A burst may take so much longer than its seconds, and a minute more for the first sweep."""
_BURST_SECONDS = 10.0


def measure(size: Size) -> Iterator[GoalRow]:
    """Let many local builds finish together, of which Slack is to hear one by one."""
    model = LoadModel()
    model.install()
    begin = model.kernel.seconds
    for number in range(1, size.burst + 1):
        model.build(number, begin + _BURST_SECONDS * number / size.burst, "")
    most_seconds = _SLOWER * size.burst + 60.0
    model.sweep_until(begin + 2 * most_seconds)
    model.kernel.run(begin + 2 * most_seconds)
    moments = sorted(at for at, _ in model.services.chat.posted[CHANNEL])
    most, refused = _most_in_a_second(moments), model.services.chat.refused
    took = moments[-1] - begin if len(moments) == size.burst else float("inf")
    yield GoalRow(
        f"{size.burst} local builds at once: messages a second in a channel, until Slack has all",
        "one a second in each process",
        f"1, none refused, ≤ {minutes(most_seconds)}",
        f"{most}, {refused} refused, {minutes(took)}",
        most == 1 and not refused and took <= most_seconds,
    )


def _most_in_a_second(moments: Sequence[float]) -> int:
    """Return the most messages that came within a second."""
    return max((sum(one <= other < one + _SECOND for other in moments) for one in moments), default=0)
