"""The planet behind the Protocols of `verifier/services.py`. Every call takes virtual time and has its fate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from tests.simulation.fate import SAVES, Call, Destiny, Fate, unavailable
from tests.simulation.kernel import BEGINNING, Kernel, Killed
from tests.simulation.laws import Laws
from tests.simulation.planet import CHANNEL, TRIGGER, Planet
from verifier.controller.ledger import BUILDS
from verifier.errors import Missing, ServiceError
from verifier.facts.build import Build, BuildKey
from verifier.facts.execution import BUILD_VARIABLE, Execution, JobName
from verifier.facts.logs import LogEntry
from verifier.facts.submitter import Submitter
from verifier.facts.trigger import Trigger, parse_trigger
from verifier.services import BuildPage, Document, LogPage, Message, Posted, Stored
from verifier.times import show_time

T = TypeVar("T")
_NEVER = object()
_BUILDS_A_PAGE, _ENTRIES_A_PAGE = 2, 3
_WINDOW, _SKEW = timedelta(minutes=10), timedelta(minutes=5)
"""Of Slack's history: as `cloud/slack.py` looks into it."""


@dataclass
class Wire:
    """What is between the verifier and the world: each call goes past it."""

    kernel: Kernel
    destiny: Destiny
    laws: Laws
    calls: list[Call] = field(default_factory=list)
    trace: list[tuple[float, str, str, Fate]] = field(default_factory=list)
    """When, which process, which call, what became of it."""
    _ordinals: Counter[str] = field(default_factory=Counter)

    def call(self, name: str, timeout: float, effect: Callable[[Fate], T]) -> T:
        """Make the call. Raises what its fate is, or what the service itself says."""
        process = self.kernel.process()
        if self.laws.broken:
            raise self.laws.broken
        if process.killed or (process.doomed and name in SAVES):
            process.killed = True
            raise Killed
        self._ordinals[name] += 1
        call = Call(len(self.calls) + 1, name, self._ordinals[name], timeout)
        fate = self.destiny.fate(call)
        self.calls.append(call)
        self.trace.append((self.kernel.seconds, process.name, name, fate))
        self.laws.asked(process, name, timeout)
        seconds = min(fate.seconds, timeout)
        self.kernel.sleep(seconds / 2)
        answer: object = _NEVER
        refusal: ServiceError | None = fate.error
        if fate.effect:
            try:
                answer = effect(fate)
            except ServiceError as error:
                refusal = refusal or error
        if fate.late:

            def arrive() -> None:
                effect(fate)

            self.kernel.after(seconds / 2 + fate.late, lambda: self.kernel.spawn(process.name, arrive))
        self.kernel.sleep(seconds / 2)
        if fate.death == "now":
            process.killed = True
            raise Killed
        process.doomed = process.doomed or fate.death == "write"
        if fate.frozen:
            self.kernel.sleep(fate.frozen)
        self.laws.ended(process, name, refusal)
        if refusal is not None:
            raise refusal
        return answer  # type: ignore[return-value]  # the effect's own, for there is no refusal


@dataclass
class Documents:
    """The ledger's storage, as Firestore behaves: an equal document keeps its revision."""

    wire: Wire
    held: dict[tuple[str, str], Stored] = field(default_factory=dict)
    _revisions: int = 0

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        return self.wire.call("store.read", timeout, lambda _: self.held.get((collection, name)))

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        def effect(_: Fate) -> Stored | None:
            return None if (collection, name) in self.held else self._put(collection, name, document)

        return self.wire.call("store.create", timeout, effect)

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        def effect(_: Fate) -> Stored | None:
            stored = self.held.get((collection, name))
            if stored is None or stored.revision != revision:
                return None
            return stored if stored.document == document else self._put(collection, name, document)

        return self.wire.call("store.replace", timeout, effect)

    def due(
        self, now: str, limit: int, *, field: str = "due", since: str = "", timeout: float
    ) -> list[tuple[str, Stored]]:
        def effect(_: Fate) -> list[tuple[str, Stored]]:
            found = [
                (name, stored)
                for (collection, name), stored in self.held.items()
                if collection == BUILDS and since <= (stored.document.get(field) or "~") <= now
            ]
            return sorted(found, key=lambda item: (item[1].document[field], item[0]))[:limit]

        return self.wire.call("store.due", timeout, effect)

    def present(
        self, collection: str, names: Sequence[str], *, unless: tuple[str, str] | None = None, timeout: float
    ) -> set[str]:
        def effect(_: Fate) -> set[str]:
            found = {name: stored.document for name in names if (stored := self.held.get((collection, name)))}
            return {name for name, document in found.items() if not unless or document.get(unless[0]) != unless[1]}

        return self.wire.call("store.present", timeout, effect)

    def holding(self, collection: str, field: str, value: str, *, timeout: float) -> Stored | None:
        def effect(_: Fate) -> Stored | None:
            found = (s for (c, _), s in self.held.items() if c == collection and value in (s.document.get(field) or ()))
            return next(found, None)

        return self.wire.call("store.holding", timeout, effect)

    def _put(self, collection: str, name: str, document: Document) -> Stored:
        self._revisions += 1
        before = self.held.get((collection, name))
        stored = self.held[collection, name] = Stored(dict(document), str(self._revisions))
        if collection == BUILDS:
            self.wire.laws.wrote(before.document if before else None, document)
        return stored


@dataclass
class CloudBuild:
    wire: Wire
    planet: Planet

    def fetch(self, key: BuildKey, *, timeout: float) -> Build:
        def effect(fate: Fate) -> Build:
            build = self.planet.other_than(key) if fate.mixed_up else self.planet.seen(key)
            if build is None:
                raise Missing(f"{key.name}: expected a build, got none")
            return build

        return self.wire.call("builds.fetch", timeout, effect)

    def finished(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> BuildPage:
        def effect(_: Fate) -> BuildPage:
            now = self.wire.kernel.seconds
            found = [
                made.key
                for made in self.planet.builds.values()
                if made.finishes + max(self.planet.lag, self.planet.listing_lag) <= now
                if made.done.finished is not None and since <= made.done.finished < until
            ]
            first = int(page or 0)
            more = first + _BUILDS_A_PAGE < len(found)
            return BuildPage(found[first : first + _BUILDS_A_PAGE], str(first + _BUILDS_A_PAGE) if more else "")

        return self.wire.call("builds.finished", timeout, effect)


@dataclass
class Triggers:
    """Every trigger is the worker's: its steps are a file of the repository that it builds."""

    wire: Wire

    def read(self, project: str, location: str, trigger_id: str, *, timeout: float) -> Trigger:
        document = {"id": trigger_id, "name": TRIGGER, "filename": "cloudbuild.yaml", "github": {"push": {}}}
        now = self.wire.kernel.clock
        return self.wire.call("triggers.read", timeout, lambda _: parse_trigger(document, now()))


@dataclass
class CloudRun:
    wire: Wire
    planet: Planet

    def start(self, job: JobName, args: Sequence[str], env: Mapping[str, str], *, timeout: float) -> str:
        build = env[BUILD_VARIABLE]

        def effect(_: Fate) -> str:
            self.wire.laws.started(build)
            return self.planet.start(build).name

        self.wire.laws.may_start(build)
        return self.wire.call("jobs.start", timeout, effect)

    def started_for(self, job: JobName, env: str, value: str, since: datetime, *, timeout: float) -> list[str]:
        def effect(_: Fate) -> list[str]:
            latest = self.wire.kernel.seconds - self.planet.lag
            first = (since - BEGINNING).total_seconds()
            return [
                run.name
                for run in self.planet.runs.values()
                if run.name.startswith(f"{job.resource}/") and run.build == value and first <= run.created <= latest
            ]

        return self.wire.call("jobs.started_for", timeout, effect)

    def observe(self, execution: str, *, timeout: float) -> Execution:
        return self.wire.call("jobs.observe", timeout, lambda _: self.planet.execution(self.planet.runs[execution]))


@dataclass
class Logging:
    wire: Wire
    planet: Planet

    def read(self, project: str, filter_text: str, *, timeout: float) -> Iterator[LogPage]:
        run = next(run for run in self.planet.runs.values() if f'"{run.name.rpartition("/")[2]}"' in filter_text)
        first, more, until = 0, True, self.wire.kernel.seconds + timeout
        while more:
            left = until - self.wire.kernel.seconds
            if left <= 0:
                raise unavailable()
            page = self.wire.call("logs.read", left, partial(self._page, run.entries, first))
            first, more = first + _ENTRIES_A_PAGE, page.more
            yield page

    def _page(self, entries: list[tuple[float, LogEntry]], first: int, _: Fate) -> LogPage:
        now = self.wire.kernel.seconds
        readable = [entry for visible, entry in entries if visible <= now]
        page = readable[first : first + _ENTRIES_A_PAGE]
        return LogPage(page, first + _ENTRIES_A_PAGE < len(readable))

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
        def effect(_: Fate) -> None:
            self.wire.laws.recorded(insert_id, show_time(time), labels, payload)
            self.planet.audit[insert_id, show_time(time)] = (labels, payload)

        self.wire.call("audit.write", timeout, effect)


@dataclass
class WhoAsked:
    wire: Wire

    def submitter(self, key: BuildKey, created: datetime, *, timeout: float) -> Submitter | None:
        return self.wire.call("submitters.submitter", timeout, lambda _: Submitter("sam@orchard.example", "gcloud"))


@dataclass
class Slack:
    wire: Wire
    planet: Planet

    def post(self, message: Message, *, timeout: float) -> Posted:
        channel = message.channel or CHANNEL

        def effect(_: Fate) -> Posted:
            now = self.wire.kernel.seconds
            self.wire.laws.posted(message.key, now)
            self.planet.messages.append((now, channel, message.key))
            return Posted(channel, f"{now:.6f}")

        self.wire.laws.may_post(message.key)
        posted = self.wire.call("chat.post", timeout, effect)
        self.wire.laws.answered(self.wire.kernel.process(), message.key)
        return posted

    def find(self, message: Message, since: datetime, *, timeout: float) -> Posted | None:
        def effect(fate: Fate) -> Posted | None:
            if fate.blind:
                self.wire.laws.saw_nothing(message.key)
                return None
            oldest, latest = (moment.timestamp() for moment in (since - _SKEW, since + _WINDOW + _SKEW))
            found = [
                (at, channel)
                for at, channel, key in self.planet.messages
                if key == message.key and channel == (message.channel or CHANNEL)
                if oldest <= BEGINNING.timestamp() + at <= latest
            ]
            return Posted(found[0][1], f"{found[0][0]:.6f}") if found else None

        return self.wire.call("chat.find", timeout, effect)


@dataclass
class Topic:
    wire: Wire
    planet: Planet

    def publish(self, payload: Document, attributes: Mapping[str, str], *, timeout: float) -> None:
        self.wire.call("announcer.publish", timeout, partial(self._publish, payload))

    def _publish(self, payload: Document, _: Fate) -> None:
        self.wire.laws.published(payload)
        self.planet.published.append(payload)


@dataclass
class Ports:
    """All of them: the `Services` of the verifier."""

    store: Documents
    builds: CloudBuild
    triggers: Triggers
    jobs: CloudRun
    logs: Logging
    submitters: WhoAsked
    audit: Logging
    chat: Slack
    announcer: Topic
    clock: Callable[[], datetime]
    pause: Callable[[float], None]

    @staticmethod
    def of(wire: Wire, planet: Planet) -> Ports:
        """The ports of this planet."""
        logging = Logging(wire, planet)
        return Ports(
            store=Documents(wire),
            builds=CloudBuild(wire, planet),
            triggers=Triggers(wire),
            jobs=CloudRun(wire, planet),
            logs=logging,
            submitters=WhoAsked(wire),
            audit=logging,
            chat=Slack(wire, planet),
            announcer=Topic(wire, planet),
            clock=wire.kernel.clock,
            pause=wire.kernel.sleep,
        )
