"""The story of one build, told in numbered steps: look at the world and the ledger, do what is to be done now, stop.

 1 decode    a message becomes a hint (`events.py`); what is malformed is quarantined in the audit trail
 2 relevant? a status that is not terminal, or a project that is not ours, ends here: no call is made
 3 claim     hold the build's record; one that is done, or held by another, ends here
 4 fetch     the build, from Cloud Build: the only truth; only a fetched terminal status can complete a record
 5 judge     its source: facts (`facts/source.py`), then policy (`checks/source.py`); what is not clean goes to 10
 6 execute   with a worker for its trigger: save the intent, find its execution or start it, save its name, let go
 7 observe   the execution; while it runs, let go
 8 inspect   its logs, once they are whole
 9 compare   the image that ran with the images that the build pushed, by digest
10 decide    findings become the verdict, saved before anyone is told
11 record    the audit entry
12 notify    Slack, once
13 complete  the record

Steps 1 and 2 are `main.py`'s, with `events.py`; 6 to 9 are spelled out in `worker_run.py`, 11 and 12 in `notify.py`.
Every outward call has a Protocol in `services.py`. Each invocation is short: whoever has to wait lets go of the record,
which then has a due time, and the sweep or the next message goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from verifier.checks.by_source import judge_source, of_another_trigger
from verifier.checks.judgement import Judgement
from verifier.checks.source import pull_request_of, source_findings
from verifier.checks.verdict import SOURCE_CHECKS, WORKER_CHECKS, Finding, Verdict, decide
from verifier.checks.worker import given_up, not_run
from verifier.controller.attempt import Attempt, GiveUp, RequeueAt, SlackUnreachable
from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import Lease, State
from verifier.controller.notify import message_about, notify, publish_judgement, record_judgement, write_audit
from verifier.controller.trigger import trigger_of
from verifier.controller.unconfirmed import count_unconfirmed
from verifier.controller.worker_run import WorkerResult, run_worker
from verifier.errors import Denied, LostLease, Malformed, Missing, Refused, ServiceError, Stopping, Unavailable
from verifier.facts.build import SUCCESS, TERMINAL, Build, BuildKey, parse_build
from verifier.facts.build_document import is_whole
from verifier.facts.source import Source, source_of
from verifier.reporting.audit_entry import AuditEntry, unconfirmed_entry, verdict_entry
from verifier.services import Message, Stored

_PATIENCE = timedelta(minutes=15)
"""For how long a build that Cloud Build does not know may be one that it will know soon."""
_GIVE_UP = timedelta(days=7)
"""For how long a build that we may not read is asked for every hour; then once a day."""
_AT_LAST_SECONDS = 86_400.0
_ASK_AGAIN_SECONDS = 60.0
_MOST_ASK_AGAIN_SECONDS = 3600.0
_MOST_EARLY_SECONDS = 600.0
"""For a build that goes on: its record keeps the listing from finding it, so nobody else may hear of its end."""


class Progress(NamedTuple):
    """How an attempt at a record ended."""

    trouble: str = ""
    """What went wrong, empty when nothing did."""
    unsaid: bool = False
    """Slack could not be reached, and nothing else is missing."""


def reconcile(
    key: BuildKey, deployment: Deployment, budget: Budget, *, announced: bool = True, only_if_due: bool = False
) -> str:
    """Bring one build as far as it can be brought now.

    `announced` says that a message about it came; `only_if_due` that the message says nothing new about a build which
    was fetched already. Answers with what went wrong, empty when nothing did: the record is then due again, or waits
    for a version that can read it. Raises ServiceError only when the ledger could not be written: then nothing was
    promised; and Stopping.
    """
    try:
        lease = deployment.ledger.claim(
            key, announced=announced, only_if_due=only_if_due, timeout=budget.seconds(LEDGER_SECONDS)
        )  # 3
    except Malformed as error:
        return f"{key.name}: {error}"
    return _advance(deployment, lease, budget).trouble


def resume(stored: Stored, deployment: Deployment, budget: Budget) -> Progress:
    """The same for a record that is due or waits for Slack, as the sweep read it. Raises Malformed, too."""
    return _advance(deployment, deployment.ledger.take(stored, timeout=budget.seconds(LEDGER_SECONDS)), budget)  # 3


def reconcile_running(key: BuildKey, deployment: Deployment, budget: Budget) -> str:
    """The same for a build whose worker is said to have ended. A build that has no worker on trial is left alone."""
    try:
        lease = deployment.ledger.claim_running(key, timeout=budget.seconds(LEDGER_SECONDS))  # 3
    except Malformed as error:
        return f"{key.name}: {error}"
    return _advance(deployment, lease, budget).trouble


def _advance(deployment: Deployment, lease: Lease | None, budget: Budget) -> Progress:
    """Do the steps; whatever stops them, let go of the record, keep what was done, say what it was."""
    if lease is None:
        return Progress()
    attempt = Attempt(deployment, lease, budget)
    try:
        return _attempt(attempt)
    except LostLease:
        return Progress()  # another invocation has it, and goes on


def _attempt(attempt: Attempt) -> Progress:
    try:
        _steps(attempt)
    except RequeueAt as later:
        attempt.release(later)
        return Progress(str(later.changes.get("error", "")))
    except GiveUp:
        attempt.settle(State.UNCONFIRMED)
    except Stopping:
        attempt.hand_over()
        raise
    except SlackUnreachable as error:
        attempt.queue(str(error))
        return Progress(str(error), unsaid=True)
    except ServiceError as error:
        if attempt.ledger_failed:
            raise
        attempt.fail(str(error), error.retry_after if isinstance(error, Unavailable) else None)
        return Progress(str(error))
    except LostLease:
        raise
    except Exception as error:
        attempt.fail(f"{type(error).__name__}: {error}")
        raise
    return Progress()


def _steps(attempt: Attempt) -> None:
    build = _fetch(attempt)  # 4
    source = source_of(build)
    judgement, decided_now = attempt.record.judgement, False
    if judgement is None:
        judgement, decided_now = _judge(attempt, build, source), True
    message = message_about(attempt, build, source, judgement)
    if decided_now:
        attempt.save(  # 10
            judgement=judgement,
            posting=attempt.now() if message else None,
            channel=message.channel if message else "",
            build=build.document,
            images=tuple(image.digest for image in build.images),
        )
    _tell(attempt, verdict_entry(build, source, judgement), message, decided_now)
    attempt.settle(State.DONE)  # 13


def _tell(attempt: Attempt, record: AuditEntry, message: Message | None, decided_now: bool) -> None:
    """Steps 11 and 12. Trouble with one listener does not keep the others from hearing of it: it is raised at the end.

    But nobody is told that all is well before the audit trail has it.
    """
    trouble: ServiceError | None = None
    for step in (record_judgement, publish_judgement):  # 11
        try:
            step(attempt, record)
        except ServiceError as error:
            if step is record_judgement and record.labels["verdict"] == Verdict.VERIFIED:
                raise
            trouble = trouble or error
    try:
        notify(attempt, message, intended_now=decided_now)  # 12
    except RequeueAt as later:
        if trouble is None:
            raise
        attempt.note(**later.changes)  # Slack refuses for long; the other trouble may heal sooner
    except SlackUnreachable:
        if trouble is None:
            raise
    if trouble is not None:
        raise trouble


def _fetch(attempt: Attempt) -> Build:
    """Step 4: the build as Cloud Build has it, which a record keeps once it is terminal. Raises Later."""
    if attempt.record.build is not None and (is_whole(attempt.record.build) or attempt.record.judgement):
        return parse_build(attempt.record.build)
    try:
        build = _asked_for(attempt)
    except (Missing, Denied, Refused, Malformed) as error:
        raise _unconfirmed(attempt, error) from error
    except Unavailable as error:
        attempt.note(missing=None)
        _warn(attempt, error)
        raise
    if build.status not in TERMINAL:
        age = (attempt.now() - attempt.record.created).total_seconds()
        raise attempt.later(min(max(_ASK_AGAIN_SECONDS, age / 2), _MOST_EARLY_SECONDS), missing=None)
    return build


def _asked_for(attempt: Attempt) -> Build:
    build = attempt.services.builds.fetch(attempt.key, timeout=attempt.budget.seconds(CALL_SECONDS))
    if build.key != attempt.key:
        raise Malformed(f"expected build {attempt.key.name}, got {build.key.name}")
    return build


def _unconfirmed(attempt: Attempt, error: Exception) -> RequeueAt | GiveUp:
    """A message named a build that can't be read. Patience first; then the audit trail hears of it, once.

    One that could not be asked for, or was there, may be missing once: only what stays missing is given up.
    """
    _warn(attempt, error)
    missing = (attempt.record.missing or attempt.now()) if isinstance(error, Missing) else None
    age = attempt.now() - (missing or attempt.record.created)
    if missing and age >= _PATIENCE:
        return GiveUp()
    most = _MOST_ASK_AGAIN_SECONDS if age < _GIVE_UP else _AT_LAST_SECONDS
    seconds = min(max(_ASK_AGAIN_SECONDS, age.total_seconds()), most)
    return attempt.later(seconds, error=str(error), missing=missing)


def _warn(attempt: Attempt, error: Exception) -> None:
    """Tell the audit trail once that this build can't be read, when it could not for long."""
    if attempt.record.warned or attempt.now() - attempt.record.created < _PATIENCE:
        return
    record = unconfirmed_entry(attempt.key, str(error), attempt.record.created + _PATIENCE)
    write_audit(attempt.services, record, attempt.budget.seconds(CALL_SECONDS))
    count_unconfirmed(attempt.services.store, attempt.key, str(error), attempt.now(), attempt.budget)
    attempt.note(warned=True)


def _judge(attempt: Attempt, build: Build, source: Source) -> Judgement:
    """Steps 5 to 10."""
    policy, version = attempt.deployment.policy, attempt.deployment.version
    if build.status != SUCCESS:
        told = judge_source(build, source, policy, decided=attempt.now(), announced=attempt.record.announced)
        return replace(told, policy=policy.digest, version=version)
    trigger = trigger_of(attempt, build, source)
    findings = source_findings(build, source, policy, announced=attempt.record.announced, trigger=trigger)  # 5
    worker, strangers = policy.worker_for(build), of_another_trigger(build, policy, trigger)
    if strangers:
        trial = WorkerResult(strangers)
    elif worker is None:
        trial = WorkerResult(_not_tried(attempt, "no worker is configured for what built it"))
    elif decide(findings, SOURCE_CHECKS) is not Verdict.VERIFIED:
        trial = WorkerResult(_not_tried(attempt, "the worker runs only for a commit that policy admits"))
    else:
        trial = run_worker(attempt, build, worker)  # 6 7 8 9
    every = (*findings, *trial.findings)
    return Judgement(  # 10
        verdict=decide(every, SOURCE_CHECKS | WORKER_CHECKS),
        findings=every,
        decided=attempt.now(),
        execution=attempt.record.execution,
        errors=trial.errors,
        policy=policy.digest,
        version=version,
        pull_request=pull_request_of(build, trigger),
    )


def _not_tried(attempt: Attempt, why: str) -> tuple[Finding, ...]:
    """The findings where policy wants no worker; it may have wanted one when this build was first looked at."""
    is_started = bool(attempt.record.execution)
    return given_up(why, started=is_started) if is_started or attempt.record.intent else not_run(why)
