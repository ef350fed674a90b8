"""An execution as the Cloud Run v2 API shows it at one moment."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from verifier.standin.job_run import Condition, JobRun
from verifier.standin.messages import Condition as ConditionMessage
from verifier.standin.messages import Execution, Pb

_REASONS = {
    "NonZeroExitCode": ("execution_reason", "NON_ZERO_EXIT_CODE"),
    "Cancelled": ("execution_reason", "CANCELLED"),
    "ContainerMissing": ("reason", "CONTAINER_MISSING"),
    "SecretsAccessCheckFailed": ("reason", "SECRETS_ACCESS_CHECK_FAILED"),
    "ImmediateRetry": ("reason", "IMMEDIATE_RETRY"),
}


def show_execution(run: JobRun, now: datetime) -> Pb:
    """Return the Execution message at this moment.

    One that was just created has no conditions, and its image is still the tag; the digest shows from the start on.
    Of the job's generation v2 says nothing: only the completion entry, which has the shape of v1, tells it.
    """
    execution = Execution(
        name=run.full_name,
        uid=uid(run.full_name),
        creator=run.creator,
        generation=1,
        job=run.job,
        parallelism=run.tasks,
        task_count=run.tasks,
        launch_stage="GA",
        reconciling=not run.has_finished(now),
        observed_generation=1 if run.conditions(now) else 0,
        log_uri=log_uri(run),
        conditions=[_condition(condition) for condition in run.conditions(now)],
        **{_snake(count): number for count, number in run.counts(now).items()},
    )
    execution.create_time.FromDatetime(run.created)
    execution.update_time.FromDatetime(run.created)
    if run.started and run.has_started(now):
        execution.start_time.FromDatetime(run.started)
        execution.update_time.FromDatetime(run.started)
    if run.finished and run.has_finished(now):
        execution.completion_time.FromDatetime(run.finished)
        execution.update_time.FromDatetime(run.finished)
    _fill_template(execution.template, run, shows_digest=run.has_started(now))
    return execution


def uid(text: str) -> str:
    """Return a stable identifier in the shape of a UUID."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


def job_uid(resource: str, created: datetime) -> str:
    """Return the identifier of a job: one that is made anew under an old name has another."""
    return uid(f"{resource} {created.isoformat()}")


def log_uri(run: JobRun) -> str:
    """Where the console shows the execution's logs."""
    return (
        f"https://console.cloud.google.com/logs/viewer?project={run.project}&advancedFilter="
        f"resource.type%3D%22cloud_run_job%22%0Aresource.labels.job_name%3D%22{run.job}%22%0A"
        f"labels.%22run.googleapis.com/execution_name%22%3D%22{run.name}%22"
    )


def _fill_template(template: Pb, run: JobRun, *, shows_digest: bool) -> None:
    template.max_retries = run.max_retries
    template.timeout.seconds = run.timeout_seconds
    container = template.containers.add(name=run.container, image=run.resolved_image if shows_digest else run.image)
    container.args.extend(run.args)
    for name, value in run.env:
        container.env.add(name=name, value=value)
    for sidecar in run.sidecars:
        template.containers.add(name=sidecar.name, image=sidecar.image)


def _condition(condition: Condition) -> Pb:
    states = {True: "CONDITION_SUCCEEDED", False: "CONDITION_FAILED", None: "CONDITION_RECONCILING"}
    message = ConditionMessage(
        type_=condition.kind,
        state=states[condition.holds],
        message=condition.message,
        severity=condition.severity.upper() or "SEVERITY_UNSPECIFIED",
    )
    message.last_transition_time.FromDatetime(condition.at)
    if condition.reason:
        field, value = _REASONS[condition.reason]
        setattr(message, field, getattr(ConditionMessage, value))
    return message


def _snake(camel: str) -> str:
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), camel)
