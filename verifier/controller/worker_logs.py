"""Step 8 of the story: what the worker's logs say, once they are whole and settled.

A reading is one question to Cloud Logging, a page at a time; a project may ask sixty a minute. What each is for:

1. after the end: are the logs whole, that is, is the last line of every attempt there? Nothing is decided by it.
2. when they had the time to settle since: an entry may arrive after those last lines. This one decides.

- Where the execution has failed, whatever it logged, nothing can be learned by the first, and it is left out.
- Stack traces that came without a level need what stands right before them, which is asked for with what is known of
  their moments. The first reading finds these, and the second one asks around them. Only where the second one finds
  others, or where it is the only one, is there another question.

So it is two readings where each of the two was made twice for the sake of stack traces, and one after a failure. The
second one is as complete as ever: it asks for everything, and what it asks around is never less than what it found.

While our part of the quota is used up, or the service says that it is, the logs wait: that time does not count against
the deadline for logs, and makes no verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from verifier.checks.accept import with_acceptance
from verifier.checks.policy import Worker
from verifier.checks.verdict import Check, Finding, Outcome
from verifier.checks.worker import exit_lines_will_come, is_certain, log_findings, logs_are_whole
from verifier.controller.attempt import Attempt, RequeueAt
from verifier.controller.ledger import Record
from verifier.controller.signals import logs_unread
from verifier.controller.worker_failures import fix_for, is_retryable
from verifier.errors import RateLimited, ServiceError
from verifier.facts.execution import Container, Execution, JobName, Phase, parse_execution_name
from verifier.facts.logs import LogFacts, Repeated
from verifier.redact import excerpt
from verifier.times import parse_time, show_time

_LOG_SECONDS = 20.0
"""For all pages together."""
_MOST_LOG_PAGES = 5
"""Pages with entries, of a thousand each, that one verdict reads."""
_MOST_EMPTY_PAGES = 25


@dataclass(frozen=True, slots=True)
class WorkerLogs:
    """What the logs say."""

    findings: tuple[Finding, ...]
    facts: LogFacts | None = None
    """None where they could not be read."""
    settled: bool = False
    """They were whole, and had the time to settle."""

    @property
    def is_whole(self) -> bool:
        """Whether every error in them is named."""
        return self.facts is not None and self.settled and not self.facts.truncated and not self.facts.more_errors


def inspect_logs(
    attempt: Attempt, execution: Execution, container: Container | None, worker: Worker
) -> WorkerLogs | RequeueAt:
    """Return what the logs say, or when to read them: until they are whole, settled or out of time.

    Where the verdict is certain already, they get the time to settle and no more. Raises ServiceError while what keeps
    us from reading them may be over soon.
    """
    attempt.step, ended = "logs", attempt.record.ended or attempt.now()
    attempt.note(ended=ended)
    settled = ended + worker.deadlines.settle
    if execution.phase is not Phase.SUCCEEDED and exit_lines_will_come(execution) and attempt.now() < settled:
        return RequeueAt(settled)  # the first reading: nothing is learned by it
    waited = _waited(attempt.record, attempt.now())
    is_out_of_time = attempt.now() >= ended + worker.deadlines.logs + waited
    try:
        return _twice_at_most(attempt, execution, container, worker, ended, is_out_of_time=is_out_of_time)
    except RateLimited as error:
        attempt.deployment.signal(logs_unread(attempt.key, ended, attempt.now(), error))
        return attempt.rate_limited(error, quota_since=attempt.record.quota_since or attempt.now())
    except ServiceError as error:
        attempt.deployment.signal(logs_unread(attempt.key, ended, attempt.now(), error))
        if is_retryable(attempt, error, out_of_time=is_out_of_time):
            raise
        return WorkerLogs((_unread(error),))


def _waited(record: Record, now: datetime) -> timedelta:
    """Return for how long the logs could not be asked for, for want of quota."""
    return timedelta(seconds=record.quota_seconds) + (now - record.quota_since if record.quota_since else timedelta())


def _twice_at_most(
    attempt: Attempt,
    execution: Execution,
    container: Container | None,
    worker: Worker,
    ended: datetime,
    *,
    is_out_of_time: bool,
) -> WorkerLogs | RequeueAt:
    """Read the logs around the stack traces that are known, and once more where that matters and shows others."""
    from verifier.facts.logs import MOST_UNLED

    around = [parse_time(moment) for moment in attempt.record.unled]
    facts = _read(attempt, execution, container, worker, around)
    attempt.note(quota_since=None, quota_seconds=round(_waited(attempt.record, attempt.now()).total_seconds()))
    answer = _said(attempt, execution, facts, worker, ended, is_out_of_time=is_out_of_time)
    if isinstance(answer, WorkerLogs) and not set(facts.unled) <= set(around):
        around = sorted({*around, *facts.unled})[:MOST_UNLED]
        facts = _read(attempt, execution, container, worker, around)
        answer = _said(attempt, execution, facts, worker, ended, is_out_of_time=is_out_of_time)
    if isinstance(answer, RequeueAt):
        known = sorted({*around, *facts.unled})[:MOST_UNLED]
        return replace(answer, changes={**answer.changes, "unled": tuple(map(show_time, known))})
    return answer


def _said(
    attempt: Attempt, execution: Execution, facts: LogFacts, worker: Worker, ended: datetime, *, is_out_of_time: bool
) -> WorkerLogs | RequeueAt:
    """Return what these logs say, or when to read them again."""
    if not exit_lines_will_come(execution):
        return _logs_say(execution, facts, worker, settled=False)
    is_whole = logs_are_whole(execution, facts, out_of_time=is_out_of_time)
    if is_certain(execution, facts):
        return _once_settled(attempt, execution, facts, worker, ended, is_whole=is_whole)
    if not is_whole:
        if not is_out_of_time and not facts.truncated:
            return attempt.requeue(worker.deadlines.settle.total_seconds())
        return _logs_say(execution, facts, worker, settled=False)
    return _once_settled(attempt, execution, facts, worker, attempt.record.whole or attempt.now(), is_whole=True)


def _once_settled(
    attempt: Attempt, execution: Execution, facts: LogFacts, worker: Worker, since: datetime, *, is_whole: bool
) -> WorkerLogs | RequeueAt:
    """Return what the logs say when they had the time to settle: an entry may arrive after the exit lines."""
    if attempt.now() < since + worker.deadlines.settle:
        whole = {"whole": attempt.record.whole or attempt.now()} if is_whole else {}
        return RequeueAt(since + worker.deadlines.settle, whole)
    return _logs_say(execution, facts, worker, settled=is_whole)


def _logs_say(execution: Execution, facts: LogFacts, worker: Worker, *, settled: bool) -> WorkerLogs:
    return WorkerLogs(log_findings(execution, facts, worker, settled=settled), facts, settled)


def _read(
    attempt: Attempt, execution: Execution, container: Container | None, worker: Worker, around: Sequence[datetime]
) -> LogFacts:
    """Return what the pages say that one verdict reads. Raises ServiceError."""
    facts = _read_once(attempt, execution, container, worker, around)
    job, _ = parse_execution_name(execution.name)
    return replace(facts, errors=_with_acceptance(attempt, job, worker, map(_redacted, facts.errors)))


def _read_once(
    attempt: Attempt,
    execution: Execution,
    container: Container | None,
    worker: Worker,
    around: Sequence[datetime],
) -> LogFacts:
    from verifier.facts.logs import LogReading, log_filter

    job, short_name = parse_execution_name(execution.name)
    own = container.name if container and len(execution.containers) > 1 else ""
    ran = (execution.started or execution.created, execution.completed)
    reading = LogReading(worker.logs, short_name, container=own, ran=ran, around=around)
    pages = attempt.services.logs.read(
        job.project, log_filter(execution, worker.logs, around), timeout=attempt.budget.seconds(_LOG_SECONDS)
    )
    more, full = True, 0
    for number, page in enumerate(pages, start=1):
        full += reading.feed(page.entries) > 0
        more = page.more
        if full >= _MOST_LOG_PAGES or number >= _MOST_EMPTY_PAGES:
            break
        attempt.budget.seconds(_LOG_SECONDS)  # raises where the next page is not to be asked for
    return reading.facts(truncated=more)


def _with_acceptance(
    attempt: Attempt, job: JobName, worker: Worker, errors: Iterable[Repeated]
) -> tuple[Repeated, ...]:
    accepts, today = attempt.deployment.policy.accepts, attempt.now().date()
    return with_acceptance(accepts, errors, job=job, worker=worker.trigger, today=today)


def _redacted(error: Repeated) -> Repeated:
    folded = tuple(replace(one, name=excerpt(one.name, 40)) for one in error.folded)
    return replace(error, name=excerpt(error.name, 200), excerpt=excerpt(error.excerpt, 1_500), folded=folded)


def _unread(error: ServiceError) -> Finding:
    return Finding(Check.LOGS_ARE_COMPLETE, Outcome.COULD_NOT_CHECK, error.said, fix_for(error))
