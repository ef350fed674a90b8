"""What Slack hears beside verdicts: each message once, in the order of time, behind what is told first.

A saying is a document of its own. It waits in its channel's queue, as an edit does, and is posted by whoever works that
off (`slack/sayings.py`). Where it is about a build whose message stands in Slack, it replies to that.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import BUILDS, Record, edit_place, parse_record
from verifier.controller.slack.channel import call_for
from verifier.errors import Malformed, ServiceError
from verifier.facts.build import BuildKey
from verifier.services import Document
from verifier.times import parse_time, show_time

SAYINGS = "sayings"


@dataclass(frozen=True, slots=True)
class Saying:
    """Something to be said in Slack, once."""

    key: str
    """What tells it from everything else that is ever said: the same key again is the same message."""
    channel: str
    """The channel that policy routes it to; empty: the default one."""
    lines: tuple[str, ...]
    """Plain text, the first line bold."""
    about: BuildKey | None = None
    """The build that it is about: it replies to that one's message, where it stands."""
    broadcast: bool = False
    """A reply that the channel shows as well."""
    mention: str = ""
    """Who is called. What calls somebody is said however late; what does not is left to the audit trail then."""
    patient: bool = False
    """It calls nobody, and is said however late all the same: the audit trail has nothing of it."""


@dataclass(frozen=True, slots=True)
class KeptSaying:
    """A saying as it is stored. Its fields are the storage format; one is added with a default."""

    key: str
    channel: str
    created: datetime
    lines: tuple[str, ...] = ()
    about: str = ""
    """The build's full name, or empty."""
    thread: str = ""
    broadcast: bool = False
    mention: str = ""
    queue: str | None = None
    """Its place in its channel's queue while it waits; None when it does not."""
    posting: datetime | None = None
    """Set before Slack is asked to post: a message may exist."""
    unanswered: datetime | None = None
    """When Slack was last asked to post and given up."""
    ts: str = ""
    ended: datetime | None = None
    """When it was done with."""
    why: str = ""
    """Why it was not posted, where it was not."""
    patient: bool = False

    @property
    def name(self) -> str:
        """Return the name of its document."""
        return name_of_saying(self.key)

    def done(self, now: datetime, **changes: Any) -> KeptSaying:
        """Return it done with."""
        return replace(self, queue=None, ended=now, **changes)


def say(deployment: Deployment, saying: Saying, budget: Budget) -> None:
    """Have something said in Slack, once; made again, it changes nothing. Raises ServiceError when it was not kept."""
    store, now = deployment.services.store, deployment.services.clock()
    channel, thread = saying.channel or deployment.channel, ""
    about = _record(deployment, saying.about, budget) if saying.about and deployment.services.chat.can_edit else None
    if about is not None and about.told and about.ts:
        channel, thread = about.channel, about.thread or about.ts
    kept = KeptSaying(
        key=saying.key,
        channel=channel,
        created=now,
        lines=saying.lines,
        about=saying.about.name if saying.about else "",
        thread=thread,
        broadcast=saying.broadcast,
        mention=saying.mention,
        patient=saying.patient,
        queue=edit_place(channel, now),
    )
    timeout = budget.seconds(LEDGER_SECONDS)
    if store.create(SAYINGS, kept.name, saying_document(kept), timeout=timeout) is None:
        return  # it is kept already
    try:
        call_for(deployment, channel, budget)
    except ServiceError:
        return  # it is in the queue: the next sweep sees to it


def name_of_saying(key: str) -> str:
    """Return the name of the document of a saying with this key."""
    return sha256(key.encode()).hexdigest()


def saying_document(saying: KeptSaying) -> dict[str, Any]:
    """Return the saying as JSON values."""
    document = {item.name: getattr(saying, item.name) for item in fields(saying)}
    document |= {name: show_time(document[name]) if document[name] else None for name in _MOMENTS}
    return {**document, "lines": list(saying.lines)}


def parse_saying(document: Document) -> KeptSaying:
    """Return the saying that `saying_document` wrote. Raises Malformed."""
    known = {item.name for item in fields(KeptSaying)}
    try:
        values = {name: value for name, value in document.items() if name in known}
        values |= {name: parse_time(values[name]) for name in _MOMENTS & values.keys() if values[name]}
        return KeptSaying(**{**values, "lines": tuple(str(line) for line in values.get("lines", ()))})
    except (AttributeError, TypeError, ValueError) as error:
        raise Malformed(f"expected something to say in Slack that this version can read, got {error!r}") from error


def _record(deployment: Deployment, key: BuildKey, budget: Budget) -> Record | None:
    """Return the record of a build; None where there is none, or none that this version can read."""
    stored = deployment.services.store.read(BUILDS, key.digest, timeout=budget.seconds(LEDGER_SECONDS))
    try:
        return parse_record(stored.document) if stored else None
    except Malformed:
        return None


_MOMENTS = frozenset({"created", "posting", "unanswered", "ended"})
