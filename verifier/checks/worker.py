"""Does this build's image work? Findings about the worker's run, the image that it ran and what it logged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from verifier.checks.policy import Policy, Worker
from verifier.checks.remedies import workers_of_images
from verifier.checks.verdict import WORKER_CHECKS, Check, Finding, Outcome
from verifier.facts.build import Build
from verifier.facts.execution import Execution, Phase, parse_execution_name
from verifier.facts.logs import LogFacts, LogRules
from verifier.facts.trigger import Trigger, Unread


def not_run(why: str) -> tuple[Finding, ...]:
    """The findings where no worker is to run."""
    return tuple(Finding(check, Outcome.NOT_APPLICABLE, why) for check in Check if check in WORKER_CHECKS)


def given_up(why: str, *, started: bool) -> tuple[Finding, ...]:
    """The finding where a worker was started, or may have been, and policy does not want it any more."""
    seen = f"it {'was' if started else 'may have been'} started, and policy has changed since: {why}"
    return (Finding(Check.WORKER_SUCCEEDED, Outcome.COULD_NOT_CHECK, seen, "build again: policy decides anew then"),)


def image_of_another(build: Build, policy: Policy, trigger: Trigger | Unread) -> tuple[Finding, ...]:
    """Return the finding where a build pushes a worker's image and is not run by that worker's trigger; else nothing.

    Its image may be what the worker's job runs next, and nobody would try it out.
    """
    owners = workers_of_images(build, policy)
    mine = policy.worker_for(build)
    if owners and (mine is None or mine not in owners):
        return (_not_ours(owners[0], "no trigger ran it" if not build.trigger_id else "its trigger is another"),)
    if mine is not None and isinstance(trigger, Trigger) and mine.trigger not in (build.trigger_id, trigger.name):
        # It was found by the name that the build claims for its trigger.
        return (_not_ours(mine, f"its trigger's name is {trigger.name or 'empty'}"),)
    if build.images_cut and any(worker.image for worker in policy.workers):
        seen = f"it pushes {build.images_cut} more images than are looked at: one of them may be a worker's"
        return (Finding(Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK, seen, "push fewer images in one build"),)
    return ()


def _not_ours(worker: Worker, why: str) -> Finding:
    seen = f"it pushes {worker.image or 'the image of a worker'}, which is for trigger {worker.trigger}, and {why}"
    remedy = "build through that trigger; name it by its id under [[worker]], and give other builds images of their own"
    return Finding(Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK, seen, remedy)


def not_started(why: str, remedy: str) -> tuple[Finding, ...]:
    """The findings where the worker could not be started: everything else about it stays unanswered."""
    return (Finding(Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK, why, remedy),)


def run_findings(execution: Execution, worker: Worker, now: datetime) -> tuple[Finding, ...]:
    """Whether the worker started and succeeded. Only for an execution that has ended or is overdue."""
    job, short_name = parse_execution_name(execution.name)
    look = f"gcloud run jobs executions describe {short_name} --region={job.location} --project={job.project}"
    age = _minutes(now - execution.created)
    if execution.phase is Phase.WAITING:
        seen = f"it had not started {age} after its creation"
        return (Finding(Check.WORKER_STARTED, Outcome.FAILS, seen, f"see why: {look}"),)
    started = Finding(Check.WORKER_STARTED, Outcome.HOLDS, f"execution {short_name}")
    if execution.phase is Phase.RUNNING:
        seen = f"it was still running {age} after its creation"
        remedy = f"see what it waits for: {look}; or raise `run_deadline` for {worker.trigger} in policy.toml"
        return (started, Finding(Check.WORKER_SUCCEEDED, Outcome.FAILS, seen, remedy))
    return (started, _succeeded(execution, look))


def _succeeded(execution: Execution, look: str) -> Finding:
    check = Check.WORKER_SUCCEEDED
    seen = f"{execution.succeeded}/{execution.tasks} tasks succeeded"
    if execution.phase is Phase.CANCELLED:
        return Finding(check, Outcome.FAILS, f"{seen}, {execution.cancelled} cancelled", f"see who did: {look}")
    if execution.phase is not Phase.SUCCEEDED:
        said = f": {execution.message}" if execution.message else ""
        return Finding(check, Outcome.FAILS, seen + said, f"fix the worker and push; see {look}")
    if execution.retried:
        seen += f", but only after {execution.retried} crashed and were tried again"
        remedy = "fix what crashes at first; set maxRetries to 0 for a job that verifies"
        return Finding(check, Outcome.FAILS, seen, remedy)
    return Finding(check, Outcome.HOLDS, seen)


def image_finding(build: Build, execution: Execution, made_by: str) -> Finding:
    """Whether the execution ran what the build pushed, by digest.

    `made_by` names another known build that made the digest that ran, or is empty.
    """
    check = Check.WORKER_RAN_THE_BUILT_IMAGE
    pushed = {image.digest for image in build.images}
    ran = execution.digests
    if not pushed:
        remedy = "list the image under `images:` in cloudbuild.yaml instead of pushing it in a step"
        return Finding(check, Outcome.COULD_NOT_CHECK, "the build records no pushed image", remedy)
    if not execution.is_resolved:
        seen = "Cloud Run does not show the digest of every image that ran"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, "look at the execution's image in the console")
    if ran <= pushed:
        return Finding(check, Outcome.HOLDS, f"ran {_short(ran)}")
    if made_by:
        seen = f"superseded: ran {_short(ran - pushed)}, made by {made_by}"
        remedy = "see that build's verdict: it moved the image's tag in between"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    seen = f"ran {_short(ran - pushed)}, pushed {_short(pushed)}, and no known build made what ran"
    remedy = (
        "check that the job's image tag is the one that this build pushes; if it is, the digest may be a platform's "
        "manifest inside the pushed index: push a single-platform image (docker buildx: --provenance=false)"
    )
    return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)


def logs_are_whole(execution: Execution, facts: LogFacts) -> bool:
    """Every attempt's exit line was seen and nothing was left out: only then may silence mean anything."""
    return len(facts.exits) >= execution.attempts > 0 and not facts.truncated


def exit_lines_will_come(execution: Execution) -> bool:
    """Runs that ended in time-out, memory or before a start may leave no exit line: nobody waits for those."""
    return execution.phase is Phase.SUCCEEDED or execution.exited


def log_findings(execution: Execution, facts: LogFacts, rules: LogRules, *, settled: bool) -> tuple[Finding, ...]:
    """What the logs say. `settled`: they were whole, and were read once more half a minute later."""
    return (
        _logs_are_complete(execution, facts, settled=settled),
        _logs_have_no_errors(facts, settled=settled),
        _expected_lines_were_seen(facts, rules, settled=settled),
    )


def _logs_are_complete(execution: Execution, facts: LogFacts, *, settled: bool) -> Finding:
    check = Check.LOGS_ARE_COMPLETE
    if facts.truncated:
        seen = "there were more matching lines than are read for one verdict"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, "narrow `fail` and `expect` in policy.toml, or log less")
    if facts.unlabelled:
        lines = "1 line of the job names" if facts.unlabelled == 1 else f"{facts.unlabelled} lines of the job name"
        seen = f"{lines} no execution"
        remedy = "use google-cloud-logging 3.11 or newer in the worker, or log to standard output"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    if not settled or not logs_are_whole(execution, facts):
        seen = f"the exit lines of {len(facts.exits)} of {execution.attempts} attempts could be read in time"
        remedy = "read the logs by hand; if this repeats, raise `logs_deadline` in policy.toml"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    return Finding(check, Outcome.HOLDS, f"the exit lines of all {execution.attempts} attempts were read")


def _logs_have_no_errors(facts: LogFacts, *, settled: bool) -> Finding:
    check = Check.LOGS_HAVE_NO_ERRORS
    if facts.errors:
        first = facts.errors[0]
        others = len(facts.errors) - 1
        kinds = f" and {others} other kind{'s' if others > 1 else ''}" if others else ""
        kinds += f", and {facts.more_errors} entries of yet others" if facts.more_errors else ""
        seen = f'"{first.name}" ×{first.count}, first at {first.first:%H:%M:%S} UTC (task {first.task or "0"}){kinds}'
        remedy = "fix it and push; if the line is harmless, add it to `ignore` in policy.toml"
        return Finding(check, Outcome.FAILS, seen, remedy)
    if not settled:
        return Finding(check, Outcome.COULD_NOT_CHECK, "no errors in what could be read", "read the logs by hand")
    return Finding(check, Outcome.HOLDS, "none")


def _expected_lines_were_seen(facts: LogFacts, rules: LogRules, *, settled: bool) -> Finding:
    check = Check.EXPECTED_LINES_WERE_SEEN
    names = [pattern.name for pattern in rules.expected]
    if not names:
        return Finding(check, Outcome.NOT_APPLICABLE, "policy expects no particular line")
    absent = [name for name in names if name not in facts.seen]
    if absent and not settled:
        seen = f"{_quoted(absent)} is not among the lines that could be read"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, "read the logs by hand")
    if absent:
        seen = f"{_quoted(absent)} was never logged: an idle worker proves nothing"
        remedy = "run the job with work waiting, or drop `expect` for it in policy.toml"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    return Finding(check, Outcome.HOLDS, f"{_quoted(names)} seen")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _short(digests: Iterable[str]) -> str:
    return ", ".join(sorted(digest[:19] for digest in digests))


def _minutes(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
