"""The work on one watch, whenever it is due: a checkpoint, its end, or something that is still to be told.

1 take    the watch, under a lease
2 judge   what its build is by now; whether another digest has taken its place; its checkpoint; its end.
          None of it before the logs of its runs until then are read, or given up
3 save    all that, with what is to be told of it; then have the watch looked at whose place this one has taken
4 tell    one thing after the other, each taken out once it is told
5 release the watch, due for its next checkpoint or its end
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from verifier.checks.job_runs import JobRuns
from verifier.checks.watch.book import ErrorStanding, absent
from verifier.checks.watch.ending import LONGEST, ended_by_itself, next_end, replaced
from verifier.checks.watch.telling import at_checkpoint, next_checkpoint
from verifier.checks.watch.watching import DAY, Watch
from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.error_book import ERRORS, name_of, parse_book
from verifier.controller.ledger_scan import LedgerRange, LedgerScan
from verifier.controller.runs.job_runs import JOBS, RUNS, name_of_job, parse_job
from verifier.controller.watch.count_runs import wake, with_build
from verifier.controller.watch.outbox import publish_item, tell_item, with_end, with_news
from verifier.controller.watch.watch_document import WATCHES, KeptWatch, parse_watch, watch_document
from verifier.errors import LostLease, Malformed, OutOfTime, ServiceError
from verifier.facts.execution import JobName
from verifier.reporting.running_text import short_build, short_digest
from verifier.services import Document, Stored
from verifier.times import parse_time, show_time

SETTLED = timedelta(minutes=6)
"""A checkpoint waits for so long: only then the logs of what ended before it are read."""
_TELL_AGAIN = timedelta(minutes=5)
_PUT_OFF = timedelta(hours=1)
_WAIT = timedelta(minutes=1)
_WAITING = (RUNS, "reading", ("job", "digest", "ended"))
_MOST_WAITING = 5_000
"""Runs of all jobs that wait for their logs: one team's, whose logs can't be read, keep no other's watch waiting."""
_OWED_SECONDS = LEDGER_SECONDS


@dataclass(frozen=True, slots=True)
class WatchWorked:
    """How the work on one watch went."""

    trouble: str = ""
    """What went wrong, empty when nothing did; it is due again."""
    ignored: str = ""
    """Why nothing was done, empty when something was."""


class _Mine:
    """A watch that this invocation has leased, as it was last written."""

    def __init__(self, name: str, kept: KeptWatch, stored: Stored, deployment: Deployment) -> None:
        self.kept = kept
        self._name, self._stored, self._deployment = name, stored, deployment

    def save(self, kept: KeptWatch, seconds: float = LEDGER_SECONDS) -> None:
        """Write it. Raises LostLease where another has written it, and ServiceError."""
        if kept == self.kept:
            return
        store = self._deployment.services.store
        written = store.replace(WATCHES, self._name, watch_document(kept), self._stored.revision, timeout=seconds)
        if written is None:
            raise LostLease("another invocation has written the watch")
        self.kept, self._stored = kept, written


def work_watch(name: str, stored: Stored, deployment: Deployment, budget: Budget) -> WatchWorked:
    """Do what is to be done about this watch now. Raises ServiceError, Stopping and Malformed: it is due again then."""
    kept, now = parse_watch(stored.document), deployment.services.clock()
    leased = now + deployment.ledger.lease
    if kept.leased is not None and now < kept.leased <= leased:
        return WatchWorked(ignored="another invocation works on it")
    taken = replace(kept, due=leased, leased=leased)
    written = deployment.services.store.replace(
        WATCHES, name, watch_document(taken), stored.revision, timeout=budget.seconds(LEDGER_SECONDS)
    )
    if written is None:
        return WatchWorked(ignored="another invocation was faster")
    mine = _Mine(name, taken, written, deployment)  # 1
    try:
        judged = _judged(mine.kept, deployment, budget, now)  # 2
        mine.save(judged or mine.kept)  # 3
        if mine.kept.wakes:
            wake(mine.kept.watch.job, mine.kept.wakes, now, deployment, budget)
            mine.save(replace(mine.kept, wakes=""))
        trouble = _tell(mine, deployment, budget)  # 4
        due = next_due(mine.kept.watch, deployment, now) if judged else now + _WAIT
        due = now + _TELL_AGAIN if mine.kept.outbox else due
        mine.save(replace(mine.kept, due=due, leased=None), _OWED_SECONDS)  # 5
    except LostLease:
        return WatchWorked(ignored="runs were counted meanwhile: it is due again")
    except Malformed as error:  # what is known of its job was written by a later version, perhaps
        mine.save(replace(mine.kept, due=now + _PUT_OFF, leased=None), _OWED_SECONDS)
        return WatchWorked(str(error))
    return WatchWorked(trouble)


def next_due(watch: Watch, deployment: Deployment, now: datetime) -> datetime | None:
    """Return when the watch is to be looked at again if nothing runs meanwhile."""
    moments = [next_checkpoint(watch, deployment.policy.watch.checkpoints), next_end(watch, now)]
    found = min((moment for moment in moments if moment is not None), default=None)
    return max(found + SETTLED, now + timedelta(minutes=1)) if found is not None else None


def _judged(kept: KeptWatch, deployment: Deployment, budget: Budget, now: datetime) -> KeptWatch | None:
    """Return the watch as it stands now, with what is to be told of it; None where runs are to be read before.

    Raises ServiceError and Malformed.
    """
    job = _job(kept.watch.job, deployment, budget)
    watch = with_build(kept.watch, job.of(kept.watch.digest) if job else None)
    kept = replace(kept, watch=watch)
    if watch.ended is not None:
        return kept
    successor = _successor(watch, job)
    if successor is None:
        checkpoints = deployment.policy.watch.checkpoints
        # It is looked at a little later than it is called, when the logs of what ended until then are read.
        then = now if watch.rare else now - SETTLED
        after, news = at_checkpoint(watch, then, checkpoints)
        is_over = ended_by_itself(watch, then).ended is not None
        reached = max((moment for moment in _moments(watch, checkpoints) if moment <= then), default=then)
        if (news or is_over) and _waits_for_logs(watch, max(reached, watch.until or reached), deployment, budget):
            return None
        if news:
            gone = _absent(watch, deployment, budget)
            kept = with_news(replace(kept, watch=after), news, deployment, now, gone)
        over = ended_by_itself(kept.watch, then)
        return with_end(replace(kept, watch=over), "", now) if over.ended else kept
    if _waits_for_logs(watch, now, deployment, budget):
        return None
    over = replaced(watch, now, successor.digest, is_older=successor.is_older)
    return with_end(replace(kept, watch=over), successor.called, now)


def _moments(watch: Watch, checkpoints: Sequence[timedelta]) -> list[datetime]:
    """Return when there is something to be said of it: later runs, which may be read much later, don't put that off."""
    return [watch.since + span for span in (*checkpoints, DAY)]


def _waits_for_logs(watch: Watch, until: datetime, deployment: Deployment, budget: Budget) -> bool:
    """Return whether runs of it that ended until then are known whose logs are still to be read. Raises ServiceError.

    After an hour each is given up; one that waits for a week is of a later version, and not waited for. Where more wait
    than are looked at, one of its own may be among them.
    """
    now, own = deployment.services.clock(), (watch.job.resource, watch.digest)
    waiting = LedgerScan(
        deployment.services.store, budget, LedgerRange(_WAITING, "", show_time(now + DAY)), _MOST_WAITING
    )
    return (
        any(
            (run.get("job"), run.get("digest")) == own and now - LONGEST <= parse_time(str(run.get("ended"))) <= until
            for _, run in waiting
        )
        or waiting.is_cut
    )


@dataclass(frozen=True, slots=True)
class _Successor:
    digest: str
    called: str
    """What people call it."""
    is_older: bool
    """It ran before this watch's own digest ever did."""


def _successor(watch: Watch, job: JobRuns | None) -> _Successor | None:
    """Return what the job runs in this one's place; None where that is nothing else."""
    now = job.now if job else None
    own = job.of(watch.digest) if job else None
    if now is None or now.digest == watch.digest or (own is not None and own.last > now.last):
        return None
    called = now.commit[:7] or (f"build {short_build(now.build)}" if now.build else short_digest(now.digest))
    return _Successor(now.digest, called, is_older=now.since < (own.since if own else watch.since))


def _job(name: JobName, deployment: Deployment, budget: Budget) -> JobRuns | None:
    stored = deployment.services.store.read(JOBS, name_of_job(name), timeout=budget.seconds(LEDGER_SECONDS))
    return parse_job(stored.document) if stored else None


def _absent(watch: Watch, deployment: Deployment, budget: Budget) -> tuple[ErrorStanding, ...]:
    """Return what was there before and no run has had; nothing where a later version wrote it. Raises ServiceError."""
    stored = deployment.services.store.read(ERRORS, name_of(watch.job), timeout=budget.seconds(LEDGER_SECONDS))
    if stored is None:
        return ()
    try:
        book = parse_book(stored.document)
    except Malformed:
        return ()
    here = [error.identity for error in watch.errors]
    return absent(book, digest=watch.digest, created=watch.since, unless=here)


def _tell(mine: _Mine, deployment: Deployment, budget: Budget) -> str:
    """Tell what is to be told, and return what went wrong. Raises LostLease, OutOfTime and Stopping.

    What can't be told keeps what comes after it waiting; what can't be published does not.
    """
    unpublished, rest, trouble = tuple[Document, ...](), mine.kept.outbox, ""
    while rest:
        first, *others = rest
        rest = tuple(others)
        try:
            if not first.get("said"):
                tell_item(mine.kept, first, deployment, budget)
        except OutOfTime:
            raise
        except (ServiceError, Malformed) as error:
            return str(error)
        trouble = trouble or _unpublished(first, deployment, budget)
        if trouble and first["payload"] is not None:
            unpublished = (*unpublished, {**first, "said": True})
        mine.save(replace(mine.kept, outbox=(*unpublished, *rest)), budget.seconds(LEDGER_SECONDS))
    return trouble


def _unpublished(item: Document, deployment: Deployment, budget: Budget) -> str:
    """Publish an item, and return why that was not possible; empty where it was. Raises OutOfTime and Stopping."""
    try:
        publish_item(item, deployment, budget)
    except OutOfTime:
        raise
    except ServiceError as error:
        return str(error)
    return ""
