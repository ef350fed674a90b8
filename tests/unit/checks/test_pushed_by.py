"""Of several builds that pushed one digest: which of them counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from verifier.checks.job_runs import DigestRuns, Tie
from verifier.checks.pushed_by import PushedBy, tied_to, worst_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def build(name: str, verdict: str, minutes: float | None = 0) -> PushedBy:
    ended = None if minutes is None else NOON + timedelta(minutes=minutes)
    return PushedBy(f"projects/p/locations/l/builds/{name}", ended, verdict=verdict)


@pytest.mark.parametrize(
    ("candidates", "counts"),
    [
        ([], None),
        ([build("a", "VERIFIED")], "a"),
        ([build("a", "VERIFIED"), build("b", "LOCAL_SOURCE", -9), build("c", "FAILED", 9)], "b"),
        ([build("a", "VERIFIED", 1), build("b", "VERIFIED", 2)], "b"),
        ([build("a", "VERIFIED"), build("b", "", 5)], "a"),
        ([build("a", "", None), build("b", "", 5)], "b"),
        ([build("a", "EXEMPT"), build("b", "INCONCLUSIVE")], "b"),
    ],
)
def test_the_worst_verdict_counts_in_whatever_order_they_come(candidates: list[PushedBy], counts: str | None) -> None:
    for order in permutations(candidates):
        found = worst_of(order)
        assert (found.build.rpartition("/")[2] if found else None) == counts


RUNS = DigestRuns("sha256:aa", "repo", NOON, NOON, build="projects/p/locations/l/builds/a", commit="c0ffee", ended=NOON)


def test_what_is_not_kept_any_more_of_the_same_build_stays_known() -> None:
    later = NOON + timedelta(hours=1)
    cut = tied_to(RUNS, replace(build("a", "VERIFIED", None), policy="ab"), later)
    assert (cut.tie, cut.commit, cut.ended, cut.sought, cut.policy) == (Tie.BUILD, "c0ffee", NOON, later, "ab")
    other = tied_to(RUNS, build("b", "VERIFIED", None), later)
    assert (other.commit, other.ended) == ("", None)
