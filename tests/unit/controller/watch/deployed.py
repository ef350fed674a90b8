"""Jobs that run what was deployed, with logs that can be read: time goes by a minute at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import re2

from tests.unit.builders import IMAGE, POLICY, judged, pushed
from tests.unit.controller.world import CHANNEL, NOW, SOON, World
from verifier.checks.job_runs import JobRuns, Tie
from verifier.checks.policy import Policy
from verifier.checks.run_count import counted, short_name, with_setup
from verifier.checks.watch.watching import Watch
from verifier.config import Watched
from verifier.controller.budget import Deployment
from verifier.controller.ledger import Record, State, settled
from verifier.controller.runs.job_runs import JOBS, RUNS, job_document, name_of_job, name_of_run, parse_job
from verifier.controller.runs.run_document import run_document
from verifier.controller.says import SAYINGS, KeptSaying, parse_saying
from verifier.controller.watch.watch_document import WATCHES, KeptWatch, name_of_watch, parse_watch
from verifier.controller.work import WATCH, WINDOW, WorkContext, do_work
from verifier.errors import ServiceError
from verifier.facts.execution import Container, JobName, JobSetup
from verifier.facts.logs import SYSTEM_LOG, LogEntry
from verifier.facts.run import EndedRun, RunKind, RunOutcome
from verifier.reporting.note_text import note_lines
from verifier.services import LogPage
from verifier.times import show_time

JOB = JobName("vividly-dev", "us-central1", "dev-vividly-content-worker")
WATCHED = Watched(projects={"vividly-dev": ""}, locations=frozenset({"us-central1"}))
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
_NAMES = re2.compile(r'execution_name"=\(([^)]*)\)')


def digest(name: str) -> str:
    return f"sha256:{name.encode().hex() * 64}"[:71]


@dataclass
class LogsOfRuns:
    """Cloud Logging, as far as it has what runs wrote."""

    world: World
    entries: dict[str, list[LogEntry]] = field(default_factory=dict)
    """By execution."""
    trouble: ServiceError | None = None
    reads: Counter[datetime] = field(default_factory=Counter)
    """How many there were in each minute."""
    waited: set[bool] = field(default_factory=set)
    was_last: set[bool] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    """The filters, in order."""
    page_size: int = 1_000

    def read(
        self, project: str, filter_text: str, *, waits: bool = False, last: bool = False, timeout: float
    ) -> Iterator[LogPage]:
        self.waited.add(waits)
        self.was_last.add(last)
        self.asked.append(filter_text)
        self._count()
        if self.trouble is not None:
            raise self.trouble
        found = _NAMES.search(filter_text)
        assert found is not None, "the filter names executions"
        names = [name.strip().strip('"') for name in found.group(1).split(" OR ")]
        written = [entry for name in names for entry in self.entries.get(name, [])]
        for first in range(0, max(len(written), 1), self.page_size):
            if first:
                self._count()
            yield LogPage(written[first : first + self.page_size], more=first + self.page_size < len(written))

    def _count(self) -> None:
        self.reads[self.world.clock().replace(second=0, microsecond=0)] += 1


@dataclass
class WatchedTeam:
    """What is deployed, runs, and is watched. `at` is the time that has gone by since the beginning."""

    world: World
    policy: Policy = POLICY
    through: Callable[[Deployment], Deployment] = lambda deployment: deployment
    """What the work is done with, of what the world has."""
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    def __post_init__(self) -> None:
        self.logs = LogsOfRuns(self.world)
        self.world.logs = self.logs

    def build(self, name: str, verdict: str = "VERIFIED") -> Record:
        """Have a build judged whose image has the digest of this name, and its message stand in Slack."""
        image = {"name": f"{IMAGE}:latest", "digest": digest(name)}
        one = pushed(id=f"{name.encode().hex():0<8}-0000-4000-8000-000000000000"[:36], results={"images": [image]})
        _, _, judgement = judged(one)
        record = Record(
            one.key,
            self.world.clock(),
            build=one.document,
            images=(digest(name),),
            judgement=judgement,
            told=True,
            channel=CHANNEL,
            ts="1795400000.000100",
        )
        self.world.put(settled(record, State.DONE))
        self.builds[name] = (one.key.name, verdict)
        return record

    builds: dict[str, tuple[str, str]] = field(default_factory=dict)

    def run(
        self,
        name: str,
        *errors: str,
        failed: bool = False,
        job: JobName = JOB,
        outcome: RunOutcome | None = None,
        whole: bool = True,
        kind: RunKind = RunKind.OWN,
        lasts: timedelta = MINUTE,
        generation: int | None = None,
    ) -> EndedRun:
        """Have the digest of this name run, by now and until a minute later, with these errors in its logs."""
        created = self.world.clock() + MINUTE - lasts
        execution = f"{job.resource}/executions/{job.job[:20]}-{next(self.numbers)}"
        ended = created + lasts
        how = outcome or (RunOutcome.FAILED if failed else RunOutcome.SUCCEEDED)
        run = EndedRun(execution, job, digest(name), IMAGE, created, ended, how, kind, tasks=1, attempts=1)
        run = replace(run, generation=generation)
        self.world.store.create(RUNS, name_of_run(execution), run_document(run), timeout=SOON)
        self._count(run, name)
        self.wrote(run, *errors, failed=failed, whole=whole)
        return run

    def set_up(self, generation: int, *images: str) -> None:
        """Have the job be known to be set up with these images."""
        stored = self.world.store.read(JOBS, name_of_job(JOB), timeout=SOON)
        assert stored is not None
        setup = JobSetup(generation, None, tuple(Container(image, image) for image in images))
        job = with_setup(parse_job(stored.document), setup)
        self.world.store.replace(JOBS, name_of_job(JOB), job_document(job), stored.revision, timeout=SOON)

    def wrote(self, run: EndedRun, *errors: str, failed: bool = False, whole: bool = True) -> None:
        """Have a run's logs say these errors, and how it ended where they are whole."""
        short = short_name(run.execution)
        texts = [
            f'Traceback (most recent call last):\n  File "/app/worker.py", line 3, in load\n{one}' for one in errors
        ]
        made = [LogEntry(run.created, 500, "run.googleapis.com/stderr", text, short, "0", "0") for text in texts]
        if whole:
            made.append(LogEntry(run.ended, 0, SYSTEM_LOG, f"Container called exit({int(failed)}).", short, "0", "0"))
        self.logs.entries[short] = made

    def _count(self, run: EndedRun, name: str) -> None:
        stored = self.world.store.read(JOBS, name_of_job(run.job), timeout=SOON)
        job = parse_job(stored.document) if stored else JobRuns(run.job, begun=NOW)
        job = counted(job, run)
        if name in self.builds and (known := job.of(run.digest)) is not None:
            build, verdict = self.builds[name]
            commit = f"{name.encode().hex()}0ddba11"[:40]
            job = job.with_digest(replace(known, tie=Tie.BUILD, build=build, verdict=verdict, commit=commit))
        if stored is None:
            self.world.store.create(JOBS, name_of_job(run.job), job_document(job), timeout=SOON)
        else:
            self.world.store.replace(JOBS, name_of_job(run.job), job_document(job), stored.revision, timeout=SOON)

    def go_on(self, span: timedelta) -> list[str]:
        """Let so much time go by, with all work done that is due; return what went wrong."""
        until, troubles = self.world.clock() + span, []
        while self.world.clock() < until:
            troubles += self.work()
            self.world.clock.advance(60)
        return [*troubles, *self.work()]

    def work(self) -> list[str]:
        """Do what is due now, each piece once."""
        troubles = []
        for kind in (WINDOW, WATCH):
            now = show_time(self.world.clock())
            for name, _ in self.world.store.due(kind.collection, now, 500, field=kind.field, timeout=SOON):
                at = WorkContext(self.through(self.world.deployment(self.policy)), WATCHED, self.world.budget())
                try:
                    done = do_work(kind.word, name, at)
                except ServiceError as error:  # its message is not acknowledged, and comes again
                    troubles.append(str(error))
                else:
                    troubles += [done.trouble] if done.trouble else []
        return troubles

    def every(self, span: timedelta, count: int, name: str, *errors: str, failed: bool = False) -> list[str]:
        """Have it run so often, with so much time between."""
        troubles = []
        for _ in range(count):
            self.run(name, *errors, failed=failed)
            troubles += self.go_on(span)
        return troubles

    def kept(self, name: str, job: JobName = JOB) -> KeptWatch:
        stored = self.world.store.read(WATCHES, name_of_watch(job, digest(name)), timeout=SOON)
        assert stored is not None
        return parse_watch(stored.document)

    def watch(self, name: str, job: JobName = JOB) -> Watch:
        return self.kept(name, job).watch

    def said(self) -> list[list[str]]:
        """Return what was said in messages of their own, in order."""
        return [list(saying.lines) for saying in self.sayings()]

    def sayings(self) -> list[KeptSaying]:
        found = self.world.store.due(SAYINGS, "\U0010ffff", 500, field="queue", timeout=SOON)
        return [parse_saying(stored.document) for _, stored in found]

    def notes(self, record: Record) -> list[str]:
        """Return what the build's message says by now below its verdict."""
        return note_lines(self.world.record(record.key).notes)

    def audited(self, record: Record) -> list[tuple[str, str]]:
        """Return what the audit trail heard of the watch of a build's digest."""
        mine = [entry for entry in self.world.entries if entry.get("build") == record.key.id]
        return [(entry["kind"], entry["event"]) for entry in mine]
