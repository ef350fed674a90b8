"""Overlapping exports count a build once, and whatever contradicts itself counts as the worst that it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from tests.unit.builders import pushed, uploaded
from verifier.checks.policy import Policy
from verifier.checks.verdict import Verdict
from verifier.facts.build import BuildKey
from verifier.history.judge import judge_listed
from verifier.history.judged_build import JudgedBuild
from verifier.history.repeated import Once
from verifier.history.summary import Problem

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GOOD = replace(judge_listed(pushed(), Policy()), created=NOON)
BAD = replace(judge_listed(uploaded(), Policy()), created=NOON, key=GOOD.key)
WORKING = replace(judge_listed(pushed(status="WORKING"), Policy()), created=NOON)
FAILED = replace(judge_listed(pushed(status="FAILURE"), Policy()), created=NOON)
WITHOUT_STATUS = replace(judge_listed(pushed(status=""), Policy()), created=NOON)


def named(build: JudgedBuild, name: str, created: datetime | None = NOON) -> JudgedBuild:
    return replace(build, key=BuildKey("acme", "global", name), created=created)


def given(*builds: JudgedBuild | Problem) -> tuple[Once, Sequence[JudgedBuild | Problem]]:
    once = Once()
    return once, list(once.each(iter(builds)))


def test_a_build_that_comes_again_is_one_build() -> None:
    once, found = given(GOOD, GOOD, named(GOOD, "b", NOON - timedelta(hours=1)))
    assert len(found) == 2
    assert (once.read, once.repeated) == (2, 1)


@pytest.mark.parametrize(
    ("descriptions", "counts"),
    [
        ((GOOD, BAD), BAD),
        ((GOOD, FAILED), FAILED),
        ((BAD, FAILED), BAD),
        ((WORKING, GOOD), GOOD),
        ((WITHOUT_STATUS, GOOD), GOOD),
        ((WITHOUT_STATUS, WORKING, BAD, GOOD), BAD),
    ],
)
def test_the_worst_description_of_the_ended_build_counts_in_any_order(
    descriptions: tuple[JudgedBuild, ...], counts: JudgedBuild
) -> None:
    for order in permutations(descriptions):
        assert given(*order)[1] == [counts]


def test_builds_of_one_moment_come_in_the_order_of_their_names() -> None:
    builds = [named(GOOD, name) for name in "abc"]
    for order in permutations(builds):
        assert given(*order)[1] == builds


def test_documents_without_an_id_are_not_taken_for_one_build() -> None:
    once, found = given(*(named(GOOD, "") for _ in range(3)))
    assert (len(found), once.repeated) == (3, 0)


def test_builds_without_a_time_are_counted_once_too() -> None:
    _, found = given(named(GOOD, "a", None), named(BAD, "b", None), named(BAD, "a", None))
    assert [(build.key.id, build.verdict) for build in found if isinstance(build, JudgedBuild)] == [
        ("a", Verdict.LOCAL_SOURCE),
        ("b", Verdict.LOCAL_SOURCE),
    ]


def test_problems_go_by() -> None:
    problem = Problem("b.json", "no")
    assert given(GOOD, problem, GOOD)[1] == [problem, GOOD]
