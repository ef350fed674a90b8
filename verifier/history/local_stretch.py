"""For how long an image came from local source: the longest stretch, found as builds go by in either order of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LocalStretch:
    """A time during which the newest build of an image was local source."""

    image: str
    """The image's name without tag or digest."""
    start: datetime
    """When its first local build of that time was created."""
    end: datetime | None
    """When the next build of it that was not local was created; None: there is none yet."""

    def seconds(self, now: datetime) -> float:
        """Return how long it lasted; one without an end lasts until now."""
        return ((self.end or now) - self.start).total_seconds()


class Stretches:
    """The builds of one image, newest first or oldest first; memory does not grow with their number.

    Only what lies at either end of the time seen so far is remembered, so a build that arrives in the midst of it can't
    be fitted in: `add` says so, and leaves it out.
    """

    __slots__ = ("_closed", "_high", "_image", "_low", "_low_end", "_open_start")

    def __init__(self, image: str) -> None:
        self._image = image
        self._low: datetime | None = None
        self._high: datetime | None = None
        self._low_end: datetime | None = None
        """The oldest build that is not local: where a stretch that begins before it ends."""
        self._open_start: datetime | None = None
        """The oldest build since the newest one that is not local."""
        self._closed: LocalStretch | None = None

    def add(self, moment: datetime, *, local: bool) -> bool:
        """Take one more build into account. Return False when it came out of order and could not be."""
        if self._low is None or self._high is None or moment >= self._high:
            self._append(moment, local=local)
        elif moment <= self._low:
            self._prepend(moment, local=local)
        else:
            return False
        return True

    def longest(self, now: datetime) -> LocalStretch | None:
        """Return the longest stretch, or None when no build was local."""
        found = [self._closed] if self._closed else []
        if self._open_start:
            found.append(LocalStretch(self._image, self._open_start, None))
        return max(found, key=lambda stretch: stretch.seconds(now), default=None)

    def _append(self, moment: datetime, *, local: bool) -> None:
        if local:
            self._open_start = self._open_start or moment
        else:
            if self._open_start:
                self._close(self._open_start, moment)
            self._open_start = None
            self._low_end = self._low_end or moment
        if self._low is None:
            self._low = moment
        self._high = moment

    def _prepend(self, moment: datetime, *, local: bool) -> None:
        if not local:
            self._low_end = moment
        elif self._low_end is None:
            self._open_start = moment
        else:
            self._close(moment, self._low_end)
        self._low = moment

    def _close(self, start: datetime, end: datetime) -> None:
        if self._closed is None or self._closed.seconds(end) < (end - start).total_seconds():
            self._closed = LocalStretch(self._image, start, end)
