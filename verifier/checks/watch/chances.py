"""What so many runs show. Jobs run few times, so nothing here is a percentage of a percentage."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

SURE = 0.05
"""What is left to chance in everything that is said to be most likely."""
ALARMING = 0.01
"""How likely a rise of failures may be by chance alone where it alarms."""


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Runs, and how many of them failed."""

    runs: int = 0
    failed: int = 0

    def __add__(self, other: RunCounts) -> RunCounts:
        return RunCounts(self.runs + other.runs, self.failed + other.failed)


def chance_of_failures(before: RunCounts, now: RunCounts) -> float:
    """Return how likely as many failures now, or more, are by chance: Fisher's exact test, one-sided.

    The failures of both are taken as given, and as falling on any of the runs alike.
    """
    failed, runs = before.failed + now.failed, before.runs + now.runs
    most = min(failed, now.runs)
    ways = sum(comb(now.runs, count) * comb(before.runs, failed - count) for count in range(now.failed, most + 1))
    return ways / comb(runs, failed)


def are_failures_up(before: RunCounts, now: RunCounts, *, is_checkpoint: bool) -> bool:
    """Return whether more runs fail than before, beyond what chance explains. Without runs before, nobody can say.

    Whoever looks after each failed run looks often, and finds something at last: so, but for checkpoints, the more runs
    have failed the less is left to chance.
    """
    if now.failed == 0 or before.runs == 0:
        return False
    alarming = ALARMING if is_checkpoint else ALARMING * min(1.0, 2 / now.failed)
    return chance_of_failures(before, now) <= alarming


def likely_shown(runs: int) -> float:
    """Return the least share of runs that an error must be in to have shown in so many, with 95 %: 1 for no runs."""
    return 1 - SURE ** (1 / runs) if runs > 0 else 1.0


def is_likely_gone(share: float, runs: int) -> bool:
    """Return whether an error that was in this share of the runs has most likely gone, when so many are without it."""
    return share > 0 and runs > 0 and (1 - share) ** runs <= SURE
