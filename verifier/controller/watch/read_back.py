"""The logs of runs of before a job was watched, read back into its book of errors, so that "new" can be said at once.

Once a minute a project, behind everything else that is read: 30 days back, as far as Cloud Run lists the executions and
their logs are kept, from the newest one on.

 1 take   the project's baseline, under a lease
 2 begin  with the next job that waits, where none is at hand
 3 list   its executions, down from where it has come; those of after the job was watched count when they end
 4 read   the logs of so many of them, in one question; where the answer is too long, of fewer the next time
 5 keep   what they had, in the baseline's own book, with how far it has come: one write, so that each counts once
 6 hand over, at the end, that book to the job's: every digest of it comes before those that are known (`earlier.py`)
 7 release the baseline, due in a minute while anything waits

What could not be read is in no book: then there is no record to compare with yet, as without all this. Where nothing
can be read for a day, what was read until then is handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from verifier.checks.job_runs import JobRuns
from verifier.checks.known_errors import ErrorBook
from verifier.checks.run_count import kind_of, short_name
from verifier.checks.watch.earlier import with_earlier
from verifier.config import Watched
from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.error_book import ERRORS, book_document, empty_book, name_of, parse_book
from verifier.controller.runs.baselines import (
    BASELINES,
    Baseline,
    ReadingBack,
    name_of_baseline,
    parse_baseline,
    write_baseline,
)
from verifier.controller.runs.evidence import run_of, setup_of
from verifier.controller.runs.job_runs import JOBS, name_of_job, parse_job
from verifier.controller.runs.job_work import is_wanted
from verifier.controller.watch.count_runs import RunToCount, is_in_the_book
from verifier.controller.watch.run_logs import LOG_SECONDS, ReadOfThePast, is_whole, read_runs
from verifier.errors import LostLease, Malformed, Missing, OutOfTime, RateLimited, Refused, ServiceError, Unavailable
from verifier.facts.execution import Execution, JobName
from verifier.facts.run import EndedRun, RunKind, has_ended
from verifier.redact import excerpt
from verifier.services import Stored
from verifier.times import show_time

LOOKS_BACK = timedelta(days=30)
MOST_QUESTIONS = 40
"""Of one job: where each run's logs are long, those of the newest runs are enough."""
MOST_PAGES = 2
"""Of the logs, in one question."""
ENOUGH_PAGES = 3
"""In one piece of work: when so many are read, nothing more is asked for."""
GIVEN_UP_AFTER = timedelta(days=1)
AGAIN = timedelta(seconds=50)
"""The next sweep comes a minute after the last one."""

_SHORTER = 4
_ENOUGH_TIME = timedelta(seconds=5)
"""In one piece of work: others wait for it where nobody listens to the work topic."""
_LEAST_SECONDS = LOG_SECONDS + 2 * CALL_SECONDS
_FIRST_BACKOFF = timedelta(minutes=1)
_LAST_BACKOFF = timedelta(hours=1)
_GONE_AFTER = 3
"""Failures in a row, before a job that is said not to exist does not."""
_USED_UP = timedelta(minutes=2)
_MOST_ERROR = 300
_TRIES = 6
_COUNT = (RunKind.OWN, RunKind.NOT_COMPARED)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """How a piece of it went."""

    trouble: str = ""
    """What went wrong for the first time; it is tried again."""
    ignored: str = ""
    """Why nothing was done, empty when something was."""


def read_back(stored: Stored, deployment: Deployment, watched: Watched, budget: Budget) -> ReadBack:
    """Read the next logs of a project's runs of before; what waits is due again, whatever happens.

    Raises ServiceError, Malformed and Stopping.
    """
    if not budget.has(_LEAST_SECONDS):
        return ReadBack(ignored="put off: too little time is left of this invocation")
    began, baseline = deployment.services.clock(), parse_baseline(stored.document)
    taken = replace(baseline, due=began + deployment.ledger.lease)
    written = write_baseline(taken, stored, deployment, budget.seconds(LEDGER_SECONDS))  # 1
    if written is None:
        return ReadBack(ignored="another invocation was faster")
    mine, past = _LeasedBaseline(taken, written, deployment), ReadOfThePast(MOST_PAGES)
    try:
        while not mine.baseline.is_over:
            done = _one_step(mine, past, watched, budget)
            is_enough = past.pages >= ENOUGH_PAGES or deployment.services.clock() >= began + _ENOUGH_TIME
            if done is not None or is_enough or not budget.has(_LEAST_SECONDS):
                return done or ReadBack()
    except LostLease:
        return ReadBack(ignored="another invocation has taken it over")
    finally:
        mine.release()  # 7
    return ReadBack()


class _LeasedBaseline:
    """The baseline that this invocation has leased, as it was last written."""

    def __init__(self, baseline: Baseline, stored: Stored, deployment: Deployment) -> None:
        self.baseline, self.deployment = baseline, deployment
        self.again = AGAIN
        """When it is due again after this."""
        self._leased, self._stored = baseline.due, stored

    def save(self, at: ReadingBack | None, taken: JobName | None = None, seconds: float = LEDGER_SECONDS) -> None:
        """Write how far it has come; `taken`: the job that waits no more. Raises LostLease and ServiceError."""
        self._write(lambda one: replace(one, at=at, waiting=tuple(job for job in one.waiting if job != taken)), seconds)

    def release(self) -> None:
        """Give it back, due while anything waits. Raises ServiceError."""
        due = self.deployment.services.clock() + self.again
        with suppress(LostLease):
            self._write(lambda one: replace(one, due=None if one.is_over else due), LEDGER_SECONDS)

    def _write(self, change: Callable[[Baseline], Baseline], seconds: float) -> None:
        """Write the change. Others may put jobs among those that wait, and nothing else while it is leased."""
        store, name = self.deployment.services.store, name_of_baseline(self.baseline.project)
        for _ in range(_TRIES):
            after = change(self.baseline)
            written = write_baseline(after, self._stored, self.deployment, seconds)
            if written is not None:
                self.baseline, self._stored = after, written
                return
            stored = store.read(BASELINES, name, timeout=seconds)
            found = parse_baseline(stored.document) if stored else None
            if stored is None or found is None or (found.due, found.at) != (self._leased, self.baseline.at):
                raise LostLease("another invocation has written the baseline")
            self.baseline, self._stored = found, stored
        raise Unavailable(f"others wrote what is read of before {_TRIES} times; try again later")


def _one_step(mine: _LeasedBaseline, past: ReadOfThePast, watched: Watched, budget: Budget) -> ReadBack | None:
    """Begin with a job, or read on; return how it went where nothing more is to be done now.

    Raises what the ledger raises, LostLease, OutOfTime and Stopping.
    """
    at, deployment = mine.baseline.at, mine.deployment
    if at is None:
        job = mine.baseline.waiting[0]
        mine.save(_begun(job, deployment, watched, budget), job, budget.seconds(LEDGER_SECONDS))  # 2
        return None
    try:
        after, is_over = _read_on(at, past, deployment, budget)  # 3 and 4
        if is_over:
            _hand_over(after, deployment, budget)  # 6
    except OutOfTime:
        raise
    except (ServiceError, Malformed) as error:
        return _failed(mine, at, error, budget)
    mine.save(None if is_over else after, seconds=budget.seconds(LEDGER_SECONDS))  # 5
    return None


def _begun(job: JobName, deployment: Deployment, watched: Watched, budget: Budget) -> ReadingBack | None:
    """Return the beginning of a job's reading; None where it is not watched any more. Raises ServiceError.

    None as well where a later version wrote what is known of the job, as the work on it says: no other waits for it.
    """
    try:
        known, now = _job(job, deployment, budget), deployment.services.clock()
    except Malformed:
        return None
    if known is None or not is_wanted(job, deployment, watched):
        return None
    return ReadingBack(job, now - LOOKS_BACK, known.begun, now, book=empty_book())


def _job(job: JobName, deployment: Deployment, budget: Budget) -> JobRuns | None:
    stored = deployment.services.store.read(JOBS, name_of_job(job), timeout=budget.seconds(LEDGER_SECONDS))
    return parse_job(stored.document) if stored else None


def _failed(mine: _LeasedBaseline, at: ReadingBack, error: ServiceError | Malformed, budget: Budget) -> ReadBack | None:
    """Note that a step failed, and return what is said of that; None where it is given up, with what was read.

    A quota that is used up is no failure: it is waited for.
    """
    said, deployment, seconds = f"the logs of before of {at.job.resource}: {error}", mine.deployment, LEDGER_SECONDS
    if isinstance(error, RateLimited):
        mine.again = max(_USED_UP, timedelta(seconds=min(error.retry_after or 0.0, _LAST_BACKOFF.total_seconds())))
        return ReadBack(ignored=said)
    is_gone = isinstance(error, Missing) and at.failures >= _GONE_AFTER
    if is_gone or deployment.services.clock() >= at.begun + GIVEN_UP_AFTER:
        with suppress(ServiceError, Malformed):
            _hand_over(at, deployment, budget)
        mine.save(None, seconds=seconds)
        return None
    mine.again = min(_FIRST_BACKOFF * 2 ** min(at.failures, 10), _LAST_BACKOFF)
    # A page token may not be taken any more: then the listing begins again, and goes on below what was read.
    page = "" if isinstance(error, Refused) else at.page
    mine.save(replace(at, failures=at.failures + 1, error=excerpt(str(error), _MOST_ERROR), page=page), seconds=seconds)
    # A job that is gone is told of where it is looked at.
    return ReadBack(ignored=said) if at.failures or isinstance(error, Missing) else ReadBack(said)


# 3 list, 4 read


def _read_on(at: ReadingBack, past: ReadOfThePast, deployment: Deployment, budget: Budget) -> tuple[ReadingBack, bool]:
    """Read the logs of the next runs; return how far it has come, and whether that is the end. Raises ServiceError."""
    jobs = deployment.services.jobs
    page = jobs.listed(at.job, at.since, at.page, timeout=budget.seconds(CALL_SECONDS))
    runs = _runs(at, page.executions, deployment, budget)
    at = replace(at, failures=0, error="")
    if not runs:
        return replace(at, page=page.next_page), not page.next_page
    some, left = runs[: at.most], runs[at.most :]
    facts = read_runs(some, deployment, budget, past)
    at = replace(at, questions=at.questions + 1)
    if len(some) > 1 and any(one.truncated for one in facts.values()):
        return replace(at, most=max(1, len(some) // _SHORTER)), at.questions >= MOST_QUESTIONS
    read = [RunToCount(run, facts[run.execution], is_whole(run, facts[run.execution])) for run in reversed(some)]
    after = replace(
        at,
        book=with_earlier(at.book, _book_of(read, deployment)),
        reach=_mark(some[-1].created, short_name(some[-1].execution)),
        page=at.page if left else page.next_page,
    )
    return after, not (left or page.next_page) or at.questions >= MOST_QUESTIONS


def _runs(at: ReadingBack, executions: Sequence[Execution], deployment: Deployment, budget: Budget) -> list[EndedRun]:
    """Return those of these executions that are to be read, newest first. Raises ServiceError, and Missing."""
    ended = [one for one in executions if has_ended(one) and not one.build and one.created < at.until]
    below = [one for one in ended if not at.reach or _mark(one.created, short_name(one.name)) < at.reach]
    known = _job(at.job, deployment, budget) if below else None
    if known is None:
        return []
    setup = setup_of(at.job, deployment, budget)
    kinds = [(one, kind_of(one, known, None, setup)) for one in below]
    runs = [run_of(one, known, deployment.policy, kind) for one, kind in kinds if kind in _COUNT]
    return sorted((run for run in runs if run.digest), key=lambda run: (run.created, run.execution), reverse=True)


def _mark(created: datetime, short: str) -> str:
    return f"{show_time(created)} {short}"


def _book_of(runs: Sequence[RunToCount], deployment: Deployment) -> ErrorBook:
    """Return the book of these runs alone, in the order of their creation."""
    book = empty_book()
    for one in runs:
        run = one.run
        book = book.running(run.digest, run.created)
        if one.facts is not None and is_in_the_book(one, book, deployment):
            name = short_name(run.execution)
            book = book.with_run(one.facts.errors, run=name, digest=run.digest, created=run.created, now=run.ended)
    return book


# 6 hand over


def _hand_over(at: ReadingBack, deployment: Deployment, budget: Budget) -> None:
    """Put what was read before what the job's book has, once. Raises ServiceError and Malformed."""
    store, name = deployment.services.store, name_of(at.job)
    if not any(ran.runs for ran in at.book.digests):
        return
    for _ in range(_TRIES):
        stored = store.read(ERRORS, name, timeout=budget.seconds(LEDGER_SECONDS))
        book = parse_book(stored.document) if stored else empty_book()
        if book.read_back is not None:
            return
        after = replace(with_earlier(book, at.book), read_back=at.until)
        document, timeout = book_document(after, at.job, f"before@{at.until}"), budget.seconds(LEDGER_SECONDS)
        if stored is None:
            written = store.create(ERRORS, name, document, timeout=timeout)
        else:
            written = store.replace(ERRORS, name, document, stored.revision, timeout=timeout)
        if written is not None:
            return
    raise Unavailable(f"{at.job.resource}: others wrote what is known of its errors {_TRIES} times; try again later")
