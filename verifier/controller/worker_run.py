"""Steps 6 to 9 of the story: find or start the worker's execution, observe it, read its logs, compare the image.

Steps 6 and 8 are spelled out in `worker_start.py` and `worker_logs.py`. Nothing here waits for a job: a function
returns what it found, or `RequeueAt` for when to look again.
"""

from __future__ import annotations

from dataclasses import replace

from verifier.checks.descent import SavedRequest, not_as_asked
from verifier.checks.execution import image_finding, own_container, run_findings
from verifier.checks.policy import Worker
from verifier.checks.verdict import Check, Finding, Outcome
from verifier.checks.worker import not_started
from verifier.controller.attempt import Attempt, RequeueAt, WorkerResult
from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS
from verifier.controller.ledger import BUILDS
from verifier.controller.worker_failures import fix_for, is_overdue, is_retryable
from verifier.controller.worker_logs import inspect_logs
from verifier.controller.worker_start import FIRST_POLL_SECONDS, find_or_start
from verifier.errors import ServiceError
from verifier.facts.build import Build, BuildKey
from verifier.facts.execution import Container, Execution, Phase
from verifier.facts.logs import LogFacts

_LAST_POLL_SECONDS = 600.0


def run_worker(attempt: Attempt, build: Build, worker: Worker) -> WorkerResult | RequeueAt:
    """Return the findings about the worker's run, or when to go on. Raises ServiceError, Stopping and LostLease."""
    try:
        name = find_or_start(attempt, build, worker)  # 6
        if isinstance(name, RequeueAt):
            return name
        if not isinstance(name, str):
            return WorkerResult(name)
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
    logs = inspect_logs(attempt, execution, container, worker)  # 8
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
    if attempt.ledger_failed or is_retryable(attempt, error, out_of_time=is_overdue(attempt, worker)):
        raise error
    if attempt.record.execution:
        return WorkerResult((_unseen(error),))
    may_run = attempt.noted.get("intent", attempt.record.intent) is not None
    why = f"it may have been started; {error.said}" if may_run else error.said
    return WorkerResult(not_started(why, fix_for(error)))


def _asked(attempt: Attempt) -> SavedRequest:
    """Return what was saved before the execution was started."""
    record = attempt.record
    return SavedRequest(attempt.key.name, record.nonce, record.args, record.container)


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
    poll = min(max(FIRST_POLL_SECONDS, age.total_seconds() / 2), _LAST_POLL_SECONDS)
    return attempt.requeue(min(poll, (allowed - age).total_seconds() + 1))


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
            if is_retryable(attempt, error, out_of_time=is_overdue(attempt, worker)):
                raise
            seen = f"ran {ran}, and the ledger could not be asked who made it: {error.said}"
            return Finding(Check.WORKER_RAN_THE_BUILT_IMAGE, Outcome.COULD_NOT_CHECK, seen, fix_for(error))
        maker = BuildKey(**found.document["key"]).name if found else ""
    return image_finding(build, execution, container, maker)


def _unseen(error: ServiceError) -> Finding:
    return Finding(Check.WORKER_SUCCEEDED, Outcome.COULD_NOT_CHECK, error.said, fix_for(error))
