"""The surroundings of a function that is killed: the stand-ins, the ledger, Pub/Sub's redelivery, and time."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import grpc

from tests.crashes.documents import a_triggered_build, an_upload, pushed, pushed_text
from tests.crashes.processes import ForkServer, FunctionProcess
from tests.crashes.watch_ledger import due_of_watches
from tests.story.harness import CLEAN, IMAGE, JOB, NUMBER, PROJECT, REGION, TRIGGER_ID
from verifier.adapters.firestore import FirestoreStore
from verifier.checks.job_runs import JobRuns
from verifier.controller.ledger import BUILDS, MARKS, edit_place, parse_record
from verifier.controller.runs.baselines import BASELINES
from verifier.controller.runs.job_runs import JOBS, parse_job
from verifier.controller.runs.past import PAST
from verifier.controller.says import SAYINGS, KeptSaying, saying_document
from verifier.controller.uploads import UPLOADS
from verifier.controller.work import WorkKind
from verifier.facts.build import BuildKey
from verifier.services import Store
from verifier.standin.clock import ManualClock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.job_book import JobPath, Overrides
from verifier.standin.slack import CHANNELS, TOKEN, SlackStandIn
from verifier.standin.storage import StorageStandIn
from verifier.standin.topic_service import TopicService
from verifier.times import parse_time, show_time

POLICY = f"""\
repositories = ["github.com/vividly/content-worker"]
branches = ["main"]

[[worker]]
trigger = "{TRIGGER_ID}"
job = "{REGION}/{JOB.job}"
image = "{IMAGE}"
expect = ["query ok"]

[sweep]
grace = "1m"
"""
STANDS = "stands"
"""The key of a message that stands in Slack before anything happens."""
PINNED = "pinned/worker"
"""The key of what is said of it."""
WORK_TOPIC = "projects/vividly-ops/topics/build-verifier-work"
_PAUSES = (timedelta(minutes=1), timedelta(minutes=30))
_SHORT_PAUSES = 3
_MOST_SWEEPS = 20
_TIMEOUT = 10.0


class Emulators(NamedTuple):
    """Addresses."""

    firestore: str
    pubsub: str = ""


@dataclass
class Testbed:
    """What outlives the function's processes."""

    cloud: Cloud
    slack: SlackStandIn
    storage: StorageStandIn
    faults: Faults
    clock: ManualClock
    store: Store
    fork_server: ForkServer
    settings: Mapping[str, str]
    crash: tuple[int, str] | None
    """Which call of the first process, counted from 1, is its last, and at what moment of it."""
    crashes: list[str] = field(default_factory=list)
    """The calls at which a process was killed."""
    calls: list[str] = field(default_factory=list)
    """The calls of the first process, if it lived."""
    looks_at_runs: bool = False
    """What the job runs is waited for, until it is told."""
    looks_at_watches: bool = False
    """How that goes is waited for, until what is known by now is told."""
    looks_back: bool = False
    """What runs of before had is waited for, until all of it is read."""
    outstanding: list[tuple[str, bytes]] = field(default_factory=list)
    """Messages that were not acknowledged."""
    handed_out: list[bytes] = field(default_factory=list)
    """What was published to the work topic and not delivered yet."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _completed: set[str] = field(default_factory=set)
    _made: list[str] = field(default_factory=list)
    _process: FunctionProcess | None = None
    _is_spared: bool = False

    @contextmanager
    def spared(self) -> Iterator[None]:
        """Have what is delivered meanwhile done by another process, which nobody kills and whose calls do not count."""
        before, self._process = self._process, self._started(None)
        self._is_spared = True
        yield
        self.end()
        self._process, self._is_spared = before, False

    def spare(self) -> None:
        """Have all that follows done by another process, which nobody kills and whose calls do not count."""
        self.end()
        self._process, self._is_spared = self._started(None), True

    def run_job(self) -> None:
        """Let the scheduler run the job once, and deliver the message about its end."""
        self.cloud.run_job(JobPath(PROJECT, REGION, JOB.job), Overrides({}))
        self.wait(20)

    def work(self, *kinds: WorkKind) -> None:
        """Deliver what is due of these kinds now, each piece by a message of its own; none of it is sent again."""
        for kind in kinds:
            now = show_time(self.clock())
            for name, _ in self.store.due(kind.collection, now, 9, field=kind.field, timeout=_TIMEOUT):
                self._is_acknowledged("/work", pushed_text(json.dumps({"kind": kind.word, "name": name}).encode()))

    def job(self) -> JobRuns:
        """Return what is known of the job's runs."""
        [(_, stored)] = self.store.due(JOBS, "9999", 2, timeout=_TIMEOUT)
        return parse_job(stored.document)

    def upload(self) -> dict[str, Any]:
        """Let a build of files that somebody uploaded end now."""
        return self._put(an_upload(next(self._numbers), self.clock()))

    def upload_of(self, content: bytes) -> dict[str, Any]:
        """Let a build end now that was made from this archive, which is still there."""
        document = self.upload()
        place = document["source"]["storageSource"]
        self.storage.put(place["bucket"], place["object"], place["generation"], content)
        return document

    def triggered(self) -> dict[str, Any]:
        """Let a build of a commit by the worker's trigger end now."""
        return self._put(a_triggered_build(next(self._numbers), self.clock()))

    def _put(self, document: dict[str, Any]) -> dict[str, Any]:
        self.cloud.put_build(document)
        self._made.append(BuildKey(PROJECT, REGION, document["id"]).digest)
        for image in document["results"]["images"]:
            self.cloud.tag(image["name"], image["digest"])
        return document

    def announce(self, document: Mapping[str, Any]) -> None:
        """Deliver the message that a build has ended."""
        self.deliver("/builds", pushed(document, status="SUCCESS"))

    def standing_message(self) -> str:
        """Return the `ts` of a message that the app has posted before."""
        words = {"text": "LOCAL_SOURCE", "metadata": {"event_type": "build_verdict", "event_payload": {"key": STANDS}}}
        posted = self.slack.workspace.call("chat.postMessage", {"channel": next(iter(CHANNELS)), **words})
        return str(posted["ts"])

    def say_about(self, ts: str) -> None:
        """Have something said about what that message is about: a reply to it."""
        channel, now = next(iter(CHANNELS)), self.clock()
        place, said = edit_place(channel, now), ("its image is pinned",)
        saying = KeptSaying(PINNED, channel, now, said, thread=ts, queue=place)
        self.store.create(SAYINGS, saying.name, saying_document(saying), timeout=_TIMEOUT)

    def deliver(self, path: str, body: bytes) -> None:
        """Deliver a message. What is not acknowledged comes again: at once, and then with every sweep."""
        if not self._is_acknowledged(path, body) and not self._is_acknowledged(path, body):
            self.outstanding.append((path, body))

    def sweep(self) -> None:
        """Deliver Cloud Scheduler's message and what is handed out thereupon; none of it is sent again."""
        self._is_acknowledged("/sweep", pushed({}))
        work, self.handed_out[:] = list(self.handed_out), []
        for data in work:
            self._is_acknowledged("/work", pushed_text(data))

    def install(self) -> None:
        """Sweep in another process, which nobody kills."""
        process = self._started(None)
        process.hand(0, self.clock(), "/sweep", pushed({}))
        process.answer()
        process.end()

    def wait(self, seconds: float) -> None:
        """Let time pass; then deliver the messages about executions that have ended meanwhile."""
        self.clock.advance(seconds)
        for name in self.cloud.finished_executions():
            if name not in self._completed:
                self._completed.add(name)
                self.deliver("/executions", pushed(self.cloud.completion_entry(name)))

    def settle(self) -> bool:
        """Let time pass with sweeps until there is nothing to do any more. False when that does not happen.

        Minutes in which nothing is due are skipped. Where only a mark waits, that is first for as long as a lease
        takes to end, and then for as long as a notice does.
        """
        for number in range(_MOST_SWEEPS):
            due = self._due()
            if not due and self._is_settled():
                return True
            pause = parse_time(due[0]) - self.clock() if due else _PAUSES[number > _SHORT_PAUSES]
            self.wait(max(pause, _PAUSES[0]).total_seconds())
            waiting, self.outstanding = self.outstanding, []
            for path, body in waiting:
                self.deliver(path, body)
            self.sweep()
        return False

    def _due(self) -> list[str]:
        """Return when something is due, of what comes to an end."""
        ending = [BUILDS, UPLOADS, *([PAST] if self.looks_at_runs else []), *([BASELINES] if self.looks_back else [])]
        found = [self.store.due(collection, "9999", 1, timeout=_TIMEOUT) for collection in ending]
        moments = [stored.document["due"] for page in found for _, stored in page]
        jobs = self.store.due(JOBS, "9999", 1, timeout=_TIMEOUT) if self.looks_at_runs else []
        # When nothing waits, it is due for its next look alone.
        waiting = [job.document for _, job in jobs if job.document["due"] != job.document["look"]]
        return [*moments, *(job["due"] for job in waiting), *self._due_of_watches()]

    def _due_of_watches(self) -> list[str]:
        return due_of_watches(self.store, self.clock()) if self.looks_at_watches else []

    def _is_settled(self) -> bool:
        """Return whether no message is outstanding, and every build has a record that waits for nothing."""
        waiting = [(BUILDS, "unsaid"), (BUILDS, "queue"), (SAYINGS, "queue")]
        if self.outstanding or any(
            self.store.due(collection, "\U0010ffff", 1, field=field, timeout=_TIMEOUT) for collection, field in waiting
        ):
            return False
        if self.store.due(BUILDS, show_time(self.clock()), 1, field="cut_due", timeout=_TIMEOUT):
            return False
        if self.store.present(BUILDS, self._made, timeout=_TIMEOUT) != set(self._made):
            return False
        turn, unknown = (self.store.read(MARKS, name, timeout=_TIMEOUT) for name in ("sweep", "unconfirmed"))
        return not (turn and turn.document["until"]) and not (unknown and unknown.document["waiting"])

    def end(self) -> None:
        """Close the connection to the process that runs now."""
        if self._process is not None:
            self._process.end()

    def _is_acknowledged(self, path: str, body: bytes) -> bool:
        if self._process is None:
            self._process = self._started(self.crash)
        self._process.hand(0, self.clock(), path, body)
        answer = self._process.answer()
        if answer is None or "killed_at" in answer:
            assert answer is not None, "a process ended that nobody killed"
            assert self._process.answer() is None, "it goes on"
            self.crashes.append(answer["killed_at"])
            self._process.end()
            self._process = self._started(None)
            return False
        if not self.crashes and not self._is_spared:
            self.calls = answer["calls"]
        return answer["status"] in (200, 204)

    def _started(self, crash: tuple[int, str] | None) -> FunctionProcess:
        return self.fork_server.process({"environment": self.settings, "threads": 1, "crash": crash})

    def verdicts(self) -> Counter[str]:
        """Return how often each verdict was given, by the audit trail as a query shows it."""
        labels = [entry["labels"] for entry in self.cloud.audit_entries()]
        return Counter(label["verdict"] for label in labels if label["kind"] == "verdict")

    def known(self) -> list[str]:
        """Return what was said of errors that are not new, by the audit trail."""
        payloads = [entry.get("jsonPayload", {}) for entry in self.cloud.audit_entries()]
        return [payload["known"] for payload in payloads if payload.get("known")]

    def kinds(self) -> Counter[str]:
        """Return how many entries of each kind the audit trail has, by their insert ids."""
        entries = self.cloud.audit_entries()
        return Counter({entry["insertId"]: entry["labels"]["kind"] for entry in entries}.values())

    def cut(self) -> set[bool]:
        """Return whether records of the builds were cut: their documents are gone, and the verdict stays."""
        found = [self.store.read(BUILDS, name, timeout=_TIMEOUT) for name in self._made]
        records = [parse_record(stored.document) for stored in found if stored is not None]
        return {record.cut is not None and record.build is None for record in records if record.judgement}

    def told(self) -> dict[str, list[datetime]]:
        """Return when Slack was told of each thing, by the keys of its messages."""
        told: dict[str, list[datetime]] = {}
        for message in self.slack.messages:
            told.setdefault((message.metadata or {})["event_payload"]["key"], []).append(message.time)
        return told


@contextmanager
def a_testbed(
    fork_server: ForkServer,
    emulators: Emulators,
    folder: Path,
    *,
    policy: str = POLICY,
    topic: str = "",
    hands_out: bool = False,
    reads_uploads: bool = False,
    looks_at_runs: bool = False,
    looks_at_watches: bool = False,
    looks_back: bool = False,
    crash: tuple[int, str] | None = None,
) -> Iterator[Testbed]:
    """Yield a testbed with nothing in it but a job. `hands_out`: what is due comes as messages of the work topic."""
    clock, faults, home = ManualClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC)), Faults(), f"test-{uuid4().hex[:12]}"
    cloud = Cloud(clock)
    file = folder / "policy.toml"
    file.write_text(policy)
    with ExitStack() as stack:
        topics, handed_out = TopicService(cloud), list[bytes]()
        topics.subscribe(WORK_TOPIC, lambda data, _: handed_out.append(data))
        google = stack.enter_context(GoogleStandIn(cloud, faults, topics.methods()))
        slack = stack.enter_context(SlackStandIn(faults, clock, rate_limit=False))
        storage = stack.enter_context(StorageStandIn(faults))
        channel = stack.enter_context(grpc.insecure_channel(emulators.firestore))
        settings = {
            "VERIFIER_PROJECTS": f"{PROJECT}={NUMBER}",
            "VERIFIER_REGIONS": REGION,
            "VERIFIER_HOME_PROJECT": home,
            "VERIFIER_POLICY": str(file),
            "VERIFIER_SLACK_TOKEN": TOKEN,
            "VERIFIER_SLACK_CHANNEL": next(iter(CHANNELS)),
            "VERIFIER_GOOGLE_ENDPOINT": google.address,
            "VERIFIER_SLACK_ENDPOINT": slack.api_url,
            "VERIFIER_TOPIC": topic,
            "FIRESTORE_EMULATOR_HOST": emulators.firestore,
            "PUBSUB_EMULATOR_HOST": google.address if hands_out else emulators.pubsub,
            "VERIFIER_WORK_TOPIC": WORK_TOPIC if hands_out else "",
            "VERIFIER_READ_UPLOADS": "true" if reads_uploads else "",
            "STORAGE_EMULATOR_HOST": storage.address,
        }
        store = FirestoreStore(home, channel=channel)
        testbed = Testbed(
            cloud,
            slack,
            storage,
            faults,
            clock,
            store,
            fork_server,
            settings,
            crash,
            handed_out=handed_out,
            looks_at_runs=looks_at_runs,
            looks_at_watches=looks_at_watches,
            looks_back=looks_back,
        )
        cloud.put_job(PROJECT, REGION, JOB.job, image=f"{IMAGE}:latest", script=CLEAN)
        stack.callback(testbed.end)
        yield testbed
