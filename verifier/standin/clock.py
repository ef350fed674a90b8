"""What time it is in the stand-in: the machine's own clock, or one that tests or the demo move."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]
"""Answers with the aware UTC moment that it is now."""

CLOCK_VARIABLE = "BUILD_VERIFIER_DEMO_CLOCK"
"""The variable that tells a process of the demo's where the file of its `PastClock` is."""


def system_clock() -> datetime:
    """Return the machine's own time."""
    return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is advanced. Safe to use from any thread."""

    def __init__(self, start: datetime) -> None:
        """Raise ValueError when `start` carries no offset."""
        if start.tzinfo is None:
            raise ValueError(f"expected an aware moment to start at, got {start!r}")
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> datetime:
        """Move on by this many seconds and say what time it is then. Raise ValueError when they are negative."""
        if seconds < 0:
            raise ValueError(f"expected a clock to go forward, got {seconds} seconds")
        with self._lock:
            self._now += timedelta(seconds=seconds)
            return self._now


class PastClock:
    """The machine's own clock, put back by what stands in a file, so that several processes have the same time.

    It goes on by itself, and can be moved on until it has caught up with the machine's. Where the file is not there, it
    is the machine's.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> datetime:
        try:
            behind = float(self._file.read_text())
        except FileNotFoundError:
            behind = 0.0
        return system_clock() - timedelta(seconds=behind)

    def begin(self, moment: datetime) -> None:
        """Let it be this moment, which is past. Raise ValueError for one that is yet to come."""
        behind = (system_clock() - moment).total_seconds()
        if behind < 0:
            raise ValueError(f"expected a moment in the past, got {moment}")
        self._write(behind)

    def move_to(self, moment: datetime) -> None:
        """Let it be this moment, or now where that is earlier; a moment that is over changes nothing."""
        if moment > self():
            self._write(max(0.0, (system_clock() - moment).total_seconds()))

    def _write(self, behind: float) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(repr(behind))
        fresh.replace(self._file)
