"""The worker's trial of a build's image: find or start its execution, observe it, read its logs, compare the image.

Each function either returns findings or raises `RequeueAt`: nothing here waits for a job.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from verifier.checks.policy import Worker
from verifier.checks.verdict import Check, Finding, Outcome
from verifier.checks.worker import (
    exit_lines_will_come,
    image_finding,
    log_findings,
    logs_are_whole,
    not_started,
    run_findings,
)
from verifier.controller.attempt import Attempt, RequeueAt
from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS
from verifier.controller.ledger import BUILDS, failures
from verifier.errors import Denied, Missing, OutOfTime, ServiceError, Stopping, Unavailable
from verifier.facts.build import Build, BuildKey
from verifier.facts.execution import (
    BUILD_VARIABLE,
    Execution,
    JobName,
    Phase,
    parse_execution_name,
    parse_job_name,
)
from verifier.facts.logs import LogFacts, LogReading, Repeated, log_filter
from verifier.redact import excerpt

_LOG_SECONDS = 20.0
"""For all pages together."""
_LOOK_AGAIN = timedelta(seconds=60)
"""Between two looks for an execution that may have been started: the list may lag behind."""
_FIRST_POLL_SECONDS = 60.0
_LAST_POLL_SECONDS = 600.0
_MOST_LOG_PAGES = 5
"""Pages with entries, of a thousand each, that one verdict reads."""
_MOST_EMPTY_PAGES = 25
_CLOCK_SKEW = timedelta(minutes=1)
_LEAST_STARTS = 2
"""Unanswered requests to start a worker, before none is made any more."""
_TRIES = 5
"""Failures in a row, a quarter of an hour with the pauses between them, before one is taken to last."""


class _Unanswered(Exception):
    """Cloud Run was asked to start it, more than once and for long, and never said whether it did."""


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """What came of it."""

    findings: tuple[Finding, ...]
    errors: tuple[Repeated, ...] = ()
    """What the logs complained of, redacted."""


def run_worker(attempt: Attempt, build: Build, worker: Worker) -> WorkerResult:
    """Steps 6 to 9 of the story. Raises Later while there is something to wait for, and ServiceError."""
    try:
        execution = _observe(attempt, _execution(attempt, build, worker))
    except _Unanswered as error:
        return WorkerResult(not_started(str(error), "build again when Cloud Run answers"))
    except ServiceError as error:
        if attempt.ledger_failed or _may_heal(attempt, error, out_of_time=_overdue(attempt, worker)):
            raise
        if attempt.record.execution:
            return WorkerResult((_unseen(error),))
        may_run = attempt.noted.get("intent", attempt.record.intent) is not None
        return WorkerResult(
            not_started(f"it may have been started; {error.said}" if may_run else error.said, _fix(error))
        )
    if execution.build != attempt.key.name:
        return WorkerResult((_strange(execution),))
    _wait_for_end(attempt, execution, worker)
    findings = [*run_findings(execution, worker, attempt.now()), _image(attempt, build, execution, worker)]
    if attempt.record.extras:
        findings[0] = replace(findings[0], seen=f"{findings[0].seen}; also started: {', '.join(attempt.record.extras)}")
    if execution.phase is Phase.WAITING:
        return WorkerResult(tuple(findings))
    facts, settled = _inspect(attempt, execution, worker)
    if isinstance(facts, ServiceError):
        return WorkerResult((*findings, _unread(facts)))
    return WorkerResult((*findings, *log_findings(execution, facts, worker.logs, settled=settled)), facts.errors)


def _execution(attempt: Attempt, build: Build, worker: Worker) -> str:
    """Step 6: the execution that counts, found or started; never two on purpose."""
    attempt.step, record, job = "start", attempt.record, _job(attempt, build, worker)
    if record.execution:
        return record.execution
    if record.intent is not None:
        first = (record.tried or record.intent) - _CLOCK_SKEW
        found = attempt.services.jobs.started_for(
            job, BUILD_VARIABLE, attempt.key.name, first, timeout=attempt.budget.seconds(CALL_SECONDS)
        )
        if found:
            attempt.save(execution=found[0], extras=tuple(found[1:]))
            return found[0]
        if record.looked is None:
            raise attempt.later(_LOOK_AGAIN.total_seconds(), looked=attempt.now())
        if attempt.now() < record.looked + _LOOK_AGAIN:
            raise attempt.later((record.looked + _LOOK_AGAIN - attempt.now()).total_seconds())
        if _overdue(attempt, worker) and record.starts >= _LEAST_STARTS:
            raise _Unanswered(f"{job.resource}: Cloud Run never said that it started it, and shows no such execution")
        job = worker.job_for(build)
    now = attempt.now()
    attempt.save(
        intent=now,
        tried=record.tried or now,
        job=job.resource,
        looked=None,
        build=build.document,
        images=tuple(image.digest for image in build.images),
    )
    try:
        name = attempt.services.jobs.start(
            job, worker.args, {BUILD_VARIABLE: attempt.key.name}, timeout=attempt.budget.seconds(CALL_SECONDS)
        )
    except (ServiceError, Stopping) as error:
        if isinstance(error, Unavailable) and error.ambiguous:
            again = _LOOK_AGAIN.total_seconds()
            raise attempt.later(again, error=str(error), starts=record.starts + 1) from error
        attempt.note(intent=record.intent, job=record.job, looked=record.looked)  # nothing was started by this
        raise
    raise attempt.later(_FIRST_POLL_SECONDS, execution=name)


def _job(attempt: Attempt, build: Build, worker: Worker) -> JobName:
    """The job that may have been started for this build, or is to be."""
    return parse_job_name(attempt.record.job) if attempt.record.intent and attempt.record.job else worker.job_for(build)


def _may_heal(attempt: Attempt, error: ServiceError, *, out_of_time: bool) -> bool:
    """Whether to try again. A permission takes minutes to arrive, a list may lag behind what it lists, and one failure
    after a long absence of ours proves nothing."""
    if isinstance(error, OutOfTime) or failures(attempt.record, attempt.step) < _TRIES:
        return True
    return isinstance(error, Unavailable) and not out_of_time


def _overdue(attempt: Attempt, worker: Worker) -> bool:
    """Whether what does not answer has not answered for longer than the worker may take."""
    allowed = worker.deadlines.run if attempt.record.execution else worker.deadlines.start
    return attempt.record.tried is not None and attempt.now() >= attempt.record.tried + allowed


def _observe(attempt: Attempt, name: str) -> Execution:
    """Step 7."""
    attempt.step = "observe"
    return attempt.services.jobs.observe(name, timeout=attempt.budget.seconds(CALL_SECONDS))


def _wait_for_end(attempt: Attempt, execution: Execution, worker: Worker) -> None:
    """Raises Later while the execution is neither ended nor overdue."""
    deadlines = {Phase.WAITING: worker.deadlines.start, Phase.RUNNING: worker.deadlines.run}
    allowed = deadlines.get(execution.phase)
    if allowed is None:
        return
    age = attempt.now() - execution.created
    if age < allowed:
        poll = min(max(_FIRST_POLL_SECONDS, age.total_seconds() / 2), _LAST_POLL_SECONDS)
        raise attempt.later(min(poll, (allowed - age).total_seconds() + 1))


def _inspect(attempt: Attempt, execution: Execution, worker: Worker) -> tuple[LogFacts | ServiceError, bool]:
    """Step 8: what the logs say, or what kept us from reading them; and whether they were whole and settled.

    Raises Later until they are whole, settled or out of time.
    """
    attempt.step, ended = "logs", attempt.record.ended or attempt.now()
    attempt.note(ended=ended)
    out_of_time = attempt.now() >= ended + worker.deadlines.logs
    try:
        facts = _read(attempt, execution, worker)
    except ServiceError as error:
        if _may_heal(attempt, error, out_of_time=out_of_time):
            raise
        return error, False
    if not exit_lines_will_come(execution):
        return facts, False
    if not logs_are_whole(execution, facts):
        if out_of_time or facts.truncated:
            return facts, False
        raise attempt.later(worker.deadlines.settle.total_seconds())
    whole = attempt.record.whole or attempt.now()
    if attempt.now() < whole + worker.deadlines.settle:
        raise RequeueAt(whole + worker.deadlines.settle, whole=whole)
    return facts, True


def _read(attempt: Attempt, execution: Execution, worker: Worker) -> LogFacts:
    job, short_name = parse_execution_name(execution.name)
    reading = LogReading(worker.logs, short_name)
    pages = attempt.services.logs.read(
        job.project, log_filter(execution, worker.logs), timeout=attempt.budget.seconds(_LOG_SECONDS)
    )
    more, full = True, 0
    for number, page in enumerate(pages, start=1):
        full += reading.feed(page.entries) > 0
        more = page.more
        if full >= _MOST_LOG_PAGES or number >= _MOST_EMPTY_PAGES:
            break
        attempt.budget.seconds(_LOG_SECONDS)  # raises where the next page is not to be asked for
    facts = reading.facts(truncated=more)
    return replace(facts, errors=tuple(_redacted(error) for error in facts.errors))


def _redacted(error: Repeated) -> Repeated:
    return replace(error, name=excerpt(error.name, 200), excerpt=excerpt(error.excerpt, 1_500))


def _image(attempt: Attempt, build: Build, execution: Execution, worker: Worker) -> Finding:
    """Step 9. Asks who made the digest that ran only when it is not this build's."""
    attempt.step = "image"
    strange = execution.digests - {image.digest for image in build.images}
    maker = ""
    if build.images and strange:
        try:
            seconds = attempt.budget.seconds(LEDGER_SECONDS)
            found = attempt.services.store.holding(BUILDS, "images", min(strange), timeout=seconds)
        except ServiceError as error:
            if _may_heal(attempt, error, out_of_time=_overdue(attempt, worker)):
                raise
            seen = f"ran {min(strange)}, and the ledger could not be asked who made it: {error.said}"
            return Finding(Check.WORKER_RAN_THE_BUILT_IMAGE, Outcome.COULD_NOT_CHECK, seen, _fix(error))
        maker = BuildKey(**found.document["key"]).name if found else ""
    return image_finding(build, execution, maker)


def _strange(execution: Execution) -> Finding:
    seen = f"execution {execution.name.rpartition('/')[2]} does not say that it was started for this build"
    remedy = f"leave the environment variable {BUILD_VARIABLE} to the verifier, and build again"
    return Finding(Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK, seen, remedy)


def _unseen(error: ServiceError) -> Finding:
    return Finding(Check.WORKER_SUCCEEDED, Outcome.COULD_NOT_CHECK, error.said, _fix(error))


def _unread(error: ServiceError) -> Finding:
    return Finding(Check.LOGS_ARE_COMPLETE, Outcome.COULD_NOT_CHECK, error.said, _fix(error))


def _fix(error: ServiceError) -> str:
    match error:
        case Denied():
            return f"grant it with terraform apply and build again: the verifier {error.fix}"
        case Missing():
            return "make it, or name another one in policy.toml, and build again"
        case Unavailable():
            return "build again when it answers"
        case _:
            return f"fix this and build again: {error.fix or error.said}"
