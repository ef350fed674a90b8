"""google.cloud.run.v2.Jobs and Executions: starting a job and looking at what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from google.longrunning.operations_pb2 import Operation

from verifier.standin.cloud import Cloud
from verifier.standin.execution_view import job_uid, show_execution, uid
from verifier.standin.job_book import JobPath, Overrides
from verifier.standin.job_run import JobRun
from verifier.standin.messages import (
    GetExecutionRequest,
    GetJobRequest,
    Job,
    ListExecutionsRequest,
    ListExecutionsResponse,
    Method,
    Pb,
    RunJobRequest,
)
from verifier.standin.refusal import RefusalError, invalid, page_cursor, page_size, page_token, parse_name


class RunService:
    """Answers as Cloud Run does, from what the cloud holds."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def methods(self) -> dict[str, Method]:
        """Its methods by their full name."""
        return {
            "/google.cloud.run.v2.Jobs/GetJob": Method(GetJobRequest, self._get_job),
            "/google.cloud.run.v2.Jobs/RunJob": Method(RunJobRequest, self._run_job),
            "/google.cloud.run.v2.Executions/GetExecution": Method(GetExecutionRequest, self._get_execution),
            "/google.cloud.run.v2.Executions/ListExecutions": Method(ListExecutionsRequest, self._list_executions),
        }

    def _get_job(self, request: Pb) -> Pb:
        path = self._job_path(request.name)
        self._cloud.require("GetJob", request.name)
        job = self._cloud.jobs.job(path)
        runs = self._cloud.jobs.runs_of(path)
        resource = f"projects/{path.project}/locations/{path.location}/jobs/{path.job}"
        message = Job(
            name=request.name,
            uid=job_uid(resource, job.created),
            generation=job.generation,
            observed_generation=job.generation,
            launch_stage="GA",
            execution_count=len(runs),
        )
        message.create_time.FromDatetime(job.created)
        message.update_time.FromDatetime(job.changed or job.created)
        message.template.task_count = job.tasks
        message.template.template.max_retries = job.max_retries
        message.template.template.timeout.seconds = job.timeout_seconds
        container = message.template.template.containers.add(name=job.container, image=job.image, args=job.args)
        for name, value in job.env.items():
            container.env.add(name=name, value=value)
        for sidecar in job.sidecars:
            message.template.template.containers.add(name=sidecar.name, image=sidecar.image)
        if runs:
            _fill_latest(message.latest_created_execution, runs[-1], self._cloud.clock())
        return message

    def _run_job(self, request: Pb) -> Pb:
        path = self._job_path(request.name)
        self._cloud.require("RunJob", request.name)
        if request.HasField("overrides"):
            self._cloud.require("RunJob with overrides", request.name)
        if request.validate_only or request.etag:
            raise RefusalError("UNIMPLEMENTED", "RunJob: validate_only and etag are not known to this stand-in.")
        run = self._cloud.run_job(path, _overrides(request.overrides))
        operation = Operation(name=f"projects/{path.project}/locations/{path.location}/operations/{uid(run.name)}")
        operation.metadata.Pack(show_execution(run, run.created))
        return operation

    def _get_execution(self, request: Pb) -> Pb:
        project, *rest = parse_name(request.name, "projects", "locations", "jobs", "executions")
        self._cloud.require("GetExecution", request.name)
        location, job, execution = rest
        name = f"projects/{self._cloud.project_id(project)}/locations/{location}/jobs/{job}/executions/{execution}"
        return show_execution(self._cloud.jobs.run(name), self._cloud.clock())

    def _list_executions(self, request: Pb) -> Pb:
        path = self._job_path(request.parent)
        self._cloud.require("ListExecutions", request.parent)
        question = ("executions", request.parent)
        cursor = cast("list[int] | None", page_cursor(request.page_token, *question))
        empty_pages, *before = cursor or (0,)
        if not before and empty_pages < self._cloud.empty_execution_pages:
            return ListExecutionsResponse(next_page_token=page_token([empty_pages + 1], *question))
        runs, rest = self._cloud.jobs.page(path, before[0] if before else None, page_size(request.page_size))
        now = self._cloud.clock()
        return ListExecutionsResponse(
            executions=[show_execution(run, now) for run in runs],
            next_page_token=page_token([empty_pages, rest], *question) if rest is not None else "",
        )

    def _job_path(self, name: str) -> JobPath:
        project, location, job = parse_name(name, "projects", "locations", "jobs")
        return JobPath(self._cloud.project_id(project), location, job)


def _fill_latest(latest: Pb, run: JobRun, now: datetime) -> None:
    latest.name = run.name
    latest.create_time.FromDatetime(run.created)
    if run.finished and run.has_finished(now):
        latest.completion_time.FromDatetime(run.finished)
    latest.completion_status = f"EXECUTION_{_status(run, now)}"


def _status(run: JobRun, now: datetime) -> str:
    if not run.has_finished(now):
        return "RUNNING" if run.has_started(now) else "PENDING"
    if run.script.outcome.startswith("cancelled"):
        return "CANCELLED"
    return "SUCCEEDED" if run.succeeded else "FAILED"


def _overrides(overrides: Pb) -> Overrides:
    if len(overrides.container_overrides) > 1:
        raise invalid("Invalid overrides: more than one container's, which this stand-in can't play.")
    env: dict[str, str] = {}
    args: tuple[str, ...] | None = None
    whose: str | None = None
    for container in overrides.container_overrides:
        env = {variable.name: variable.value for variable in container.env}
        args = tuple(container.args) if container.args or container.clear_args else None
        whose = str(container.name)
    return Overrides(env, args, overrides.task_count or None, overrides.timeout.seconds or None, whose)
