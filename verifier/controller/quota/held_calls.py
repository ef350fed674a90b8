"""What one instance holds of the quotas, in memory: calls that are leased and not made yet, and who waits. No I/O."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from verifier.controller.quota.portions import MINUTE, SPAN, Portion, QuotaRule, Reader, Returned
from verifier.services import Stored

LEAST_SPAN = timedelta(seconds=4)
"""How much a portion is worth at the least."""
_MOST_LINE = timedelta(minutes=1)
_FIRST_PAUSE, _LAST_PAUSE = 1.0, 20.0
"""Seconds for which a quota is closed where the service does not say for how long."""


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
    """Leased, and not made yet."""
    portions: tuple[Portion, ...] = ()
    """That they are of, as they were leased."""
    used: deque[datetime] = field(default_factory=deque)
    """When calls were made, in the last ten seconds."""
    last: datetime | None = None
    """When the last one was made."""
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
        self._pauses: dict[Key, tuple[datetime, float]] = {}
        """Until when a quota was closed by our own guess, and for how many seconds."""

    def spend(self, key: Key, reader: Reader, now: datetime) -> datetime | None:
        """Use one call. Return None, or from when on there may be some: now, if a portion is to be leased."""
        with self._lock:
            held = self._of(key, reader)
            while held.used and held.used[0] <= now - SPAN:
                held.used.popleft()
            if held.calls and now < held.portions[-1].until:
                held.calls, held.last = held.calls - 1, now
                held.used.append(now)
                return None
            return max(held.blocked or now, now)

    def wanted(self, key: Key, reader: Reader, rule: QuotaRule) -> int:
        """Return how many calls to lease: as many as were made in the last ten seconds."""
        with self._lock:
            used = len(self._of(key, reader).used)
        return min(max(used + 1, rule.worth(LEAST_SPAN)), rule.worth(SPAN))

    def returned(self, key: Key, reader: Reader) -> Returned | None:
        """Return what was leased and can be given back, None where nothing was."""
        with self._lock:
            held = self._of(key, reader)
            if not held.portions:
                return None
            leased = sum(portion.calls for portion in held.portions)
            return Returned(held.portions, leased - held.calls, held.last or held.portions[0].until)

    def add(self, key: Key, reader: Reader, portion: Portion, now: datetime, back: Returned | None) -> None:
        """Hold a new portion, of which the caller has used one call, in place of what was given back.

        What another thread has leased meanwhile is not lost.
        """
        with self._lock:
            held = self._of(key, reader)
            if back and held.portions[: len(back.portions)] == back.portions:
                held.calls -= sum(one.calls for one in back.portions) - back.made
                held.portions = held.portions[len(back.portions) :]
            held.calls, held.portions = held.calls + portion.calls - 1, (*held.portions, portion)
            held.blocked, held.last = None, now
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
                held.blocked = max(until, held.blocked or until)
                held.calls, held.portions = 0, ()
            return before is None or before < until - SPAN

    def pause(self, key: Key, now: datetime) -> float:
        """Return for how many seconds to close a quota that was refused; what is left of it where it is closed.

        A minute's quota comes back bit by bit, so that a second helps. Where it was too little, it is twice as long.
        """
        with self._lock:
            until, seconds = self._pauses.get(key, (now, 0.0))
            if now < until:
                return (until - now).total_seconds()
            was_too_short = now < until + timedelta(seconds=seconds)
            seconds = min(2 * seconds, _LAST_PAUSE) if was_too_short else _FIRST_PAUSE
            self._pauses[key] = now + timedelta(seconds=seconds), seconds
            return seconds

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
