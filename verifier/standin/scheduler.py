"""The stand-in's Cloud Scheduler: it runs jobs again and again, each on the image that its tag points at by then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from verifier.standin.job_book import JobPath


@dataclass(frozen=True, slots=True)
class DueRun:
    """A run of a job that is due."""

    path: JobPath
    at: datetime
    account: str
    """The scheduler's service account, on whose behalf it runs."""


@dataclass(slots=True)
class _Schedule:
    every: timedelta
    account: str
    next: datetime


class JobScheduler:
    """A schedule a job. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._schedules: dict[JobPath, _Schedule] = {}

    def put(self, path: JobPath, *, every: float, first: datetime, account: str) -> None:
        """Run a job every so many seconds from a moment on, in place of its schedule before.

        Raise ValueError for no time between two runs.
        """
        if every <= 0:
            raise ValueError(f"expected some seconds between two runs, got {every}")
        with self._lock:
            self._schedules[path] = _Schedule(timedelta(seconds=every), account, first)

    def pause(self, path: JobPath) -> None:
        """Run a job no more."""
        with self._lock:
            self._schedules.pop(path, None)

    def next_moment(self) -> datetime | None:
        """Return when the next run is due; None where nothing is scheduled."""
        with self._lock:
            return min((schedule.next for schedule in self._schedules.values()), default=None)

    def due(self, now: datetime) -> Iterator[DueRun]:
        """Yield each run that is due by now, once, in the order of their moments."""
        while (run := self._next(now)) is not None:
            yield run

    def _next(self, now: datetime) -> DueRun | None:
        with self._lock:
            if not self._schedules:
                return None
            path, schedule = min(self._schedules.items(), key=lambda item: item[1].next)
            if schedule.next > now:
                return None
            run = DueRun(path, schedule.next, schedule.account)
            schedule.next += schedule.every
            return run
