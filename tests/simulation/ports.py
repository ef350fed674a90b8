"""The world model behind the Protocols of `verifier/services.py`. Every call takes virtual time, and may fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from tests.simulation.fault_plan import CallOutcome, unavailable
from tests.simulation.injector import FaultInjector
from tests.simulation.kernel import BEGINNING
from tests.simulation.storage import SimulatedStore
from tests.simulation.world_model import CHANNEL, DOOMED, TRIGGER, WorldModel
from verifier.errors import Missing
from verifier.facts.build import Build, BuildKey
from verifier.facts.execution import BUILD_VARIABLE, NONCE_VARIABLE, Execution, JobName, JobSetup
from verifier.facts.logs import LogEntry
from verifier.facts.submitter import Submitter
from verifier.facts.trigger import Trigger, parse_trigger
from verifier.facts.upload import Limits, UploadedFile, UploadListing
from verifier.facts.upload.archive import Archive
from verifier.facts.upload.digest import blob_id
from verifier.services import (
    BuildPage,
    CreatedPage,
    Document,
    ExecutionClaim,
    ExecutionPage,
    LogPage,
    Message,
    Posted,
    Uploads,
)
from verifier.times import show_time

_BUILDS_A_PAGE = 2
_WINDOW, _SKEW = timedelta(minutes=10), timedelta(minutes=5)
"""Of Slack's history: as `adapters/slack.py` looks into it."""


@dataclass
class SimulatedCloudBuild:
    injector: FaultInjector
    world: WorldModel

    def fetch(self, key: BuildKey, *, timeout: float) -> Build:
        def effect(outcome: CallOutcome) -> Build:
            build = self.world.other_than(key) if outcome.mixed_up else self.world.seen(key)
            if build is None:
                raise Missing(f"{key.name}: expected a build, got none")
            return build

        return self.injector.call("builds.fetch", timeout, effect)

    def finished(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> BuildPage:
        def effect(_: CallOutcome) -> BuildPage:
            now = self.injector.kernel.seconds
            if project == DOOMED and now >= self.world.doom:
                raise Missing(f"{project}: expected a project, got none")
            found = {
                made.key: made.done.finished
                for made in self.world.builds.values()
                if (made.key.project, made.key.location) == (project, location)
                if made.finishes + max(self.world.lag, self.world.listing_lag) <= now
                if made.done.finished is not None and since <= made.done.finished < until
            }
            first = int(page or 0)
            more = first + _BUILDS_A_PAGE < len(found)
            keys = list(found)[first : first + _BUILDS_A_PAGE]
            return BuildPage(keys, str(first + _BUILDS_A_PAGE) if more else "", {key: found[key] for key in keys})

        return self.injector.call("builds.finished", timeout, effect)

    def created(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> CreatedPage:
        def effect(_: CallOutcome) -> CreatedPage:
            now = self.injector.kernel.seconds
            found = [
                made.done
                for made in self.world.builds.values()
                if (made.key.project, made.key.location) == (project, location)
                if made.finishes + self.world.lag <= now
                if made.done.created is not None and since <= made.done.created <= until
            ]
            first = int(page or 0)
            more = first + _BUILDS_A_PAGE < len(found)
            return CreatedPage(found[first : first + _BUILDS_A_PAGE], 0, str(first + _BUILDS_A_PAGE) if more else "")

        return self.injector.call("builds.created", timeout, effect)


@dataclass
class SimulatedTriggers:
    """Every trigger is the worker's: its steps are a file of the repository that it builds."""

    injector: FaultInjector

    def read(self, project: str, location: str, trigger_id: str, *, timeout: float) -> Trigger:
        document = {"id": trigger_id, "name": TRIGGER, "filename": "cloudbuild.yaml", "github": {"push": {}}}
        now = self.injector.kernel.clock
        return self.injector.call("triggers.read", timeout, lambda _: parse_trigger(document, now()))


@dataclass
class SimulatedCloudRun:
    injector: FaultInjector
    world: WorldModel

    def start(
        self, job: JobName, args: Sequence[str], env: Mapping[str, str], container: str = "", *, timeout: float
    ) -> str:
        build = env[BUILD_VARIABLE]

        def effect(_: CallOutcome) -> str:
            self.injector.invariants.started(build)
            return self.world.start(build, env.get(NONCE_VARIABLE, "")).name

        self.injector.invariants.may_start(build)
        return self.injector.call("jobs.start", timeout, effect)

    def started_for(
        self, job: JobName, env: str, value: str, since: datetime, *, timeout: float
    ) -> list[ExecutionClaim]:
        def effect(_: CallOutcome) -> list[ExecutionClaim]:
            latest = self.injector.kernel.seconds - self.world.lag
            first = (since - BEGINNING).total_seconds()
            return [
                ExecutionClaim(run.name, run.nonce)
                for run in self.world.runs.values()
                if run.name.startswith(f"{job.resource}/") and run.build == value and first <= run.created <= latest
            ]

        return self.injector.call("jobs.started_for", timeout, effect)

    def observe(self, execution: str, *, timeout: float) -> Execution:
        def effect(_: CallOutcome) -> Execution:
            if execution not in self.world.runs:
                raise Missing(f"{execution}: expected an execution, got none")
            return self.world.execution(self.world.runs[execution])

        return self.injector.call("jobs.observe", timeout, effect)

    def describe(self, job: JobName, *, timeout: float) -> JobSetup:
        def effect(_: CallOutcome) -> JobSetup:
            setup = self.world.setup(job)
            if setup is None:
                raise Missing(f"{job.resource}: expected a job, got none")
            return setup

        return self.injector.call("jobs.describe", timeout, effect)

    def listed(self, job: JobName, since: datetime, page: str, *, timeout: float) -> ExecutionPage:
        first = (since - BEGINNING).total_seconds()
        return self.injector.call("jobs.listed", timeout, lambda _: self.world.listed(job, first, page))


@dataclass
class SimulatedLogging:
    injector: FaultInjector
    world: WorldModel

    def read(
        self, project: str, filter_text: str, *, waits: bool = False, last: bool = False, timeout: float
    ) -> Iterator[LogPage]:
        named = [run for run in self.world.runs.values() if f'"{run.name.rpartition("/")[2]}"' in filter_text]
        entries = [entry for run in named for entry in run.entries]
        first, more, until = 0, True, self.injector.kernel.seconds + timeout
        while more:
            left = until - self.injector.kernel.seconds
            if left <= 0:
                raise unavailable()
            page = self.injector.call("logs.read", left, partial(self._page, entries, first))
            first, more = first + self.world.entries_a_page, page.more
            yield page

    def _page(self, entries: list[tuple[float, LogEntry]], first: int, _: CallOutcome) -> LogPage:
        now = self.injector.kernel.seconds
        readable = [entry for visible, entry in entries if visible <= now]
        end = first + self.world.entries_a_page
        return LogPage(readable[first:end], end < len(readable))

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
        def effect(_: CallOutcome) -> None:
            self.injector.invariants.recorded(insert_id, show_time(time), labels, payload)
            self.world.audit[insert_id, show_time(time)] = (labels, payload)

        self.injector.call("audit.write", timeout, effect)


@dataclass
class SimulatedSubmitters:
    injector: FaultInjector

    def submitter(self, key: BuildKey, created: datetime, *, timeout: float) -> Submitter | None:
        return self.injector.call("submitters.submitter", timeout, lambda _: Submitter("sam@orchard.example", "gcloud"))


@dataclass
class SimulatedSlack:
    injector: FaultInjector
    world: WorldModel
    can_edit = True

    def post(self, message: Message, *, timeout: float) -> Posted:
        channel = message.channel or CHANNEL

        def effect(_: CallOutcome) -> Posted:
            now = self.injector.kernel.seconds
            self.injector.invariants.posted(message.key, now)
            self.world.messages.append((now, channel, message.key))
            posted = Posted(channel, f"{now:.6f}")
            self.injector.invariants.shows(message, posted)
            return posted

        self.injector.invariants.may_post(message.key)
        posted = self.injector.call("chat.post", timeout, effect)
        self.injector.invariants.answered(self.injector.kernel.process(), message.key)
        return posted

    def edit(self, message: Message, posted: Posted, *, timeout: float) -> None:
        self.injector.invariants.may_edit(message.key, posted)
        self.injector.call("chat.edit", timeout, lambda _: self.injector.invariants.shows(message, posted))

    def find(self, message: Message, since: datetime, *, timeout: float) -> Posted | None:
        def effect(outcome: CallOutcome) -> Posted | None:
            if outcome.blind:
                self.injector.invariants.saw_nothing(message.key)
                return None
            oldest, latest = (moment.timestamp() for moment in (since - _SKEW, since + _WINDOW + _SKEW))
            found = [
                (at, channel)
                for at, channel, key in self.world.messages
                if key == message.key and channel == (message.channel or CHANNEL)
                if oldest <= BEGINNING.timestamp() + at <= latest
            ]
            return Posted(found[0][1], f"{found[0][0]:.6f}") if found else None

        return self.injector.call("chat.find", timeout, effect)


@dataclass
class SimulatedTopic:
    injector: FaultInjector
    world: WorldModel

    def publish(self, payload: Document, attributes: Mapping[str, str], *, timeout: float) -> None:
        self.injector.call("announcer.publish", timeout, partial(self._publish, payload))

    def _publish(self, payload: Document, _: CallOutcome) -> None:
        self.injector.invariants.published(payload)
        self.world.published.append(payload)


@dataclass
class SimulatedWorkTopic:
    """The topic for the verifier's own work. What becomes of each message is the simulation's."""

    injector: FaultInjector
    send: Callable[[Document], object] = lambda _: None

    def hand_out(self, work: Sequence[Document], *, timeout: float) -> None:
        def effect(_: CallOutcome) -> None:
            for item in work:
                self.send(item)

        self.injector.call("work_topic.hand_out", timeout, effect)


@dataclass
class SimulatedUploads:
    """Each build's upload has a file of its own, and one that is like a secret."""

    injector: FaultInjector

    def list_files(self, archive: Archive, *, limits: Limits, timeout: float) -> UploadListing:
        files = {
            path: UploadedFile(path, "100644", blob_id(content), "", "", len(content), None)
            for path, content in (("main.py", archive.object.encode()), (".env", b"A=1\n"))
        }
        listing = UploadListing(files, frozenset(), (), (), 0, "tgz", 100, {"MD5": "", "SHA256": archive.object})
        return self.injector.call("uploads.list_files", timeout, lambda _: listing)


@dataclass
class SimulatedServices:
    """All of them: the `Services` of the verifier."""

    store: SimulatedStore
    builds: SimulatedCloudBuild
    triggers: SimulatedTriggers
    jobs: SimulatedCloudRun
    logs: SimulatedLogging
    submitters: SimulatedSubmitters
    audit: SimulatedLogging
    chat: SimulatedSlack
    announcer: SimulatedTopic
    work_topic: SimulatedWorkTopic | None
    uploads: Uploads | None
    clock: Callable[[], datetime]
    pause: Callable[[float], None]

    @staticmethod
    def of(injector: FaultInjector, world: WorldModel) -> SimulatedServices:
        """Return the services of this world."""
        logging = SimulatedLogging(injector, world)
        return SimulatedServices(
            store=SimulatedStore(injector),
            builds=SimulatedCloudBuild(injector, world),
            triggers=SimulatedTriggers(injector),
            jobs=SimulatedCloudRun(injector, world),
            logs=logging,
            submitters=SimulatedSubmitters(injector),
            audit=logging,
            chat=SimulatedSlack(injector, world),
            announcer=SimulatedTopic(injector, world),
            work_topic=SimulatedWorkTopic(injector),
            uploads=None,
            clock=injector.kernel.clock,
            pause=injector.kernel.sleep,
        )
