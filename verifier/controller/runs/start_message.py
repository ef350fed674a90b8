"""The one message about what runs when watching begins: for all jobs together, an hour after the first was seen to run.

`marks/running` says when that was, and whether the message was said. Jobs that are watched later are in none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import Enum

from verifier.checks.job_runs import JobRuns
from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import MARKS
from verifier.controller.runs.job_runs import JOBS, parse_job
from verifier.controller.says import Saying, say
from verifier.errors import Malformed
from verifier.reporting.running_text import start_lines
from verifier.times import parse_time, show_time

GATHERS_FOR = timedelta(hours=1)
"""So long what runs is gathered."""
MARK = "running"

_MOST_JOBS = 500
_FAR = "9999"


class StartMessage(Enum):
    """What becomes of the message."""

    WAITS = "what runs is gathered"
    SAID = "it is said now, with what every job runs"
    BEFORE = "it was said before"


def start_message(deployment: Deployment, budget: Budget) -> StartMessage:
    """Say the message if it is time to. Raises ServiceError; made again, it is the same message."""
    store, now = deployment.services.store, deployment.services.clock()
    stored = store.read(MARKS, MARK, timeout=budget.seconds(LEDGER_SECONDS))
    if stored is None:
        first = {"begun": show_time(now), "said": None}
        store.create(MARKS, MARK, first, timeout=budget.seconds(LEDGER_SECONDS))
        return StartMessage.WAITS
    begun, said = parse_time(stored.document["begun"]), stored.document["said"]
    if said:
        return StartMessage.BEFORE
    if now < begun + GATHERS_FOR:
        return StartMessage.WAITS
    lines = start_lines(_watched(deployment, budget))
    say(deployment, Saying("running/start", "", tuple(lines)), budget)
    document = {**stored.document, "said": show_time(now)}
    store.replace(MARKS, MARK, document, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))
    return StartMessage.SAID


def _watched(deployment: Deployment, budget: Budget) -> Iterator[JobRuns]:
    """Yield the watched jobs as they are stored; one that a later version wrote is left out. Raises ServiceError."""
    page = deployment.services.store.due(JOBS, _FAR, _MOST_JOBS, timeout=budget.seconds(LEDGER_SECONDS))
    for _, stored in page:
        try:
            job = parse_job(stored.document)
        except Malformed:
            continue
        if deployment.policy.watches(job.job):
            yield job
