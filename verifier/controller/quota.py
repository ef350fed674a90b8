"""The quotas of the APIs that are read, shared by all instances: portions are leased from the ledger (`portions.py`).

- An API's quota belongs to the project that pays for the call. There is one document a pair, in `marks`.
- A portion is what this instance has used in the last ten seconds: four seconds' worth at the least, ten at the most.
  It lasts ten seconds, and no call of it writes anything. What is left of it then is used up before more is leased,
  after a look whether the service has refused a call meanwhile. A lost instance has lost its portion, and nothing else.
- A call of which the service says that its quota is used up closes that quota for all instances, for as long as the
  service asks: through the same document, so that the others hear of it with their next portion.
- Whoever has to wait longer than a little gets the moment of its turn, in a line that goes on at the quota's pace.
- The quota only spares the service: where the ledger can't be asked, calls are made all the same.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from verifier.controller.ledger import MARKS
from verifier.controller.portions import (
    MINUTE,
    Leased,
    QuotaRule,
    Reader,
    closed,
    lease,
    leased_document,
    parse_leased,
)
from verifier.errors import QuotaWait, RateLimited, ServiceError, Stopping
from verifier.services import Services, Stored

_LEAST_SPAN = timedelta(seconds=4)
_SPAN = timedelta(seconds=10)
"""How much a portion is worth at the most, and how long it lasts."""
_TRIES = 4
"""Before it is left to the next second, when others write the same document all the time."""
_CONFLICT = timedelta(seconds=1)
_STORE_SECONDS = 2.0
_LEAST_PAUSE = 0.05
_LEAST_SECONDS = 0.5
_REFUSED_SECONDS = 20.0
"""For which a quota is closed where the service does not say for how long."""
_MOST_REFUSED_SECONDS = 3600.0
_MOST_LINE = timedelta(minutes=10)
_TELL_AGAIN = MINUTE


class Api(StrEnum):
    """An API that is read, and whose quota is shared."""

    LOGGING = "logging"
    BUILDS = "cloudbuild"


_KEPT_SHARE: Mapping[Api, int] = {Api.BUILDS: 20}
"""One in so many calls is kept for listings: no backlog of verdicts may starve the search for silent builds."""


@dataclass(slots=True)
class _Held:
    """What this instance has of one quota, for one kind of reader."""

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


Key = tuple[Api, str]
"""An API, and the project that pays."""


class Quota:
    """Portions of quotas, as one instance holds them. Safe to use from any thread."""

    def __init__(
        self,
        services: Services,
        limit: Callable[[Api, str], int],
        tell: Callable[..., object] = lambda *_, **__: None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`limit`: calls a minute of an API that a project pays for, 0 for as many as one likes.

        `tell` takes a line for the log, and fields; not more than once a minute about one quota. `stopping`: whether
        this process is asked to end.
        """
        self._services, self._limit, self._tell, self._stopping = services, limit, tell, stopping
        self._lock = threading.Lock()
        self._held: dict[tuple[Key, Reader], _Held] = {}
        self._told: dict[Key, datetime] = {}
        self._closed: dict[Key, datetime] = {}

    def over(self, services: Services) -> Quota:
        """Return a quota with the same limits, which asks these services."""
        return Quota(services, self._limit, self._tell, self._stopping)

    def take(self, key: Key, reader: Reader, *, timeout: float, patience: float) -> None:
        """Take one call of this quota, waiting for it `patience` seconds at the most.

        Raises QuotaWait with the seconds until it is this caller's turn, and Stopping. `timeout`: of all that is asked
        of the ledger.
        """
        rule = self._rule(key)
        if rule is None:
            return
        clock = self._services.clock
        patient = clock() + timedelta(seconds=patience)
        while True:
            moment = self._spent(key, reader, clock())
            if moment is not None and moment <= clock():
                moment = self._renewed(key, reader, rule, clock() + timedelta(seconds=timeout))
                if self._stopping():
                    raise Stopping("this process is asked to end; the rest is done by another one")
            if moment is None:
                return
            if moment > patient:
                raise self._wait(key, reader, rule, moment)
            self._services.pause(max((moment - clock()).total_seconds(), _LEAST_PAUSE))

    def refused(self, key: Key, reader: Reader, error: RateLimited, *, timeout: float) -> RateLimited:
        """Close the quota after the service has refused a call; return the error with the caller's turn after that."""
        rule, now = self._rule(key), self._services.clock()
        asked = _REFUSED_SECONDS if error.retry_after is None else error.retry_after
        seconds = min(max(asked, 0.0), _MOST_REFUSED_SECONDS)
        if rule is None:
            return RateLimited(error.said, fix=error.fix, retry_after=seconds, limit=error.limit)
        if self._close(key, now + timedelta(seconds=seconds)):
            self._say(key, f"{error.said}; nobody reads before {seconds:g} s are over", now)
            self._write_closed(key, seconds, error.limit, now + timedelta(seconds=timeout))
        place = self._place(key, reader, rule, now + timedelta(seconds=seconds))
        return RateLimited(error.said, fix=error.fix, retry_after=(place - now).total_seconds(), limit=error.limit)

    def _rule(self, key: Key) -> QuotaRule | None:
        limit, share = self._limit(*key), _KEPT_SHARE.get(key[0])
        return QuotaRule(limit, limit // share if share else 0) if limit > 0 else None

    # What this instance holds: memory alone, under the lock.

    def _of(self, key: Key, reader: Reader) -> _Held:
        return self._held.setdefault((key, reader), _Held())

    def _spent(self, key: Key, reader: Reader, now: datetime) -> datetime | None:
        """Use one call of what is held. Return None, or from when on there may be some: now, if it is to be leased."""
        with self._lock:
            held = self._of(key, reader)
            while held.used and held.used[0] <= now - _SPAN:
                held.used.popleft()
            if held.calls and held.until and now < held.until:
                held.calls -= 1
                held.used.append(now)
                return None
            return max(held.blocked or now, now)

    def _want(self, key: Key, reader: Reader, rule: QuotaRule, now: datetime) -> tuple[int, bool, Stored | None]:
        """Return how many calls to lease, whether some of the last portion are left, and the document last seen."""
        with self._lock:
            held = self._of(key, reader)
            is_left = bool(held.calls and held.since and now < held.since + MINUTE)
            want = min(max(len(held.used) + 1, rule.worth(_LEAST_SPAN)), rule.worth(_SPAN))
            return want, is_left, held.stored

    def _got(self, key: Key, reader: Reader, calls: int, now: datetime) -> None:
        """Hold a new portion, of which the caller has used one call. One of another thread is not lost."""
        with self._lock:
            held = self._of(key, reader)
            still = held.calls if held.until and now < held.until else 0
            held.calls, held.since, held.until, held.blocked = still + calls - 1, now, now + _SPAN, None
            held.used.append(now)

    def _goes_on(self, key: Key, reader: Reader, now: datetime) -> bool:
        """Go on with what is left of the last portion, and use one call. Return False where others have used it up."""
        with self._lock:
            held = self._of(key, reader)
            if not held.calls:
                return False
            held.calls, held.until, held.blocked = held.calls - 1, now + _SPAN, None
            held.used.append(now)
            return True

    def _saw(self, key: Key, reader: Reader, stored: Stored | None) -> None:
        with self._lock:
            self._of(key, reader).stored = stored

    def _close(self, key: Key, until: datetime) -> bool:
        """Give nobody a call before that moment. Return False where another thread has seen to that."""
        with self._lock:
            before = self._closed.get(key)
            self._closed[key] = max(until, before or until)
            for reader in Reader:
                held = self._of(key, reader)
                held.calls, held.blocked = 0, max(until, held.blocked or until)
            return before is None or before < until - _SPAN

    def _place(self, key: Key, reader: Reader, rule: QuotaRule, first: datetime) -> datetime:
        """Return the next place in the line of those who wait: one call after the other, from the first moment on."""
        with self._lock:
            held = self._of(key, reader)
            after = held.line + MINUTE / rule.per_minute if held.line else first
            held.line = min(max(first, after), first + _MOST_LINE)
            return held.line

    # What all instances hold: the ledger, without the lock.

    def _renewed(self, key: Key, reader: Reader, rule: QuotaRule, until: datetime) -> datetime | None:
        """Use one call of a portion that is leased now, or left. Return None, or the moment from which there is one."""
        now = self._services.clock()
        want, is_left, stored = self._want(key, reader, rule, now)
        try:
            if is_left:
                stored = self._read(key, until)
                leased = parse_leased(stored.document) if stored else Leased()
                if leased.closed and now < leased.closed:
                    return self._blocked(key, reader, leased.closed)
                if self._goes_on(key, reader, now):
                    return None
            for _ in range(_TRIES):
                stored = stored or self._read(key, until)
                answer = lease(parse_leased(stored.document) if stored else Leased(), rule, reader, want, now)
                if isinstance(answer, datetime):
                    self._saw(key, reader, stored)
                    return self._blocked(key, reader, answer)
                leased, calls = answer
                stored = self._write(key, leased, stored, until)
                if stored:
                    self._saw(key, reader, stored)
                    self._got(key, reader, calls, now)
                    return None
        except ServiceError:
            self._saw(key, reader, None)
            self._got(key, reader, rule.worth(_LEAST_SPAN), now)
            return None
        return now + _CONFLICT

    def _blocked(self, key: Key, reader: Reader, until: datetime) -> datetime:
        with self._lock:
            self._of(key, reader).blocked = until
        return until

    def _write_closed(self, key: Key, seconds: float, limit: int | None, until: datetime) -> None:
        """Write down that the quota is closed. Where that fails, the others find it out by themselves."""
        try:
            for _ in range(_TRIES):
                stored = self._read(key, until)
                leased = parse_leased(stored.document) if stored else Leased()
                now = self._services.clock()
                if self._write(key, closed(leased, now, seconds, limit), stored, until) or now >= until:
                    return
        except ServiceError:
            return

    def _read(self, key: Key, until: datetime) -> Stored | None:
        return self._services.store.read(MARKS, _name(key), timeout=self._left(until))

    def _write(self, key: Key, leased: Leased, stored: Stored | None, until: datetime) -> Stored | None:
        document, store = leased_document(leased), self._services.store
        if stored is None:
            return store.create(MARKS, _name(key), document, timeout=self._left(until))
        return store.replace(MARKS, _name(key), document, stored.revision, timeout=self._left(until))

    def _left(self, until: datetime) -> float:
        left = (until - self._services.clock()).total_seconds()
        return min(max(left, _LEAST_SECONDS), _STORE_SECONDS)

    # What people read.

    def _wait(self, key: Key, reader: Reader, rule: QuotaRule, first: datetime) -> QuotaWait:
        now = self._services.clock()
        place = self._place(key, reader, rule, first)
        said = f"{rule.per_minute} calls of {key[0]} a minute, which {key[1]} pays for, are used up"
        self._say(key, said, now)
        return QuotaWait(said, fix="it is this call's turn later", retry_after=(place - now).total_seconds())

    def _say(self, key: Key, said: str, now: datetime) -> None:
        with self._lock:
            if (told := self._told.get(key)) and now < told + _TELL_AGAIN:
                return
            self._told[key] = now
        self._tell(f"quota used up: {said}", quota=str(key[0]), paying_project=key[1])


def _name(key: Key) -> str:
    return f"quota-{key[0]}-{key[1]}"
