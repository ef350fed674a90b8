"""The services, with each read of Cloud Build and Cloud Logging counted against the quota of the project that pays.

A read waits a little for its turn, within its own timeout; then it raises QuotaWait, and whoever made it releases the
record until then. A build and a worker's logs are read for a verdict; listings, submitters and the logs of runs go
after those, and what was before a job was watched goes last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from verifier.controller.quota.held_calls import Api
from verifier.controller.quota.portions import Reader
from verifier.controller.quota.quota import Quota
from verifier.errors import OutOfTime, RateLimited
from verifier.facts.build import Build, BuildKey
from verifier.facts.submitter import Submitter
from verifier.services import (
    Announcer,
    Audit,
    BuildPage,
    Builds,
    Chat,
    CreatedPage,
    Jobs,
    LogPage,
    Logs,
    Services,
    Store,
    Submitters,
    Triggers,
    Uploads,
    WorkTopic,
)

T = TypeVar("T")
_PATIENCE_SECONDS = 5.0
"""For which a call waits for its turn: of listings, no more are handed out than there are."""
_LEAST_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class MeteredServices:
    """The services that these are, but for what is counted."""

    services: Services
    quota: Quota
    payer: Callable[[str], str]
    """The project whose quota pays for reads in a project."""

    @property
    def store(self) -> Store:
        """The ledger's storage."""
        return self.services.store

    @property
    def builds(self) -> Builds:
        """Cloud Build, counted."""
        return _MeteredBuilds(self)

    @property
    def triggers(self) -> Triggers:
        """Cloud Build's triggers: a quota of their own, and kept for minutes."""
        return self.services.triggers

    @property
    def jobs(self) -> Jobs:
        """Cloud Run."""
        return self.services.jobs

    @property
    def logs(self) -> Logs:
        """Cloud Logging, reading, counted."""
        return _MeteredLogs(self)

    @property
    def uploads(self) -> Uploads | None:
        """Cloud Storage, where uploads are to be read."""
        return self.services.uploads

    @property
    def submitters(self) -> Submitters:
        """Cloud Audit Logs, counted as reads of Cloud Logging."""
        return _MeteredSubmitters(self)

    @property
    def audit(self) -> Audit:
        """Cloud Logging, writing."""
        return self.services.audit

    @property
    def chat(self) -> Chat:
        """Slack."""
        return self.services.chat

    @property
    def announcer(self) -> Announcer | None:
        """The topic for verdicts, where there is one."""
        return self.services.announcer

    @property
    def work_topic(self) -> WorkTopic | None:
        """The topic for the function's own work, where there is one."""
        return self.services.work_topic

    @property
    def clock(self) -> Callable[[], datetime]:
        """The clock."""
        return self.services.clock

    @property
    def pause(self) -> Callable[[float], object]:
        """Lets so many seconds pass."""
        return self.services.pause

    def listings(self, project: str) -> tuple[str, int]:
        """Return who pays for listings in a project, and how many a minute; 0: as many as one likes."""
        payer = self.payer(project)
        return payer, self.quota.for_others((Api.BUILDS, payer))

    def counted(self, api: Api, project: str, reader: Reader, timeout: float, call: Callable[[float], T]) -> T:
        """Return what the call gives, once it is its turn; it is told the seconds that are left. Raise ServiceError."""
        until = self.clock() + timedelta(seconds=timeout)
        patience = min(_PATIENCE_SECONDS, timeout / 2)
        self.quota.take((api, self.payer(project)), reader, timeout=timeout / 2, patience=patience)
        left = self.left(until)
        try:
            return call(left)
        except RateLimited as error:
            # Who pays may be known since the call.
            raise self.quota.refused((api, self.payer(project)), reader, error, timeout=timeout) from error

    def left(self, until: datetime) -> float:
        """Return the seconds left of a call's time. Raise OutOfTime when it went by while nothing was asked."""
        seconds = (until - self.clock()).total_seconds()
        if seconds < _LEAST_SECONDS:
            raise OutOfTime("the time for this call went by before it was its turn; the next attempt goes on")
        return seconds


@dataclass(frozen=True, slots=True)
class _MeteredBuilds:
    of: MeteredServices

    def fetch(self, key: BuildKey, *, timeout: float) -> Build:
        """See `services.Builds.fetch`."""
        return self.of.counted(
            Api.BUILDS,
            key.project,
            Reader.VERDICT,
            timeout,
            lambda left: self.of.services.builds.fetch(key, timeout=left),
        )

    def finished(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> BuildPage:
        """See `services.Builds.finished`."""
        return self.of.counted(
            Api.BUILDS,
            project,
            Reader.OTHER,
            timeout,
            lambda left: self.of.services.builds.finished(project, location, since, until, page, timeout=left),
        )

    def created(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> CreatedPage:
        """See `services.Builds.created`."""
        return self.of.counted(
            Api.BUILDS,
            project,
            Reader.OTHER,
            timeout,
            lambda left: self.of.services.builds.created(project, location, since, until, page, timeout=left),
        )


@dataclass(frozen=True, slots=True)
class _MeteredLogs:
    of: MeteredServices

    def read(
        self, project: str, filter_text: str, *, waits: bool = False, last: bool = False, timeout: float
    ) -> Iterator[LogPage]:
        """See `services.Logs.read`. Every page is a call; a reading that has begun waits for its next page."""
        until = self.of.clock() + timedelta(seconds=timeout)
        patience = min(_PATIENCE_SECONDS, timeout / 2)
        pages: Iterator[LogPage] | None = None
        reader = Reader.LAST if last else Reader.OTHER if waits else Reader.VERDICT
        while True:
            key = (Api.LOGGING, self.of.payer(project))
            self.of.quota.take(key, reader, timeout=self.of.left(until), patience=patience)
            try:
                pages = pages or self.of.services.logs.read(project, filter_text, timeout=self.of.left(until))
                page = next(pages, None)
            except RateLimited as error:
                key = (Api.LOGGING, self.of.payer(project))
                raise self.of.quota.refused(key, reader, error, timeout=_LEAST_SECONDS) from error
            if page is None:
                return
            yield page
            if not page.more:
                return
            patience = max(self.of.left(until) - _PATIENCE_SECONDS, 0.0)


@dataclass(frozen=True, slots=True)
class _MeteredSubmitters:
    of: MeteredServices

    def submitter(self, key: BuildKey, created: datetime, *, timeout: float) -> Submitter | None:
        """See `services.Submitters.submitter`."""
        return self.of.counted(
            Api.LOGGING,
            key.project,
            Reader.OTHER,
            timeout,
            lambda left: self.of.services.submitters.submitter(key, created, timeout=left),
        )
