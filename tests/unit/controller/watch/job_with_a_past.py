"""A job that ran before anybody watched it, whose logs are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from tests.unit.builders import POLICY
from tests.unit.controller.runs.cloud_run import BEGUN, JOB, WATCHED, JobsOfOne, cloud_run, enrolled
from tests.unit.controller.watch.deployed import LogsOfRuns, digest
from tests.unit.controller.world import SOON, World
from verifier.checks.known_errors import ErrorBook
from verifier.checks.policy import Policy
from verifier.checks.run_count import short_name
from verifier.controller.budget import Deployment
from verifier.controller.error_book import ERRORS, name_of, parse_book
from verifier.controller.runs.baselines import BASELINES, Baseline, name_of_baseline, parse_baseline
from verifier.controller.runs.job_runs import name_of_job
from verifier.controller.work import WorkContext, WorkDone, do_work
from verifier.facts.logs import SYSTEM_LOG, LogEntry

HOUR = timedelta(hours=1)
NAME = name_of_baseline(JOB.project)


def _as_it_is(deployment: Deployment) -> Deployment:
    return deployment


@dataclass
class JobWithAPast:
    """A job that ran before anybody watched it."""

    world: World
    jobs: JobsOfOne
    logs: LogsOfRuns
    policy: Policy = POLICY
    through: Callable[[Deployment], Deployment] = _as_it_is
    """What the work is done with, in the place of the deployment."""

    def ran(self, number: int, name: str, *errors: str, at: timedelta = -HOUR, is_logged: bool = True) -> str:
        """Have a run of the digest of this name, created so long after the job began to be watched, with its logs."""
        execution = self.jobs.put(number, at, digest=digest(name))
        short, created = short_name(execution), BEGUN + at
        texts = [
            f'Traceback (most recent call last):\n  File "/app/worker.py", line 3, in load\n{one}' for one in errors
        ]
        made = [LogEntry(created, 500, "run.googleapis.com/stderr", text, short, "0", "0") for text in texts]
        made.append(LogEntry(created + HOUR / 60, 0, SYSTEM_LOG, "Container called exit(0).", short, "0", "0"))
        self.logs.entries[short] = made if is_logged else []
        return execution

    def hours(self, count: int, name: str, *errors: str, until: timedelta = timedelta(0), first: int = 0) -> None:
        """Have it run once an hour before that moment."""
        for number in range(count):
            self.ran(first + number, name, *errors, at=until - (number + 1) * HOUR)

    def asked(self) -> None:
        """Do the work on the job, which asks for its baseline."""
        assert not self.do("job", name_of_job(JOB)).trouble

    def do(self, word: str, name: str) -> WorkDone:
        deployment = self.through(self.world.deployment(self.policy))
        return do_work(word, name, WorkContext(deployment, WATCHED, self.world.budget()))

    def work(self) -> WorkDone:
        """Do one piece of it, if it is due."""
        return self.do("baseline", NAME)

    def minutes(self, count: int) -> list[str]:
        """Let so many minutes go by with what is due done in each; return what went wrong."""
        troubles = []
        for _ in range(count):
            self.world.clock.advance(60)
            troubles += [done.trouble] if (done := self.work()).trouble else []
        return troubles

    @property
    def baseline(self) -> Baseline:
        stored = self.world.store.read(BASELINES, NAME, timeout=SOON)
        assert stored is not None
        return parse_baseline(stored.document)

    @property
    def book(self) -> ErrorBook | None:
        stored = self.world.store.read(ERRORS, name_of(JOB), timeout=SOON)
        return parse_book(stored.document) if stored else None

    def counted(self) -> list[tuple[str, int]]:
        """Return the digests of the book in order, and in how many runs each was read."""
        return [(ran.digest, ran.runs) for ran in self.book.digests] if self.book else []

    def names(self) -> dict[str, int]:
        """Return the errors of the book, and in how many runs each was."""
        return {error.name: error.runs for error in self.book.errors} if self.book else {}


def a_job_with_a_past(world: World) -> JobWithAPast:
    """Return a job that is watched since a day, and was never worked on."""
    made = JobWithAPast(world, cloud_run(world), LogsOfRuns(world))
    world.logs = made.logs
    enrolled(world)
    return made
