"""How a test makes each external call with its real adapter, and what stands behind the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import grpc
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from tests.contract.adapters import RESIZER, google_standing
from tests.faults.proxies import FaultyProxy, grpc_proxy, http_proxy
from tests.faults.table import FaultKind
from tests.fixtures.uploads import SUBMITTED
from verifier.adapters.cloud_build import CloudBuild
from verifier.adapters.cloud_logging import CloudLogging
from verifier.adapters.cloud_run import CloudRunJobs
from verifier.adapters.firestore import FirestoreStore
from verifier.adapters.pubsub import OwnWorkTopic, VerdictTopic
from verifier.adapters.slack import SlackBot
from verifier.adapters.storage import CloudStorage
from verifier.adapters.submitters import CloudSubmitters
from verifier.adapters.triggers import CloudTriggers
from verifier.facts.build import BuildKey
from verifier.facts.upload import Limits
from verifier.facts.upload.archive import Archive
from verifier.services import Message, Posted
from verifier.standin.clock import system_clock
from verifier.standin.faults import Faults
from verifier.standin.slack import TOKEN, SlackStandIn
from verifier.standin.storage import StorageStandIn

_MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_KEY = BuildKey("acme", "europe-west1", "b1")
_CHANNEL = "C0BUILDS01"
_MESSAGE = Message("", "VERIFIED", (), "key-1")
_ARCHIVE = Archive("acme_cloudbuild", "a.tgz", "")
_RECORD = {"state": 1, "due": "2025", "images": ["x"]}


@dataclass(frozen=True, slots=True)
class CallTarget:
    """What a call goes to."""

    address: str
    """Of the server; and of the wire before it, once there is one."""
    project: str
    """A project of the test's own, where the server is shared."""
    execution: str = ""
    """An execution that exists."""
    revision: str = ""
    """Of the record `a`."""
    ts: str = ""
    """Of a message that stands in Slack."""

    @property
    def store(self) -> FirestoreStore:
        """The ledger's storage."""
        return FirestoreStore(self.project, channel=grpc.insecure_channel(self.address))

    @property
    def topic(self) -> str:
        """A topic that exists."""
        return f"projects/{self.project}/topics/verdicts"

    @property
    def slack(self) -> SlackBot:
        """Slack, by its bot token."""
        return SlackBot(TOKEN, _CHANNEL, f"http://{self.address}/api/")

    def write_audit(self, timeout: float) -> None:
        """Write an entry to the audit trail."""
        CloudLogging("acme", self.address).write(
            insert_id="a", time=_MOMENT, severity="INFO", labels={}, payload={}, timeout=timeout
        )


@dataclass(frozen=True, slots=True)
class ExternalCall:
    """One external call."""

    behind: str
    """The server: `google`, `slack`, `storage`, or the fixture of an emulator."""
    method: str
    """What the call is on the wire."""
    make: Callable[[CallTarget, float], object]
    """Makes it, within this many seconds."""


_FIRESTORE, _PUBSUB = "firestore_emulator", "pubsub_emulator"
EXTERNAL_CALLS = {
    "store.read": ExternalCall(_FIRESTORE, "GetDocument", lambda at, s: at.store.read("builds", "a", timeout=s)),
    "store.create": ExternalCall(
        _FIRESTORE, "Commit", lambda at, s: at.store.create("builds", "b", _RECORD, timeout=s)
    ),
    "store.replace": ExternalCall(
        _FIRESTORE, "Commit", lambda at, s: at.store.replace("builds", "a", {"state": 2}, at.revision, timeout=s)
    ),
    "store.due": ExternalCall(_FIRESTORE, "RunQuery", lambda at, s: at.store.due("builds", "2026", 5, timeout=s)),
    "store.present": ExternalCall(
        _FIRESTORE, "BatchGetDocuments", lambda at, s: at.store.present("builds", ["a", "b"], timeout=s)
    ),
    "store.holding": ExternalCall(
        _FIRESTORE, "RunQuery", lambda at, s: at.store.holding("builds", "images", "x", timeout=s)
    ),
    "store.holders": ExternalCall(
        _FIRESTORE, "RunQuery", lambda at, s: at.store.holders("builds", "images", "x", 5, timeout=s)
    ),
    "store.delete": ExternalCall(_FIRESTORE, "Commit", lambda at, s: at.store.delete("builds", ["a"], timeout=s)),
    "builds.fetch": ExternalCall("google", "GetBuild", lambda at, s: CloudBuild(at.address).fetch(_KEY, timeout=s)),
    "builds.finished": ExternalCall(
        "google",
        "ListBuilds",
        lambda at, s: CloudBuild(at.address).finished(_KEY.project, _KEY.location, _MOMENT, _MOMENT, "", timeout=s),
    ),
    "builds.created": ExternalCall(
        "google",
        "ListBuilds",
        lambda at, s: CloudBuild(at.address).created(_KEY.project, _KEY.location, _MOMENT, _MOMENT, "", timeout=s),
    ),
    "triggers.read": ExternalCall(
        "google",
        "GetBuildTrigger",
        lambda at, s: CloudTriggers(lambda: _MOMENT, at.address).read(_KEY.project, _KEY.location, "t1", timeout=s),
    ),
    "jobs.start": ExternalCall(
        "google", "RunJob", lambda at, s: CloudRunJobs(at.address).start(RESIZER, (), {}, timeout=s)
    ),
    "jobs.started_for": ExternalCall(
        "google",
        "ListExecutions",
        lambda at, s: CloudRunJobs(at.address).started_for(RESIZER, "A", "b", _MOMENT, timeout=s),
    ),
    "jobs.observe": ExternalCall(
        "google", "GetExecution", lambda at, s: CloudRunJobs(at.address).observe(at.execution, timeout=s)
    ),
    "jobs.describe": ExternalCall(
        "google", "GetJob", lambda at, s: CloudRunJobs(at.address).describe(RESIZER, timeout=s)
    ),
    "jobs.listed": ExternalCall(
        "google", "ListExecutions", lambda at, s: CloudRunJobs(at.address).listed(RESIZER, _MOMENT, "", timeout=s)
    ),
    "logs.read": ExternalCall(
        "google", "ListLogEntries", lambda at, s: list(CloudLogging("acme", at.address).read("acme", "", timeout=s))
    ),
    "submitters.submitter": ExternalCall(
        "google", "ListLogEntries", lambda at, s: CloudSubmitters(at.address).submitter(_KEY, _MOMENT, timeout=s)
    ),
    "audit.write": ExternalCall("google", "WriteLogEntries", CallTarget.write_audit),
    "chat.post": ExternalCall("slack", "chat.postMessage", lambda at, s: at.slack.post(_MESSAGE, timeout=s)),
    "chat.edit": ExternalCall(
        "slack", "chat.update", lambda at, s: at.slack.edit(_MESSAGE, Posted(_CHANNEL, at.ts), timeout=s)
    ),
    "chat.find": ExternalCall(
        "slack", "conversations.history", lambda at, s: at.slack.find(_MESSAGE, _MOMENT, timeout=s)
    ),
    "uploads.list_files": ExternalCall(
        "storage",
        "a.tgz",
        lambda at, s: CloudStorage(at.address).list_files(_ARCHIVE, limits=Limits(), timeout=s),
    ),
    "announcer.publish": ExternalCall(
        _PUBSUB, "Publish", lambda at, s: VerdictTopic(at.topic, at.address).publish({}, {}, timeout=s)
    ),
    "work_topic.hand_out": ExternalCall(
        _PUBSUB,
        "Publish",
        lambda at, s: OwnWorkTopic(at.topic, at.address).hand_out([{"kind": "record", "name": "a"}], timeout=s),
    ),
}


@contextmanager
def _google(_: str, project: str) -> Iterator[CallTarget]:
    with google_standing() as google:
        google.put_job()
        google.cloud.put_build({"id": _KEY.id, "projectId": _KEY.project, "name": _KEY.name})
        google.cloud.put_trigger(_KEY.project, _KEY.location, {"id": "t1", "filename": "cloudbuild.yaml"})
        execution = CloudRunJobs(google.address).start(RESIZER, (), {}, timeout=10)
        yield CallTarget(google.address, project, execution=execution)


@contextmanager
def _slack(_: str, project: str) -> Iterator[CallTarget]:
    with SlackStandIn(Faults(), system_clock, rate_limit=False) as slack:
        target = CallTarget(slack.api_url.removeprefix("http://").partition("/")[0], project)
        yield replace(target, ts=target.slack.post(_MESSAGE, timeout=10).ts)


@contextmanager
def _storage(_: str, project: str) -> Iterator[CallTarget]:
    with StorageStandIn(Faults()) as storage:
        storage.put(_ARCHIVE.bucket, _ARCHIVE.object, "17", SUBMITTED.read_bytes())
        yield CallTarget(storage.address, project)


@contextmanager
def _firestore(emulator: str, project: str) -> Iterator[CallTarget]:
    target = CallTarget(emulator, project)
    stored = target.store.create("builds", "a", _RECORD, timeout=10)
    assert stored is not None
    yield replace(target, revision=stored.revision)


@contextmanager
def _pubsub(emulator: str, project: str) -> Iterator[CallTarget]:
    target = CallTarget(emulator, project)
    with grpc.insecure_channel(emulator) as channel:
        PublisherClient(transport=PublisherGrpcTransport(channel=channel)).create_topic(name=target.topic, timeout=10)
    yield target


_SERVERS = {"google": _google, "slack": _slack, "storage": _storage, _FIRESTORE: _firestore, _PUBSUB: _pubsub}


@contextmanager
def behind_proxy(
    external: ExternalCall, fault: FaultKind | None, emulator: str, project: str
) -> Iterator[tuple[CallTarget, FaultyProxy]]:
    """Yield what a call goes to, behind a proxy that does the fault to every such call.

    `emulator` is the address of the row's emulator, if it has one.
    """
    proxy_before = http_proxy if external.behind in ("slack", "storage") else grpc_proxy
    with (
        _SERVERS[external.behind](emulator, project) as target,
        proxy_before(target.address, external.method, fault) as proxy,
    ):
        yield replace(target, address=proxy.address), proxy
