"""A job's log entries, read from Cloud Logging for a person who waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from verifier.facts.execution import JobName
from verifier.facts.logs import LogEntry, LogRules, job_filter
from verifier.history.logs_judged import Read
from verifier.history.summary import Notice, Problem

MOST_PAGES = 50
"""A minute's worth of Cloud Logging's quota, less what the function needs."""
_SECONDS = 300.0


def read_job(job: JobName, since: datetime, rules: LogRules, endpoint: str) -> Read:
    """Return a reading of the job's entries since then. Raise ServiceError where it cannot be made."""
    from verifier.adapters.cloud_logging import CloudLogging

    logging = CloudLogging(job.project, endpoint)

    def read(around: Sequence[datetime]) -> Iterator[tuple[JobName, LogEntry] | Notice | Problem]:
        wanted = job_filter(job, since, rules, around)
        for number, page in enumerate(logging.read(job.project, wanted, timeout=_SECONDS), 1):
            for entry in page.entries:
                yield job, entry
            if number >= MOST_PAGES and page.more:
                yield Problem(job.resource, f"more than {MOST_PAGES} pages of entries: ask for less with --since")
                return

    return read
