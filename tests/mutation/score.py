"""Killed and survived, by module and in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.mutation.mutants import Excluded
from tests.mutation.trial import Fate, Result

LEAST = 0.9
"""Of all mutants that can be imported, this part must be killed."""


@dataclass(slots=True)
class Score:
    """What became of one module's mutants, or of several modules'."""

    fates: Counter[Fate] = field(default_factory=Counter)

    @property
    def killed(self) -> int:
        """How many were noticed."""
        return self.fates[Fate.KILLED]

    @property
    def tried(self) -> int:
        """How many could be imported."""
        return self.killed + self.fates[Fate.SURVIVED]

    @property
    def share(self) -> float:
        """The part that was killed; all of nothing."""
        return self.killed / self.tried if self.tried else 1.0

    def line(self, name: str) -> str:
        """Return the score as a row of the table."""
        return f"{name:<44} {self.tried:>6} {self.killed:>6} {self.fates[Fate.SURVIVED]:>8} {self.share:>7.1%}"


def scores(results: Sequence[Result]) -> dict[str, Score]:
    """Return each module's score."""
    by_module: dict[str, Score] = {}
    for result in results:
        by_module.setdefault(result.trial.mutant.module, Score()).fates[result.fate] += 1
    return by_module


def table(by_module: Mapping[str, Score], excluded: Mapping[Excluded, int]) -> tuple[str, Score]:
    """Return the table of the modules, with their sum and what was not tried below, and the sum."""
    whole = Score(sum((score.fates for score in by_module.values()), Counter[Fate]()))
    head = f"{'module':<44} {'tried':>6} {'killed':>6} {'survived':>8} {'score':>7}"
    rows = [score.line(name) for name, score in sorted(by_module.items())]
    left = [f"excluded: {count} of {why}" for why, count in sorted(excluded.items())]
    return "\n".join([head, *rows, whole.line("sum"), *left]), whole
