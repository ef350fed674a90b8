"""Worker builds are judged in time, with and without a quota of log reads."""

from __future__ import annotations

from collections.abc import Iterator

from tests.scale.effort import Size
from tests.scale.goals import GoalRow, minutes, quantile, share
from tests.scale.load_model import LoadModel
from tests.simulation.world_model import GOOD, MAPPER, ModelBuild
from verifier.controller.quota.held_calls import Api

_SOON = 300.0
_ENOUGH = 0.95
_LOG_READS = 60
_REDS = 20
"""Of so many builds, one fails."""
_PATIENCE = 5400.0
"""For how long the last builds are waited for."""


def measure(size: Size) -> Iterator[GoalRow]:
    """Play a steady load without quotas, and with that of Cloud Logging."""
    rate = size.builds_a_minute
    model, made = _load(rate, size.load_minutes)
    delays = model.delays(made)
    judged = share(delays, _SOON)
    yield GoalRow(
        "worker builds a minute with 95 % judged within 5 min, no quota",
        "42",
        f"≥ {rate}",
        f"{rate}: {judged:.1%} within 5 min, 95 % in {minutes(quantile(delays, _ENOUGH))}",
        judged >= _ENOUGH,
    )
    rate = _LOG_READS * 29 // 60
    model, made = _load(rate, size.quota_minutes, {Api.LOGGING: _LOG_READS})
    delays = model.delays(made)
    judged = share(delays, _SOON)
    yield GoalRow(
        f"the same with {_LOG_READS} log reads a minute, over {size.quota_minutes} min",
        "15",
        f"≥ {rate}",
        f"{rate}: {judged:.1%} within 5 min, 95 % in {minutes(quantile(delays, _ENOUGH))}",
        judged >= _ENOUGH,
    )
    model, made = _load(_LOG_READS, size.quota_minutes, {Api.LOGGING: _LOG_READS})
    delays, unclear = model.delays(made), model.verdicts["INCONCLUSIVE"]
    yield GoalRow(
        f"{_LOG_READS} worker builds a minute with {_LOG_READS} log reads, INCONCLUSIVE for the quota",
        "223 of 1,200 at 20 a minute",
        "0, all judged",
        f"{unclear} of {len(made):,}, the last one judged after {minutes(delays[-1])}",
        unclear == 0 and delays[-1] < float("inf"),
    )


def _load(rate: int, load_minutes: int, quotas: dict[Api, int] | None = None) -> tuple[LoadModel, list[ModelBuild]]:
    """Return the model after so many builds a minute, with the time to judge the last of them."""
    model = LoadModel(quotas=quotas)
    model.install()
    begin = model.kernel.seconds
    end = begin + 60.0 * load_minutes
    made = [
        model.build(number, begin + 60.0 * number / rate, MAPPER if number % _REDS == 0 else GOOD)
        for number in range(1, rate * load_minutes + 1)
    ]
    model.sweep_until(end + _PATIENCE)
    while len(model.judged) < len(made) and model.kernel.seconds < end + _PATIENCE:
        model.kernel.run(model.kernel.seconds + 60.0)
    return model, made
