"""The services of the model: the simulation's world behind the Protocols of `verifier/services.py`."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter

import re2

from tests.scale.indexed_store import IndexedStore
from tests.scale.model_calls import ModelCalls, ServiceQuota
from tests.simulation.kernel import BEGINNING
from tests.simulation.world_model import CHANNEL, TRIGGER, ModelBuild, WorldModel
from verifier.errors import Denied, Missing, Unavailable
from verifier.facts.build import Build, BuildKey
from verifier.facts.execution import BUILD_VARIABLE, NONCE_VARIABLE, Execution, JobName, JobSetup
from verifier.facts.submitter import Submitter
from verifier.facts.trigger import Trigger, parse_trigger
from verifier.services import BuildPage, CreatedPage, Document, ExecutionClaim, ExecutionPage, LogPage, Message, Posted

_BUILDS_A_PAGE = 100
_TRIGGER_SECONDS = 300.0
"""For which a trigger that was read is kept, as `adapters/triggers.py` keeps it."""
_EXECUTION = re2.compile(r'"(run-[0-9]+)"')
_SLACK_SECONDS = 1.0
"""Between two messages in one channel, before Slack refuses one."""
_SLACK_BURST = 3
"""Messages that Slack takes at once above that pace."""


@dataclass
class ModelCloudBuild:
    """Gets and lists, which one quota counts."""

    calls: ModelCalls
    world: WorldModel
    quota: ServiceQuota = field(default_factory=ServiceQuota)
    denied: frozenset[str] = frozenset()
    """Projects in which nothing may be read."""
    listed: Callable[[str, str], object] = lambda *_: None
    """Told of each listing that was answered."""
    _by_place: dict[tuple[str, str], list[ModelBuild]] = field(default_factory=lambda: defaultdict(list))

    def add(self, made: ModelBuild) -> None:
        """Let a build be listed in its place."""
        insort(self._by_place[made.key.project, made.key.location], made, key=attrgetter("finishes"))

    def fetch(self, key: BuildKey, *, timeout: float) -> Build:
        def effect() -> Build:
            if key.project in self.denied:
                raise Denied(f"{key.project}: cloudbuild.builds.get is denied", fix="grant it")
            self.quota.take(self.calls.kernel.seconds)
            build = self.world.seen(key)
            if build is None:
                raise Missing(f"{key.name}: expected a build, got none")
            return build

        return self.calls.call("builds.fetch", timeout, effect, at=(key.project, key.location))

    def finished(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> BuildPage:
        def effect() -> BuildPage:
            self.quota.take(self.calls.kernel.seconds)
            self.listed(project, location)
            begin, end = ((moment - BEGINNING).total_seconds() for moment in (since, until))
            made = self._by_place[project, location]
            low, high = (bisect_left(made, moment, key=attrgetter("finishes")) for moment in (begin, end))
            first = low + int(page or 0)
            some = made[first : min(first + _BUILDS_A_PAGE, high)]
            more = first + _BUILDS_A_PAGE < high
            finished = {one.key: BEGINNING + timedelta(seconds=one.finishes) for one in some}
            return BuildPage(list(finished), str(first + _BUILDS_A_PAGE - low) if more else "", finished)

        return self.calls.call("builds.finished", timeout, effect, at=(project, location))

    def created(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> CreatedPage:
        def effect() -> CreatedPage:
            self.quota.take(self.calls.kernel.seconds)
            begin, end = ((moment - BEGINNING).total_seconds() for moment in (since, until))
            made = [one for one in self._by_place[project, location] if begin <= one.finishes < end]
            first = int(page or 0)
            some = [one.done for one in made[first : first + _BUILDS_A_PAGE]]
            return CreatedPage(some, 0, str(first + _BUILDS_A_PAGE) if first + _BUILDS_A_PAGE < len(made) else "")

        return self.calls.call("builds.created", timeout, effect, at=(project, location))


@dataclass
class ModelTriggers:
    """Every trigger builds what is pushed."""

    calls: ModelCalls
    _read: dict[str, tuple[float, Trigger]] = field(default_factory=dict)

    def read(self, project: str, location: str, trigger_id: str, *, timeout: float) -> Trigger:
        at, known = self._read.get(trigger_id, (0.0, None))
        if known is not None and self.calls.kernel.seconds < at + _TRIGGER_SECONDS:
            return known
        document = {"id": trigger_id, "name": TRIGGER, "filename": "cloudbuild.yaml", "github": {"push": {}}}
        trigger = parse_trigger(document, self.calls.kernel.clock())
        self.calls.call("triggers.read", timeout, lambda: None, at=(project, location))
        self._read[trigger_id] = self.calls.kernel.seconds, trigger
        return trigger


@dataclass
class ModelJobs:
    """Cloud Run jobs."""

    calls: ModelCalls
    world: WorldModel
    quota: ServiceQuota = field(default_factory=ServiceQuota)
    """Of reads of executions and jobs that somebody else may have started."""

    def start(
        self, job: JobName, args: Sequence[str], env: Mapping[str, str], container: str = "", *, timeout: float
    ) -> str:
        build, nonce = env[BUILD_VARIABLE], env.get(NONCE_VARIABLE, "")
        return self.calls.call("jobs.start", timeout, lambda: self.world.start(build, nonce).name)

    def started_for(
        self, job: JobName, env: str, value: str, since: datetime, *, timeout: float
    ) -> list[ExecutionClaim]:
        def effect() -> list[ExecutionClaim]:
            first = (since - BEGINNING).total_seconds()
            runs = [run for run in self.world.runs.values() if run.build == value and run.created >= first]
            return [ExecutionClaim(run.name, run.nonce) for run in runs]

        return self.calls.call("jobs.started_for", timeout, effect)

    def observe(self, execution: str, *, timeout: float) -> Execution:
        def effect() -> Execution:
            self.quota.take(self.calls.kernel.seconds)
            return self.world.execution(self.world.runs[execution])

        return self.calls.call("jobs.observe", timeout, effect)

    def describe(self, job: JobName, *, timeout: float) -> JobSetup:
        def effect() -> JobSetup:
            self.quota.take(self.calls.kernel.seconds)
            setup = self.world.setup(job)
            if setup is None:
                raise Missing(f"{job.resource}: expected a job, got none")
            return setup

        return self.calls.call("jobs.describe", timeout, effect, at=(job.project, job.location))

    def listed(self, job: JobName, since: datetime, page: str, *, timeout: float) -> ExecutionPage:
        first = (since - BEGINNING).total_seconds()
        at = (job.project, job.location)

        def effect() -> ExecutionPage:
            self.quota.take(self.calls.kernel.seconds)
            return self.world.listed(job, first, page)

        return self.calls.call("jobs.listed", timeout, effect, at=at)


@dataclass
class ModelLogging:
    """Reads, which a quota counts, and the audit trail."""

    calls: ModelCalls
    world: WorldModel
    quota: ServiceQuota = field(default_factory=ServiceQuota)

    def read(
        self, project: str, filter_text: str, *, waits: bool = False, last: bool = False, timeout: float
    ) -> Iterator[LogPage]:
        asked = {found.group(1) for found in _EXECUTION.finditer(filter_text)}
        assert asked, "the filter names executions"
        runs = [run for name, run in self.world.runs.items() if name.rpartition("/")[2] in asked]

        def effect() -> LogPage:
            now = self.calls.kernel.seconds
            self.quota.take(now)
            return LogPage([entry for run in runs for visible, entry in run.entries if visible <= now], more=False)

        yield self.calls.call("logs.read", timeout, effect)

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
        self.calls.call("audit.write", timeout, lambda: None)


@dataclass
class ModelSubmitters:
    """Audit logs, whose reads the quota of Cloud Logging counts."""

    calls: ModelCalls
    quota: ServiceQuota

    def submitter(self, key: BuildKey, created: datetime, *, timeout: float) -> Submitter | None:
        def effect() -> Submitter:
            self.quota.take(self.calls.kernel.seconds)
            return Submitter("sam@orchard.example", "gcloud")

        return self.calls.call("submitters.submitter", timeout, effect)


@dataclass
class ModelSlack:
    """One message a second in each channel, with short bursts; what is above that is refused with a pause."""

    calls: ModelCalls
    posted: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    """In each channel: when, and which."""
    refused: int = 0
    can_edit = True

    def post(self, message: Message, *, timeout: float) -> Posted:
        channel = message.channel or CHANNEL

        def effect() -> Posted:
            now, there = self.calls.kernel.seconds, self.posted[channel]
            if len([at for at, _ in there[-60:] if at > now - _SLACK_BURST * _SLACK_SECONDS]) >= 2 * _SLACK_BURST:
                self.refused += 1
                raise Unavailable("Slack: rate_limited", retry_after=30.0)
            there.append((now, message.key))
            return Posted(channel, f"{now:.6f}")

        return self.calls.call("chat.post", timeout, effect)

    def edit(self, message: Message, posted: Posted, *, timeout: float) -> None:
        self.calls.call("chat.edit", timeout, lambda: None)

    def find(self, message: Message, since: datetime, *, timeout: float) -> Posted | None:
        channel = message.channel or CHANNEL

        def effect() -> Posted | None:
            at = next((at for at, key in self.posted[channel] if key == message.key), None)
            return None if at is None else Posted(channel, f"{at:.6f}")

        return self.calls.call("chat.find", timeout, effect)


@dataclass
class ModelWorkTopic:
    """The topic for the verifier's own work."""

    calls: ModelCalls
    send: Callable[[Document], object] = lambda _: None

    def hand_out(self, work: Sequence[Document], *, timeout: float) -> None:
        def effect() -> None:
            for item in work:
                self.send(item)

        self.calls.call("work_topic.hand_out", timeout, effect)


@dataclass
class ModelServices:
    """All of them: the `Services` of the verifier."""

    store: IndexedStore
    builds: ModelCloudBuild
    triggers: ModelTriggers
    jobs: ModelJobs
    logs: ModelLogging
    submitters: ModelSubmitters
    audit: ModelLogging
    chat: ModelSlack
    work_topic: ModelWorkTopic | None
    clock: Callable[[], datetime]
    pause: Callable[[float], None]
    announcer: None = None
    uploads: None = None
    """What local builds were made from is not read."""

    @staticmethod
    def of(calls: ModelCalls, world: WorldModel) -> ModelServices:
        """Return the services of this world."""
        logging = ModelLogging(calls, world)
        return ModelServices(
            store=IndexedStore(calls),
            builds=ModelCloudBuild(calls, world),
            triggers=ModelTriggers(calls),
            jobs=ModelJobs(calls, world),
            logs=logging,
            submitters=ModelSubmitters(calls, logging.quota),
            audit=logging,
            chat=ModelSlack(calls),
            work_topic=ModelWorkTopic(calls),
            clock=calls.kernel.clock,
            pause=calls.kernel.sleep,
        )
