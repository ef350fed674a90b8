"""The builds that pushed one digest, and which of them counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from verifier.checks.job_runs import DigestRuns, Tie
from verifier.checks.verdict import SEVERITY, Verdict

_NO_MOMENT = datetime.min.replace(tzinfo=UTC)
_UNJUDGED = len(SEVERITY)
"""Behind all verdicts: what is not judged yet says nothing against one that is."""


@dataclass(frozen=True, slots=True)
class PushedBy:
    """A build that pushed the digest."""

    build: str
    """Its full resource name."""
    ended: datetime | None
    commit: str = ""
    """The full SHA of its commit; empty where it was made of none, or that is not kept any more."""
    verdict: str = ""
    """Empty where there is none (yet)."""
    why: str = ""
    """Why it is exempt or not judged, or on what its verdict rests."""
    policy: str = ""
    """The digest of the policy by which it was judged."""


def worst_of(candidates: Iterable[PushedBy]) -> PushedBy | None:
    """Return the build with the worst verdict, of several the one that ended last; None where there is none."""
    return min(candidates, key=_order, default=None)


def _order(pushed: PushedBy) -> tuple[int, float]:
    rank = SEVERITY.index(Verdict(pushed.verdict)) if pushed.verdict else _UNJUDGED
    return rank, -(pushed.ended or _NO_MOMENT).timestamp()


def tied_to(runs: DigestRuns, pushed: PushedBy, now: datetime) -> DigestRuns:
    """Return the runs of a digest, tied to this build as it was found now."""
    is_same = runs.build == pushed.build
    return replace(
        runs,
        tie=Tie.BUILD,
        build=pushed.build,
        commit=pushed.commit or (runs.commit if is_same else ""),
        verdict=pushed.verdict,
        why=pushed.why,
        policy=pushed.policy,
        ended=pushed.ended or (runs.ended if is_same else None),
        sought=now,
    )
