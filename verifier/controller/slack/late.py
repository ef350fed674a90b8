"""After Slack was away for long: one line on all that it missed, then what is still red, each by itself.

Nobody reads a hundred old messages: the reds among them would go unseen. What the line counts is in the audit trail;
some of it may stand in Slack as well, where only its answer was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from verifier.checks.policy import Late
from verifier.checks.verdict import Verdict
from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import BUILDS, Record, State, parse_record, queue_of, settled
from verifier.controller.says import SAYINGS, KeptSaying, parse_saying
from verifier.controller.slack.channel import HISTORY, pauses_heeded, save_held
from verifier.controller.slack.channel_state import Held
from verifier.controller.slack.posting import LANDING, post
from verifier.controller.slack.sayings import give_up_late
from verifier.errors import Malformed, Refused, Unavailable
from verifier.facts.build import parse_build
from verifier.reporting.slack_message import away_message
from verifier.services import Message, Stored

_LONG = timedelta(minutes=15)
_MOST = 2_000
"""Records that one line may stand for; those behind them are posted one by one."""
_MOST_SAYINGS = 500
_SAID = ("running",)
"""The kinds of the audit trail's entries that sayings are about."""
_FEW = 2
"""A message alone says what a line would say."""
_PAGE = 100
_RED = frozenset({Verdict.LOCAL_SOURCE, Verdict.FAILED})
_SETTLED = _RED | {Verdict.VERIFIED, Verdict.EXEMPT}


@dataclass(frozen=True, slots=True)
class MissedMessage:
    """A message that Slack did not get in time."""

    name: str
    """Of its record."""
    since: datetime
    verdict: Verdict | None
    images: frozenset[str]
    """The names of what its build pushed, without tags."""

    @property
    def is_red(self) -> bool:
        """Return whether somebody has to do something."""
        return self.verdict in _RED


def still_red(missed: Iterable[MissedMessage]) -> frozenset[str]:
    """Return the names of those that are red, and of whose images no later one among them is red or good.

    What pushed nothing is replaced by nothing, and what is not decided replaces nothing.
    """
    newest: dict[frozenset[str], MissedMessage] = {}
    red: set[str] = set()
    for one in sorted(missed, key=lambda one: (one.since, one.name)):
        if one.images and one.verdict in _SETTLED:
            if before := newest.get(one.images):
                red.discard(before.name)
            newest[one.images] = one
        if one.is_red:
            red.add(one.name)
    return frozenset(red)


def sum_up(deployment: Deployment, held: Held, budget: Budget) -> bool:
    """Do so for a channel that is held, where that is due; return whether its queue may be worked off now.

    The moment up to which messages are told of together is saved before the line is posted, and kept until none of them
    is left: a crash changes nothing of what it says, and it is looked for before it is posted again. Raises
    ServiceError for the ledger.
    """
    if held.channel.summed_up is not None and not held.channel.is_told and not _is_cleared_up(deployment, held, budget):
        return held.channel.summed_up is None
    if held.channel.summed_up is None and not (_is_due(deployment, held) and _begin(deployment, held)):
        return held.channel.summed_up is None
    missed = list(_missed(deployment, held, budget))
    red = still_red(missed)
    others = [one.name for one in missed if one.name not in red]
    sayings = list(_unsaid_sayings(deployment, held, budget))
    if len(missed) + len(sayings) < _FEW and not held.channel.is_told:
        return _end(deployment, held)
    loud = len([one for _, _, one in sayings if one.mention])
    counts = (len(red) + loud, len(others) + len(sayings) - loud)
    if not held.channel.is_told and not _tell(deployment, held, budget, *counts, _SAID if sayings else ()):
        return False
    for name, stored, saying in sayings:
        if not budget.has(LEDGER_SECONDS * 3):
            return False
        if not saying.mention:
            give_up_late(name, stored, deployment)
    for name in others:
        if not budget.has(LEDGER_SECONDS * 3):
            return False
        _settle(deployment, name, budget)
    return _end(deployment, held)


def _is_due(deployment: Deployment, held: Held) -> bool:
    """Return whether policy wants one line, and Slack was away for long enough."""
    away = held.channel.away
    wanted = deployment.policy.late is not Late.ALL
    return wanted and away is not None and deployment.services.clock() - away > _LONG


def _is_cleared_up(deployment: Deployment, held: Held, budget: Budget) -> bool:
    """Find out whether a line stands in Slack that may have been posted; return whether that is known now.

    Where it does not, another one tells of all that has come by now. Where Slack does not say, nobody waits for it:
    what is in the queue is told one by one. Raises ServiceError for the ledger.
    """
    state, now = held.channel, deployment.services.clock()
    if state.summed_up is not None and now < state.summed_up + LANDING:
        return False
    try:
        stands = _stands(deployment, held, budget)
    except (Unavailable, Refused):
        _end(deployment, held)
        return False
    return _told(deployment, held) if stands else _begin(deployment, held)


def _begin(deployment: Deployment, held: Held) -> bool:
    """Save from when until when messages are told of together; return whether the channel is still ours."""
    state, now = held.channel, deployment.services.clock()
    since = state.summed_since or state.away or now
    return save_held(deployment, held, replace(state, summed_up=now, summed_since=since, is_told=False))


def _told(deployment: Deployment, held: Held) -> bool:
    """Save that the line stands in Slack; return whether the channel is still ours."""
    return save_held(deployment, held, replace(held.channel, is_told=True, away=None))


def _end(deployment: Deployment, held: Held) -> bool:
    """Save that nothing is told of together any more; return whether the channel is still ours."""
    return save_held(deployment, held, replace(held.channel, summed_up=None, summed_since=None, is_told=False))


def _line(deployment: Deployment, held: Held, red: int, others: int, kinds: Sequence[str] = ()) -> Message:
    """Return the line about so many messages. Its key has only since when Slack was away."""
    state, now = held.channel, deployment.services.clock()
    since, until = state.summed_since or now, state.summed_up or now
    return away_message(since, until, red, others, deployment.home, kinds)._replace(channel=state.name)


def _tell(deployment: Deployment, held: Held, budget: Budget, red: int, others: int, kinds: Sequence[str]) -> bool:
    """Post the line, and return whether it stands in Slack. Raises ServiceError for the ledger."""
    try:
        post(deployment, _line(deployment, held, red, others, kinds), budget)
    except (Unavailable, Refused) as error:
        if not (isinstance(error, Unavailable) and error.ambiguous):
            _end(deployment, held)  # it was certainly not posted: the next one tells of all that has come by then
        return False
    return _told(deployment, held)


def _stands(deployment: Deployment, held: Held, budget: Budget) -> bool:
    """Return whether an earlier attempt posted the line. Raises what Slack does."""
    line = _line(deployment, held, 0, 0)
    with pauses_heeded(deployment, HISTORY, line.channel):
        since, seconds = held.channel.summed_up or deployment.services.clock(), budget.seconds(CALL_SECONDS)
        return deployment.services.chat.find(line, since, timeout=seconds) is not None


def _missed(deployment: Deployment, held: Held, budget: Budget) -> Iterator[MissedMessage]:
    """Yield what was queued until the moment that is saved. Raises ServiceError."""
    begin, end = queue_of(held.channel.name)
    until = held.channel.summed_up
    seen = set[str]()
    while len(seen) < _MOST:
        timeout = budget.seconds(LEDGER_SECONDS)
        page = deployment.services.store.due(BUILDS, end, _PAGE, field="queue", since=begin, timeout=timeout)
        fresh = [(name, stored) for name, stored in page if name not in seen]
        for name, stored in fresh:
            seen.add(name)
            record = _readable(stored)
            if record is not None and record.unsaid and (until is None or record.unsaid <= until):
                verdict = record.judgement.verdict if record.judgement else None
                yield MissedMessage(name, record.unsaid, verdict, _images(record))
        if len(page) < _PAGE or not fresh:
            return
        begin = str(page[-1][1].document["queue"])


def _unsaid_sayings(deployment: Deployment, held: Held, budget: Budget) -> Iterator[tuple[str, Stored, KeptSaying]]:
    """Yield what was to be said until the moment that is saved, and may not have been. Raises ServiceError.

    What waits however long for Slack is not among it: it is posted after the line.
    """
    begin, end = queue_of(held.channel.name)
    until, timeout = held.channel.summed_up, budget.seconds(LEDGER_SECONDS)
    page = deployment.services.store.due(SAYINGS, end, _MOST_SAYINGS, field="queue", since=begin, timeout=timeout)
    for name, stored in page:
        try:
            saying = parse_saying(stored.document)
        except Malformed:
            continue  # it is told of when its turn comes
        if saying.posting is None and not saying.patient and (until is None or saying.created <= until):
            yield name, stored, saying


def _readable(stored: Stored) -> Record | None:
    try:
        return parse_record(stored.document)
    except Malformed:
        return None  # it is told of when its turn comes


def _images(record: Record) -> frozenset[str]:
    """Return the names of what its build pushed, without tags or digests."""
    try:
        build = parse_build(record.build or {})
    except Malformed:
        return frozenset()
    return frozenset(image.untagged for image in build.images)


def _settle(deployment: Deployment, name: str, budget: Budget) -> None:
    """Let the record be done, as one that the line tells of; one that another invocation has is left to it."""
    ledger = deployment.ledger
    stored = deployment.services.store.read(BUILDS, name, timeout=budget.seconds(LEDGER_SECONDS))
    record = _readable(stored) if stored else None
    if stored is None or record is None or record.queue is None:
        return
    lease = ledger.take(stored, timeout=budget.seconds(LEDGER_SECONDS))
    if lease is not None:
        done = settled(replace(lease.record, told=True, summed_up=True), State.DONE)
        ledger.save(lease, done, timeout=LEDGER_SECONDS)
