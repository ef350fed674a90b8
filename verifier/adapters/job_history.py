"""What ran when: the executions of a job, each tied by its image's digest to the build that made it.

Documentation: "Cloud Run Admin API v2", Executions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from google.cloud import run_v2
from google.cloud.run_v2.services.executions import transports as execution_transports
from google.cloud.run_v2.services.jobs import transports as job_transports

from verifier.adapters.cloud_run import execution_facts
from verifier.adapters.google import connected, countdown, translated
from verifier.errors import Missing
from verifier.facts.execution import Execution, JobName, Phase
from verifier.history.judged_build import Maker, Run, worst_first

_PAGE_SIZE = 100
_ENDED_WELL = {Phase.SUCCEEDED: True, Phase.FAILED: False, Phase.CANCELLED: False}


def list_runs(
    job: JobName,
    since: datetime,
    until: datetime,
    made_by: Mapping[str, Maker],
    *,
    endpoint: str = "",
    timeout: float,
) -> list[Run]:
    """Return the job's executions that were created between two moments, newest first.

    `made_by` knows the builds by the digests that they pushed. Raise Missing when there is no such job, Denied with
    the role to grant, and the other errors of a service.
    """
    left = countdown(timeout, f"listing executions of {job.resource}")
    try:
        with translated(f"listing executions of {job.resource}", _grant(job)):
            executions = list(_created_since(job, since, endpoint, left))
            if not executions:
                _look_at(job, endpoint, left)
    except Missing as error:
        message = f"{error}; look for its name and region with: gcloud run jobs list --project={job.project}"
        raise Missing(message) from error
    return [_run(execution, made_by) for execution in executions if execution.created <= until]


def _created_since(job: JobName, since: datetime, endpoint: str, left: Callable[[], float]) -> Iterator[Execution]:
    """List them: the list has no filter, and is sorted by time of creation, newest first."""
    client: Any = connected(run_v2.ExecutionsClient, execution_transports.ExecutionsGrpcTransport, endpoint)
    request = run_v2.ListExecutionsRequest(parent=job.resource, page_size=_PAGE_SIZE)
    while True:
        page = next(client.list_executions(request=request, timeout=left(), retry=None).pages)
        for item in page.executions:
            execution = execution_facts(item)
            if execution.created < since:
                return
            yield execution
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def _look_at(job: JobName, endpoint: str, left: Callable[[], float]) -> None:
    """Read the job where the list is empty: it may be that of a job that does not exist."""
    client: Any = connected(run_v2.JobsClient, job_transports.JobsGrpcTransport, endpoint)
    client.get_job(request=run_v2.GetJobRequest(name=job.resource), timeout=left(), retry=None)


def _run(execution: Execution, made_by: Mapping[str, Maker]) -> Run:
    makers = [made_by[digest] for digest in sorted(execution.digests) if digest in made_by]
    build, verdict = min(makers, key=lambda maker: worst_first(maker[1]), default=(None, None))
    return Run(
        name=execution.name,
        started=execution.started or execution.created,
        ended=execution.completed,
        succeeded=_ENDED_WELL.get(execution.phase),
        digests=execution.digests,
        build=build,
        verdict=verdict,
    )


def _grant(job: JobName) -> str:
    return (
        f"needs run.executions.list and run.jobs.get: gcloud projects add-iam-policy-binding {job.project} "
        "--member=user:YOU --role=roles/run.viewer"
    )
