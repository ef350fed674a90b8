"""A circuit breaker: projects and locations whose calls hang are left alone for a minute, so that others get on."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

_HANGS_SECONDS = 2.0
"""An attempt that fails after so long has waited for an answer in vain. A quick refusal keeps nobody waiting."""
_PROJECT_SECONDS = 6.0
_LOCATION_SECONDS = 16.0
"""What hanging calls may cost in a row before nobody waits for that project, or for that location, any more."""
_OPEN_FOR = timedelta(minutes=1)


@dataclass(slots=True)
class _Circuit:
    lost: float = 0.0
    """Seconds that hanging calls have cost since the last good one."""
    open_until: datetime | None = None


class Breaker:
    """What was seen of each project and location by this process. Safe to use from any thread.

    | seen without a good call in between | left alone for a minute |
    |---|---|
    | hanging calls for one project, 6 s in all | the project |
    | hanging calls in one location, 16 s in all, of whatever projects | the location |
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._circuits: dict[tuple[str, str], _Circuit] = {}

    def is_open(self, project: str, location: str, now: datetime) -> bool:
        """Return whether nobody is to wait for this project, or for this location, for now."""
        with self._lock:
            until = (self._circuits[at].open_until for at in _both(project, location) if at in self._circuits)
            return any(moment is not None and now < moment for moment in until)

    def note(self, project: str, location: str, *, failed: bool, seconds: float, now: datetime) -> None:
        """Take notice of an attempt: how it ended, and how long it took."""
        with self._lock:
            for at in _both(project, location):
                if not failed:
                    self._circuits.pop(at, None)
                elif seconds >= _HANGS_SECONDS:
                    self._lost(at, seconds, now)

    def _lost(self, at: tuple[str, str], seconds: float, now: datetime) -> None:
        circuit = self._circuits.setdefault(at, _Circuit())
        circuit.lost += seconds
        if circuit.lost >= (_PROJECT_SECONDS if at[0] == "project" else _LOCATION_SECONDS):
            # When the minute is over, it is tried again with the same patience.
            self._circuits[at] = _Circuit(open_until=now + _OPEN_FOR)


def _both(project: str, location: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("project", project), ("location", location)
