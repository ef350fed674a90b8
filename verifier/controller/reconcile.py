"""The story of one build, told in numbered steps: look at the world and the ledger, do what is to be done now, stop.

 1 decode    a message becomes a hint (`events.py`); what is malformed is quarantined in the audit trail
 2 relevant? a status that is not terminal, or a project that is not ours, ends here: no call is made
 3 claim     the lease of the build's record; one that is done, or that another invocation has, ends here
 4 fetch     the build, from Cloud Build: the only truth; only a fetched terminal status can complete a record
 5 judge     its source: facts (`facts/source.py`), then policy (`checks/by_source.py`); what is not clean goes to 10
 6 execute   with a worker for its trigger: save the intent, find its execution or start it, save its name, release
 7 observe   the execution; while it runs, release
 8 inspect   its logs, once they are whole
 9 compare   the image that ran with the images that the build pushed, by digest
10 decide    findings become the verdict, saved before anybody is told and before any message is made
11 record    the audit entry
12 notify    Slack, once
13 complete  the record

Steps 1 and 2 are `main.py`'s, with `events.py`. Spelled out elsewhere are 3 (`ledger.py`), 4 (`fetch.py`), 6 to 9
(`worker_run.py`, `worker_start.py`, `worker_logs.py`), what is remembered in 10 (`error_book.py`), 11 and 12
(`notify.py`). What a LOCAL_SOURCE build was made from is read afterwards, as work of its own (`uploads.py`). Which of
the images run, whoever started them, is told in `runs/`, and how that goes in `watch/`.

Every outward call has a Protocol in `services.py`. Each invocation is short: whoever has to wait releases the record,
which then has a due time, and the sweep or the next message goes on where it stopped.

A step returns what the next one needs, or the `Ending` that keeps the attempt from going on (`attempt.py`). What a
service does not do is raised, and is tried again after a backoff.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from verifier.checks.by_source import judge_source
from verifier.checks.judgement import Judgement
from verifier.checks.verdict import SOURCE_CHECKS, WORKER_CHECKS, Check, Finding, Outcome, Verdict, decide
from verifier.checks.worker import given_up, not_run
from verifier.controller.again import asked_again
from verifier.controller.attempt import Attempt, Done, Ending, GiveUp, RequeueAt, SlackUnreachable, WorkerResult
from verifier.controller.budget import Budget, Deployment
from verifier.controller.error_book import Remembered, remember
from verifier.controller.fetch import fetch_build
from verifier.controller.ledger import Lease, verified_images
from verifier.controller.notify import channel_of_message, notify, publish_judgement, record_judgement
from verifier.controller.signals import record_unreadable, verdict_saved
from verifier.controller.trigger import trigger_of
from verifier.controller.unheard import unheard
from verifier.errors import LostLease, Malformed, RateLimited, ServiceError, Stopping, Unavailable
from verifier.facts.build import Build, BuildKey
from verifier.facts.execution import parse_execution_name
from verifier.facts.source import Source, source_of
from verifier.reporting.audit_entry import verdict_entry
from verifier.services import Stored

_GREEN = frozenset({Outcome.HOLDS, Outcome.NOT_APPLICABLE})


class Progress(NamedTuple):
    """How an attempt at a record ended."""

    trouble: str = ""
    """What went wrong, empty when nothing did."""
    unsaid: bool = False
    """Slack could not be reached, and nothing else is missing."""


def reconcile(
    key: BuildKey, deployment: Deployment, budget: Budget, *, announced: bool = True, only_if_due: bool = False
) -> str:
    """Bring one build as far as it can be brought now; return what went wrong, empty when nothing did.

    `announced` says that a message about it came; `only_if_due` that the message says nothing new about a build which
    was fetched already. After trouble the record is due again, or waits for a version that can read it. Raises
    ServiceError only when the ledger could not be written: then nothing was promised; and Stopping.
    """
    try:
        lease = deployment.ledger.claim(
            key, announced=announced, only_if_due=only_if_due, timeout=budget.seconds(deployment.claim_seconds)
        )  # 3
    except Malformed as error:
        return _unreadable(key, deployment, error)
    return _advance(deployment, lease, budget).trouble


def reconcile_running(key: BuildKey, deployment: Deployment, budget: Budget) -> str:
    """Do the same for a build whose worker is said to have ended. Nothing is done about one that waits for no worker.

    Raises ServiceError and Stopping, as `reconcile` does.
    """
    now = deployment.services.clock()
    deployment.arrivals.note(key.project, now)
    try:
        lease = deployment.ledger.claim_running(key, timeout=budget.seconds(deployment.claim_seconds))  # 3
    except Malformed as error:
        return _unreadable(key, deployment, error)
    return _advance(deployment, lease, budget, heard=now).trouble


def _unreadable(key: BuildKey, deployment: Deployment, error: Malformed) -> str:
    """Return what is wrong with the build's record, which this version can't read."""
    deployment.signal(record_unreadable(key.name, error))
    return f"{key.name}: {error}"


def resume(stored: Stored, deployment: Deployment, budget: Budget) -> Progress:
    """Do the same for a record that is due or waits for Slack, as the sweep read it.

    Raises ServiceError and Stopping, as `reconcile` does, and Malformed for a record that this version can't read.
    """
    return _advance(
        deployment, deployment.ledger.take(stored, timeout=budget.seconds(deployment.claim_seconds)), budget
    )  # 3


def _advance(deployment: Deployment, lease: Lease | None, budget: Budget, *, heard: datetime | None = None) -> Progress:
    """Do the steps; whatever stops them, release the record, keep what was done, and return what it was.

    `heard`: when a message told that its execution has ended.
    """
    if lease is None:
        return Progress()
    attempt = Attempt(deployment, lease, budget)
    if heard and lease.record.heard is None:
        attempt.note(heard=heard)
    try:
        return _attempt(attempt)
    except LostLease:
        return Progress()  # another invocation has it, and goes on


def _attempt(attempt: Attempt) -> Progress:
    try:
        ending = _steps(attempt)
    except (ServiceError, Stopping) as error:
        return _interrupted(attempt, error)
    except LostLease:
        raise
    except Exception as error:
        attempt.fail(f"{type(error).__name__}: {error}")
        raise
    attempt.finish(ending)  # 13
    match ending:
        case RequeueAt():
            return Progress(ending.trouble)
        case SlackUnreachable():
            return Progress(ending.trouble, unsaid=True)
        case Done() | GiveUp():
            return Progress()


def _interrupted(attempt: Attempt, error: ServiceError | Stopping) -> Progress:
    """Release the record of an attempt that a service or the platform stopped. Raises what the caller must answer."""
    if isinstance(error, Stopping):
        attempt.hand_over()
        raise error
    if attempt.ledger_failed:
        raise error  # nothing can be promised; the lease's end brings the record back
    attempt.fail(str(error), error.retry_after if isinstance(error, Unavailable) else None)
    return Progress(str(error))


def _steps(attempt: Attempt) -> Ending:
    """Do steps 4 to 12, as far as they can be done now. Raises ServiceError, Stopping and LostLease."""
    build = fetch_build(attempt)  # 4
    if not isinstance(build, Build):
        return build
    source = source_of(build)
    judgement, decided_now = attempt.record.judgement, False
    if judgement is None:
        judged = _judge(attempt, build, source)  # 5 to 9
        if isinstance(judged, RequeueAt):
            return judged
        judgement, decided_now = judged, True
        _save_verdict(attempt, build, judgement)  # 10
    return _tell(attempt, build, source, judgement, decided_now=decided_now)  # 11 and 12


# 5 judge, 6 to 9 the worker's run, 10 decide


def _judge(attempt: Attempt, build: Build, source: Source) -> Judgement | RequeueAt:
    """Return the judgement; or when to go on, while the worker's run has not come to its end. Raises ServiceError."""
    policy, version = attempt.deployment.policy, attempt.deployment.version
    try:
        trigger = trigger_of(attempt, build, source)
    except RateLimited as error:
        return attempt.rate_limited(error)
    announced = None if attempt.record.early else attempt.record.announced
    by_source = judge_source(build, source, policy, decided=attempt.now(), announced=announced, trigger=trigger)  # 5
    by_source = replace(by_source, policy=policy.digest, version=version)
    if by_source.verdict is None:
        return by_source
    result = _worker_result(attempt, build, by_source)  # 6 to 9
    if isinstance(result, RequeueAt):
        return result
    findings = (*by_source.findings, *result.findings)
    remembered = _remembered(attempt, build, result, findings)
    return replace(
        by_source,
        verdict=decide(findings, SOURCE_CHECKS | WORKER_CHECKS),
        findings=findings,
        decided=attempt.now(),
        execution=attempt.record.execution,
        errors=result.errors,
        known=remembered.known,
        before=remembered.before,
    )


def _remembered(attempt: Attempt, build: Build, result: WorkerResult, findings: Sequence[Finding]) -> Remembered:
    """Remember the errors, and return which of those that fail it were there before. Raises Stopping.

    `known`, by which nobody is called, is empty where something else is wrong as well.
    """
    if not result.whole or not result.errors:
        return Remembered()
    job, _ = parse_execution_name(attempt.record.execution)
    failing = [error for error in result.errors if not error.accepted]
    found = remember(attempt, build, job, result.errors, failing)
    unsettled = {finding.check for finding in findings if finding.outcome not in _GREEN}
    return found if unsettled == {Check.LOGS_HAVE_NO_ERRORS} else replace(found, known="")


def _worker_result(attempt: Attempt, build: Build, by_source: Judgement) -> WorkerResult | RequeueAt:
    """Return what the worker's run says about the build; where none is to run, why not. Raises ServiceError."""
    worker = attempt.deployment.policy.worker_for(build)
    if by_source.finding(Check.WORKER_STARTED):
        return WorkerResult(())  # it pushes the image of a worker that is not its own: no run of it is to be tried
    if worker is None:
        return WorkerResult(_not_tried(attempt, "no worker is configured for what built it"))
    if by_source.verdict is not Verdict.VERIFIED:
        # A worker executes the image with its own permissions: what policy does not admit is not to be executed.
        return WorkerResult(_not_tried(attempt, "the worker runs only for a commit that policy admits"))
    from verifier.controller.worker_run import run_worker  # what starts workers and reads logs, where there are any

    return run_worker(attempt, build, worker)


def _not_tried(attempt: Attempt, why: str) -> tuple[Finding, ...]:
    """Return the findings where policy wants no worker; it may have wanted one when this build was first looked at."""
    is_started = bool(attempt.record.execution)
    return given_up(why, started=is_started) if is_started or attempt.record.intent else not_run(why)


def _save_verdict(attempt: Attempt, build: Build, judgement: Judgement) -> None:
    """Save the verdict, with all that tells of it. Raises LostLease and ServiceError.

    The intent to post goes into the same write: whoever takes over after a crash knows that a message may exist, and
    in which channel to look for it.
    """
    channel = channel_of_message(attempt, build, judgement)
    attempt.save(
        judgement=judgement,
        posting=None if channel is None else attempt.now(),
        channel=channel or "",
        shown=attempt.record.revision,
        build=build.document,
        images=tuple(image.digest for image in build.images),
        verified=_verified(build, judgement),
    )
    _signal_verdict(attempt, build, judgement)


def _verified(build: Build, judgement: Judgement) -> tuple[str, ...]:
    """Return what the record says of the images of a VERIFIED build."""
    if judgement.verdict is not Verdict.VERIFIED:
        return ()
    return verified_images((image.untagged for image in build.images), judgement.decided)


def _signal_verdict(attempt: Attempt, build: Build, judgement: Judgement) -> None:
    """Write into the function's own log that there is a verdict, and whether anybody told that its worker has ended."""
    deployment, record, now = attempt.deployment, attempt.record, attempt.now()
    deployment.signal(verdict_saved(record, judgement, build, deployment.policy.objective))
    deployment.signal(unheard(record, deployment, attempt.budget, now))


# 11 record, 12 notify


def _tell(attempt: Attempt, build: Build, source: Source, judgement: Judgement, *, decided_now: bool) -> Ending:
    """Tell the audit trail, the subscribers and Slack. Raises ServiceError when one of the former has not heard.

    Trouble with one listener does not keep the others from hearing of it: it is raised at the end. But nobody is told
    that all is well before the audit trail has it.
    """
    entry = verdict_entry(build, source, judgement, asked_again(attempt.record))
    trouble: ServiceError | None = None
    for step in (record_judgement, publish_judgement):  # 11
        try:
            step(attempt, entry)
        except ServiceError as error:
            if step is record_judgement and judgement.verdict is Verdict.VERIFIED:
                raise
            trouble = trouble or error
    if attempt.services.uploads is not None:
        from verifier.controller.uploads import enqueue_upload  # what reads archives, where they are read at all

        try:
            enqueue_upload(attempt, source, judgement)
        except ServiceError as error:
            trouble = trouble or error
    ending = notify(attempt, build, source, judgement, intended_now=decided_now)  # 12
    if trouble is None:
        return ending
    if isinstance(ending, RequeueAt):
        attempt.note(**ending.changes)  # Slack refuses for long; the other trouble may be over sooner
    raise trouble
