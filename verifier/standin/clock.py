"""What time it is in the stand-in: the machine's own clock, or one that tests and the demo move by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Answers with the aware UTC moment that it is now."""


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
