"""What waits for Slack, worked off a channel at a time: one message a second, verdicts first, the oldest first.

Behind verdicts, and what else is told for the first time, come edits and sayings, in the order of time.

A channel is one piece of work, under a lease: nobody else posts there meanwhile. What is in its queue is known by the
records alone; the channel's own document says when it is due, who works it off, and until when Slack takes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from verifier.controller.budget import KEEP_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import (
    BUILDS,
    channel_of,
    is_afterwards,
    parse_record,
    queue_of,
    record_document,
    waiting_for_slack,
)
from verifier.controller.says import SAYINGS
from verifier.controller.slack.channel import HISTORY, POSTING, change_channel, hold, is_closed, save_held
from verifier.controller.slack.channel_state import ChannelState, Held
from verifier.controller.slack.late import sum_up
from verifier.controller.slack.told_afterwards import ToldAfterwards
from verifier.errors import Malformed
from verifier.services import Stored

_PAGE = 20
_FEW = 5
"""So many of what is told afterwards are taken before verdicts are looked for again."""
_SLACK_SEEMS_DOWN = 2
"""After so many records in a row for which it could not be reached; one more, and it is taken to be down."""
_MOST_CHANNELS = 500
"""Of those that a sweep looks after."""
_FIRST, _LAST = "", "\U0010ffff"

Resume = Callable[[str, Stored, Deployment], bool]
"""Brings one record as far as it can be brought now; returns whether Slack could be reached for it. Never raises."""


class WaitsForSlack(NamedTuple):
    """Something that waits in a channel's queue."""

    place: str
    name: str
    """Of its document."""
    collection: str
    stored: Stored


Tell = Callable[[WaitsForSlack, Deployment], ToldAfterwards]
"""Makes one edit, or says one saying. Never raises."""


@dataclass(frozen=True, slots=True)
class SlackSeen:
    """What one invocation has seen of Slack so far, and what follows for the channel's queue.

    | failures in a row | next from the queue |
    |---|---|
    | 0 or 1 | the first record |
    | 2 | the last one that is listed: perhaps Slack does not take the first ones only |
    | 3 | none: Slack is down |
    """

    failures: int = 0
    """Records in a row for which it could not be reached."""

    @property
    def is_in_doubt(self) -> bool:
        """Return whether one more failure means that Slack is down."""
        return self.failures == _SLACK_SEEMS_DOWN

    @property
    def is_given_up(self) -> bool:
        """Return whether no more is taken from the queue for now."""
        return self.failures > _SLACK_SEEMS_DOWN

    def after(self, *, is_reached: bool) -> SlackSeen:
        """Return what is seen once another record was tried."""
        return replace(self, failures=0 if is_reached else self.failures + 1)


def work_channel(channel: str, deployment: Deployment, budget: Budget, resume: Resume, tell: Tell) -> Generator[str]:
    """Post what waits in the channel's queue, and yield the name of each document that was taken up.

    Nothing is done while another invocation does it, or Slack takes nothing. Whoever stops in the midst of it closes
    the iterator: then the lease is released. Raises ServiceError, and Stopping.
    """
    held = hold(deployment, channel, budget)
    if held is None:
        return
    mine, queue = replace(deployment, held=held), _ChannelQueue(deployment, channel)
    try:
        if sum_up(mine, held, budget):
            while (item := queue.take(held, budget)) is not None:
                if is_afterwards(item.place):
                    queue.note_afterwards(tell(item, mine))
                else:
                    queue.note(is_reached=resume(item.name, item.stored, mine))
                yield item.name
    finally:
        now = deployment.services.clock()
        released = held.channel.released(
            now, held.free, is_empty=queue.is_empty, is_reached=held.is_reached, again=queue.again(now)
        )
        save_held(deployment, held, released)


class _ChannelQueue:
    """What one invocation takes from a channel's queue: each document once."""

    def __init__(self, deployment: Deployment, channel: str) -> None:
        self._deployment = deployment
        self._range = queue_of(channel)
        self._seen = set[str]()
        self._slack = SlackSeen()
        self._listed: list[WaitsForSlack] = []
        self._rests = False
        """Something is left that is told afterwards."""
        self._pauses: list[float] = []
        """For how many seconds that is to be left alone, where all of it was tried."""
        self.is_empty = False
        """Nothing waits there any more to be told for the first time."""

    def take(self, held: Held, budget: Budget) -> WaitsForSlack | None:
        """Return the next thing that Slack may hear of; None when no more is taken for now. Raises ServiceError."""
        if self._slack.is_given_up or not budget.has(KEEP_SECONDS):
            return None
        now = self._deployment.services.clock()
        if held.channel.is_closed(now) or is_closed(self._deployment, POSTING, budget):
            return None
        while not self._listed:
            before = len(self._seen)
            self._list(budget)
            if not self._listed and len(self._seen) == before:
                return None
        item = self._listed.pop(-1 if self._slack.is_in_doubt else 0)
        self._seen.add(item.name)
        return item

    def note(self, *, is_reached: bool) -> None:
        """Take notice of whether Slack could be reached for the record."""
        self._slack = self._slack.after(is_reached=is_reached)

    def note_afterwards(self, told: ToldAfterwards) -> None:
        """Take notice of how the telling of something afterwards went."""
        self.note(is_reached=told.is_reached)
        if told.seconds is not None:
            self._pauses.append(told.seconds)

    def again(self, now: datetime) -> datetime | None:
        """Return when the channel is due again for what is told afterwards; None where nothing of it is left."""
        if not (self._rests or self._listed or self._pauses):
            return None
        return now + timedelta(seconds=min(self._pauses)) if self._pauses else now

    def _list(self, budget: Budget) -> None:
        """List the first that were not taken yet; others may have come before them meanwhile."""
        page = self._page(BUILDS, budget)
        first = [item for item in page if not is_afterwards(item.place)]
        self.is_empty = not first
        fresh = [item for item in first if item.name not in self._seen]
        if any(item.stored.document.get("posting") for item in fresh) and is_closed(self._deployment, HISTORY, budget):
            # They are to be looked for first, which Slack does not want now: those behind them have their turn.
            self._seen.update(item.name for item in fresh if item.stored.document.get("posting"))
            fresh = [item for item in fresh if item.name not in self._seen]
        if fresh:
            self._listed = fresh
            return
        afterwards = sorted([*page[len(first) :], *self._page(SAYINGS, budget)])
        new = [item for item in afterwards if item.name not in self._seen]
        self._rests = len(new) > _FEW
        self._listed = new[:_FEW]

    def _page(self, collection: str, budget: Budget) -> list[WaitsForSlack]:
        begin, end = self._range
        limit, timeout = _PAGE + len(self._seen), budget.seconds(LEDGER_SECONDS)
        page = self._deployment.services.store.due(collection, end, limit, field="queue", since=begin, timeout=timeout)
        return [WaitsForSlack(str(stored.document["queue"]), name, collection, stored) for name, stored in page]


def enrol_channels(deployment: Deployment, budget: Budget) -> None:
    """See to it that every channel in whose queue something waits is due. Raises ServiceError.

    Each is, once its document took notice; but a record's word is what counts, and version 0.1.0 knew no such document.
    """
    store, timeout = deployment.services.store, budget.seconds(LEDGER_SECONDS)
    unsaid = store.due(BUILDS, _LAST, _PAGE, field="unsaid", only=("queue",), timeout=timeout)
    for name, stored in unsaid:
        if not stored.document.get("queue"):
            _give_place(deployment, name, budget)
    for collection in (BUILDS, SAYINGS):
        for place in _first_places(deployment, collection, budget):
            _call(deployment, place, budget)


def _call(deployment: Deployment, place: str, budget: Budget) -> None:
    """See to it that the channel is due, at whose head this place is. Raises ServiceError."""
    store, now = deployment.services.store, deployment.services.clock()

    def due(state: ChannelState) -> ChannelState:
        if state.due:
            return state
        return state.called(now) if is_afterwards(place) else state.left_waiting(now, is_away=False)

    change_channel(store, channel_of(place), due, lambda: budget.seconds(LEDGER_SECONDS))


def _give_place(deployment: Deployment, name: str, budget: Budget) -> None:
    """Give a record that 0.1.0 left waiting for Slack its place in the channel's queue. Raises ServiceError."""
    store = deployment.services.store
    stored = store.read(BUILDS, name, timeout=budget.seconds(LEDGER_SECONDS))
    try:
        record = parse_record(stored.document) if stored else None
    except Malformed:
        return  # it waits for the version that wrote it
    if stored is None or record is None or record.unsaid is None or record.queue:
        return
    document = record_document(waiting_for_slack(record))
    store.replace(BUILDS, name, document, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))


def _first_places(deployment: Deployment, collection: str, budget: Budget) -> Iterator[str]:
    """Yield the first place in each channel's queue, by one small question a channel. Raises ServiceError."""
    since = _FIRST
    for _ in range(_MOST_CHANNELS):
        timeout = budget.seconds(LEDGER_SECONDS)
        page = deployment.services.store.due(
            collection, _LAST, 1, field="queue", since=since, only=("queue",), timeout=timeout
        )
        if not page:
            return
        place = str(page[0][1].document["queue"])
        yield place
        _, since = queue_of(channel_of(place))
