"""What the story needs from the world: small Protocols, owned here, implemented in `adapters/`.

Every call takes `timeout`, the most seconds that it may take in all; it raises a `ServiceError` and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from verifier.facts.build import Build, BuildKey
    from verifier.facts.execution import Execution, JobName, JobSetup
    from verifier.facts.logs import LogEntry
    from verifier.facts.submitter import Submitter
    from verifier.facts.trigger import Trigger
    from verifier.facts.upload import Limits, UploadListing
    from verifier.facts.upload.archive import Archive

Document = Mapping[str, Any]
"""A stored document: JSON values only; the moments in it are text as `times.show_time` writes it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as a store holds it."""

    document: Document
    revision: str
    """The store's own mark of this version of the document; opaque."""
    written: datetime | None = field(default=None, compare=False)
    """When it was written, by the store's own clock; None where that is this machine's."""


class Store(Protocol):
    """Durable documents with compare-and-set, in collections, each of which may hold queues.

    They are `builds`, `marks`, `errors`, `channels`, `sayings`, `uploads`, `jobs`, `runs`,
    `watches`, `past` and `baselines`.
    """

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        """Return the document, or None when there is none."""

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        """Write a document that does not exist yet. None when one does."""

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        """Write the document if it is still at this revision. None when it is not, or is gone."""

    def due(
        self,
        collection: str,
        now: str,
        limit: int,
        *,
        field: str = "due",
        since: str = "",
        only: Sequence[str] = (),
        timeout: float,
    ) -> list[tuple[str, Stored]]:
        """Names and documents of the collection whose `field` is text from `since` to `now`, earliest first.

        `only`: the fields that are wanted of them, with `field` itself; empty: all. What lacks fields is to be looked
        at, and never to be written back.
        """

    def present(
        self, collection: str, names: Sequence[str], *, unless: tuple[str, str] | None = None, timeout: float
    ) -> set[str]:
        """Which of these names have a document. `unless`: one whose field has this value does not count."""

    def holding(self, collection: str, field: str, value: str, *, timeout: float) -> Stored | None:
        """One document whose list `field` contains `value`, or None."""

    def holders(
        self, collection: str, field: str, value: str, limit: int, *, timeout: float
    ) -> list[tuple[str, Stored]]:
        """Names and documents whose list `field` contains `value`, by name; of more than `limit` the first ones."""

    def delete(self, collection: str, names: Sequence[str], *, timeout: float) -> None:
        """Delete these documents, `MOST_DELETED` at most, whatever is in them. One that is gone is no error."""


MOST_DELETED = 500
"""The most writes of one commit to Firestore (its quotas page)."""


class BuildPage(NamedTuple):
    """One page of a listing."""

    keys: list[BuildKey]
    next_page: str
    """The token of the page that follows, empty at the end."""
    finished: Mapping[BuildKey, datetime] = MappingProxyType({})
    """When they finished, as far as that was told."""


class CreatedPage(NamedTuple):
    """One page of a listing of whole builds."""

    builds: list[Build]
    unread: int
    """How many more were on it, which can't be read."""
    next_page: str
    """The token of the page that follows, empty at the end."""


class Builds(Protocol):
    """Cloud Build."""

    def fetch(self, key: BuildKey, *, timeout: float) -> Build:
        """Return the build as Cloud Build has it now. `Missing` when there is none, `Denied` with the role to grant.

        Raise Malformed, too, when what Cloud Build has is no build that can be read.
        """

    def finished(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> BuildPage:
        """Return builds that ended between two moments, in whatever way, a page at a time (`page`: empty at first)."""

    def created(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> CreatedPage:
        """Return builds that were created between two moments, newest first, a page at a time (`page`: as above)."""


class Triggers(Protocol):
    """Cloud Build's triggers."""

    def read(self, project: str, location: str, trigger_id: str, *, timeout: float) -> Trigger:
        """Return the trigger as Cloud Build has it, or had it some minutes ago. `Missing` when there is none.

        Raises `Denied` with the role to grant, and Malformed when what Cloud Build has is no trigger that can be read.
        """


class ExecutionClaim(NamedTuple):
    """An execution that says for which build it was started. Whoever may run the job can have one say anything."""

    name: str
    """Its full resource name."""
    nonce: str
    """The nonce in its environment, or empty."""


class ExecutionPage(NamedTuple):
    """One page of a job's executions, newest first by time of creation."""

    executions: list[Execution]
    next_page: str
    """The token of the page that follows; empty at the end, and where all that follow are older than was asked for."""


class Jobs(Protocol):
    """Cloud Run jobs."""

    def start(
        self, job: JobName, args: Sequence[str], env: Mapping[str, str], container: str = "", *, timeout: float
    ) -> str:
        """Start an execution and return its full resource name. Never tried twice: see `Unavailable.ambiguous`.

        `args` and `env` are for the container of this name; empty: for the only one.
        """

    def started_for(
        self, job: JobName, env: str, value: str, since: datetime, *, timeout: float
    ) -> list[ExecutionClaim]:
        """Return the job's executions created since then whose environment has `env` = `value`, oldest first.

        Of very many the first ones.
        """

    def observe(self, execution: str, *, timeout: float) -> Execution:
        """Return the execution as Cloud Run has it now. `Missing` when there is none."""

    def describe(self, job: JobName, *, timeout: float) -> JobSetup:
        """Return how the job is set up now. `Missing` when there is none, `Denied` with the role to grant."""

    def listed(self, job: JobName, since: datetime, page: str, *, timeout: float) -> ExecutionPage:
        """Return the job's executions created since then, newest first, a page at a time (`page`: empty at first).

        A page may be empty and have one that follows. A job that does not exist has no executions.
        """


class LogPage(NamedTuple):
    """One page of log entries."""

    entries: Iterable[LogEntry]
    more: bool
    """Another page follows. An empty page may have one."""


class Logs(Protocol):
    """Cloud Logging, reading."""

    def read(
        self, project: str, filter_text: str, *, waits: bool = False, last: bool = False, timeout: float
    ) -> Iterator[LogPage]:
        """Return the entries that match, oldest first, a page at a time; a page is read when it is asked for.

        `waits`: it is for no verdict, and goes after those where a quota is shared; `last`: after all others, too.
        """


class Submitters(Protocol):
    """Cloud Audit Logs, as far as they say who submitted a build."""

    def submitter(self, key: BuildKey, created: datetime, *, timeout: float) -> Submitter | None:
        """Who submitted the build that was created then; None when no entry says so."""


class Audit(Protocol):
    """The audit trail."""

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
        """Write one entry and wait until it is accepted; the same insert id and time again change nothing."""


class Posted(NamedTuple):
    """Where a message stands."""

    channel: str
    ts: str


class Message(NamedTuple):
    """A Slack message, as `slack_message.py` writes it."""

    channel: str
    """The channel that policy routes it to; empty: the default one."""
    text: str
    """The notification and fallback text, already escaped."""
    blocks: tuple[Mapping[str, Any], ...]
    key: str
    """What makes it findable again, in the message's metadata: one key, one message."""
    thread: str = ""
    """The `ts` of the message that it replies to; empty: it stands by itself."""
    broadcast: bool = False
    """A reply that the channel shows as well."""


class Chat(Protocol):
    """Slack."""

    @property
    def can_edit(self) -> bool:
        """Whether messages can be edited and replied to. An incoming webhook can only post."""

    def post(self, message: Message, *, timeout: float) -> Posted:
        """Post it. `Unavailable.ambiguous` when it may have been posted all the same.

        Raises NoSuchThread for a reply to a message that is gone, or takes none.
        """

    def edit(self, message: Message, posted: Posted, *, timeout: float) -> None:
        """Let the message that stands there be this one. `Unavailable.ambiguous` when it may be all the same.

        Raises Refused for one that can't be edited, or not any more: not `wide` where nothing else is refused.
        """

    def find(self, message: Message, since: datetime, *, timeout: float) -> Posted | None:
        """Return the message with this key, if it was posted in the ten minutes from then. A reply is in its thread.

        None too where history can't be read.
        """


class Uploads(Protocol):
    """Cloud Storage, as far as it holds what builds were made from."""

    def list_files(self, archive: Archive, *, limits: Limits, timeout: float) -> UploadListing:
        """Return what the archive holds. Nothing of it is kept.

        Raises UnreadableUpload, too, for an archive that can't be read whole, and Refused for one that is not the file
        that the build recorded.
        """


class Announcer(Protocol):
    """A Pub/Sub topic for whoever wants to act on verdicts."""

    def publish(self, payload: Document, attributes: Mapping[str, str], *, timeout: float) -> None:
        """Publish one verdict and wait until it is accepted."""


class WorkTopic(Protocol):
    """The Pub/Sub topic by which the function gives itself work to do."""

    def hand_out(self, work: Sequence[Document], *, timeout: float) -> None:
        """Publish each of these, `MOST_AT_ONCE` at most, and wait until all are accepted."""


MOST_AT_ONCE = 1000
"""The most messages of one request to Pub/Sub (its quotas page)."""


class Services(Protocol):
    """Everything that the story needs. Each is connected when it is first asked for, and not before."""

    @property
    def store(self) -> Store: ...
    @property
    def builds(self) -> Builds: ...
    @property
    def triggers(self) -> Triggers: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def logs(self) -> Logs: ...
    @property
    def submitters(self) -> Submitters: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def chat(self) -> Chat: ...
    @property
    def announcer(self) -> Announcer | None: ...
    @property
    def work_topic(self) -> WorkTopic | None: ...
    @property
    def uploads(self) -> Uploads | None:
        """None where uploads are not to be read."""

    @property
    def clock(self) -> Callable[[], datetime]: ...
    @property
    def pause(self) -> Callable[[float], object]:
        """Lets so many seconds pass."""
