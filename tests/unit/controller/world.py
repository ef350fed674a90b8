"""A small world for one record: services that answer as they are told, and a ledger in memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from tests.unit.builders import DECIDED, POLICY, ran
from verifier.adapters.sqlite import SqliteStore
from verifier.checks.policy import Policy
from verifier.controller.attempt import Attempt
from verifier.controller.budget import Budget, Deployment
from verifier.controller.ledger import BUILDS, Lease, Ledger, Record, parse_record, record_document
from verifier.errors import Missing, Refused, ServiceError, Stopping
from verifier.facts.build import Build, BuildKey
from verifier.facts.execution import Execution, JobName, JobSetup
from verifier.facts.submitter import Submitter
from verifier.facts.trigger import Trigger
from verifier.services import (
    MOST_AT_ONCE,
    Announcer,
    Audit,
    BuildPage,
    Builds,
    Chat,
    CreatedPage,
    Document,
    ExecutionClaim,
    ExecutionPage,
    Jobs,
    LogPage,
    Logs,
    Message,
    Posted,
    Store,
    Stored,
    Submitters,
    Triggers,
    Uploads,
    WorkTopic,
)
from verifier.standin.clock import ManualClock

NOW = DECIDED
LEASE = timedelta(seconds=120)
SOON = 5.0
CHANNEL = "C0BUILDS01"
UNWATCHED = replace(POLICY, workers=tuple(replace(worker, watch=False) for worker in POLICY.workers))
"""A policy by which nobody looks at what jobs run."""


@dataclass
class World:
    """Everything that an attempt meets. `called` has the names of the calls, in their order."""

    store: Store
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    called: list[str] = field(default_factory=list)
    build: Build | None = None
    listings: list[BuildPage | Exception] = field(default_factory=list)
    """What Cloud Build answers to the next listings; afterwards it lists nothing."""
    created: list[CreatedPage | Exception] = field(default_factory=list)
    """The same for listings of whole builds, by the moment at which they were created."""
    takes: float = 0.0
    """How many seconds Cloud Build takes for an answer."""
    trigger: Trigger | Exception = field(default_factory=lambda: Missing("no such trigger"))
    """What Cloud Build answers about any trigger."""
    started: tuple[tuple[str, ...], Mapping[str, str], str] | None = None
    """What the last start was asked for: arguments, environment and container."""
    executions: list[ExecutionClaim] = field(default_factory=list)
    """What the list of the job's executions shows."""
    jobs_asked: list[JobName] = field(default_factory=list)
    """The jobs whose executions were listed."""
    execution: Execution = field(default_factory=ran)
    setup: JobSetup | Exception = field(default_factory=lambda: Missing("no such job"))
    """What Cloud Run answers about how any job is set up."""
    pages: list[ExecutionPage | Exception] = field(default_factory=list)
    """What Cloud Run answers to the next listings of executions; afterwards it lists none."""
    posts: list[Posted | ServiceError | Stopping] = field(default_factory=list)
    """What Slack answers to the next messages; afterwards it takes them."""
    refusing: str | None = None
    """A channel in which it refuses everything."""
    finds: list[Posted | ServiceError | None] = field(default_factory=list)
    """What Slack answers to the next looks into its history; afterwards it finds nothing."""
    can_edit: bool = True
    """Slack is spoken to with a bot token, and not by a webhook."""
    edits: list[ServiceError | None] = field(default_factory=list)
    """What Slack answers to the next edits; afterwards it takes them."""
    edited: list[tuple[Posted, Message]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    looked_for: list[Message] = field(default_factory=list)
    entries: list[Mapping[str, str]] = field(default_factory=list)
    """The labels of the audit trail's entries."""
    trail: dict[tuple[str, datetime], Document] = field(default_factory=dict)
    """What a query would show of it: the first entry of each insert id and time."""
    submitters_error: Exception | None = None
    announcer: Announcer | None = None
    work_topic: WorkTopic | None = None
    uploads: Uploads | None = None

    def __post_init__(self) -> None:
        nonces = itertools.count(1)
        self.ledger = Ledger(self.store, self.clock, LEASE, lambda: f"nonce-{next(nonces)}")
        self.builds: Builds = _Builds(self)
        self.triggers: Triggers = _Triggers(self)
        self.jobs: Jobs = _Jobs(self)
        self.logs: Logs = _WorldLogs(self)
        self.audit: Audit = _Audit(self)
        self.chat: Chat = _Chat(self)
        self.submitters: Submitters = _Submitters(self)

    @property
    def pause(self) -> Callable[[float], object]:
        """Moves the clock."""
        return self.clock.advance

    def deployment(self, policy: Policy = UNWATCHED) -> Deployment:
        """Return what an invocation works with."""
        return Deployment(self, policy, self.ledger, "test", CHANNEL, "vividly-dev")

    def budget(self) -> Budget:
        """Return enough time for anything."""
        return Budget(self.clock, self.clock() + timedelta(seconds=50))

    def put(self, record: Record) -> Stored:
        """Let the ledger have this record, as it is."""
        stored = self.store.create(BUILDS, record.key.digest, record_document(record), timeout=SOON)
        assert stored is not None
        return stored

    def attempt(self, record: Record, policy: Policy = POLICY) -> Attempt:
        """Return an attempt at this record, which the ledger has from now on."""
        lease = self.ledger.take(self.put(record), timeout=SOON)
        assert lease is not None
        return Attempt(self.deployment(policy), lease, self.budget())

    def again(self, key: BuildKey, policy: Policy = POLICY) -> Attempt:
        """Return another attempt at a record that the ledger has, as if the one before had died."""
        stored = self.store.read(BUILDS, key.digest, timeout=SOON)
        assert stored is not None
        return Attempt(self.deployment(policy), Lease(parse_record(stored.document), stored.revision), self.budget())

    def lease_of(self, record: Record) -> Lease:
        """Return what allows to write this record as it is stored, whoever has its lease."""
        stored = self.store.read(BUILDS, record.key.digest, timeout=SOON)
        assert stored is not None
        return Lease(record, stored.revision)

    def record(self, key: BuildKey) -> Record:
        """Return the record as it is stored."""
        stored = self.store.read(BUILDS, key.digest, timeout=SOON)
        assert stored is not None
        return parse_record(stored.document)


@dataclass
class WorkRecorder:
    """The topic for the function's own work, which nobody reads."""

    batches: list[list[tuple[str, str]]] = field(default_factory=list)
    """The kind and the name of each piece, by the request that published it."""
    refusal: Exception | None = None

    def hand_out(self, work: Sequence[Document], *, timeout: float) -> None:
        if self.refusal is not None:
            raise self.refusal
        assert 0 < len(work) <= MOST_AT_ONCE
        assert timeout > 0
        self.batches.append([(item["kind"], item["name"]) for item in work])

    def taken(self) -> list[tuple[str, str]]:
        """Return what was published since this was last asked."""
        work = [item for batch in self.batches for item in batch]
        self.batches.clear()
        return work


@dataclass
class _Triggers:
    world: World

    def read(self, project: str, location: str, trigger_id: str, *, timeout: float) -> Trigger:
        self.world.called.append("trigger")
        answer = self.world.trigger
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class _Builds:
    world: World

    def fetch(self, key: BuildKey, *, timeout: float) -> Build:
        self.world.called.append("fetch")
        self.world.clock.advance(self.world.takes)
        if self.world.build is None:
            raise Missing(f"{key.name}: expected a build, got none")
        return self.world.build

    def finished(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> BuildPage:
        self.world.called.append(f"list {project}/{location}")
        self.world.clock.advance(self.world.takes)
        answer = self.world.listings.pop(0) if self.world.listings else BuildPage([], "")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def created(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> CreatedPage:
        self.world.called.append(f"created {project}/{location} {page}".rstrip())
        self.world.clock.advance(self.world.takes)
        answer = self.world.created.pop(0) if self.world.created else CreatedPage([], 0, "")
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class _Jobs:
    world: World

    def start(
        self, job: JobName, args: Sequence[str], env: Mapping[str, str], container: str = "", *, timeout: float
    ) -> str:
        self.world.called.append("start")
        self.world.started = (tuple(args), dict(env), container)
        return self.world.execution.name

    def started_for(
        self, job: JobName, env: str, value: str, since: datetime, *, timeout: float
    ) -> list[ExecutionClaim]:
        self.world.called.append("started_for")
        self.world.jobs_asked.append(job)
        return self.world.executions

    def observe(self, execution: str, *, timeout: float) -> Execution:
        self.world.called.append("observe")
        return replace(self.world.execution, name=execution)

    def describe(self, job: JobName, *, timeout: float) -> JobSetup:
        self.world.called.append("describe")
        if isinstance(self.world.setup, Exception):
            raise self.world.setup
        return self.world.setup

    def listed(self, job: JobName, since: datetime, page: str, *, timeout: float) -> ExecutionPage:
        self.world.called.append(f"listed {page}".strip())
        answer = self.world.pages.pop(0) if self.world.pages else ExecutionPage([], "")
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class _WorldLogs:
    world: World

    def read(
        self, project: str, filter_text: str, *, waits: bool = False, last: bool = False, timeout: float
    ) -> Iterator[LogPage]:
        self.world.called.append("read")
        yield LogPage((), more=False)


@dataclass
class _Audit:
    world: World

    def write(
        self,
        *,
        insert_id: str,
        time: datetime,
        severity: str,
        labels: Mapping[str, str],
        payload: Document,
        timeout: float,
    ) -> None:
        self.world.called.append("audit")
        self.world.entries.append(labels)
        self.world.trail.setdefault((insert_id, time), payload)


@dataclass
class _Chat:
    world: World

    @property
    def can_edit(self) -> bool:
        return self.world.can_edit

    def post(self, message: Message, *, timeout: float) -> Posted:
        self.world.called.append("post")
        if message.channel == self.world.refusing:
            raise Refused("not in the channel", fix="invite the app", wide=True)
        answer = self.world.posts.pop(0) if self.world.posts else Posted(message.channel, "1795400000.000100")
        if not isinstance(answer, Posted):
            raise answer
        self.world.messages.append(message)
        return answer

    def edit(self, message: Message, posted: Posted, *, timeout: float) -> None:
        self.world.called.append("edit")
        answer = self.world.edits.pop(0) if self.world.edits else None
        if answer is not None:
            raise answer
        self.world.edited.append((posted, message))

    def find(self, message: Message, since: datetime, *, timeout: float) -> Posted | None:
        self.world.called.append("find")
        self.world.looked_for.append(message)
        answer = self.world.finds.pop(0) if self.world.finds else None
        if isinstance(answer, ServiceError):
            raise answer
        return answer


@dataclass
class _Submitters:
    world: World

    def submitter(self, key: BuildKey, created: datetime, *, timeout: float) -> Submitter | None:
        self.world.called.append("submitter")
        if self.world.submitters_error is not None:
            raise self.world.submitters_error
        return None


@pytest.fixture
def world() -> Iterator[World]:
    """Yield a world whose ledger is new and empty."""
    with closing(SqliteStore(":memory:")) as store:
        yield World(store)
