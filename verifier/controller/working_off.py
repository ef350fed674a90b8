"""The same queue without a work topic: what is due is done in the sweep, one after the other, by project in turn."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Generator, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace

from verifier.controller.budget import KEEP_SECONDS, LEDGER_SECONDS
from verifier.controller.hand_out import NOT_AGAIN_FOR, HandedOut
from verifier.controller.slack.channel import CHANNELS
from verifier.controller.turns import Turns, Waiting, waiting
from verifier.controller.work import (
    CHANNEL,
    PLACE,
    WorkContext,
    WorkDone,
    WorkKind,
    channel_steps,
    do_work,
    kinds_of,
)
from verifier.errors import ServiceError, Stopping
from verifier.times import show_time

_PAGES_A_TURN = 4
_FAILURES_IN_A_ROW = 5
"""Of one project: then others have their turns first."""


@dataclass(slots=True)
class Worked:
    """What a sweep did by itself."""

    resumed: int = 0
    found: int = 0
    unlisted: list[str] = field(default_factory=list)
    """Places whose listing failed."""


class _Queue:
    """What is due of some kinds, as one sweep does it."""

    def __init__(self, at: WorkContext, work: Iterable[Waiting], problems: list[str]) -> None:
        self.at, self._problems, self._turns = at, problems, Turns(work)
        self._failures = Counter[str]()

    def next(self) -> tuple[Waiting, WorkDone] | None:
        """Do the next piece of work, and return how it went; None when there is none any more, or no time for it."""
        item = self._turns.take() if self.at.budget.has(KEEP_SECONDS) else None
        if item is None:
            return None
        done = _done(item, self.at)
        if done.trouble:
            self._problems.append(done.trouble)
        self._failures[item.project] = self._failures[item.project] + 1 if done.trouble and not done.unsaid else 0
        if self._failures[item.project] >= _FAILURES_IN_A_ROW:
            self._turns.let_others_pass(item.project)
        return item, done


def _done(item: Waiting, at: WorkContext) -> WorkDone:
    try:
        return do_work(item.kind.word, item.name, at)
    except (ServiceError, Stopping) as error:
        return WorkDone(f"{item.title}: {error}")


def _due(at: WorkContext, kinds: list[WorkKind]) -> list[Waiting]:
    """Return all that is due of these kinds. Raises ServiceError."""
    store, now = at.deployment.services.store, show_time(at.deployment.services.clock())
    return [item for kind in kinds for item in waiting(kind, store, now, at.budget)]


def work_off(at: WorkContext, problems: list[str], handed_out: HandedOut | None) -> Worked:
    """Do what is due within the budget, and in turn with it what waits for Slack. Raises ServiceError.

    Where it was `handed_out`, only what is overdue is done here. Places come first, in half of the time at most, and
    again in what is left at the end. What goes wrong with one piece is added to the problems.
    """
    worked, overdue = Worked(), handed_out.overdue if handed_out else ()
    if overdue:
        problems.append(
            f"work topic: expected what was handed out to be done within {NOT_AGAIN_FOR.seconds} s, got {len(overdue)} "
            f"that {'are' if len(overdue) > 1 else 'is'} still due; the sweep does them if it has the time, and "
            "`verifier doctor` looks for the topic's subscription"
        )
    places = [item for item in overdue if item.kind is PLACE] if handed_out else _due(at, [PLACE])
    listings = _Queue(replace(at, budget=at.budget.half(), pages=_PAGES_A_TURN), places, problems)
    _list_places(listings, worked)
    channels = [item for item in overdue if item.kind is CHANNEL] if handed_out else _due(at, [CHANNEL])
    rest = [kind for kind in kinds_of(at.deployment) if kind not in (PLACE, CHANNEL)]
    others = _Queue(at, [item for item in overdue if item.kind in rest] if handed_out else _due(at, rest), problems)
    with closing(_slack_steps(at, channels, problems)) as slack:
        is_slacks_turn, ended = True, 0
        while ended < 2 and at.budget.has(KEEP_SECONDS):
            is_done = next(slack, None) is not None if is_slacks_turn else others.next() is not None
            worked.resumed += is_done
            ended = 0 if is_done else ended + 1
            is_slacks_turn = not is_slacks_turn
    listings.at = replace(listings.at, budget=at.budget)
    _list_places(listings, worked)
    return worked


def _slack_steps(at: WorkContext, due: Iterable[Waiting], problems: list[str]) -> Generator[str]:
    """Yield after each record that Slack was to hear of; channels have their turns one after the other."""
    channels = deque[Generator[str]]()
    try:
        for item in due:
            channel = at.deployment.services.store.read(CHANNELS, item.name, timeout=at.budget.seconds(LEDGER_SECONDS))
            if channel is not None:
                channels.append(channel_steps(channel.document, at, problems))
        while channels:
            try:
                name = next(channels[0], None)
            except (ServiceError, Stopping) as error:
                problems.append(f"Slack: {error}")
                name = None
            steps = channels.popleft()
            if name is not None:
                channels.append(steps)
                yield name
    finally:
        for steps in channels:
            with suppress(ServiceError, Stopping):
                steps.close()


def _list_places(queue: _Queue, worked: Worked) -> None:
    """List the places that are due."""
    while (listed := queue.next()) is not None:
        place, done = listed
        worked.found += done.found
        if done.trouble:
            worked.unlisted.append(place.title)
