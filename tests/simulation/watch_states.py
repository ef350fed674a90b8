"""What an error is to a digest, by what truly ran and by what was read of it: new, first seen, known or back.

It is written once more here, without a look at how the verifier says it: a run's "before" is what other digests ran
earlier and was read by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

_LEAST = 8
_CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class TrueRun:
    """A run as it truly was."""

    name: str
    """The short name of its execution."""
    digest: str
    created: float
    ended: float
    failed: bool
    errors: frozenset[str]
    """The identities of its errors."""


def true_state(
    run: TrueRun, error: str, read: Sequence[TrueRun], every: Sequence[TrueRun], *, whenever: bool = False
) -> str:
    """Return what the error of this run was, when these were read.

    `every`: all runs of the job, read or not; `whenever`: what was created later and read earlier is before, too.
    """
    before = [one for one in read if one.digest != run.digest and (whenever or one.created < run.created)]
    had = [one for one in before if error in one.errors]
    if not had:
        return "new" if len(before) >= _LEAST else "first-seen"
    number = _stretches(every)
    numbers = [number[one.name] for one in had]
    while_there = [one for one in before if min(numbers) <= number[one.name] <= max(numbers)]
    since = sum(number[one.name] > max(numbers) for one in before)
    share = len(had) / len(while_there)
    return "back" if since and (1 - share) ** since <= _CHANCE else "known"


def _stretches(every: Sequence[TrueRun]) -> dict[str, int]:
    """Return for each run the how-manieth digest in a row it ran."""
    in_order = sorted(every, key=lambda one: (one.created, one.name))
    groups = [list(group) for _, group in groupby(in_order, key=lambda one: one.digest)]
    return {one.name: number for number, group in enumerate(groups) for one in group}


def is_in_order(read: Sequence[TrueRun]) -> bool:
    """Return whether of two digests' runs never the later one was read first."""
    return all(earlier.created <= later.created or earlier.digest == later.digest for earlier, later in pairwise(read))
