"""What a benchmark found, and the table that people read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Measurement:
    """One comparison, made within one run on one machine."""

    name: str
    ours: str
    reference: str
    value: float | None
    """What the goal is about: a ratio, a difference or an amount; None when nothing could be measured."""
    unit: str
    """`×` for a ratio."""
    at_least: float | None = None
    at_most: float | None = None
    """The goal is one of the two, or there is none."""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is no goal or no value."""
        if self.value is None:
            return None
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most


def absent(name: str, reason: str) -> Measurement:
    """Return the row of what could not be measured here."""
    return Measurement(name, "not measured", reason, None, "")


def ratio(pairs: Iterable[tuple[float, float]]) -> float:
    """Return the median of the ratios of neighbouring measurements: what slows both of a pair down cancels."""
    return median(ours / reference for ours, reference in pairs)


def typical(pairs: Iterable[tuple[float, float]], shape: str) -> tuple[str, str]:
    """Return the median of each side, as text."""
    ours, reference = zip(*pairs, strict=True)
    return shape.format(median(ours)), shape.format(median(reference))


def table(rows: Sequence[Measurement]) -> str:
    """Return the rows below their headings, in columns."""
    cells = [("benchmark", "ours", "reference", "result", "goal", "met"), *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def _cells(row: Measurement) -> tuple[str, ...]:
    result = "" if row.value is None else f"{row.value:.2f} {row.unit}"
    goal = ""
    if row.at_least is not None:
        goal = f"≥ {row.at_least:g} {row.unit}"
    elif row.at_most is not None:
        goal = f"≤ {row.at_most:g} {row.unit}"
    met = {True: "yes", False: "NO", None: "–"}[row.met]
    return row.name, row.ours, row.reference, result, goal, met
