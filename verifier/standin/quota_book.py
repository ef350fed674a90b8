"""Quotas of the stand-in: how many calls a minute each project pays for, and whether it may be made to pay."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

from verifier.standin.clock import Clock
from verifier.standin.refusal import RefusalError

_MINUTE = timedelta(minutes=1)
_NAMES = {"logging": "Read requests", "cloudbuild": "Build and Operation Get requests"}
"""What the quota is called, by the first part of its API's name."""
_PAYER: ContextVar[str] = ContextVar("payer", default="")


class QuotaBook:
    """Calls of the last minute, by API and by the project that pays. Safe to use from any thread."""

    def __init__(self, clock: Clock) -> None:
        self.caller = ""
        """The caller's own project, which pays for calls that name no other; empty: what is asked for pays."""
        self.retry_after: float | None = None
        """The seconds that a refusal asks to wait for; None: it does not say."""
        self._clock = clock
        self._lock = threading.Lock()
        self._limits: dict[tuple[str, str], int] = {("logging", ""): 60}
        self._calls: dict[tuple[str, str], deque[datetime]] = {}
        self._payers: list[str] = []
        self._refused = 0

    def put(self, api: str, per_minute: int, payer: str = "") -> None:
        """Let a project pay for so many calls a minute; every one, if it is not named. Raise ValueError without one."""
        if api not in _NAMES:
            raise ValueError(f"expected one of {', '.join(_NAMES)}, got {api!r}")
        with self._lock:
            self._limits[api, payer] = per_minute

    @contextmanager
    def paid_by(self, payer: str) -> Iterator[None]:
        """Let the calls of this block be paid by the project that a caller names; empty: it names none."""
        with self._lock:
            self._payers.append(payer or self.caller)
        token = _PAYER.set(payer)
        try:
            yield
        finally:
            _PAYER.reset(token)

    def count(self, api: str, project: str) -> None:
        """Count a call about a project. Raise `RefusalError` when it is one too many for this minute."""
        payer, now = _PAYER.get() or self.caller or project, self._clock()
        with self._lock:
            limit = self._limits.get((api, payer), self._limits.get((api, "")))
            calls = self._calls.setdefault((api, payer), deque())
            while calls and calls[0] <= now - _MINUTE:
                calls.popleft()
            if limit is not None and len(calls) >= limit:
                self._refused += 1
                raise self._refusal(api, payer, limit)
            calls.append(now)

    @property
    def refused(self) -> int:
        """How many calls were one too many."""
        with self._lock:
            return self._refused

    @property
    def payers(self) -> tuple[str, ...]:
        """Who was to pay for each call, of whatever API, in order of arrival."""
        with self._lock:
            return tuple(self._payers)

    def _refusal(self, api: str, payer: str, limit: int) -> RefusalError:
        name, service = _NAMES[api], f"{api}.googleapis.com"
        message = (
            f"Quota exceeded for quota metric '{name}' and limit '{name} per minute' of service '{service}' "
            f"for consumer 'project:{payer}'."
        )
        details = {"service": service, "consumer": f"projects/{payer}", "quota_limit_value": str(limit)}
        return RefusalError(
            "RESOURCE_EXHAUSTED",
            message,
            reason="RATE_LIMIT_EXCEEDED",
            details=details,
            retry_after=self.retry_after,
        )
