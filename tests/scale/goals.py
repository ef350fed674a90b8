"""A row of the table: what 0.1.0 did, what the goal is, and what the model saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

DOCUMENTED = (
    "Figures of 0.1.0 are documented: seen in a model with the same latencies while it was current, not in this run."
)


class GoalRow(NamedTuple):
    """One goal."""

    what: str
    before: str
    """What 0.1.0 did."""
    goal: str
    seen: str
    is_met: bool


def share(delays: Sequence[float], seconds: float) -> float:
    """Return which share of these was not longer than that."""
    return sum(delay <= seconds for delay in delays) / len(delays)


def quantile(ordered: Sequence[float], part: float) -> float:
    """Return the value below which this part of them lies."""
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


def minutes(seconds: float) -> str:
    """Return seconds as minutes, as people read them."""
    return "never" if seconds == float("inf") else f"{seconds / 60:.1f} min"


def table(rows: Sequence[GoalRow]) -> str:
    """Return the rows below their headings, in columns."""
    cells = [("what", "0.1.0", "goal", "seen", ""), *((*row[:4], "ok" if row.is_met else "MISSED") for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def sum_of(rows: Sequence[GoalRow]) -> str:
    """Return the last line."""
    missed = [row.what for row in rows if not row.is_met]
    said = f"{len(rows) - len(missed)} of {len(rows)} goals met"
    return f"{said}; missed: {'; '.join(missed)}" if missed else said
