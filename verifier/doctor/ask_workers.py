"""Asking Cloud Build, Cloud Run and Cloud Logging for what the function asks them, with the least that tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud import run_v2
from google.cloud.devtools import cloudbuild_v1
from google.cloud.devtools.cloudbuild_v1.services.cloud_build import transports as build_transports
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2 import transports as logging_transports
from google.cloud.logging_v2.types import ListLogEntriesRequest
from google.cloud.run_v2.services.executions import transports as execution_transports
from google.cloud.run_v2.services.jobs import transports as job_transports
from google.iam.v1 import iam_policy_pb2

from verifier.adapters.cloud_build import build_document
from verifier.doctor.calls import Caller
from verifier.doctor.rows import Trouble
from verifier.doctor.workers import START, STARTER, JobFacts
from verifier.errors import Malformed
from verifier.facts.build import Build, parse_build
from verifier.facts.execution import JobName
from verifier.times import show_time

_AT_ONCE = 16
_RECENT = 100


def recent_builds(caller: Caller, project: str, locations: Iterable[str]) -> list[Build]:
    """Return the newest successful builds of these locations. Raise Trouble when one can't be listed."""
    client = _client(caller)
    found = [build for location in sorted(locations) for build in _builds(client, caller, project, location)]
    return [parsed for build in found if (parsed := _parsed(build))]


def busy_locations(
    caller: Caller, project: str, locations: Sequence[str], since: datetime
) -> tuple[list[str], list[str]]:
    """Return the locations with builds since then, and those that gave no answer. Raise Trouble where none answers."""
    client, troubles = _client(caller), list[Trouble]()

    def busy(location: str) -> bool | None:
        wanted = f'create_time>="{show_time(since)}"'
        try:
            return bool(_builds(client, caller, project, location, wanted, 1))
        except Trouble as trouble:
            troubles.append(trouble)
            return None

    with ThreadPoolExecutor(_AT_ONCE) as several:
        answers = dict(zip(locations, several.map(busy, locations), strict=True))
    if troubles and len(troubles) == len(locations):
        raise troubles[0]
    return [name for name, answer in answers.items() if answer], [name for name in answers if answers[name] is None]


def read_job(you: Caller, job: JobName, container: str = "") -> JobFacts | None:
    """Return the job, with the image of this container of it, or None when there is no such job. Raise Trouble."""
    client = you.client(run_v2.JobsClient, job_transports.JobsGrpcTransport)
    try:
        with you.asking(f"reading {job.resource}", job.project, "run.jobs.get", "roles/run.viewer"):
            found = client.get_job(request=run_v2.GetJobRequest(name=job.resource), timeout=you.seconds, retry=None)
    except Trouble as trouble:
        if isinstance(trouble.__cause__, NotFound):
            return None
        raise
    template = found.template.template
    images = {item.name: item.image for item in template.containers}
    first = next(iter(images.values()), "")
    return JobFacts(job, images.get(container, first), template.max_retries, tuple(images))


def start_permissions(function: Caller, job: JobName) -> list[str]:
    """Which of the permissions that starting a job takes the caller has on it. Raise Trouble."""
    client = function.client(run_v2.JobsClient, job_transports.JobsGrpcTransport)
    with function.asking(f"asking for permissions on {job.resource}", job.project, START[0], STARTER):
        request = iam_policy_pb2.TestIamPermissionsRequest(resource=job.resource, permissions=list(START))
        answer = client.test_iam_permissions(request=request, timeout=function.seconds, retry=None)
    return list(answer.permissions)


def list_one_execution(function: Caller, job: JobName) -> str:
    """Return the newest execution's name, or empty text. Raise Trouble when executions can't be listed."""
    client = function.client(run_v2.ExecutionsClient, execution_transports.ExecutionsGrpcTransport)
    request = run_v2.ListExecutionsRequest(parent=job.resource, page_size=1)
    with function.asking(
        f"listing executions of {job.resource}", job.project, "run.executions.list", "roles/run.viewer"
    ):
        page = next(client.list_executions(request=request, timeout=function.seconds, retry=None).pages)
    return str(page.executions[0].name).rpartition("/")[2] if page.executions else ""


def read_one_log_entry(function: Caller, job: JobName, since: datetime) -> None:
    """Read the job's log as the function does, a single entry. Raise Trouble."""
    client = function.client(LoggingServiceV2Client, logging_transports.LoggingServiceV2GrpcTransport)
    wanted = f'resource.type="cloud_run_job"\nresource.labels.job_name="{job.job}"\ntimestamp>="{show_time(since)}"'
    request = ListLogEntriesRequest(
        resource_names=[f"projects/{job.project}"], filter=wanted, order_by="timestamp asc", page_size=1
    )
    with function.asking(
        f"reading logs of {job.project}", job.project, "logging.logEntries.list", "roles/logging.viewer"
    ):
        next(client.list_log_entries(request=request, timeout=function.seconds, retry=None).pages)


def _client(caller: Caller) -> Any:
    return caller.client(cloudbuild_v1.CloudBuildClient, build_transports.CloudBuildGrpcTransport)


def _builds(
    client: Any, caller: Caller, project: str, location: str, wanted: str = 'status="SUCCESS"', size: int = _RECENT
) -> list[cloudbuild_v1.Build]:
    parent = f"projects/{project}/locations/{location}"
    request = cloudbuild_v1.ListBuildsRequest(parent=parent, project_id=project, filter=wanted, page_size=size)
    what = f"listing builds of {project} in {location}"
    with caller.asking(what, project, "cloudbuild.builds.list", "roles/cloudbuild.builds.viewer"):
        return list(next(client.list_builds(request=request, timeout=caller.seconds, retry=None).pages).builds)


def _parsed(build: cloudbuild_v1.Build) -> Build | None:
    try:
        return parse_build(build_document(build))
    except Malformed:
        return None
