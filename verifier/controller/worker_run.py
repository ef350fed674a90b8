"""The worker's trial of a build's image: find or start its execution, observe it, read its logs, compare the image.

Each function either returns findings or raises `Later`: nothing here waits for a job.
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
from verifier.controller.attempt import Case, Later
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
class Trial:
    """What came of it."""

    findings: tuple[Finding, ...]
    errors: tuple[Repeated, ...] = ()
    """What the logs complained of, redacted."""


def try_out(case: Case, build: Build, worker: Worker) -> Trial:
    """Steps 6 to 9 of the story. Raises Later while there is something to wait for, and ServiceError."""
    try:
        execution = _observe(case, _execution(case, build, worker))
    except _Unanswered as error:
        return Trial(not_started(str(error), "build again when Cloud Run answers"))
    except ServiceError as error:
        if case.ledger_failed or _may_heal(case, error, out_of_time=_overdue(case, worker)):
            raise
        if case.record.execution:
            return Trial((_unseen(error),))
        may_run = case.noted.get("intent", case.record.intent) is not None
        return Trial(not_started(f"it may have been started; {error.said}" if may_run else error.said, _fix(error)))
    if execution.build != case.key.name:
        return Trial((_strange(execution),))
    _wait_for_end(case, execution, worker)
    findings = [*run_findings(execution, worker, case.now()), _image(case, build, execution, worker)]
    if case.record.extras:
        findings[0] = replace(findings[0], seen=f"{findings[0].seen}; also started: {', '.join(case.record.extras)}")
    if execution.phase is Phase.WAITING:
        return Trial(tuple(findings))
    facts, settled = _inspect(case, execution, worker)
    if isinstance(facts, ServiceError):
        return Trial((*findings, _unread(facts)))
    return Trial((*findings, *log_findings(execution, facts, worker.logs, settled=settled)), facts.errors)


def _execution(case: Case, build: Build, worker: Worker) -> str:
    """Step 6: the execution that counts, found or started; never two on purpose."""
    case.step, record, job = "start", case.record, _job(case, build, worker)
    if record.execution:
        return record.execution
    if record.intent is not None:
        first = (record.tried or record.intent) - _CLOCK_SKEW
        found = case.services.jobs.started_for(
            job, BUILD_VARIABLE, case.key.name, first, timeout=case.budget.seconds(CALL_SECONDS)
        )
        if found:
            case.save(execution=found[0], extras=tuple(found[1:]))
            return found[0]
        if record.looked is None:
            raise case.later(_LOOK_AGAIN.total_seconds(), looked=case.now())
        if case.now() < record.looked + _LOOK_AGAIN:
            raise case.later((record.looked + _LOOK_AGAIN - case.now()).total_seconds())
        if _overdue(case, worker) and record.starts >= _LEAST_STARTS:
            raise _Unanswered(f"{job.resource}: Cloud Run never said that it started it, and shows no such execution")
        job = worker.job_for(build)
    now = case.now()
    case.save(
        intent=now,
        tried=record.tried or now,
        job=job.resource,
        looked=None,
        build=build.document,
        images=tuple(image.digest for image in build.images),
    )
    try:
        name = case.services.jobs.start(
            job, worker.args, {BUILD_VARIABLE: case.key.name}, timeout=case.budget.seconds(CALL_SECONDS)
        )
    except (ServiceError, Stopping) as error:
        if isinstance(error, Unavailable) and error.ambiguous:
            again = _LOOK_AGAIN.total_seconds()
            raise case.later(again, error=str(error), starts=record.starts + 1) from error
        case.note(intent=record.intent, job=record.job, looked=record.looked)  # nothing was started by this
        raise
    raise case.later(_FIRST_POLL_SECONDS, execution=name)


def _job(case: Case, build: Build, worker: Worker) -> JobName:
    """The job that may have been started for this build, or is to be."""
    return parse_job_name(case.record.job) if case.record.intent and case.record.job else worker.job_for(build)


def _may_heal(case: Case, error: ServiceError, *, out_of_time: bool) -> bool:
    """Whether to try again. A permission takes minutes to arrive, a list may lag behind what it lists, and one failure
    after a long absence of ours proves nothing."""
    if isinstance(error, OutOfTime) or failures(case.record, case.step) < _TRIES:
        return True
    return isinstance(error, Unavailable) and not out_of_time


def _overdue(case: Case, worker: Worker) -> bool:
    """Whether what does not answer has not answered for longer than the worker may take."""
    allowed = worker.deadlines.run if case.record.execution else worker.deadlines.start
    return case.record.tried is not None and case.now() >= case.record.tried + allowed


def _observe(case: Case, name: str) -> Execution:
    """Step 7."""
    case.step = "observe"
    return case.services.jobs.observe(name, timeout=case.budget.seconds(CALL_SECONDS))


def _wait_for_end(case: Case, execution: Execution, worker: Worker) -> None:
    """Raises Later while the execution is neither ended nor overdue."""
    deadlines = {Phase.WAITING: worker.deadlines.start, Phase.RUNNING: worker.deadlines.run}
    allowed = deadlines.get(execution.phase)
    if allowed is None:
        return
    age = case.now() - execution.created
    if age < allowed:
        poll = min(max(_FIRST_POLL_SECONDS, age.total_seconds() / 2), _LAST_POLL_SECONDS)
        raise case.later(min(poll, (allowed - age).total_seconds() + 1))


def _inspect(case: Case, execution: Execution, worker: Worker) -> tuple[LogFacts | ServiceError, bool]:
    """Step 8: what the logs say, or what kept us from reading them; and whether they were whole and settled.

    Raises Later until they are whole, settled or out of time.
    """
    case.step, ended = "logs", case.record.ended or case.now()
    case.note(ended=ended)
    out_of_time = case.now() >= ended + worker.deadlines.logs
    try:
        facts = _read(case, execution, worker)
    except ServiceError as error:
        if _may_heal(case, error, out_of_time=out_of_time):
            raise
        return error, False
    if not exit_lines_will_come(execution):
        return facts, False
    if not logs_are_whole(execution, facts):
        if out_of_time or facts.truncated:
            return facts, False
        raise case.later(worker.deadlines.settle.total_seconds())
    whole = case.record.whole or case.now()
    if case.now() < whole + worker.deadlines.settle:
        raise Later(whole + worker.deadlines.settle, whole=whole)
    return facts, True


def _read(case: Case, execution: Execution, worker: Worker) -> LogFacts:
    job, short_name = parse_execution_name(execution.name)
    reading = LogReading(worker.logs, short_name)
    pages = case.services.logs.read(
        job.project, log_filter(execution, worker.logs), timeout=case.budget.seconds(_LOG_SECONDS)
    )
    more, full = True, 0
    for number, page in enumerate(pages, start=1):
        full += reading.feed(page.entries) > 0
        more = page.more
        if full >= _MOST_LOG_PAGES or number >= _MOST_EMPTY_PAGES:
            break
        case.budget.seconds(_LOG_SECONDS)  # raises where the next page is not to be asked for
    facts = reading.facts(truncated=more)
    return replace(facts, errors=tuple(_redacted(error) for error in facts.errors))


def _redacted(error: Repeated) -> Repeated:
    return replace(error, name=excerpt(error.name, 200), excerpt=excerpt(error.excerpt, 1_500))


def _image(case: Case, build: Build, execution: Execution, worker: Worker) -> Finding:
    """Step 9. Asks who made the digest that ran only when it is not this build's."""
    case.step = "image"
    strange = execution.digests - {image.digest for image in build.images}
    maker = ""
    if build.images and strange:
        try:
            seconds = case.budget.seconds(LEDGER_SECONDS)
            found = case.services.store.holding(BUILDS, "images", min(strange), timeout=seconds)
        except ServiceError as error:
            if _may_heal(case, error, out_of_time=_overdue(case, worker)):
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
            return f"mend this and build again: {error.fix or error.said}"
