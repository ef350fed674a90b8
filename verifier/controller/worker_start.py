"""Step 6 of the story: find the worker's execution by what was saved before its start, or save that and start it."""

from __future__ import annotations

from datetime import timedelta

from verifier.checks.descent import sort_claims
from verifier.checks.policy import Worker
from verifier.checks.verdict import Finding
from verifier.checks.worker import not_started
from verifier.controller.attempt import Attempt, RequeueAt
from verifier.controller.budget import CALL_SECONDS
from verifier.controller.worker_failures import is_overdue
from verifier.errors import ServiceError, Stopping, Unavailable
from verifier.facts.build import Build
from verifier.facts.execution import BUILD_VARIABLE, NONCE_VARIABLE, JobName, parse_job_name

FIRST_POLL_SECONDS = 60.0
"""After its start, before an execution is looked at."""
_LOOK_AGAIN = timedelta(seconds=60)
"""Between two looks for an execution that may have been started: the list may lag behind."""
_CLOCK_SKEW = timedelta(minutes=1)
_MOST_CLAIMANTS = 20
"""Executions of others that are named: whoever may run the job can start as many as they like."""
_LEAST_STARTS = 2
"""Unanswered requests to start a worker, before none is made any more."""


def find_or_start(attempt: Attempt, build: Build, worker: Worker) -> str | RequeueAt | tuple[Finding, ...]:
    """Return the name of the execution that counts; or when to look for it; or why there is none and will be none.

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


def _find(attempt: Attempt, build: Build, worker: Worker) -> str | RequeueAt | tuple[Finding, ...] | None:
    """Look for the execution of an earlier intent. Return None when there is none, and one may be started."""
    record, job = attempt.record, _intended_job(attempt, build, worker)
    since = (record.tried or record.intent or attempt.now()) - _CLOCK_SKEW
    found = attempt.services.jobs.started_for(
        job, BUILD_VARIABLE, attempt.key.name, since, timeout=attempt.budget.seconds(CALL_SECONDS)
    )
    claimed = sort_claims(found, record.nonce, record.requests)
    # What was tried for the verdict before is nobody else's, whatever it carries.
    strangers = set(claimed.others) - {str(before["execution"]) for before in record.earlier}
    attempt.note(claimants=tuple(sorted({*record.claimants, *strangers})[:_MOST_CLAIMANTS]))
    if claimed.own:
        first, *others = claimed.own
        attempt.save(execution=first, extras=tuple(others))
        return first
    # The list may lag behind: only what is absent twice, with the pause in between, does not exist.
    if record.looked is None:
        return attempt.requeue(_LOOK_AGAIN.total_seconds(), looked=attempt.now())
    if attempt.now() < record.looked + _LOOK_AGAIN:
        return RequeueAt(record.looked + _LOOK_AGAIN)
    if is_overdue(attempt, worker) and record.starts >= _LEAST_STARTS:
        why = f"{job.resource}: Cloud Run never said that it started it, and shows no such execution"
        return not_started(why, "build again when Cloud Run answers")
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
    return attempt.requeue(FIRST_POLL_SECONDS, execution=name)


def _intended_job(attempt: Attempt, build: Build, worker: Worker) -> JobName:
    """Return the job that may have been started for this build: policy may name another one meanwhile."""
    return parse_job_name(attempt.record.job) if attempt.record.job else worker.job_for(build)
