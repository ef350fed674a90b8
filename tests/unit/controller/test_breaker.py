"""Whose calls nobody waits for: the table of `breaker.py`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from verifier.controller.breaker import Breaker

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HANG, QUICK = (True, 8.0), (True, 0.2)
GOOD = (False, 0.3)


def seen(*attempts: tuple[str, tuple[bool, float]]) -> Breaker:
    """Return a breaker that has seen these attempts, each at PROJECT/LOCATION."""
    breaker = Breaker()
    for place, (failed, seconds) in attempts:
        project, _, location = place.partition("/")
        breaker.note(project, location, failed=failed, seconds=seconds, now=NOW)
    return breaker


@pytest.mark.parametrize(
    ("attempts", "is_open"),
    [
        ([], ""),
        ([("a/east", GOOD)], ""),
        ([("a/east", QUICK)] * 99, ""),
        ([("a/east", (True, 3.0))], ""),
        ([("a/east", (True, 3.0))] * 2, "a/east a/west"),
        ([("a/east", (True, 3.0)), ("a/west", GOOD), ("a/east", (True, 3.0))], ""),
        ([("a/east", HANG)], "a/east a/west"),
        ([("a/east", HANG), ("b/east", GOOD), ("b/east", HANG)], "a/east a/west b/east b/west"),
        ([("a/east", HANG), ("b/east", HANG)], "a/east a/west b/east b/west c/east"),
        ([("a/east", (False, 50.0))], ""),
    ],
)
def test_projects_and_locations_are_left_alone_once_their_calls_hang(
    attempts: list[tuple[str, tuple[bool, float]]], is_open: str
) -> None:
    breaker = seen(*attempts)
    places = [(project, location) for project in "abc" for location in ("east", "west")]
    assert " ".join(f"{p}/{at}" for p, at in places if breaker.is_open(p, at, NOW)) == is_open


def test_after_a_minute_they_are_tried_again_with_the_same_patience() -> None:
    breaker, later = seen(("a/east", HANG)), NOW + timedelta(minutes=1)
    assert breaker.is_open("a", "east", later - timedelta(microseconds=1))
    assert not breaker.is_open("a", "east", later)
    breaker.note("a", "east", failed=True, seconds=3.0, now=later)
    assert not breaker.is_open("a", "east", later)
    breaker.note("a", "east", failed=True, seconds=3.0, now=later)
    assert breaker.is_open("a", "east", later)


def test_a_good_call_ends_it_at_once() -> None:
    breaker = seen(("a/east", HANG), ("a/east", GOOD))
    assert not breaker.is_open("a", "east", NOW)
