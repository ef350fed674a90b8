"""One execution of a watched job has ended, somebody says: it is confirmed by Cloud Run, and counted once.

 1 read     what is known of the job; what is counted already ends here
 2 confirm  the execution, from Cloud Run: the only truth; the message's digests and counts are never looked at
 3 keep     its small document, created if absent
 4 count    it in the job's document, by compare-and-set

That is one call to Cloud Run and three to the ledger, and no log is read. Whatever stops it between 3 and 4, the next
message or look finds the document of an execution that is not counted, and counts it (`checks/run_count.py` says how
that is told). What can't be confirmed now is left to the next look (`look.py`), which is then due: it needs no message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from verifier.checks.job_runs import MOST_RECENT, JobRuns
from verifier.checks.run_count import (
    counted,
    is_below,
    is_of_age,
    is_recent,
    kind_of,
    short_name,
    with_open,
    with_setup,
)
from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.runs.evidence import run_of, setup_of
from verifier.controller.runs.job_runs import RUNS, name_of_run
from verifier.controller.runs.job_updates import JobUpdates, sooner
from verifier.controller.runs.run_document import run_document
from verifier.errors import Missing, OutOfTime, ServiceError, Unavailable
from verifier.facts.execution import Execution, JobSetup, parse_execution_name
from verifier.facts.run import EndedRun, has_ended

_EARLY = timedelta(minutes=2)
"""After which an execution is looked at again that is said to have ended and has not."""


class Seen(StrEnum):
    """What became of the message."""

    COUNTED = "counted"
    ALREADY = "counted before"
    NOT_ENROLLED = "its job is not watched yet"
    EARLY = "it has not ended: it is looked at again"
    GONE = "there is no such execution"
    NOT_OF_AGE = "it was created before its job was watched, or too long ago"
    TRIAL = "it names a build: the next look tells whether it is a trial"
    LATE = "it is older than what was looked through: the next look counts it"
    UNREAD = "it can't be read now: the next look counts it"


@dataclass(frozen=True, slots=True)
class Observed:
    """How the observation of one execution went."""

    seen: Seen
    trouble: str = ""
    """What went wrong, empty when nothing did; the job is due again."""

    @property
    def is_uncounted(self) -> bool:
        """Whether it is said in the function's own log that nothing was counted."""
        return not self.trouble and self.seen not in (Seen.COUNTED, Seen.ALREADY)


def observe(execution: str, generation: int | None, deployment: Deployment, budget: Budget) -> Observed:
    """Count this execution of a watched job, if it has ended and is not counted; `generation` is its job's, it is said.

    Raises ServiceError when nothing could be promised: the message is to come again; Stopping; and Malformed for what
    another version of this program stored.
    """
    name, short = parse_execution_name(execution)
    known = JobUpdates.read(name, deployment, budget)  # 1
    if known is None:
        return Observed(Seen.NOT_ENROLLED)
    if is_recent(known.job, short):
        return Observed(Seen.ALREADY)
    now = deployment.services.clock()
    try:
        found = _confirmed(execution, deployment, budget)  # 2
    except Missing:
        return Observed(Seen.GONE)
    except OutOfTime:
        raise
    except ServiceError as error:
        known.write(lambda job: sooner(job, now, look=True))
        return Observed(Seen.UNREAD, str(error))
    if not is_of_age(known.job, found.created, now):
        return Observed(Seen.NOT_OF_AGE)
    if not has_ended(found):
        known.write(lambda job: sooner(job, now + _EARLY, look=True))
        return Observed(Seen.EARLY)
    if found.build:
        return Observed(Seen.TRIAL)
    if is_below(known.job, short, found.created):
        return _late(found, known)
    return _count(found, generation, known)


def _confirmed(execution: str, deployment: Deployment, budget: Budget) -> Execution:
    """Return the execution as Cloud Run has it. Raises ServiceError."""
    found = deployment.services.jobs.observe(execution, timeout=budget.seconds(CALL_SECONDS))
    if found.name != execution:
        raise Unavailable(f"reading execution {execution}: the answer is about {found.name!r}; try again later")
    return found


def _late(found: Execution, known: JobUpdates) -> Observed:
    """Have an execution counted later that a look has passed, unless it is counted. Raises ServiceError.

    Only once the job's document says that it is still to be counted may it have a document of its own.
    """
    store, budget = known.deployment.services.store, known.budget
    if store.read(RUNS, name_of_run(found.name), timeout=budget.seconds(LEDGER_SECONDS)) is not None:
        return Observed(Seen.ALREADY)
    now, short = known.deployment.services.clock(), short_name(found.name)
    if not known.write_once(lambda job: sooner(with_open(job, [(short, found.created)]), now, look=True)):
        # It may be counted by now, in a document that was not there a moment ago.
        raise Unavailable(f"{found.name}: others wrote what is known of its job's runs; try again later")
    return Observed(Seen.LATE)


def _count(found: Execution, generation: int | None, known: JobUpdates) -> Observed:
    """Keep the run, and count it. Raises ServiceError."""
    deployment, budget = known.deployment, known.budget
    setup, unread = _setup(known.job, generation, deployment, budget)
    job = with_setup(known.job, setup, unread)
    run = run_of(found, job, deployment.policy, kind_of(found, job, generation, None), generation)
    keep(run, deployment, budget)  # 3
    now = deployment.services.clock()
    known.write(lambda job: with_runs(with_setup(job, setup, unread), [run], now))  # 4
    return Observed(Seen.COUNTED)


def with_runs(job: JobRuns, runs: Sequence[EndedRun], now: datetime) -> JobRuns:
    """Return the job with these runs counted; it is due where that says something new of what it runs."""
    after = job
    for run in runs:
        after = counted(after, run)
    if after.digest != job.digest or {one.digest for one in after.digests} - {one.digest for one in job.digests}:
        after = sooner(after, now, look=False)
    if runs and job.problem and not job.failures:
        # It was not found when it was looked at last, and has run since: it is there.
        after = sooner(replace(after, problem=""), now, look=True)
    return sooner(after, now, look=True) if len(after.recent) > MOST_RECENT // 2 else after


def keep(run: EndedRun, deployment: Deployment, budget: Budget) -> None:
    """Create the run's own document, unless there is one. Raises ServiceError."""
    timeout = budget.seconds(LEDGER_SECONDS)
    deployment.services.store.create(RUNS, name_of_run(run.execution), run_document(run), timeout=timeout)


def _setup(
    job: JobRuns, generation: int | None, deployment: Deployment, budget: Budget
) -> tuple[JobSetup | None, int | None]:
    """Read how the job is set up, where somebody says that it has changed; else, or where it can't be read, None.

    With it comes the generation that could not be read, so that it is asked for once. Raises OutOfTime and Stopping.
    """
    if generation is None or generation <= (job.generation or 0):
        return None, None
    try:
        setup = setup_of(job.job, deployment, budget)
    except Missing:
        setup = None
    return setup, None if setup else generation
