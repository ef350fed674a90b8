"""What is known of a Slack channel, or of one of Slack's methods, as values."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from verifier.errors import Refused
from verifier.times import parse_time, show_time

SECOND = timedelta(seconds=1)
_MOST_WAIT = timedelta(seconds=5)
_MOST_PATIENCE_SECONDS = 3600.0
"""The longest pause that Slack may ask for."""
_BEHIND = timedelta(minutes=3)
"""Longer than from one sweep to the next: what waits has had its chance by then."""


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What is known of a channel, or of a method. Its fields are the storage format; one is added with a default."""

    name: str = ""
    """As policy or settings write it; empty: where the webhook leads. Of a method: its name."""
    due: datetime | None = None
    """When its queue is to be worked off; None when nothing waits."""
    free: datetime | None = None
    """The first second in which nobody posts yet."""
    closed: datetime | None = None
    """Until when Slack takes nothing."""
    refusal: str = ""
    """Why it refuses everything, until then; empty where it only asked for a pause."""
    fix: str = ""
    away: datetime | None = None
    """Since when no message has reached Slack although some were to."""
    waiting: datetime | None = None
    """Until when nothing newer goes before what waits in its queue; who works the queue off moves it on."""
    owner: str = ""
    """The nonce of the invocation that works its queue off."""
    until: datetime | None = None
    """The end of that one's lease."""
    summed_up: datetime | None = None
    """What was queued until then is told of in one line, and then by what is red alone: see `late.py`."""
    summed_since: datetime | None = None
    """Since when Slack was away, for that line."""
    reds: str = ""
    """The red messages of the last while, by kind, as JSON: see `folding.py`."""
    is_told: bool = False
    """That line stands in Slack."""

    @property
    def is_new(self) -> bool:
        """Return whether nothing is known of it yet."""
        return self == ChannelState(self.name)

    def place(self, now: datetime) -> datetime | None:
        """Return the next second in which a message may go by itself; None when it must wait in the queue."""
        place = max(now, self.free or now)
        is_open = not (self.is_waiting(now) or self.is_leased(now) or self.is_closed(now))
        return place if is_open and place - now <= _MOST_WAIT else None

    def is_waiting(self, now: datetime) -> bool:
        """Return whether something older waits in its queue."""
        return self.waiting is not None and now < self.waiting

    def is_leased(self, now: datetime) -> bool:
        """Return whether an invocation works its queue off."""
        return bool(self.owner) and self.until is not None and now < self.until

    def is_closed(self, now: datetime) -> bool:
        """Return whether Slack takes nothing now."""
        return self.closed is not None and now < self.closed

    def shut(self, now: datetime, seconds: float, refusal: Refused | None = None) -> ChannelState:
        """Return it closed for so long, for an hour at most; never for less than it was."""
        until = now + timedelta(seconds=min(max(seconds, 0.0), _MOST_PATIENCE_SECONDS))
        until = max(until, self.closed or until)
        said, fix = (self.refusal, self.fix) if self.is_closed(now) else ("", "")
        if refusal:
            said, fix = refusal.said, refusal.fix
        return replace(self, closed=until, refusal=said, fix=fix, due=until if self.due else None)

    def leased(self, nonce: str, until: datetime) -> ChannelState:
        """Return it leased, due again when the lease is over."""
        return replace(self, owner=nonce, until=until, due=until)

    def released(
        self, now: datetime, free: datetime | None, *, is_empty: bool, is_reached: bool, again: datetime | None = None
    ) -> ChannelState:
        """Return it without a lease, due again while its queue is not empty.

        `is_empty` says that nothing waits there to be told for the first time; `again` when to look again after what is
        told afterwards.
        """
        rested = replace(self, owner="", until=None, due=None, free=free or self.free)
        if is_empty:
            return replace(rested, waiting=None, away=None, due=again)
        waiting = rested.left_waiting(now, is_away=False, longer=True)
        return replace(waiting, away=None) if is_reached else waiting

    def called(self, now: datetime) -> ChannelState:
        """Return it due for what is told afterwards, which keeps nothing else waiting.

        Who works it off finds that by itself, or else the next sweep does: a channel that is leased is left as it is.
        """
        if self.is_leased(now):
            return self
        due = self.closed if self.closed and self.is_closed(now) else now
        return replace(self, due=min(self.due, due) if self.due else due)

    def left_waiting(self, now: datetime, *, is_away: bool, longer: bool = False) -> ChannelState:
        """Return it with something in its queue; `is_away` when that is because nothing reached Slack.

        `longer` moves the end of the wait on. What is only turned away does not: or a queue that is empty by now would
        be waited for as long as somebody asks.
        """
        until = self.waiting if self.waiting and now < self.waiting and not longer else now + _BEHIND
        due = self.due or (self.closed if self.closed and self.is_closed(now) else now)
        return replace(self, due=due, waiting=until, away=self.away or (now if is_away else None))


@dataclass(slots=True)
class Held:
    """A channel whose queue this invocation works off: nobody else posts there."""

    channel: ChannelState
    revision: str
    free: datetime | None = None
    """The first second in which this invocation has not posted yet."""
    is_reached: bool = False
    """Slack has taken a message."""


class KnownChannels:
    """Channels as this process wrote them last: where nobody else did meanwhile, one write takes a second of theirs.

    Safe to use from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[ChannelState, str]] = {}

    def get(self, channel: str) -> tuple[ChannelState, str] | None:
        """Return the channel and its revision; None when this process has not written it."""
        with self._lock:
            return self._known.get(channel)

    def put(self, channel: ChannelState, revision: str) -> None:
        """Remember what was written."""
        with self._lock:
            self._known[channel.name] = (channel, revision)


def channel_document(channel: ChannelState) -> dict[str, Any]:
    """Return the channel as JSON values."""
    document = {item.name: getattr(channel, item.name) for item in fields(channel)}
    return {key: show_time(value) if isinstance(value, datetime) else value for key, value in document.items()}


def parse_channel(document: Mapping[str, Any], name: str = "") -> ChannelState:
    """Return the channel that is stored; what can't be read of it is as if it had never been known."""
    known: dict[str, Any] = {}
    for key, value in document.items():
        if key in _MOMENTS and isinstance(value, str):
            known[key] = parse_time(value)
        elif isinstance(value, _TYPES.get(key, ())):
            known[key] = value
    return ChannelState(**{"name": name, **known})


_MOMENTS = frozenset({"due", "free", "waiting", "closed", "away", "until", "summed_up", "summed_since"})
_TYPES = {item.name: str if item.type == "str" else bool for item in fields(ChannelState) if item.name not in _MOMENTS}
