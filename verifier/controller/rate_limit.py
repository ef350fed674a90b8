"""The rate at which Slack takes messages: one a second in each channel, and none while it asks for a pause."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from verifier.errors import Refused, Unavailable

_STEP = timedelta(seconds=1)
_MOST_WAIT = timedelta(seconds=5)
_MOST_PATIENCE_SECONDS = 3600.0
"""The longest pause that Slack may ask for."""


class RateLimit:
    """Whose turn it is, among all that one process posts. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: dict[str, datetime] = {}
        self._refusals: dict[str, Refused] = {}

    def turn(self, channel: str, now: datetime) -> float:
        """Take the next place in the channel's line, and return the seconds until it is there.

        Raises, and takes none, when that is too long to wait for: Unavailable, or why Slack refuses the channel.
        """
        with self._lock:
            place = max(now, self._free.get(channel, now))
            if place - now > _MOST_WAIT:
                if refusal := self._refusals.get(channel):
                    raise Refused(refusal.said, fix=refusal.fix, wide=True)
                raise Unavailable(f"{channel or 'Slack'} takes no message before {place}: nothing was posted")
            self._free[channel] = place + _STEP
            self._refusals.pop(channel, None)
        return (place - now).total_seconds()

    def is_paused(self, channel: str, now: datetime) -> bool:
        """Return whether the channel's next place is too far to wait for."""
        with self._lock:
            return self._free.get(channel, now) - now > _MOST_WAIT

    def pause(self, channel: str, now: datetime, seconds: float, refusal: Refused | None = None) -> None:
        """Give nobody a place for so long: Slack asked for it, or refuses everything there."""
        until = now + timedelta(seconds=min(seconds, _MOST_PATIENCE_SECONDS))
        with self._lock:
            self._free[channel] = max(until, self._free.get(channel, until))
            if refusal:
                self._refusals[channel] = refusal
