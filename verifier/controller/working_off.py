"""The same queue without a work topic: what is due is done in the sweep, one after the other, by project in turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from verifier.controller.budget import KEEP_SECONDS
from verifier.controller.hand_out import NOT_AGAIN_FOR, HandedOut
from verifier.controller.slack_queue import SlackQueue
from verifier.controller.turns import Turns, Waiting, waiting
from verifier.controller.work import KINDS, PLACE, WorkContext, WorkDone, WorkKind, do_listed, do_work
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
        self._at, self._problems, self._turns = at, problems, Turns(work)
        self._failures = Counter[str]()

    def next(self) -> tuple[Waiting, WorkDone] | None:
        """Do the next piece of work, and return how it went; None when there is none any more, or no time for it."""
        item = self._turns.take() if self._at.budget.has(KEEP_SECONDS) else None
        if item is None:
            return None
        done = _done(item, self._at)
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

    Where it was `handed_out`, only what is overdue is done here. Places come first, in half of the time at most. What
    goes wrong with one piece is added to the problems.
    """
    worked, overdue = Worked(), handed_out.overdue if handed_out else ()
    if overdue:
        problems.append(
            f"work topic: expected what was handed out to be done within {NOT_AGAIN_FOR.seconds} s, got {len(overdue)} "
            f"that {'are' if len(overdue) > 1 else 'is'} still due; the sweep does them if it has the time, and "
            "`verifier doctor` looks for the topic's subscription"
        )
    places = [item for item in overdue if item.kind is PLACE] if handed_out else _due(at, [PLACE])
    _list_places(_Queue(replace(at, budget=at.budget.half(), pages=_PAGES_A_TURN), places, problems), worked)
    rest = [kind for kind in KINDS.values() if kind is not PLACE]
    others = _Queue(at, [item for item in overdue if item.kind in rest] if handed_out else _due(at, rest), problems)
    slack = SlackQueue(at.deployment)
    is_slacks_turn = True
    ended = 0
    while ended < 2 and at.budget.has(KEEP_SECONDS):
        if is_slacks_turn:
            is_done = _tell_slack(slack, at, worked, problems)
        else:
            is_done = others.next() is not None
            worked.resumed += is_done
        ended = 0 if is_done else ended + 1
        is_slacks_turn = not is_slacks_turn
    return worked


def _list_places(queue: _Queue, worked: Worked) -> None:
    """List the places that are due."""
    while (listed := queue.next()) is not None:
        place, done = listed
        worked.found += done.found
        if done.trouble:
            worked.unlisted.append(place.title)


def _tell_slack(slack: SlackQueue, at: WorkContext, worked: Worked, problems: list[str]) -> bool:
    """Let Slack hear of the next record that waits for it; False when none does, or Slack is down."""
    listed = slack.take(at.budget)
    if listed is None:
        return False
    done = do_listed(*listed, at)
    if done.trouble:
        problems.append(done.trouble)
    worked.resumed += 1
    slack.note(is_reached=not done.unsaid)
    return True
