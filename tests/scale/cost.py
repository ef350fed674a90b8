"""What an installation costs that has nothing to do: its calls of a day, counted, at the list prices of the README."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import re2

from tests.scale.effort import Size
from tests.scale.goals import GoalRow
from tests.scale.load_model import LoadModel, places_of

README = Path(__file__).parents[2] / "terraform" / "README.md"
_ROW = re2.compile(r"(?m)^\| ([^|]+) \| \$([0-9.]+) \| ([0-9,.]+) = \$([0-9.]+) \|")
FIXED = ("log-based metrics, MiB", "alerts: metrics asked for", "alerts: points", "scheduler: jobs", "secret: versions")
"""What is not counted in calls: as the README has it for no builds."""
_DAY, _DAYS = 86_400.0, 30
_BILLED_STEP = 0.1
"""Cloud Run bills the time of requests in steps of a tenth of a second."""
_MEMORY_GIB = 0.5
_KIB_A_REQUEST = 2.0
"""Of messages, and of the function's own log, as the README assumes."""
_GIB = 1024.0 * 1024.0
_MOST = 4.0


def measure(size: Size) -> Iterator[GoalRow]:
    """Play a day with one project, two locations and no builds."""
    model = LoadModel(places=places_of(1, 2))
    model.install()
    before = usage(model)
    until = model.kernel.seconds + _DAY * size.cost_days
    model.sweep_until(until)
    model.kernel.run(until)
    used = {name: (amount - before[name]) * _DAYS / size.cost_days for name, amount in usage(model).items()}
    prices, fixed = prices_of(README.read_text())
    calls = sum(prices[name] * amount for name, amount in used.items())
    total = calls + sum(fixed.values())
    yield GoalRow(
        "one project, two locations, no builds: dollars a month",
        "about 3",
        f"≤ {_MOST:.0f}",
        f"{total:.2f}: calls {calls:.2f}, alerts {sum(fixed[one] for one in FIXED if one.startswith('alerts')):.2f}",
        total <= _MOST,
    )


def usage(model: LoadModel) -> Mapping[str, float]:
    """Return what was used so far, by the names of the README's rows."""
    seconds, requests = model.platform.billed(_BILLED_STEP), model.platform.requests
    return {
        "CPU of the function, seconds": seconds,
        "memory of the function, GiB-seconds": seconds * _MEMORY_GIB,
        "requests to the function": requests,
        "ledger: writes": model.services.store.written,
        "ledger: reads": model.services.store.shown,
        "Pub/Sub, GiB in and out": requests * _KIB_A_REQUEST / _GIB,
        "logs and audit trail, GiB written": requests * _KIB_A_REQUEST / _GIB,
    }


def prices_of(readme: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return the price of one, by row of the README's table; and what the fixed rows cost a month."""
    rows = _ROW.findall(readme)
    assert rows, "the README has a table of prices"
    return {name: float(price) for name, price, _, _ in rows}, {
        name: float(sum_of_row) for name, _, _, sum_of_row in rows if name in FIXED
    }
