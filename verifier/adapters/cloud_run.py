"""Cloud Run jobs: start an execution, find it again, look at it.

Documentation: "Cloud Run Admin API v2", Jobs and Executions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from google.cloud import run_v2
from google.cloud.run_v2.services.executions import transports as execution_transports
from google.cloud.run_v2.services.jobs import transports as job_transports
from google.protobuf.message import DecodeError

from verifier.adapters.billing import HOME_PAYS, Billing, Payer
from verifier.adapters.google import connected, countdown, needs, translated
from verifier.errors import Unavailable
from verifier.facts.execution import (
    BUILD_VARIABLE,
    NONCE_VARIABLE,
    Completion,
    Container,
    Execution,
    JobName,
    JobSetup,
    parse_execution_name,
)
from verifier.services import ExecutionClaim, ExecutionPage

_PAGE_SIZE = 100
_CREATOR = "run.googleapis.com/creator"
_MOST_FOUND = 100
"""Executions that are told of: whoever may run the job can start as many for one build as they like."""
_COMPLETION = {
    run_v2.Condition.State.CONDITION_SUCCEEDED: Completion.TRUE,
    run_v2.Condition.State.CONDITION_FAILED: Completion.FALSE,
}
_Reasons = run_v2.Condition.ExecutionReason
_Severity = run_v2.Condition.Severity


class CloudRunJobs:
    """The `Jobs` service. A refusal names the role to grant."""

    def __init__(self, endpoint: str = "", billing: Billing = HOME_PAYS) -> None:
        """`billing`: who pays for reads. A start is asked for once, and the home project pays for it."""
        self._billing = billing
        self._jobs = connected(run_v2.JobsClient, job_transports.JobsGrpcTransport, endpoint)
        self._executions = connected(run_v2.ExecutionsClient, execution_transports.ExecutionsGrpcTransport, endpoint)

    def start(
        self, job: JobName, args: Sequence[str], env: Mapping[str, str], container: str = "", *, timeout: float
    ) -> str:
        """See `services.Jobs.start`. The execution's name is in the operation's metadata: nobody waits for its end."""
        override = run_v2.RunJobRequest.Overrides.ContainerOverride(
            name=container,
            args=list(args),
            env=[run_v2.EnvVar(name=name, value=value) for name, value in env.items()],
        )
        overrides = run_v2.RunJobRequest.Overrides(container_overrides=[override])
        request = run_v2.RunJobRequest(name=job.resource, overrides=overrides)
        with translated(f"starting job {job.resource}", _grant_start(job)):
            operation = self._jobs.run_job(request=request, timeout=timeout, retry=None)
        said = f"starting job {job.resource}: the answer names no execution; look for one before starting another"
        try:
            name = operation.metadata.name if operation.metadata else ""
        except (TypeError, DecodeError) as error:
            raise Unavailable(said, ambiguous=True) from error
        if not name:
            raise Unavailable(said, ambiguous=True)
        return str(name)

    def started_for(
        self, job: JobName, env: str, value: str, since: datetime, *, timeout: float
    ) -> list[ExecutionClaim]:
        """See `services.Jobs.started_for`. The list has no filter; it is sorted by time of creation, newest first."""
        what = f"listing executions of {job.resource}"
        request = run_v2.ListExecutionsRequest(parent=job.resource, page_size=_PAGE_SIZE)
        found: list[tuple[datetime, ExecutionClaim]] = []
        left = countdown(timeout, what)
        with translated(what, _grant_view(job)):
            while True:
                pages = self._billing.billed(job.project, partial(self._executions_of, request, left))
                page = next(pages)
                recent = [item for item in page.executions if _created(item) >= since]
                found += [(_created(item), _claim(item)) for item in recent if (env, value) in _environment(item)]
                if len(recent) < len(page.executions) or not page.next_page_token:
                    return [claim for _, claim in sorted(found)][:_MOST_FOUND]
                request.page_token = page.next_page_token

    def _executions_of(self, request: run_v2.ListExecutionsRequest, left: Callable[[], float], payer: Payer) -> Any:
        return self._executions.list_executions(request=request, timeout=left(), retry=None, metadata=payer).pages

    def observe(self, execution: str, *, timeout: float) -> Execution:
        """See `services.Jobs.observe`."""
        job, _ = parse_execution_name(execution)
        request = run_v2.GetExecutionRequest(name=execution)
        what = f"reading execution {execution}"
        left = countdown(timeout, what)
        with translated(what, _grant_view(job)):
            answer = self._billing.billed(
                job.project,
                lambda payer: self._executions.get_execution(
                    request=request, timeout=left(), retry=None, metadata=payer
                ),
            )
        if not answer.name:
            raise Unavailable(f"reading execution {execution}: the answer names no execution; try again later")
        return execution_facts(answer)

    def describe(self, job: JobName, *, timeout: float) -> JobSetup:
        """See `services.Jobs.describe`."""
        request, what = run_v2.GetJobRequest(name=job.resource), f"reading job {job.resource}"
        left = countdown(timeout, what)
        with translated(what, _grant_describe(job)):
            answer = self._billing.billed(
                job.project,
                lambda payer: self._jobs.get_job(request=request, timeout=left(), retry=None, metadata=payer),
            )
        if not answer.name:
            raise Unavailable(f"{what}: the answer names no job; try again later")
        return JobSetup(answer.generation, _moment(answer.update_time), _containers(answer.template))

    def listed(self, job: JobName, since: datetime, page: str, *, timeout: float) -> ExecutionPage:
        """See `services.Jobs.listed`. What is older than asked for ends the listing, whatever page follows."""
        what = f"listing executions of {job.resource}"
        request = run_v2.ListExecutionsRequest(parent=job.resource, page_size=_PAGE_SIZE, page_token=page)
        left = countdown(timeout, what)
        with translated(what, _grant_view(job)):
            found = next(self._billing.billed(job.project, partial(self._executions_of, request, left)))
        recent = [execution_facts(item) for item in found.executions if _created(item) >= since]
        is_last = len(recent) < len(found.executions)
        return ExecutionPage(recent, "" if is_last else found.next_page_token)


def execution_facts(execution: run_v2.Execution) -> Execution:
    """Return what the story needs of Cloud Run's answer."""
    completed = next((item for item in execution.conditions if item.type_ == "Completed"), None)
    failed = [item for item in execution.conditions if _has_failed(item)]
    environment = _environment(execution)
    return Execution(
        name=execution.name,
        created=_created(execution),
        started=_moment(execution.start_time),
        completed=_moment(execution.completion_time),
        completion=_COMPLETION.get(completed.state, Completion.UNKNOWN) if completed else Completion.UNKNOWN,
        message=_words(completed, failed),
        exited=completed.execution_reason == _Reasons.NON_ZERO_EXIT_CODE if completed else False,
        tasks=execution.task_count,
        succeeded=execution.succeeded_count,
        failed=execution.failed_count,
        cancelled=execution.cancelled_count,
        retried=execution.retried_count,
        containers=_containers(execution.template),
        build=_only(environment, BUILD_VARIABLE),
        nonce=_only(environment, NONCE_VARIABLE),
        stuck=bool(failed),
        blamed=any(map(_is_the_platforms, failed)),
        timeout=_span(execution.template.timeout),
        creator=execution.creator or execution.annotations.get(_CREATOR, ""),
    )


def _has_failed(condition: run_v2.Condition) -> bool:
    """Whether it failed for good, and not in something beside the point."""
    serious = condition.severity in (_Severity.SEVERITY_UNSPECIFIED, _Severity.ERROR)
    return condition.state == run_v2.Condition.State.CONDITION_FAILED and serious


def _words(completed: run_v2.Condition | None, failed: list[run_v2.Condition]) -> str:
    """Return what Cloud Run says of the end, or of what failed before there was one."""
    if completed and completed.message and (completed in failed or not failed):
        return completed.message
    said = next((item.message for item in failed if item.message), "")
    others = [item.type_ for item in failed if item.type_ != "Completed"]
    return said or (f"{others[0]} failed" if others else "")


def _is_the_platforms(condition: run_v2.Condition) -> bool:
    return (
        condition.reason == run_v2.Condition.CommonReason.INTERNAL
        or condition.execution_reason == _Reasons.JOB_STATUS_SERVICE_POLLING_ERROR
    )


def _claim(execution: run_v2.Execution) -> ExecutionClaim:
    return ExecutionClaim(execution.name, _only(_environment(execution), NONCE_VARIABLE))


def _environment(execution: run_v2.Execution) -> list[tuple[str, str]]:
    return [(item.name, item.value) for container in execution.template.containers for item in container.env]


def _only(environment: list[tuple[str, str]], name: str) -> str:
    """Return what every container's variable of this name says; empty where they say different things."""
    values = {value for variable, value in environment if variable == name}
    return values.pop() if len(values) == 1 else ""


def _containers(template: Any) -> tuple[Container, ...]:
    """Return the containers of an execution's template, or of a job's, which has another template around them."""
    inner = template.template if isinstance(template, run_v2.ExecutionTemplate) else template
    return tuple(Container(item.name, item.image, tuple(item.args)) for item in inner.containers)


def _span(value: Any) -> timedelta | None:
    return value if isinstance(value, timedelta) and value else None


def _created(execution: run_v2.Execution) -> datetime:
    return _moment(execution.create_time) or datetime.fromtimestamp(0, UTC)


def _moment(value: Any) -> datetime | None:
    """Return a moment of the library's, as a plain one; an unset one is None."""
    if value is None:
        return None
    return datetime.fromtimestamp(value.timestamp(), UTC)


def _grant_start(job: JobName) -> str:
    permissions, on = "run.jobs.run and run.jobs.runWithOverrides", f"job {job.location}/{job.job} of {job.project}"
    return needs(permissions, on, "roles/run.jobsExecutorWithOverrides")


def _grant_describe(job: JobName) -> str:
    return needs("run.jobs.get", f"project {job.project}", "roles/run.viewer")


def _grant_view(job: JobName) -> str:
    return needs("run.executions.get and run.executions.list", f"project {job.project}", "roles/run.viewer")
