"""The quotas of the APIs that are read, shared by all instances: portions are leased from the ledger (`portions.py`).

- An API's quota belongs to the project that pays for the call. There is one document a pair, in `marks`.
- A portion is what this instance has used in the last ten seconds: four seconds' worth at the least, ten at the most.
  It lasts ten seconds, and no call of it writes anything. It goes back with the next lease, less what was used of it.
  A lost instance has lost its portion, and nothing else.
- A call of which the service says that its quota is used up closes that quota for all instances, for as long as the
  service asks: through the same document, so that the others hear of it with their next portion.
- Whoever has to wait longer than a little gets the moment of its turn, in a line that goes on at the quota's pace.
- The quota only spares the service: where the ledger can't be asked, calls are made all the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce

from verifier.controller.ledger import MARKS
from verifier.controller.quota.held_calls import LEAST_SPAN, Api, HeldCalls, Key
from verifier.controller.quota.portions import (
    MINUTE,
    SPAN,
    Leased,
    Portion,
    QuotaRule,
    Reader,
    Returned,
    closed,
    lease,
    leased_document,
    parse_leased,
    without,
)
from verifier.errors import QuotaWait, RateLimited, ServiceError, Stopping
from verifier.services import Services, Stored

_TRIES = 4
"""Before it is left to the next second, when others write the same document all the time."""
_CONFLICT = timedelta(seconds=1)
_STORE_SECONDS = 2.0
_LEAST_SECONDS = 0.5
_LEAST_PAUSE = 0.05
_MOST_REFUSED_SECONDS = 3600.0
_TELL_AGAIN = MINUTE
_KEPT_SHARE: Mapping[Api, int] = {Api.BUILDS: 40}
"""One in so many calls is kept for listings: no backlog of verdicts may starve the search for silent builds."""


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
        self._held = HeldCalls()
        self._lock = threading.Lock()
        self._told: dict[Key, datetime] = {}

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
            moment = self._held.spend(key, reader, clock())
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
        asked = self._held.pause(key, now) if error.retry_after is None else error.retry_after
        seconds = min(max(asked, 0.0), _MOST_REFUSED_SECONDS)
        if rule is None:
            return RateLimited(error.said, fix=error.fix, retry_after=seconds, limit=error.limit)
        until, back = now + timedelta(seconds=seconds), [self._held.returned(key, one) for one in Reader]
        if self._held.close(key, until):
            self._say(key, f"{error.said}; nobody reads before {seconds:g} s are over", now)
            self._write_closed(key, seconds, error.limit, now + timedelta(seconds=timeout), back)
        turn = (self._held.place(key, reader, rule, until) - now).total_seconds()
        return RateLimited(error.said, fix=error.fix, retry_after=turn, limit=error.limit)

    def for_others(self, key: Key) -> int:
        """Return how many calls a minute there are for listings; 0: as many as one likes. Asks nobody."""
        rule = self._rule(key)
        if rule is None:
            return 0
        return _leased(self._held.seen(key, Reader.OTHER)).for_others(rule, self._services.clock())

    def _rule(self, key: Key) -> QuotaRule | None:
        limit, share = self._limit(*key), _KEPT_SHARE.get(key[0])
        return QuotaRule(limit, limit // share if share else 0) if limit > 0 else None

    def _renewed(self, key: Key, reader: Reader, rule: QuotaRule, until: datetime) -> datetime | None:
        """Lease a portion, and use one call of it. Return None, or the moment from which there is one."""
        now, want = self._services.clock(), self._held.wanted(key, reader, rule)
        back, stored = self._held.returned(key, reader), self._held.seen(key, reader)
        try:
            for _ in range(_TRIES):
                stored = stored or self._read(key, until)
                answer = lease(_leased(stored), rule, reader, want, now, back)
                if isinstance(answer, datetime):
                    self._held.saw(key, reader, stored)
                    return self._held.block(key, reader, answer)
                leased, portion = answer
                stored = self._write(key, leased, stored, until)
                if stored:
                    self._held.saw(key, reader, stored)
                    self._held.add(key, reader, portion, now, back)
                    return None
        except ServiceError:
            self._held.saw(key, reader, None)
            self._held.add(key, reader, Portion(now + SPAN, rule.worth(LEAST_SPAN), reader), now, back)
            return None
        return now + _CONFLICT

    def _write_closed(
        self, key: Key, seconds: float, limit: int | None, until: datetime, back: Sequence[Returned | None]
    ) -> None:
        """Write down that the quota is closed, and give back what is held of it.

        Where that fails, the others find it out by themselves.
        """
        try:
            for _ in range(_TRIES):
                stored, now = self._read(key, until), self._services.clock()
                left = reduce(without, back, _leased(stored))
                if self._write(key, closed(left, now, seconds, limit), stored, until) or now >= until:
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

    def _wait(self, key: Key, reader: Reader, rule: QuotaRule, first: datetime) -> QuotaWait:
        now = self._services.clock()
        turn = (self._held.place(key, reader, rule, first) - now).total_seconds()
        said = f"{rule.per_minute} calls of {key[0]} a minute, which {key[1]} pays for, are used up"
        self._say(key, said, now)
        return QuotaWait(said, fix="it is this call's turn later", retry_after=turn)

    def _say(self, key: Key, said: str, now: datetime) -> None:
        with self._lock:
            if (told := self._told.get(key)) and now < told + _TELL_AGAIN:
                return
            self._told[key] = now
        self._tell(f"quota used up: {said}", quota=str(key[0]), paying_project=key[1])


def _leased(stored: Stored | None) -> Leased:
    return parse_leased(stored.document) if stored else Leased()


def _name(key: Key) -> str:
    return f"quota-{key[0]}-{key[1]}"
