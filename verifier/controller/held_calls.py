"""What one instance holds of the quotas, in memory: calls that are leased and not made yet, and who waits. No I/O."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from verifier.controller.portions import MINUTE, QuotaRule, Reader
from verifier.services import Stored

SPAN = timedelta(seconds=10)
"""How much a portion is worth at the most, and how long it lasts."""
LEAST_SPAN = timedelta(seconds=4)
"""How much a portion is worth at the least."""
_MOST_LINE = timedelta(minutes=10)


class Api(StrEnum):
    """An API that is read, and whose quota is shared."""

    LOGGING = "logging"
    BUILDS = "cloudbuild"


Key = tuple[Api, str]
"""A quota: an API, and the project that pays."""


@dataclass(slots=True)
class _Held:
    """What is held of one quota, for one kind of reader."""

    calls: int = 0
    since: datetime | None = None
    until: datetime | None = None
    used: deque[datetime] = field(default_factory=deque)
    """When calls were made, in the last ten seconds."""
    blocked: datetime | None = None
    """Until then there is nothing to be had."""
    line: datetime | None = None
    """The place of the last one in the line."""
    stored: Stored | None = None
    """The document as it was last seen."""


class HeldCalls:
    """The calls that are held, by quota and by kind of reader. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[Key, Reader], _Held] = {}
        self._closed: dict[Key, datetime] = {}

    def spend(self, key: Key, reader: Reader, now: datetime) -> datetime | None:
        """Use one call. Return None, or from when on there may be some: now, if a portion is to be leased."""
        with self._lock:
            held = self._of(key, reader)
            while held.used and held.used[0] <= now - SPAN:
                held.used.popleft()
            if held.calls and held.until and now < held.until:
                held.calls -= 1
                held.used.append(now)
                return None
            return max(held.blocked or now, now)

    def wanted(self, key: Key, reader: Reader, rule: QuotaRule) -> int:
        """Return how many calls to lease: as many as were made in the last ten seconds."""
        with self._lock:
            used = len(self._of(key, reader).used)
        return min(max(used + 1, rule.worth(LEAST_SPAN)), rule.worth(SPAN))

    def has_some_left(self, key: Key, reader: Reader, now: datetime) -> bool:
        """Return whether some of a portion of the last minute are left, whose time is over."""
        with self._lock:
            held = self._of(key, reader)
            return bool(held.calls and held.since and now < held.since + MINUTE)

    def go_on(self, key: Key, reader: Reader, now: datetime) -> bool:
        """Give what is left of a portion more time, and use one call. Return False where others have used it up."""
        with self._lock:
            held = self._of(key, reader)
            if not held.calls:
                return False
            held.calls, held.until, held.blocked = held.calls - 1, now + SPAN, None
            held.used.append(now)
            return True

    def add(self, key: Key, reader: Reader, calls: int, now: datetime) -> None:
        """Hold a new portion, of which the caller has used one call. One of another thread is not lost."""
        with self._lock:
            held = self._of(key, reader)
            still = held.calls if held.until and now < held.until else 0
            held.calls, held.since, held.until, held.blocked = still + calls - 1, now, now + SPAN, None
            held.used.append(now)

    def block(self, key: Key, reader: Reader, until: datetime) -> datetime:
        """Note that nothing is to be had before that moment, and return it."""
        with self._lock:
            self._of(key, reader).blocked = until
        return until

    def close(self, key: Key, until: datetime) -> bool:
        """Give nobody a call before that moment. Return False where another thread has seen to that."""
        with self._lock:
            before = self._closed.get(key)
            self._closed[key] = max(until, before or until)
            for reader in Reader:
                held = self._of(key, reader)
                held.calls, held.blocked = 0, max(until, held.blocked or until)
            return before is None or before < until - SPAN

    def place(self, key: Key, reader: Reader, rule: QuotaRule, first: datetime) -> datetime:
        """Return the next place in the line of those who wait: one call after the other, from the first moment on."""
        with self._lock:
            held = self._of(key, reader)
            after = held.line + MINUTE / rule.per_minute if held.line else first
            held.line = min(max(first, after), first + _MOST_LINE)
            return held.line

    def seen(self, key: Key, reader: Reader) -> Stored | None:
        """Return the quota's document as this instance has last seen it."""
        with self._lock:
            return self._of(key, reader).stored

    def saw(self, key: Key, reader: Reader, stored: Stored | None) -> None:
        """Remember the quota's document."""
        with self._lock:
            self._of(key, reader).stored = stored

    def _of(self, key: Key, reader: Reader) -> _Held:
        return self._held.setdefault((key, reader), _Held())
