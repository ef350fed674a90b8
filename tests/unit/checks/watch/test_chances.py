"""What so many runs show, against figures that are known."""

from __future__ import annotations

import pytest

from verifier.checks.watch.chances import (
    RunCounts,
    are_failures_up,
    chance_of_failures,
    is_likely_gone,
    likely_shown,
)


def test_the_tea_lady_tells_three_cups_of_four_by_chance_in_24_cases_of_100() -> None:
    """R. A. Fisher, The Design of Experiments (1935): 17 of 70."""
    assert chance_of_failures(RunCounts(4, 1), RunCounts(4, 3)) == pytest.approx(17 / 70)
    assert chance_of_failures(RunCounts(4, 0), RunCounts(4, 4)) == pytest.approx(1 / 70)


def test_no_failure_is_certain_to_be_had_by_chance() -> None:
    assert chance_of_failures(RunCounts(48, 0), RunCounts(8, 0)) == 1
    assert chance_of_failures(RunCounts(48, 3), RunCounts(8, 0)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("before", "runs", "least"),
    [
        (RunCounts(48, 0), 3, 2),
        (RunCounts(48, 0), 8, 3),
        (RunCounts(48, 0), 48, 7),
        (RunCounts(48, 0), 200, 21),
        (RunCounts(336, 3), 3, 2),
        (RunCounts(336, 3), 8, 2),
        (RunCounts(336, 3), 48, 4),
        (RunCounts(336, 3), 200, 9),
    ],
)
def test_the_least_failures_that_alarm_at_a_checkpoint(before: RunCounts, runs: int, least: int) -> None:
    assert are_failures_up(before, RunCounts(runs, least), is_checkpoint=True)
    assert not are_failures_up(before, RunCounts(runs, least - 1), is_checkpoint=True)


@pytest.mark.parametrize(("runs", "least"), [(3, 2), (8, 3), (48, 9), (200, 32)])
def test_after_each_of_many_failed_runs_less_is_left_to_chance(runs: int, least: int) -> None:
    assert are_failures_up(RunCounts(48, 0), RunCounts(runs, least), is_checkpoint=False)
    assert not are_failures_up(RunCounts(48, 0), RunCounts(runs, least - 1), is_checkpoint=False)


def test_without_runs_before_nobody_can_say_that_failures_are_up() -> None:
    assert not are_failures_up(RunCounts(), RunCounts(3, 3), is_checkpoint=True)


@pytest.mark.parametrize(("runs", "share"), [(0, 1.0), (8, 0.312), (48, 0.0605), (300, 0.00994), (10_000, 0.0003)])
def test_an_error_in_this_share_of_the_runs_would_most_likely_have_shown(runs: int, share: float) -> None:
    assert likely_shown(runs) == pytest.approx(share, rel=0.01)


@pytest.mark.parametrize(("share", "runs"), [(0.5, 5), (0.2, 14), (0.05, 59), (1.0, 1)])
def test_an_error_is_gone_after_so_many_runs_without_it(share: float, runs: int) -> None:
    assert is_likely_gone(share, runs)
    assert not is_likely_gone(share, runs - 1)
