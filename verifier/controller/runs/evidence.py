"""What an execution says, asked of Cloud Run: how it ended, what it ran, and whether as its job is set up."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from verifier.checks.job_runs import JobRuns
from verifier.checks.policy import Policy
from verifier.checks.run_count import kind_of
from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import BUILDS
from verifier.errors import Malformed, Missing, OutOfTime, ServiceError
from verifier.facts.build import BuildKey, parse_build_name
from verifier.facts.execution import Execution, JobName, JobSetup
from verifier.facts.run import EndedRun, RunKind, ended_run


def setup_of(job: JobName, deployment: Deployment, budget: Budget) -> JobSetup | None:
    """Return how the job is set up; None where that can't be read now: then arguments are not compared.

    Raises Missing where there is no such job, OutOfTime and Stopping.
    """
    try:
        return deployment.services.jobs.describe(job, timeout=budget.seconds(CALL_SECONDS))
    except (Missing, OutOfTime):
        raise
    except ServiceError:
        return None


def run_of(
    execution: Execution, job: JobRuns, policy: Policy, kind: RunKind, generation: int | None = None
) -> EndedRun:
    """Return what is kept of an execution that has ended. Raises Malformed."""
    container, repositories = _own_container(job.job, policy)
    return ended_run(
        execution,
        kind,
        generation,
        container=container,
        repositories=repositories,
        names_people=policy.name_submitter,
    )


def kind_seen(
    execution: Execution, job: JobRuns, setup: JobSetup | None, deployment: Deployment, budget: Budget
) -> RunKind:
    """Return what an execution is that a look has found; one that names a build is looked up in the ledger.

    A trial is one that the ledger knows: anybody who may run the job can have an execution name a build, and such a run
    is somebody's own. Raises ServiceError and Stopping.
    """
    if not execution.build:
        return kind_of(execution, job, None, setup)
    return RunKind.TRIAL if _is_ours(execution, deployment, budget) else RunKind.OTHER_ARGUMENTS


def _is_ours(execution: Execution, deployment: Deployment, budget: Budget) -> bool:
    """Return whether the ledger knows that this verifier started it.

    Its environment can be read and copied: the nonce counts only where no other execution is known to be the trial, or
    where Cloud Run may have started several.
    """
    try:
        key = BuildKey(*parse_build_name(execution.build))
    except Malformed:
        return False
    stored = deployment.services.store.read(BUILDS, key.digest, timeout=budget.seconds(LEDGER_SECONDS))
    if stored is None:
        return False
    known, requests = stored.document.get("execution"), stored.document.get("requests") or 0
    has_nonce = bool(execution.nonce) and stored.document.get("nonce") == execution.nonce
    return execution.name == known or (has_nonce and (not known or requests > 1))


def _own_container(job: JobName, policy: Policy) -> tuple[str, AbstractSet[str]]:
    """Return the name of the container that counts in this job, or empty, and the images that it may run."""
    names = {job, JobName("", job.location, job.job)}
    workers = [worker for worker in policy.workers if worker.job in names]
    containers = {worker.container for worker in workers if worker.container}
    images = frozenset(worker.image for worker in workers if worker.image)
    return (containers.pop() if len(containers) == 1 else ""), images
