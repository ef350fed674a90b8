"""Exports may come in any order: the audit's order is that of time."""

from __future__ import annotations

import io
import json
import random
import tracemalloc
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fixtures.builds import document
from tests.unit.builders import FINISHED, pushed
from verifier.cli.time_order import is_newest_first, newest_first
from verifier.facts.build import Build, BuildKey, parse_build
from verifier.history.summary import Problem
from verifier.times import show_time

NEWEST_FIRST = [show_time(FINISHED - timedelta(minutes=minute)) for minute in range(3_000)]


class DribblingInput(io.StringIO):
    """A stream that gives only a few characters at a time."""

    def read(self, size: int | None = -1, /) -> str:
        return super().read(min(size or 0, 11))


def export(times: list[str], indent: int | None = None) -> str:
    return json.dumps([{"id": str(number), "createTime": time} for number, time in enumerate(times)], indent=indent)


@pytest.mark.parametrize("indent", [None, 2])
def test_the_order_of_time_is_seen_in_text_of_any_size(indent: int | None) -> None:
    swapped = [*NEWEST_FIRST[:-2], *NEWEST_FIRST[:-3:-1]]
    for stream in (io.StringIO, DribblingInput):
        assert is_newest_first(stream(export(NEWEST_FIRST, indent)))
        assert not is_newest_first(stream(export(swapped, indent)))
        assert not is_newest_first(stream(export(NEWEST_FIRST[::-1], indent)))


@pytest.mark.parametrize(
    ("times", "in_order"),
    [
        ([], True),
        (["2026-11-23T02:00:00Z"], True),
        (["2026-11-23T02:00:00.5Z", "2026-11-23T02:00:00Z"], True),
        (["2026-11-23T02:00:00Z", "2026-11-23T02:00:00.5Z"], False),
        (["2026-11-23T02:00:00Z", "2026-11-23T02:00:00Z"], True),
        (["2026-11-23T02:00:00+01:00", "2026-11-23T01:00:00+01:00"], False),
    ],
)
def test_times_are_compared_as_times(times: list[str], in_order: bool) -> None:
    assert is_newest_first(io.StringIO(export(times))) is in_order


def builds(count: int) -> list[Build]:
    """Return so many builds, newest first."""
    made = []
    for minute in range(count):
        build = pushed(createTime=show_time(FINISHED - timedelta(minutes=minute)))
        made.append(replace(build, key=BuildKey("acme", "global", f"{minute:06}")))
    return made


def test_builds_in_any_order_come_newest_first_and_as_they_were() -> None:
    expected = builds(200)
    shuffled = random.Random(7).sample(expected, len(expected))
    assert list(newest_first(iter(shuffled))) == expected


def test_problems_come_first_and_builds_without_a_time_last() -> None:
    timeless = replace(parse_build({"id": "t"}), key=BuildKey("acme", "global", "t"))
    problem, build = Problem("b.json", "no"), builds(1)[0]
    assert list(newest_first(iter([timeless, build, problem]))) == [problem, build, timeless]


def test_what_waits_costs_no_memory() -> None:
    one = parse_build(document("commit-resolved-git"))
    tracemalloc.start()
    try:
        count = sum(1 for _ in newest_first(replace(one, key=BuildKey("a", "b", str(n))) for n in range(3_000)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 3_000
    assert peak < 2 * 1024 * 1024
