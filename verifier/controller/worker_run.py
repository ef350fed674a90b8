"""Steps 6 to 9 of the story: find or start the worker's execution, observe it, read its logs, compare the image.

Nothing here waits for a job: a function returns what it found, or `RequeueAt` for when to look again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from verifier.checks.accept import with_acceptance
from verifier.checks.descent import SavedRequest, not_as_asked, sort_claims
from verifier.checks.execution import image_finding, own_container, run_findings
from verifier.checks.policy import Worker
from verifier.checks.verdict import Check, Finding, Outcome
from verifier.checks.worker import exit_lines_will_come, is_certain, log_findings, logs_are_whole, not_started
from verifier.controller.attempt import Attempt, RequeueAt
from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS
from verifier.controller.ledger import BUILDS, failures
from verifier.controller.signals import logs_unread
from verifier.errors import Denied, Missing, OutOfTime, ServiceError, Stopping, Unavailable
from verifier.facts.build import Build, BuildKey
from verifier.facts.execution import (
    BUILD_VARIABLE,
    NONCE_VARIABLE,
    Container,
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
_MOST_CLAIMANTS = 20
"""Executions of others that are named: whoever may run the job can start as many as they like."""
_LEAST_STARTS = 2
"""Unanswered requests to start a worker, before none is made any more."""
_TRIES = 5
"""Failures in a row, a quarter of an hour with the pauses between them, before one is taken to last."""


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """What came of it."""

    findings: tuple[Finding, ...]
    errors: tuple[Repeated, ...] = ()
    """What the logs complained of, redacted."""
    whole: bool = False
    """These are all of them: the logs were read whole, and had the time to settle."""


@dataclass(frozen=True, slots=True)
class _Logs:
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


def run_worker(attempt: Attempt, build: Build, worker: Worker) -> WorkerResult | RequeueAt:
    """Return the findings about the worker's run, or when to go on. Raises ServiceError, Stopping and LostLease."""
    try:
        name = _execution(attempt, build, worker)  # 6
        if not isinstance(name, str):
            return name
        execution = _observe(attempt, name)  # 7
    except ServiceError as error:
        return _not_reached(attempt, worker, error)
    if wrong := not_as_asked(execution, _asked(attempt), attempt.record.claimants):
        return WorkerResult((wrong,))
    if wait := _wait_for_end(attempt, execution, worker):
        return wait
    container = own_container(execution, worker, build)
    image = _image(attempt, build, execution, container, worker)  # 9
    if execution.phase is Phase.WAITING:
        return WorkerResult((*_run(attempt, execution, worker), image))  # it never ran, so it logged nothing
    logs = _inspect(attempt, execution, container, worker)  # 8
    if isinstance(logs, RequeueAt):
        return logs
    run = _run(attempt, execution, worker, logs.facts, settled=logs.settled)
    errors = logs.facts.errors if logs.facts else ()
    return WorkerResult((*run, image, *logs.findings), errors, logs.is_whole)


def _run(
    attempt: Attempt, execution: Execution, worker: Worker, logs: LogFacts | None = None, *, settled: bool = False
) -> tuple[Finding, ...]:
    """Return how the execution went, with the names of those that were started beside it."""
    first, *others = run_findings(execution, worker, attempt.now(), logs, settled=settled)
    if attempt.record.extras:
        first = replace(first, seen=f"{first.seen}; also started: {', '.join(attempt.record.extras)}")
    return first, *others


def _not_reached(attempt: Attempt, worker: Worker, error: ServiceError) -> WorkerResult:
    """Return what a failure of steps 6 and 7 says about the worker. Raises it again while it may be over soon."""
    if attempt.ledger_failed or _is_retryable(attempt, error, out_of_time=_is_overdue(attempt, worker)):
        raise error
    if attempt.record.execution:
        return WorkerResult((_unseen(error),))
    may_run = attempt.noted.get("intent", attempt.record.intent) is not None
    why = f"it may have been started; {error.said}" if may_run else error.said
    return WorkerResult(not_started(why, _fix(error)))


# 6 execute


def _execution(attempt: Attempt, build: Build, worker: Worker) -> str | RequeueAt | WorkerResult:
    """Return the name of the execution that counts; or when to look for it; or that there is none and will be none.

    Never starts two on purpose: after an intent without a name, an execution may exist, and is looked for twice with a
    pause in between. Raises ServiceError, Stopping and LostLease.
    """
    attempt.step = "start"
    if attempt.record.execution:
        return attempt.record.execution
    if attempt.record.intent is not None:
        found = _find(attempt, build, worker)
        if found is not None:
            return found
    return _start(attempt, build, worker)


def _find(attempt: Attempt, build: Build, worker: Worker) -> str | RequeueAt | WorkerResult | None:
    """Look for the execution of an earlier intent. Return None when there is none, and one may be started."""
    record, job = attempt.record, _intended_job(attempt, build, worker)
    since = (record.tried or record.intent or attempt.now()) - _CLOCK_SKEW
    found = attempt.services.jobs.started_for(
        job, BUILD_VARIABLE, attempt.key.name, since, timeout=attempt.budget.seconds(CALL_SECONDS)
    )
    claimed = sort_claims(found, record.nonce, record.requests)
    attempt.note(claimants=tuple(sorted({*record.claimants, *claimed.others})[:_MOST_CLAIMANTS]))
    if claimed.own:
        first, *others = claimed.own
        attempt.save(execution=first, extras=tuple(others))
        return first
    # The list may lag behind: only what is absent twice, with the pause in between, does not exist.
    if record.looked is None:
        return attempt.requeue(_LOOK_AGAIN.total_seconds(), looked=attempt.now())
    if attempt.now() < record.looked + _LOOK_AGAIN:
        return RequeueAt(record.looked + _LOOK_AGAIN)
    if _is_overdue(attempt, worker) and record.starts >= _LEAST_STARTS:
        why = f"{job.resource}: Cloud Run never said that it started it, and shows no such execution"
        return WorkerResult(not_started(why, "build again when Cloud Run answers"))
    return None


def _start(attempt: Attempt, build: Build, worker: Worker) -> RequeueAt:
    """Save the intent, then start an execution; return when to look at it. Raises ServiceError and Stopping."""
    before, now, job = attempt.record, attempt.now(), worker.job_for(build)
    # An intent without a nonce is one of version 0.1.0: its executions carry none, and must still be found.
    nonce = before.nonce or ("" if before.intent else attempt.deployment.ledger.nonce())
    attempt.save(
        intent=now,
        tried=before.tried or now,
        job=job.resource,
        looked=None,
        build=build.document,
        images=tuple(image.digest for image in build.images),
        nonce=nonce,
        requests=before.requests + 1,
        args=worker.args,
        container=worker.container,
    )
    env = {BUILD_VARIABLE: attempt.key.name} | ({NONCE_VARIABLE: nonce} if nonce else {})
    try:
        name = attempt.services.jobs.start(
            job,
            worker.args,
            env,
            worker.container,
            timeout=attempt.budget.seconds(CALL_SECONDS),
        )
    except (ServiceError, Stopping) as error:
        if isinstance(error, Unavailable) and error.ambiguous:
            return attempt.requeue(_LOOK_AGAIN.total_seconds(), error=str(error), starts=before.starts + 1)
        # Nothing was started by this request; an older one may still have been.
        attempt.note(intent=before.intent, job=before.job, looked=before.looked, requests=before.requests)
        raise
    return attempt.requeue(_FIRST_POLL_SECONDS, execution=name)


def _asked(attempt: Attempt) -> SavedRequest:
    """Return what was saved before the execution was started."""
    record = attempt.record
    return SavedRequest(attempt.key.name, record.nonce, record.args, record.container)


def _intended_job(attempt: Attempt, build: Build, worker: Worker) -> JobName:
    """Return the job that may have been started for this build: policy may name another one meanwhile."""
    return parse_job_name(attempt.record.job) if attempt.record.job else worker.job_for(build)


def _is_retryable(attempt: Attempt, error: ServiceError, *, out_of_time: bool) -> bool:
    """Return whether to try again before the failure counts.

    A permission takes minutes to arrive, a list may lag behind what it lists, and one failure after a long absence of
    ours proves nothing.
    """
    if isinstance(error, OutOfTime) or failures(attempt.record, attempt.step) < _TRIES:
        return True
    return isinstance(error, Unavailable) and not out_of_time


def _is_overdue(attempt: Attempt, worker: Worker) -> bool:
    """Return whether what does not answer has not answered for longer than the worker may take."""
    allowed = worker.deadlines.run if attempt.record.execution else worker.deadlines.start
    return attempt.record.tried is not None and attempt.now() >= attempt.record.tried + allowed


# 7 observe


def _observe(attempt: Attempt, name: str) -> Execution:
    """Return the execution as Cloud Run has it now. Raises ServiceError."""
    attempt.step = "observe"
    return attempt.services.jobs.observe(name, timeout=attempt.budget.seconds(CALL_SECONDS))


def _wait_for_end(attempt: Attempt, execution: Execution, worker: Worker) -> RequeueAt | None:
    """Return when to look again, None when the execution has ended or is overdue."""
    deadlines = {Phase.WAITING: worker.deadlines.start, Phase.RUNNING: worker.deadlines.run}
    allowed = deadlines.get(execution.phase)
    age = attempt.now() - execution.created
    if allowed is None or age >= allowed:
        return None
    poll = min(max(_FIRST_POLL_SECONDS, age.total_seconds() / 2), _LAST_POLL_SECONDS)
    return attempt.requeue(min(poll, (allowed - age).total_seconds() + 1))


# 8 inspect


def _inspect(attempt: Attempt, execution: Execution, container: Container | None, worker: Worker) -> _Logs | RequeueAt:
    """Return what the logs say, or when to read them: until they are whole, settled or out of time.

    Where the verdict is certain already, they get the time to settle and no more. Raises ServiceError while what keeps
    us from reading them may be over soon.
    """
    attempt.step, ended = "logs", attempt.record.ended or attempt.now()
    attempt.note(ended=ended)
    is_out_of_time = attempt.now() >= ended + worker.deadlines.logs
    try:
        facts = _read(attempt, execution, container, worker)
    except ServiceError as error:
        attempt.deployment.signal(logs_unread(attempt.key, ended, attempt.now(), error))
        if _is_retryable(attempt, error, out_of_time=is_out_of_time):
            raise
        return _Logs((_unread(error),))
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
) -> _Logs | RequeueAt:
    """Return what the logs say when they had the time to settle: an entry may arrive after the exit lines."""
    if attempt.now() < since + worker.deadlines.settle:
        whole = {"whole": attempt.record.whole or attempt.now()} if is_whole else {}
        return RequeueAt(since + worker.deadlines.settle, whole)
    return _logs_say(execution, facts, worker, settled=is_whole)


def _logs_say(execution: Execution, facts: LogFacts, worker: Worker, *, settled: bool) -> _Logs:
    return _Logs(log_findings(execution, facts, worker, settled=settled), facts, settled)


def _read(attempt: Attempt, execution: Execution, container: Container | None, worker: Worker) -> LogFacts:
    """Return what the pages say that one verdict reads. Raises ServiceError.

    Where stack traces came without a level, what stands right before them is read as well.
    """
    facts = _read_once(attempt, execution, container, worker)
    if facts.unled:
        facts = _read_once(attempt, execution, container, worker, facts.unled)
    job, _ = parse_execution_name(execution.name)
    return replace(facts, errors=_with_acceptance(attempt, job, worker, map(_redacted, facts.errors)))


def _read_once(
    attempt: Attempt,
    execution: Execution,
    container: Container | None,
    worker: Worker,
    around: Sequence[datetime] = (),
) -> LogFacts:
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


# 9 compare


def _image(
    attempt: Attempt, build: Build, execution: Execution, container: Container | None, worker: Worker
) -> Finding:
    """Return whether what ran is what the build pushed. Asks who made what ran only when it is another digest."""
    attempt.step = "image"
    ran = container.digest if container else ""
    maker = ""
    if build.images and ran and ran not in {image.digest for image in build.images}:
        try:
            seconds = attempt.budget.seconds(LEDGER_SECONDS)
            found = attempt.services.store.holding(BUILDS, "images", ran, timeout=seconds)
        except ServiceError as error:
            if _is_retryable(attempt, error, out_of_time=_is_overdue(attempt, worker)):
                raise
            seen = f"ran {ran}, and the ledger could not be asked who made it: {error.said}"
            return Finding(Check.WORKER_RAN_THE_BUILT_IMAGE, Outcome.COULD_NOT_CHECK, seen, _fix(error))
        maker = BuildKey(**found.document["key"]).name if found else ""
    return image_finding(build, execution, container, maker)


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
