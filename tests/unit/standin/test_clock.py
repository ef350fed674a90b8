"""The clock that is behind: every process has the same time, and it never goes back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from verifier.standin.clock import PastClock, system_clock

_HOUR = timedelta(hours=1)
_SOON = timedelta(seconds=20)


def test_it_begins_in_the_past_and_goes_on(tmp_path: Path) -> None:
    beginning = system_clock() - 3 * _HOUR
    clock = PastClock(tmp_path / "clock")
    clock.begin(beginning)
    first = clock()
    assert beginning <= first < beginning + _SOON
    assert clock() > first


def test_another_process_with_the_same_file_has_the_same_time(tmp_path: Path) -> None:
    ours, theirs = PastClock(tmp_path / "clock"), PastClock(tmp_path / "clock")
    ours.begin(system_clock() - 3 * _HOUR)
    ours.move_to(system_clock() - _HOUR)
    assert ours() <= theirs() < ours() + _SOON


def test_it_is_moved_on_and_never_back(tmp_path: Path) -> None:
    clock = PastClock(tmp_path / "clock")
    clock.begin(system_clock() - 3 * _HOUR)
    later = system_clock() - 2 * _HOUR
    clock.move_to(later)
    assert later <= clock() < later + _SOON
    clock.move_to(later - _HOUR)
    assert clock() >= later


def test_it_never_overtakes_the_machines(tmp_path: Path) -> None:
    clock = PastClock(tmp_path / "clock")
    clock.begin(system_clock() - _HOUR)
    clock.move_to(system_clock() + _HOUR)
    assert clock() <= system_clock()
    with pytest.raises(ValueError, match="a moment in the past"):
        clock.begin(system_clock() + _HOUR)


def test_without_its_file_it_is_the_machines(tmp_path: Path) -> None:
    before = system_clock()
    assert before <= PastClock(tmp_path / "clock")() <= system_clock()
