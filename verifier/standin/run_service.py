"""google.cloud.run.v2.Jobs and Executions: starting a job and looking at what became of it."""

from __future__ import annotations

from typing import cast

from google.longrunning.operations_pb2 import Operation

from verifier.standin.cloud import Cloud
from verifier.standin.execution_view import show_execution, uid
from verifier.standin.job_book import JobPath, Overrides
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
        message = Job(name=request.name, uid=uid(request.name), generation=1, execution_count=len(runs))
        message.create_time.FromDatetime(job.created)
        message.template.task_count = job.tasks
        message.template.template.max_retries = job.max_retries
        message.template.template.timeout.seconds = job.timeout_seconds
        container = message.template.template.containers.add(name=job.container, image=job.image, args=job.args)
        for name, value in job.env.items():
            container.env.add(name=name, value=value)
        for sidecar in job.sidecars:
            message.template.template.containers.add(name=sidecar.name, image=sidecar.image)
        if runs:
            message.latest_created_execution.name = runs[-1].name
            message.latest_created_execution.create_time.FromDatetime(runs[-1].created)
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
        runs = self._cloud.jobs.runs_of(path)
        question = ("executions", request.parent)
        cursor = cast("int | None", page_cursor(request.page_token, *question))
        end = len(runs) if cursor is None else cursor
        start = max(0, end - page_size(request.page_size))
        now = self._cloud.clock()
        return ListExecutionsResponse(
            executions=[show_execution(run, now) for run in reversed(runs[start:end])],
            next_page_token=page_token(start, *question) if start else "",
        )

    def _job_path(self, name: str) -> JobPath:
        project, location, job = parse_name(name, "projects", "locations", "jobs")
        return JobPath(self._cloud.project_id(project), location, job)


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
