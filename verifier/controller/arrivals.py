"""When messages about ended executions came last, for each project: where some come, one that is missing was lost."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

_FRESH = timedelta(hours=1)


class Arrivals:
    """What one process has heard. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, datetime] = {}

    def note(self, project: str, now: datetime) -> None:
        """Remember that a message came."""
        with self._lock:
            self._last[project] = now

    def came(self, project: str, now: datetime) -> bool:
        """Return whether one came within the last hour."""
        with self._lock:
            last = self._last.get(project)
        return last is not None and now - last < _FRESH
