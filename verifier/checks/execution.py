"""Did the worker's execution go well, and did it run what this build pushed? Findings about the execution alone.

Precedence in `worker_succeeded`, worst first:

1. fails            a task failed by the worker's doing, or an attempt that was tried again is known to have crashed
2. could not check  the platform failed, somebody cancelled it, or a retry's cause can't be read
3. holds            every task succeeded, and no attempt is known to have crashed
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from verifier.checks.commands import describe_execution
from verifier.checks.policy import Worker
from verifier.checks.verdict import Check, Finding, Outcome
from verifier.facts.build import Build
from verifier.facts.execution import Container, Execution, Phase, named, parse_execution_name
from verifier.facts.logs import Ending, LogFacts

_HOW = {
    "exit": "ended with exit code {}",
    "signal": "ended by signal {}",
    "memory": "ran out of memory",
    "start": "could not be started",
    "timeout": "ran into its time limit",
}
_RETRIES = "keep maxRetries at 3: Cloud Run is known to try tasks again that did nothing wrong"


def own_container(execution: Execution, worker: Worker, build: Build) -> Container | None:
    """Return the container that is the worker's, or None where that is not certain."""
    pushed = {Container("", image.name).repository for image in build.images}
    return execution.container(worker.container, pushed | ({worker.image} - {""}))


def run_findings(
    execution: Execution, worker: Worker, now: datetime, logs: LogFacts | None = None, *, settled: bool = False
) -> tuple[Finding, ...]:
    """Whether the worker started and succeeded. Only for an execution that has ended or is overdue.

    `logs`: what they say, where they could be read; `settled`: they were whole.
    """
    _, short_name = parse_execution_name(execution.name)
    look = describe_execution(execution.name)
    age = _minutes(now - execution.created)
    if execution.phase is Phase.WAITING:
        seen = f"it had not started {age} after its creation"
        return (Finding(Check.WORKER_STARTED, Outcome.FAILS, seen, f"see why: {look}"),)
    if execution.started is None and execution.phase is not Phase.SUCCEEDED:
        return (_never_started(execution, look),)
    started = Finding(Check.WORKER_STARTED, Outcome.HOLDS, f"execution {short_name}")
    if execution.phase is Phase.RUNNING:
        seen = f"it was still running {age} after its creation"
        remedy = f"see what it waits for: {look}; or raise `run_deadline` for {worker.trigger} in policy.toml"
        return (started, Finding(Check.WORKER_SUCCEEDED, Outcome.FAILS, seen, remedy))
    return (started, _succeeded(execution, logs, look, settled=settled))


def _never_started(execution: Execution, look: str) -> Finding:
    said = f": {execution.message}" if execution.message else ""
    check = Check.WORKER_STARTED
    if execution.phase is Phase.CANCELLED:
        return Finding(check, Outcome.COULD_NOT_CHECK, f"cancelled before it started{said}", _who(look))
    if execution.platform_failed:
        return Finding(check, Outcome.COULD_NOT_CHECK, f"the platform could not start it{said}", _again(look))
    return Finding(check, Outcome.FAILS, f"it never started{said}", f"fix what is named and build again; see {look}")


def _succeeded(execution: Execution, logs: LogFacts | None, look: str, *, settled: bool) -> Finding:
    check = Check.WORKER_SUCCEEDED
    seen = f"{execution.succeeded}/{execution.tasks} tasks succeeded"
    crashed = logs.endings if logs else ()
    if execution.phase is Phase.SUCCEEDED:
        return _after_success(execution, crashed, seen, settled=settled)
    said = f": {execution.message}" if execution.message else ""
    if crashed:
        said += f"; {_told(crashed)}"
    if execution.phase is Phase.CANCELLED and not crashed:
        return Finding(check, Outcome.COULD_NOT_CHECK, f"{seen}, {execution.cancelled} cancelled{said}", _who(look))
    if execution.platform_failed and not crashed:
        return Finding(check, Outcome.COULD_NOT_CHECK, f"{seen}, and the platform failed{said}", _again(look))
    return Finding(check, Outcome.FAILS, seen + said, f"fix the worker and push; see {look}")


def _after_success(execution: Execution, crashed: tuple[Ending, ...], seen: str, *, settled: bool) -> Finding:
    check, tries = Check.WORKER_SUCCEEDED, _counted(execution.retried, "attempt was", "attempts were")
    if crashed and execution.retried:
        remedy = f"fix what crashes at first; {_RETRIES}"
        return Finding(check, Outcome.FAILS, f"{seen}, but only after a crash: {_told(crashed)}", remedy)
    if crashed:
        seen += f", and yet the logs tell of a crash: {_told(crashed)}"
        remedy = "see who else may write to the logs, and fix the worker if it was none of them"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    if execution.retried and not settled:
        seen += f", but {tries} tried again, and the logs that would tell why could not be read in time"
        return Finding(
            check, Outcome.COULD_NOT_CHECK, seen, "read the logs by hand; if a task crashed, fix it and push"
        )
    if execution.retried:
        seen += f"; {tries} tried again by the platform, without any sign of a crash"
    return Finding(check, Outcome.HOLDS, seen)


def image_finding(build: Build, execution: Execution, container: Container | None, made_by: str) -> Finding:
    """Whether the worker's own container ran what the build pushed, by digest.

    `made_by` names another known build that made the digest that ran, or is empty.
    """
    check = Check.WORKER_RAN_THE_BUILT_IMAGE
    pushed = {image.digest for image in build.images}
    if not pushed:
        remedy = "list the image under `images:` in cloudbuild.yaml instead of pushing it in a step"
        return Finding(check, Outcome.COULD_NOT_CHECK, "the build records no pushed image", remedy)
    if container is None:
        seen = f"which of its containers is the worker is not certain: {named(execution.containers)}"
        remedy = 'name it under [[worker]] in policy.toml: container = "NAME"'
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    ran = container.digest
    if not ran:
        seen = "Cloud Run does not show the digest of the image that ran"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, "look at the execution's image in the console")
    if ran in pushed:
        return Finding(check, Outcome.HOLDS, f"ran {_short([ran])}")
    if made_by:
        seen = f"superseded: ran {_short([ran])}, made by {made_by}"
        remedy = "see that build's verdict: it moved the image's tag in between"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    seen = f"ran {_short([ran])}, pushed {_short(pushed)}, and no known build made what ran"
    remedy = (
        "check that the job's image tag is the one that this build pushes; if it is, the digest may be a platform's "
        "manifest inside the pushed index: push a single-platform image (docker buildx: --provenance=false)"
    )
    return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)


def _told(crashed: tuple[Ending, ...]) -> str:
    first, others = crashed[0], len(crashed) - 1
    how = _HOW.get(first.how, "crashed").format(first.number)
    return f"attempt {first.attempt or '0'} of task {first.task or '0'} {how}" + (
        f", and {others} more" if others else ""
    )


def _who(look: str) -> str:
    return f"see who did, and build again: {look}"


def _again(look: str) -> str:
    return f"build again; if it stays, ask Google's support with this: {look}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _short(digests: Iterable[str]) -> str:
    return ", ".join(sorted(digest[:19] for digest in digests))


def _minutes(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return _counted(minutes, "minute", "minutes")
