"""A Cloud Run with as many executions of one job as a test likes, and what a test asks of the ledger about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.unit.builders import DIGEST, IMAGE, POLICY, ran
from tests.unit.controller.world import NOW, SOON, World
from verifier.checks.job_runs import JobRuns
from verifier.config import Watched
from verifier.controller.budget import Deployment
from verifier.controller.runs.job_runs import JOBS, RUNS, job_document, name_of_job, name_of_run, parse_job
from verifier.controller.runs.run_document import parse_run
from verifier.controller.work import WorkContext, WorkDone, do_work
from verifier.errors import Missing, Refused, ServiceError
from verifier.facts.execution import Completion, Container, Execution, JobName, JobSetup
from verifier.facts.run import EndedRun
from verifier.services import ExecutionClaim, ExecutionPage, Stored

JOB = JobName("vividly-dev", "us-central1", "dev-vividly-content-worker")
WATCHED = Watched({JOB.project: ""}, frozenset({JOB.location}))
BEGUN = NOW - timedelta(days=1)
OTHER_DIGEST = "sha256:" + "77" * 32
ARGUMENTS = ("serve",)


@dataclass
class JobsOfOne:
    """The `Jobs` service, for one job."""

    world: World
    executions: dict[str, Execution] = field(default_factory=dict)
    """By their full names, in the order in which they were created."""
    setup: JobSetup | ServiceError = field(
        default_factory=lambda: JobSetup(7, None, (Container("", f"{IMAGE}:latest", ARGUMENTS),))
    )
    trouble: dict[str, ServiceError] = field(default_factory=dict)
    """What a call raises, by its name."""
    hidden: set[str] = field(default_factory=set)
    """Executions that no list shows."""
    page_size: int = 100
    meanwhile: Any = None
    """Called once, right after the next execution was read."""

    @property
    def called(self) -> Counter[str]:
        """How often each call was made."""
        return Counter(self.world.called)

    def put(self, number: int, at: timedelta = timedelta(0), *, digest: str = DIGEST, **changes: Any) -> str:
        """Have an execution that succeeded, created so long after the job began to be watched; return its name."""
        name = f"{JOB.resource}/executions/run-{number}"
        created = BEGUN + at
        seen = ran(
            name=name,
            created=created,
            started=created,
            completed=created + timedelta(minutes=1),
            containers=(Container("", f"{IMAGE}@{digest}", ARGUMENTS),),
            creator="scheduler@vividly-dev.iam.gserviceaccount.com",
        )
        self.executions[name] = replace(seen, **changes)
        return name

    def go_on(self, name: str) -> None:
        """Let this execution not have ended."""
        going: Mapping[str, Any] = {"completion": Completion.UNKNOWN, "completed": None, "succeeded": 0}
        self.executions[name] = replace(self.executions[name], **going)

    def end(self, name: str) -> None:
        """Let this execution have succeeded."""
        seen = self.executions[name]
        self.executions[name] = replace(seen, completion=Completion.TRUE, completed=seen.created, succeeded=1)

    def start(
        self, job: JobName, args: Sequence[str], env: Mapping[str, str], container: str = "", *, timeout: float
    ) -> str:
        raise NotImplementedError("nothing is started")

    def started_for(
        self, job: JobName, env: str, value: str, since: datetime, *, timeout: float
    ) -> list[ExecutionClaim]:
        raise NotImplementedError("nothing is started")

    def observe(self, execution: str, *, timeout: float) -> Execution:
        self._answer("observe")
        if execution not in self.executions:
            raise Missing(f"{execution}: expected an execution, got none")
        found = self.executions[execution]
        if self.meanwhile is not None:
            others, self.meanwhile = self.meanwhile, None
            others()
        return found

    def describe(self, job: JobName, *, timeout: float) -> JobSetup:
        self._answer("describe")
        if isinstance(self.setup, ServiceError):
            raise self.setup
        return self.setup

    def listed(self, job: JobName, since: datetime, page: str, *, timeout: float) -> ExecutionPage:
        self._answer("listed")
        if page and not page.isdecimal():
            raise Refused("this page token is not taken any more")
        shown = sorted(
            (one for one in self.executions.values() if one.name not in self.hidden), key=lambda one: one.created
        )
        end = int(page) if page else len(shown)
        first = max(0, end - self.page_size)
        recent = [one for one in reversed(shown[first:end]) if one.created >= since]
        is_last = first == 0 or len(recent) < end - first
        return ExecutionPage(recent, "" if is_last else str(first))

    def _answer(self, call: str) -> None:
        self.world.called.append(call)
        if call in self.trouble:
            raise self.trouble[call]


def cloud_run(world: World) -> JobsOfOne:
    """Let this be the world's Cloud Run."""
    world.jobs = jobs = JobsOfOne(world)
    return jobs


def watching(world: World) -> Deployment:
    """Return a deployment whose policy watches the job."""
    return world.deployment(POLICY)


def enrolled(world: World, **changes: Any) -> None:
    """Have the job watched for a day."""
    begun = JobRuns(JOB, begun=BEGUN, due=NOW)
    assert world.store.create(JOBS, name_of_job(JOB), job_document(replace(begun, **changes)), timeout=SOON)


def stored_job(world: World) -> Stored:
    """Return the job's document."""
    stored = world.store.read(JOBS, name_of_job(JOB), timeout=SOON)
    assert stored is not None
    return stored


def known(world: World) -> JobRuns:
    """Return what is known of the job."""
    return parse_job(stored_job(world).document)


def set_job(world: World, **changes: Any) -> None:
    """Change what is known of the job."""
    stored = stored_job(world)
    document = job_document(replace(parse_job(stored.document), **changes))
    assert world.store.replace(JOBS, name_of_job(JOB), document, stored.revision, timeout=SOON)


def kept(world: World, execution: str) -> EndedRun | None:
    """Return the run that has a document of its own."""
    stored = world.store.read(RUNS, name_of_run(execution), timeout=SOON)
    return parse_run(stored.document) if stored else None


def worked(world: World, deployment: Deployment | None = None, *, pages: int = 20) -> WorkDone:
    """Do the work on the job, if it is due."""
    at = WorkContext(deployment or watching(world), WATCHED, world.budget(), pages)
    return do_work("job", name_of_job(JOB), at)


def runs_counted(world: World) -> int:
    """Return how many runs are counted in all."""
    job = known(world)
    return sum(one.runs + one.apart for one in job.digests) + job.uncertain
