"""The entry point: a request becomes a hint, and the hint is acted upon; the story is `controller/reconcile.py`.

Answers are Pub/Sub's words: 204 acknowledges, and is given only after something durable was written or when there is
nothing to write; anything else asks for the message again.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import functions_framework

# Our code and client libraries are hundreds of thousands of objects that stay. Looking through them for garbage after
# every 700 new ones, as Python does by itself, is a sixth of the time to a first verdict: so this comes before them.
gc.set_threshold(200_000)

from verifier import __version__
from verifier.checks.policy import Policy
from verifier.checks.policy_file import read_policy
from verifier.config import Settings, read_settings
from verifier.controller.events import (
    MOST_BYTES,
    BuildStatus,
    ExecutionFinished,
    Irrelevant,
    Quarantined,
    RunEnded,
    Sweep,
    Unwatched,
    Work,
    decode,
)
from verifier.controller.trace import trace_of
from verifier.errors import ServiceError, SettingsError, Stopping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Request

    from verifier.controller.budget import Budget, Deployment

_RESERVE_SECONDS = 10.0
"""Kept back of the platform's time-out, to release the record's lease and to answer."""


class Log(Protocol):
    """Where the function's own log goes."""

    def __call__(self, severity: str, message: str, **fields: object) -> None:
        """Write one structured line."""


def log(severity: str, message: str, **fields: object) -> None:
    """Print one structured line, which Cloud Run takes for the function's own log."""
    print(json.dumps({"severity": severity, "message": message, **fields}), flush=True)


def with_fields(log: Log, fields: Mapping[str, str]) -> Log:
    """Return a log whose lines all carry these fields."""

    def write(severity: str, message: str, **more: object) -> None:
        log(severity, message, **fields, **more)

    return write


def _configure() -> tuple[Settings, Policy]:
    """Read settings and policy, or stop here with every problem named: a bad deployment does not start."""
    try:
        settings = read_settings(os.environ)
        try:
            text = Path(settings.policy_path).read_bytes()
        except OSError as error:
            raise SettingsError(
                f"VERIFIER_POLICY: expected a readable file, got {settings.policy_path!r} ({error})"
            ) from error
        return settings, read_policy(text, settings.policy_path, today=datetime.now(UTC).date())
    except SettingsError as error:
        sys.exit(f"build-verifier does not start:\n{error}")


SETTINGS, POLICY = _configure()
log(
    "INFO",
    f"build-verifier {__version__} starts",
    projects=sorted(SETTINGS.watched.projects),
    regions=sorted(SETTINGS.watched.locations),
    policy=POLICY.digest,
    loopback=SETTINGS.loopback,
)
for problem in (*POLICY.refused, *POLICY.warnings):
    log("WARNING", f"policy: {problem}", policy=POLICY.digest)


@functions_framework.http
def verify(request: Request) -> tuple[str, int]:
    """Act on one Pub/Sub push in the deployment that settings and policy describe."""
    return handle(request, _deployment, budget_of)


def handle(
    request: Request,
    deployment: Callable[[], Deployment],
    budget: Callable[[Deployment], Budget],
    log: Log = log,
) -> tuple[str, int]:
    """Act on one Pub/Sub push with these services and this much time; return the answer's body and status.

    Never raises. The deployment and the budget are asked for when there is something to do: most messages are about
    builds that go on, and for those no client library is loaded and nothing is connected.
    """
    if request.method != "POST":
        return "expected a Pub/Sub push message by POST\n", 405
    hint = decode(request.stream.read(MOST_BYTES + 1), request.path, SETTINGS.watched, request.headers)  # 1, 2
    if isinstance(hint, Irrelevant):
        return "", 204
    log = with_fields(log, trace_of(request.headers, SETTINGS.home_project))
    about = hint.key.labels if isinstance(hint, BuildStatus | ExecutionFinished | Unwatched) else {}
    try:
        world = replace(deployment(), listener=lambda signal: log(signal.severity, **signal.line))
        if trouble := _act(hint, world, budget(world), log):
            log("WARNING", f"due again: {trouble}", hint=type(hint).__name__, **about)
    except (ServiceError, Stopping) as error:
        severity = "NOTICE" if isinstance(error, Stopping) else "ERROR"
        log(severity, f"not acknowledged: {error}", hint=type(hint).__name__, **about)
        # A sweep is always acknowledged: the next one is a minute away.
        return ("", 204) if isinstance(hint, Sweep) else ("try again later\n", 503)
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the message comes again and the log has it
        log("ERROR", f"not acknowledged: {error!r}", stack_trace=traceback.format_exc(), **about)
        return ("", 204) if isinstance(hint, Sweep) else ("try again later\n", 500)
    return "", 204


def _act(
    hint: BuildStatus | ExecutionFinished | RunEnded | Sweep | Work | Unwatched | Quarantined,
    deployment: Deployment,
    budget: Budget,
    log: Log,
) -> str:
    """Do what the hint asks for, and return what went wrong with it although it is taken care of."""
    match hint:
        case BuildStatus():
            from verifier.controller.reconcile import reconcile

            return reconcile(hint.key, deployment, budget, only_if_due=True)
        case ExecutionFinished():
            from verifier.controller.reconcile import reconcile_running

            return reconcile_running(hint.key, deployment, budget)
        case RunEnded() if deployment.policy.watches(hint.job):
            from verifier.controller.runs.observe import observe

            deployment.arrivals.note(hint.job.project, deployment.services.clock())
            observed = observe(hint.execution, hint.generation, deployment, budget)
            if observed.is_uncounted:
                log("NOTICE", f"run not counted: {hint.execution}: {observed.seen}", project=hint.job.project)
            return observed.trouble
        case RunEnded():
            pass  # the run of a job that nobody watches: no call is made for it
        case Sweep():
            from verifier.controller.keep_handing_out import keep_handing_out
            from verifier.controller.sweep import describe, describe_late, sweep

            began = deployment.services.clock()
            swept = sweep(deployment, SETTINGS.watched, budget, deployment.ledger.lease)
            for late in describe_late(swept):
                log("WARNING", **late)
            log("WARNING" if swept and (swept.problems or swept.unlisted) else "INFO", **describe(swept))
            return keep_handing_out(deployment, budget, began, swept) if swept else ""
        case Work():
            from verifier.controller.work import WorkContext, do_work

            done = do_work(hint.kind, hint.name, WorkContext(deployment, SETTINGS.watched, budget))
            if done.ignored:
                log("NOTICE", f"nothing to do: {done.ignored}", work=hint.kind, **done.labels)
            if done.trouble:
                log("WARNING", f"due again: {done.trouble}", hint=type(hint).__name__, **done.labels)
        case Quarantined():
            from verifier.controller.quarantine import quarantine

            log("WARNING", f"quarantined: {hint.reason}", message_id=hint.message_id)
            quarantine(hint, deployment, budget)
        case Unwatched():
            from verifier.controller.unwatched import note_unwatched, place_of

            said = f"not watched (VERIFIER_PROJECTS, VERIFIER_REGIONS): {place_of(hint.key)}"
            log("WARNING", said, **hint.key.labels)
            note_unwatched(hint.key, deployment, budget)
    return ""


@cache
def _deployment() -> Deployment:
    """Return the one deployment of this process, made when the first message needs it."""
    from verifier.adapters.wiring import make_deployment

    return make_deployment(SETTINGS, POLICY, tell=partial(log, "WARNING"), stopping=is_stopping)


def is_stopping() -> bool:
    """Return whether the platform has asked this process to end: it kills it ten seconds later.

    A request's thread can't handle signals. But SIGTERM's handler is a method of gunicorn's worker, which is not
    alive any more once it was called. Under a server without a handler, SIGTERM ends the process at once.
    """
    worker = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return not getattr(worker, "alive", True)


def budget_of(deployment: Deployment, stopping: Callable[[], bool] = is_stopping) -> Budget:
    """Return the time that a request has which comes now, by the deployment's clock."""
    from verifier.controller.budget import Budget

    clock = deployment.services.clock
    return Budget(clock, clock() + timedelta(seconds=SETTINGS.timeout_seconds - _RESERVE_SECONDS), stopping)
