"""One record a build, and the rules by which invocations share it. The storage is behind `services.Store`.

- A record is claimed by creating it, or by a compare-and-set on the revision that was read; never blindly.
- A claim carries a nonce, a fence that only grows, and a lease that outlives the invocation that has it.
- A lost reply can make our own write look like somebody else's: after a conflict the document is read back, and
  if it is the one that we wrote, the lease is ours.
- Until a record is done it has a due time, or its place in Slack's queue when Slack alone has not heard of it: the
  sweep finds it whatever happened to who had its lease.
- Every time in it is a stored time: no database expiry decides anything.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from verifier import __version__
from verifier.checks.judgement import Judgement, judgement_document, parse_judgement
from verifier.controller.known_done import KnownDone
from verifier.errors import LostLease, Malformed, ServiceError, Unavailable
from verifier.facts.build import BuildKey
from verifier.services import Document, Store, Stored
from verifier.times import parse_time, show_time

BUILDS = "builds"
MARKS = "marks"
VERSION = 1
"""Of a stored record. A release raises it with what an earlier one would misread, or lose when it writes the record."""

KEPT_WHOLE_FOR = timedelta(days=400)
"""As long as the audit trail keeps its entries, where nobody chose otherwise."""

_LEAST_SECONDS = 0.5
_BESIDE, _LAST = "|", "~"
"""Between a channel and a place in its queue; and behind every place."""
_AFTERWARDS = "2"
"""With which the places of edits and replies begin; those before are of verdicts, and of what else is told first."""
_MOST_GIVEN_UP = 100
_MOST_ERROR = 500
_MOST_VERIFIED, _MOST_REPOSITORY = 16, 255
"""Images of a build by whose names it is found, and the longest of these: a record has to stay below a mebibyte."""
_FIRST_BACKOFF = timedelta(seconds=30)
_LAST_BACKOFF = timedelta(minutes=10)
_MOST_PATIENCE = timedelta(hours=1)
"""The longest pause that a service may ask for."""


class State(StrEnum):
    """How far a record is."""

    OPEN = "open"
    UNCONFIRMED = "unconfirmed"
    """Cloud Build knew no such build, patiently asked: nothing more is done until another message comes."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known about one build's verification.

    Its fields are the storage format: each is stored under its own name, and so are the words of `State` and of a
    `Judgement`. Add a field with a default; never rename one, nor give it another meaning: what an earlier version has
    stored would be read as if it had never been.
    """

    key: BuildKey
    created: datetime
    state: State = State.OPEN
    fence: int = 0
    """Grows with every claim."""
    owner: str = ""
    """The nonce of the invocation that has its lease; empty when nobody does."""
    lease_until: datetime | None = None
    due: datetime | None = None
    """When it is to be looked at again; None when never, or when `unsaid` stands in for it."""
    unsaid: datetime | None = None
    """The moment of its verdict, while all that is missing is that Slack hears of it: its place in the queue."""
    attempts: int = 0
    """Failed attempts in a row, at one and the same step."""
    step: str = ""
    """The step at which they failed."""
    error: str = ""
    """Why the last attempt failed."""
    announced: bool = True
    """A message about the build came, or may; False when the sweep found it after that."""
    build: Document | None = None
    """The build's document, once it was fetched with a terminal status."""
    images: tuple[str, ...] = ()
    """The digests that the build pushed, to find out which build made an image."""
    verified: tuple[str, ...] = ()
    """Of a VERIFIED build, each image with the day of the verdict, as `verified_image` says: to find newer ones."""
    intent: datetime | None = None
    """Set before the worker is started, each time: an execution may exist."""
    job: str = ""
    """The job that was to be started, in full: policy may name another one meanwhile."""
    looked: datetime | None = None
    """When an execution was first looked for in vain, after an intent without a name."""
    starts: int = 0
    """Requests to start it that Cloud Run did not answer."""
    execution: str = ""
    """The full name of the execution that counts."""
    extras: tuple[str, ...] = ()
    """Other executions for the same build, reported and otherwise ignored."""
    ended: datetime | None = None
    """When the execution was first seen to have ended: from then on its logs are waited for."""
    whole: datetime | None = None
    """When the execution's logs were first seen to be whole."""
    heard: datetime | None = None
    """When a message first told that its execution has ended; None too where that met another invocation's lease."""
    judgement: Judgement | None = None
    recorded: bool = False
    """The audit trail has it."""
    published: bool = False
    """The topic for verdicts has it, or there is none."""
    told: bool = False
    """Slack has it, or is not to have it."""
    posting: datetime | None = None
    """Set before Slack is asked to post: a message may exist."""
    unanswered: datetime | None = None
    """When Slack was last asked to post and given up: the message may still have been on its way."""
    channel: str = ""
    """Where the message stands, or was to stand; empty: in the default channel of that time."""
    ts: str = ""
    missing: datetime | None = None
    """Since when Cloud Build says, time after time, that it knows no such build."""
    warned: bool = False
    """The audit trail has been told that the build could not be confirmed."""
    refused: bool = False
    """The audit trail has been told that Slack refuses the message."""
    tried: datetime | None = None
    """When the worker was first to be started."""
    nonce: str = ""
    """What every execution carries that was started for it; empty before, and where version 0.1.0 saved the intent."""
    requests: int = 0
    """How many times Cloud Run may have been asked to start the worker: so many executions may be ours."""
    args: tuple[str, ...] = ()
    """The arguments that were asked for last; empty: the job's own."""
    container: str = ""
    """The container that they were for; empty: the only one."""
    claimants: tuple[str, ...] = ()
    """Executions that somebody else started in this build's name, as far as they were seen."""
    queue: str | None = None
    """Its place in its channel's queue while it waits for Slack, as `queue_place` says; None when it does not."""
    summed_up: bool = False
    """Slack was away when it was to hear of it, and has one line about all such messages instead."""
    upload: bool = False
    """What it was made from is to be read, as work of its own, or was."""
    quota_since: datetime | None = None
    """Since when its logs can't be read, because a quota is used up."""
    quota_seconds: int = 0
    """For how long they could not be read for that reason before: it does not count against their deadline."""
    unled: tuple[str, ...] = ()
    """Moments of stack traces in the logs, before which the next reading looks: see `worker_logs.py`."""
    cut_due: datetime | None = None
    """When its build's document and findings are cut, which nobody needs any more; None until it is done, and then."""
    cut: datetime | None = None
    """When they were."""
    notes: tuple[Document, ...] = ()
    """What became known after its verdict, for its message: one a key, each with the revision in which it changed."""
    revision: int = 0
    """Of what its message ought to show: grows with each change of the notes."""
    shown: int = 0
    """The revision that its message shows at the least."""
    noted: datetime | None = None
    """Since when its message shows less than it ought to: its place among what waits to be edited."""
    editing: datetime | None = None
    """Set before Slack is asked to edit the message: an edit may be on its way. None once Slack has answered."""
    uneditable: str = ""
    """Why its message can't be edited any more; empty: it can."""
    submitter: tuple[str, ...] = ()
    """Who submitted it and with what, as its message says; empty where that is not told or not known."""
    thread: str = ""
    """The `ts` of the message in whose thread this one's stands: about the verdict before, or about an earlier build of
    the same kind; empty: it stands by itself."""
    folded: int = 0
    """Which red message of its kind its message is, from 2; 0: it is the first one."""
    folded_since: datetime | None = None
    """When the first one was posted."""
    again: int = 0
    """How often it was judged anew because somebody asked for it."""
    asked: datetime | None = None
    """When somebody asked last; None for a build that is judged for the first time."""
    asked_by: str = ""
    """Who did: a service account, or "a person" where policy lets nobody be named."""
    earlier: tuple[Document, ...] = ()
    """What was decided before, without what that rested on; the latest last."""
    early: bool = False
    """It was found by a listing while a message about it might still come: whether one does, nobody knows."""


_TYPES: Mapping[str, str] = {item.name: str(item.type) for item in fields(Record)}
_MOMENTS = frozenset(
    """created lease_until due unsaid intent looked ended whole heard posting unanswered missing tried
    quota_since cut_due cut noted editing asked folded_since""".split()
)
_LISTS = frozenset({"images", "verified", "extras", "args", "claimants", "unled", "notes", "submitter", "earlier"})
_WAITS = "it waits for the version that wrote it; install that one, or a later one"
_PLAIN: Mapping[str, type] = {"int": int, "bool": bool, "str": str}


def record_document(record: Record) -> dict[str, Any]:
    """Return the record as JSON values, with the version of their form."""
    document: dict[str, Any] = {name: getattr(record, name) for name in _TYPES}
    document["version"] = VERSION
    for name in _MOMENTS:
        document[name] = show_time(document[name]) if document[name] else None
    for name in _LISTS:
        document[name] = list(document[name])
    document["key"] = {"project": record.key.project, "location": record.key.location, "id": record.key.id}
    # As text: a build's own keys would be keys of the store, which has rules of its own for them.
    document["build"] = json.dumps(record.build, sort_keys=True) if record.build is not None else None
    document["judgement"] = judgement_document(record.judgement) if record.judgement else None
    document["state"] = str(record.state)
    return document


def parse_record(document: Document) -> Record:
    """Return the record that `record_document` wrote, by this version or an earlier one: absent fields have defaults.

    0.1.0 wrote no version. Raises Malformed for what a later version wrote, or may have written.
    """
    version = document.get("version", VERSION)
    if type(version) is not int or not 1 <= version <= VERSION:
        raise Malformed(f"expected a record of version {VERSION} at most, got version {version!r}: {_WAITS}")
    try:
        return _parsed(document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Malformed(
            f"expected a record that version {__version__} can read, got one with {error!r}: {_WAITS}"
        ) from error


def _parsed(document: Document) -> Record:
    values: dict[str, Any] = {name: value for name, value in document.items() if name in _TYPES}
    for name, value in values.items():
        if type(value) is not _PLAIN.get(_TYPES[name], type(value)):
            raise TypeError(f"{name}: expected {_TYPES[name]}, got {type(value).__name__}")
    for name in _MOMENTS & values.keys():
        values[name] = parse_time(values[name]) if values[name] else None
    for name in _LISTS & values.keys():
        values[name] = tuple(values[name])
    values["key"] = BuildKey(**values["key"])
    values["state"] = State(values["state"])
    if values.get("build") is not None:
        values["build"] = json.loads(values["build"])
    if values.get("judgement"):
        values["judgement"] = parse_judgement(values["judgement"])
    return Record(**values)


def verified_image(repository: str, day: datetime) -> str:
    """Return how a record says that its build pushed an image of this name and was VERIFIED that day."""
    return f"{repository} {day:%Y-%m-%d}"


def verified_images(repositories: Iterable[str], day: datetime) -> tuple[str, ...]:
    """Return the same for the images of one build: of very many the first ones, and none whose name is overlong."""
    usual = [name for name in dict.fromkeys(repositories) if len(name) <= _MOST_REPOSITORY]
    return tuple(verified_image(name, day) for name in usual[:_MOST_VERIFIED])


def is_done(document: Document) -> bool:
    """Return whether it says that nothing is left to do, in this version's words. The rest of it is not read."""
    return document.get("state") == State.DONE and document.get("version", VERSION) == VERSION


def claimed(record: Record, nonce: str, now: datetime, lease: timedelta) -> Record:
    """Return the record with a new lease, which gives it a due time as well."""
    return replace(
        record,
        state=State.OPEN,
        fence=record.fence + 1,
        owner=nonce,
        lease_until=now + lease,
        due=now + lease,
        unsaid=None,
        queue=None,
    )


def is_leased(record: Record, now: datetime) -> bool:
    """Return whether somebody's lease is still running. It is over at the very moment at which it ends."""
    return bool(record.owner) and record.lease_until is not None and now < record.lease_until


def released(record: Record, due: datetime) -> Record:
    """Return the record without a lease, due again then."""
    return replace(record, owner="", lease_until=None, due=due, unsaid=None, queue=None)


def queued(record: Record, error: str) -> Record:
    """Return the record without a lease, in Slack's queue: the earlier its verdict, the sooner its turn."""
    since = record.judgement.decided if record.judgement else record.created
    waiting = replace(record, owner="", lease_until=None, due=None, unsaid=since)
    return waiting_for_slack(replace(waiting, attempts=0, error=error[:_MOST_ERROR]))


def waiting_for_slack(record: Record) -> Record:
    """Return the record, which waits for Slack, with its place in its channel's queue."""
    is_verdict = bool(record.judgement and record.judgement.verdict)
    since = record.unsaid or record.created
    return replace(record, queue=queue_place(record.channel, since, is_verdict=is_verdict))


def queue_place(channel: str, since: datetime, *, is_verdict: bool) -> str:
    """Return a place in a channel's queue: verdicts before anything else, then the earliest first, in order of text."""
    return f"{queue_of(channel)[0]}{'0' if is_verdict else '1'} {show_time(since)}"


def edit_place(channel: str, since: datetime) -> str:
    """Return a place in a channel's queue behind all that is told for the first time: of an edit, or a reply."""
    return f"{queue_of(channel)[0]}{_AFTERWARDS} {show_time(since)}"


def is_afterwards(place: str) -> bool:
    """Return whether a place in a queue is one of an edit or a reply."""
    return place.rpartition(_BESIDE)[2].startswith(_AFTERWARDS)


def queue_of(channel: str) -> tuple[str, str]:
    """Return the text with which all places in a channel's queue begin, and one that is behind all of them."""
    begin = f"{channel}{_BESIDE}"
    return begin, f"{begin}{_LAST}"


def channel_of(place: str) -> str:
    """Return the channel in whose queue the place is."""
    return place.rpartition(_BESIDE)[0]


def after_failure(
    record: Record, error: str, now: datetime, retry_after: float | None = None, *, step: str = ""
) -> Record:
    """Return the record released after a failed attempt, keeping what was done.

    Each failure in a row waits twice as long, and `retry_after` seconds at least, where a service asks for them.
    """
    before = failures(record, step)
    backoff = min(_LAST_BACKOFF, _FIRST_BACKOFF * 2 ** min(before, 10))
    asked = timedelta(seconds=min(max(retry_after or 0, 0), _MOST_PATIENCE.total_seconds()))
    wait = max(backoff, asked)
    return released(replace(record, attempts=before + 1, step=step, error=error[:_MOST_ERROR]), now + wait)


def failures(record: Record, step: str) -> int:
    """Return how often in a row this step has failed."""
    return record.attempts if record.step == step else 0


def settled(record: Record, state: State) -> Record:
    """Return the record with nothing more to do, but to be cut when it is old."""
    ended = replace(
        record,
        owner="",
        lease_until=None,
        due=None,
        unsaid=None,
        state=state,
        attempts=0,
        error="",
        queue=_place_to_be_edited(record),
    )
    return replace(ended, cut_due=cut_due(ended))


def awaits_edit(record: Record) -> bool:
    """Return whether its message stands where it can be edited, and shows less than it ought to."""
    return has_editable_message(record) and record.revision > record.shown


def has_editable_message(record: Record) -> bool:
    """Return whether its message stands where it can be edited. Of a record that was cut none is made any more."""
    return record.told and bool(record.ts) and record.build is not None and not record.uneditable


def _place_to_be_edited(record: Record) -> str | None:
    if not awaits_edit(record):
        return None
    return edit_place(record.channel, record.noted or record.created)


def with_note(record: Record, note: Document, now: datetime) -> Record:
    """Return the record with this note in place of the one of the same key; the very same one where nothing changes.

    One that is open keeps what it waits for; one that is done has its place among what is to be edited.
    """
    old = next((one for one in record.notes if one["key"] == note["key"]), None)
    if old is not None and {**old, "revision": None} == {**note, "revision": None}:
        return record
    fresh = {**note, "revision": record.revision + 1}
    notes = tuple(fresh if one is old else one for one in record.notes) + ((fresh,) if old is None else ())
    is_behind = record.revision > record.shown and record.noted is not None
    noted = replace(record, notes=notes, revision=record.revision + 1, noted=record.noted if is_behind else now)
    return replace(noted, queue=_place_to_be_edited(noted)) if record.state is State.DONE else noted


def edited(record: Record, shown: int) -> Record:
    """Return a done record whose message shows this revision, or a newer one."""
    seen = replace(record, shown=max(shown, record.shown), editing=None)
    return replace(seen, queue=_place_to_be_edited(seen))


def sealed(record: Record, why: str) -> Record:
    """Return a done record whose message is not edited any more."""
    return replace(record, uneditable=why[:_MOST_ERROR], editing=None, queue=None)


def cut_due(record: Record) -> datetime | None:
    """Return when a record is to be cut: long after its verdict; None where it is not done, or was cut."""
    if record.state is not State.DONE or record.judgement is None or record.cut is not None:
        return None
    return record.judgement.decided + KEPT_WHOLE_FOR


def cut(record: Record, now: datetime) -> Record:
    """Return a done record without its build's document and its findings.

    What stays is small, and stays for good: with key and state a message that comes late is a duplicate, and with the
    images' digests an image has the build that made it.
    """
    judgement = replace(record.judgement, findings=(), errors=()) if record.judgement else None
    small = replace(record, build=None, judgement=judgement, notes=(), submitter=(), earlier=(), queue=None)
    return replace(small, cut_due=None, cut=now)


def judged_anew(record: Record, now: datetime) -> Record | None:
    """Return a done record open again and due, with nothing decided; None for one that is not done.

    The verdict before stays in the audit trail. Where its message stands in Slack, the next one replies to it, whatever
    it says; what became known since is said there.
    """
    if record.state is not State.DONE:
        return None
    return Record(
        record.key,
        created=record.created,
        fence=record.fence,
        due=now,
        announced=record.announced,
        build=record.build,
        images=record.images,
        channel=record.channel,
        upload=record.upload,
        notes=record.notes,
        revision=record.revision,
        noted=record.noted,
        submitter=record.submitter,
        thread=record.thread or record.ts,
        again=record.again + 1,
    )


@dataclass(frozen=True, slots=True)
class Lease:
    """A record that this invocation alone may write, until another one claims it."""

    record: Record
    revision: str


@dataclass(slots=True)
class LedgerContact:
    """What this process knows of its ledger from its own calls."""

    answered: bool = False
    """It has answered; before that, a call may have to connect first."""
    all_dated: bool = False
    """Every record has been given its time to be cut, by `dating.py`."""
    enrolled: dict[str, datetime] = field(default_factory=dict)
    """Watched jobs that have their document, by their resource names, and when that was last seen."""
    forgot: datetime | None = None
    """When this process last deleted runs that are over for long."""
    sought_old: datetime | None = None
    """When this process last asked for records that are to be cut."""
    daily: date | None = None
    """The day on which the last line about a day was due that is said, as far as this process knows."""
    known_done: KnownDone = field(default_factory=KnownDone)
    given_up: deque[str] = field(default_factory=lambda: deque(maxlen=_MOST_GIVEN_UP))
    """The nonces of claims that were given up. One of them in a record is a claim that arrived all the same: its lease
    is nobody's, and whoever comes next need not wait for its end."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Claims and writes records.

    Raises what the store raises, LostLease when another invocation took over, and Malformed for a record that this
    version can't read.
    """

    store: Store
    clock: Callable[[], datetime]
    lease: timedelta
    nonce: Callable[[], str]
    """Gives a text that nobody else has, for each claim."""
    contact: LedgerContact = field(default_factory=LedgerContact)

    def claim(self, key: BuildKey, *, announced: bool, only_if_due: bool, timeout: float) -> Lease | None:
        """Return a lease of the build's record, creating it when there is none; None when there is nothing to do now.

        Nothing is to be done when the record is done, or another has its lease. With `only_if_due`, nor when its build
        was fetched already and it waits for its due time or for Slack: another message about it says nothing new. Then
        a record that this process has lately seen done is not even read (`known_done.py`).
        """
        if only_if_due and self.contact.known_done.has(key.digest, self.clock()):
            return None
        left = self._countdown(timeout)
        stored = self._read(key, left())
        if stored is not None:
            if is_done(stored.document):
                self.contact.known_done.note(key.digest, self.clock())
            return self.take(stored, only_if_due=only_if_due, timeout=left())
        return self._claim(Record(key, created=self.clock(), announced=announced), None, left())

    def open(self, key: BuildKey, *, early: bool = False, timeout: float) -> None:
        """Have a record of a build that nobody announced, due now: a new one, or the one that was given up.

        `early`: a message about it may still come. Any other record is left as it is: whoever wrote it goes on with it.
        """
        left, now = self._countdown(timeout), self.clock()
        record = Record(key, created=now, due=now, announced=early, early=early)
        if self.store.create(BUILDS, key.digest, record_document(record), timeout=left()) is not None:
            return
        stored = self.store.read(BUILDS, key.digest, timeout=left())
        if stored is None or stored.document.get("state") != State.UNCONFIRMED:
            return
        again = record_document(released(replace(parse_record(stored.document), state=State.OPEN), now))
        self.store.replace(BUILDS, key.digest, again, stored.revision, timeout=left())

    def claim_running(self, key: BuildKey, *, timeout: float) -> Lease | None:
        """Return a lease of the build's record while its worker runs; None when nobody waits for a worker."""
        left = self._countdown(timeout)
        stored = self._read(key, left())
        if stored is None or is_done(stored.document):
            return None
        record = parse_record(stored.document)
        is_running = record.intent is not None and record.judgement is None
        return self.take(stored, timeout=left()) if is_running else None

    def take(self, stored: Stored, *, only_if_due: bool = False, timeout: float) -> Lease | None:
        """Return a lease of this record as it was read; None when it is done, leased or was changed since."""
        if is_done(stored.document):
            return None
        record, now = parse_record(stored.document), self.clock()
        waits = record.build is not None and (record.unsaid or (record.due and now < record.due))
        is_nobodys = record.owner in self.contact.given_up
        if not is_nobodys and (is_leased(record, now) or (only_if_due and waits)):
            return None
        return self._claim(record, stored.revision, timeout)

    def save(self, lease: Lease, record: Record, *, timeout: float) -> Lease:
        """Write the leased record. Raises LostLease when it is no longer ours."""
        mine = self._write(record, lease.revision, timeout)
        if mine is None:
            raise LostLease(f"{record.key.name}: another invocation has its lease")
        return mine

    def _read(self, key: BuildKey, timeout: float) -> Stored | None:
        stored = self.store.read(BUILDS, key.digest, timeout=timeout)
        self.contact.answered = True
        return stored

    def _claim(self, record: Record, revision: str | None, timeout: float) -> Lease | None:
        self.contact.known_done.forget(record.key.digest)
        mine = claimed(record, self.nonce(), self.clock(), self.lease)
        try:
            return self._write(mine, revision, timeout)
        except ServiceError:
            self.contact.given_up.append(mine.owner)
            raise

    def _write(self, record: Record, revision: str | None, timeout: float) -> Lease | None:
        """Create (without a revision) or replace, and return the lease; None when somebody else wrote first.

        After a conflict or a lost reply the document is read back: when it is ours, the write did take effect.
        """
        name, document, left = record.key.digest, record_document(record), self._countdown(timeout)
        lost: Unavailable | None = None
        written: Stored | None = None
        try:
            if revision is None:
                written = self.store.create(BUILDS, name, document, timeout=left())
            else:
                written = self.store.replace(BUILDS, name, document, revision, timeout=left())
        except Unavailable as error:
            if not error.ambiguous:
                raise
            lost = error
        if written is None:
            found = self.store.read(BUILDS, name, timeout=left())
            if found is not None and dict(found.document) == document:
                written = found
            elif lost is not None:
                raise lost
            elif found is None or found.revision == revision:
                raise Unavailable(f"{name}: expected the ledger to take the record or to show another, got neither")
        return Lease(record, written.revision) if written else None

    def _countdown(self, timeout: float) -> Callable[[], float]:
        """Return what tells the time left for the next of several calls; never too little to make one."""
        until = self.clock() + timedelta(seconds=timeout)
        return lambda: max((until - self.clock()).total_seconds(), _LEAST_SECONDS)
