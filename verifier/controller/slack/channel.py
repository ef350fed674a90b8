"""A Slack channel as all instances share it: whose second it is, when Slack takes nothing, and who works its queue off.

One document a channel, and one a method of Slack's. Slack takes one message a second in a channel, and a 429 closes
a method for whoever calls it (docs.slack.dev, "Rate limits"): what one instance is told, all of them heed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.slack.channel_state import SECOND, ChannelState, Held, channel_document, parse_channel
from verifier.errors import OutOfTime, Refused, ServiceError, Unavailable
from verifier.services import Store, Stored

Change = Callable[[ChannelState], ChannelState]
"""What becomes of a channel."""

CHANNELS = "channels"
POSTING = "chat.postMessage"
EDITING = "chat.update"
HISTORY = "conversations.history"
REPLIES = "conversations.replies"
"""Slack's methods, which it closes one by one. No channel has such a name."""
_METHODS = frozenset({POSTING, EDITING, HISTORY, REPLIES})

_TRIES = 6
_MOST_CHANNELS = 500
_LAST = "\U0010ffff"
_REFUSED_SECONDS = 300.0
"""How long nothing is tried in a channel in which Slack refuses everything."""


def history_of(thread: str) -> str:
    """Return the method that shows what was posted: in this thread; empty: in the channel."""
    return REPLIES if thread else HISTORY


def read_channel(store: Store, name: str, budget: Budget) -> ChannelState:
    """Return the channel, or the method, as it is stored; a new one when it is not. Raises ServiceError."""
    stored = store.read(CHANNELS, document_name(name), timeout=budget.seconds(LEDGER_SECONDS))
    return parse_channel(stored.document, name) if stored else ChannelState(name)


def document_name(name: str) -> str:
    """Return the name of the document of a channel or a method: safe for any channel."""
    return name if name in _METHODS else sha256(name.encode()).hexdigest()


def change_channel(
    store: Store, name: str, changed: Change, timeout: Callable[[], float]
) -> tuple[ChannelState, Stored]:
    """Write what `changed` makes of the channel, by compare-and-set; return it as it was before, and as it is stored.

    Raises ServiceError, Unavailable also when others were faster time after time. A reply that was lost may have
    changed it twice: no more than a second of the channel is lost by that.
    """
    where = document_name(name)
    for _ in range(_TRIES):
        stored = store.read(CHANNELS, where, timeout=timeout())
        before = parse_channel(stored.document, name) if stored else ChannelState(name)
        after = changed(before)
        if stored is not None and after == before:
            return before, stored
        try:
            written = _write(store, where, after, stored.revision if stored else None, timeout())
        except Unavailable as error:
            if not error.ambiguous:
                raise
            continue
        if written is not None:
            return before, written
    raise Unavailable(f"{name or 'Slack'}: expected to change its document in the ledger, others always did; try again")


def _as_it_is(state: ChannelState) -> ChannelState:
    return state


def take_second(deployment: Deployment, channel: str, budget: Budget, also: Change = _as_it_is) -> float:
    """Take the channel's next second for one message, and return how long it is until then.

    `also` is done to the channel in the same write, or with the next one while this invocation works its queue off.

    Raises Unavailable when others come first or the ledger does not say, and Refused with what Slack said when it
    refuses everything there. Nothing was posted then, and what waits is to be in the channel's queue.
    """
    now, held = deployment.services.clock(), deployment.held
    if held is not None and held.channel.name == channel:
        place = max(now, held.free or now, held.channel.free or now)
        held.free = place + SECOND
        held.channel = also(held.channel)
        return (place - now).total_seconds()
    try:
        known = _take_known(deployment, channel, now, budget, also)
        taken = known or _take(deployment, channel, now, budget, also)
    except ServiceError as error:
        # It is no matter for the record that the ledger keeps the message waiting.
        said = f"{channel or 'Slack'}: nothing was posted, the ledger does not say whose turn it is"
        raise Unavailable(f"{said}: {error}") from error
    if isinstance(taken, datetime):
        return (taken - now).total_seconds()
    if taken.is_closed(now) and taken.refusal:
        raise Refused(taken.refusal, fix=taken.fix, wide=True)
    why = "Slack asked for a pause" if taken.is_closed(now) else "other messages come first"
    raise Unavailable(f"{channel or 'Slack'}: nothing was posted, {why}")


def channel_seen(deployment: Deployment, channel: str) -> ChannelState:
    """Return the channel as this invocation saw it when it took a second there."""
    held, known = deployment.held, deployment.channels.get(channel)
    if held is not None and held.channel.name == channel:
        return held.channel
    return known[0] if known else ChannelState(channel)


def _take_known(deployment: Deployment, channel: str, now: datetime, budget: Budget, also: Change) -> datetime | None:
    """Return the second that was taken by one write, where nobody else has written the channel since this process did.

    None when somebody has, or none is free as far as this process knows. Raises ServiceError.
    """
    known = deployment.channels.get(channel)
    place = known[0].place(now) if known else None
    if known is None or place is None:
        return None
    state, where = also(replace(known[0], free=place + SECOND)), document_name(channel)
    try:
        written = _write(deployment.services.store, where, state, known[1], budget.seconds(LEDGER_SECONDS))
    except Unavailable as error:
        if not error.ambiguous:
            raise
        return None
    if written is None:
        return None
    deployment.channels.put(state, written.revision)
    return place


def _take(deployment: Deployment, channel: str, now: datetime, budget: Budget, also: Change) -> datetime | ChannelState:
    """Return the second that was taken; or the channel as it is, where none is to be had. Raises ServiceError."""
    store = deployment.services.store

    def taken(state: ChannelState) -> ChannelState:
        if state.is_new:
            # Who closed the method closed all channels that were known: this one was not.
            state = replace(state, closed=read_channel(store, POSTING, budget).closed)
        place = state.place(now)
        if place is None:
            return state.left_waiting(now, is_away=state.is_closed(now))
        return also(replace(state, free=place + SECOND))

    before, stored = change_channel(store, channel, taken, lambda: budget.seconds(LEDGER_SECONDS))
    after = parse_channel(stored.document, channel)
    deployment.channels.put(after, stored.revision)
    is_taken = after.free is not None and after.free != before.free
    return after.free - SECOND if is_taken and after.free else after


def is_closed(deployment: Deployment, method: str, budget: Budget) -> bool:
    """Return whether Slack has closed the method for now. Raises ServiceError."""
    return read_channel(deployment.services.store, method, budget).is_closed(deployment.services.clock())


def call_for(deployment: Deployment, channel: str, budget: Budget) -> None:
    """Have the channel's queue worked off soon, for what is told afterwards. Raises ServiceError."""
    now, store = deployment.services.clock(), deployment.services.store
    change_channel(store, channel, lambda state: state.called(now), lambda: budget.seconds(LEDGER_SECONDS))


def leave_waiting(deployment: Deployment, channel: str, *, is_away: bool = True) -> None:
    """Say that the channel's queue holds something; a ledger that does not take it says so at the next write."""
    now = deployment.services.clock()
    _note(deployment, channel, lambda state: state.left_waiting(now, is_away=is_away, longer=True))


@contextmanager
def pauses_heeded(deployment: Deployment, method: str, channel: str) -> Iterator[None]:
    """Close the method for as long as Slack asks to, the channel for minutes when Slack refuses everything there.

    Raises what Slack does.
    """
    now = deployment.services.clock
    try:
        yield
    except OutOfTime:
        leave_waiting(deployment, channel, is_away=False)
        raise
    except Unavailable as error:
        if error.retry_after is not None:
            _close(deployment, method, error.retry_after)
        if method == POSTING:
            leave_waiting(deployment, channel)
        raise
    except Refused as error:
        if error.wide and method == POSTING:
            why = error
            _note(
                deployment,
                channel,
                lambda state: state.shut(now(), _REFUSED_SECONDS, why).left_waiting(now(), is_away=True, longer=True),
            )
        raise


def _close(deployment: Deployment, method: str, seconds: float) -> None:
    """Close a method of Slack's for all instances, and with it every channel, where it is the one that posts."""
    now, store = deployment.services.clock(), deployment.services.store
    _note(deployment, method, lambda state: state.shut(now, seconds))
    if method != POSTING:
        return
    try:
        known = store.due(CHANNELS, _LAST, _MOST_CHANNELS, field="name", only=("name",), timeout=LEDGER_SECONDS)
    except ServiceError:
        return  # each instance is told so by Slack itself
    for _, stored in known:
        if stored.document["name"] not in _METHODS:
            _note(deployment, str(stored.document["name"]), lambda state: state.shut(now, seconds))


def _note(deployment: Deployment, name: str, changed: Change) -> None:
    """Change a document if the ledger takes it. What it holds only spares calls, and keeps an order."""
    held, store = deployment.held, deployment.services.store
    try:
        if held is not None and held.channel.name == name:
            held.channel = changed(held.channel)
        else:
            change_channel(store, name, changed, lambda: LEDGER_SECONDS)
    except ServiceError:
        return


def hold(deployment: Deployment, channel: str, budget: Budget) -> Held | None:
    """Return the channel, leased; None when another invocation has it, or Slack takes nothing now.

    Raises ServiceError.
    """
    store, now = deployment.services.store, deployment.services.clock()
    method = read_channel(store, POSTING, budget)
    if method.is_closed(now):
        change_channel(
            store, channel, lambda state: replace(state, due=method.closed), lambda: budget.seconds(LEDGER_SECONDS)
        )
        return None
    nonce = deployment.ledger.nonce()

    def leased(state: ChannelState) -> ChannelState:
        if (state.is_leased(now) and state.owner != nonce) or state.is_closed(now):
            return state
        return state.leased(nonce, now + deployment.ledger.lease)

    _, stored = change_channel(store, channel, leased, lambda: budget.seconds(LEDGER_SECONDS))
    state = parse_channel(stored.document, channel)
    return Held(state, stored.revision) if state.owner == nonce else None


def save_held(deployment: Deployment, held: Held, after: ChannelState) -> bool:
    """Write a channel that is held, and return whether it still is. Raises ServiceError."""
    store, where = deployment.services.store, document_name(after.name)
    try:
        written = _write(store, where, after, held.revision, LEDGER_SECONDS)
    except Unavailable as error:
        if not error.ambiguous:
            raise
        found = store.read(CHANNELS, where, timeout=LEDGER_SECONDS)
        if found is None or parse_channel(found.document, after.name) != after:
            raise
        written = found
    if written is None:
        return False
    held.channel, held.revision = after, written.revision
    return True


def _write(store: Store, where: str, state: ChannelState, revision: str | None, timeout: float) -> Stored | None:
    document = channel_document(state)
    if revision is None:
        return store.create(CHANNELS, where, document, timeout=timeout)
    return store.replace(CHANNELS, where, document, revision, timeout=timeout)
