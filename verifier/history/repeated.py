"""Exports overlap: a build that stands in several of them is one build."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from verifier.checks.verdict import Verdict
from verifier.facts.build import TERMINAL
from verifier.history.judged_build import JudgedBuild
from verifier.history.summary import Problem

MOST_HELD = 10_000
"""Builds of one moment that are compared with each other; those without a moment are such, too."""
_WORST_FIRST = (Verdict.LOCAL_SOURCE, Verdict.FAILED, Verdict.INCONCLUSIVE, None, Verdict.EXEMPT, Verdict.VERIFIED)


class Once:
    """Takes builds in order of time, and gives each one once; those of one moment in the order of their names.

    Where a build is described differently, the description counts in which it had ended, and of those the worst.
    """

    def __init__(self) -> None:
        self.read = 0
        """Builds that were given so far."""
        self.repeated = 0
        """Builds that were left out, because they had been given."""
        self._held: dict[object, JudgedBuild] = {}

    def each(self, items: Iterator[JudgedBuild | Problem]) -> Iterator[JudgedBuild | Problem]:
        """Yield each build once, and each problem as it comes."""
        moment: datetime | None = None
        for item in items:
            if isinstance(item, Problem):
                yield item
                continue
            if item.created != moment or len(self._held) >= MOST_HELD:
                yield from self._released()
                moment = item.created
            self._hold(item)
        yield from self._released()

    def _hold(self, build: JudgedBuild) -> None:
        # Documents without an id are not known to be the same build, however alike they are.
        key: object = build.key if build.key.id else len(self._held)
        known = self._held.get(key)
        self.repeated += known is not None
        self._held[key] = build if known is None or _rank(build) < _rank(known) else known

    def _released(self) -> Iterator[JudgedBuild]:
        held, self._held = self._held, {}
        self.read += len(held)
        yield from held.values() if len(held) < 2 else sorted(held.values(), key=lambda build: build.key.name)


def _rank(build: JudgedBuild) -> tuple[bool, int]:
    return build.status not in TERMINAL, _WORST_FIRST.index(build.verdict)
