"""What a failed call about the worker's run means: whether to try again, and what fixes it."""

from __future__ import annotations

from verifier.checks.policy import Worker
from verifier.controller.attempt import Attempt
from verifier.controller.ledger import failures
from verifier.errors import Denied, Missing, OutOfTime, ServiceError, Unavailable

_TRIES = 5
"""Failures in a row, a quarter of an hour with the pauses between them, before one is taken to last."""


def is_retryable(attempt: Attempt, error: ServiceError, *, out_of_time: bool) -> bool:
    """Return whether to try again before the failure counts.

    A permission takes minutes to arrive, a list may lag behind what it lists, and one failure after a long absence of
    ours proves nothing.
    """
    if isinstance(error, OutOfTime) or failures(attempt.record, attempt.step) < _TRIES:
        return True
    return isinstance(error, Unavailable) and not out_of_time


def is_overdue(attempt: Attempt, worker: Worker) -> bool:
    """Return whether what does not answer has not answered for longer than the worker may take."""
    allowed = worker.deadlines.run if attempt.record.execution else worker.deadlines.start
    return attempt.record.tried is not None and attempt.now() >= attempt.record.tried + allowed


def fix_for(error: ServiceError) -> str:
    """Return what a person does about this failure."""
    match error:
        case Denied():
            return f"grant it with terraform apply and build again: the verifier {error.fix}"
        case Missing():
            return "make it, or name another one in policy.toml, and build again"
        case Unavailable():
            return "build again when it answers"
        case _:
            return f"fix this and build again: {error.fix or error.said}"
