"""The same queue without a work topic: what is due is done in the sweep, one after the other, by project in turn."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from verifier.controller.budget import KEEP_SECONDS
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

    def __init__(self, at: WorkContext, kinds: list[WorkKind], problems: list[str]) -> None:
        self._at, self._problems = at, problems
        store, now = at.deployment.services.store, show_time(at.deployment.services.clock())
        self._turns = Turns(item for kind in kinds for item in waiting(kind, store, now, at.budget))
        self._failures = Counter[str]()

    def next(self) -> tuple[Waiting, WorkDone] | None:
        """Do the next piece of work, and return how it went; None when there is none any more."""
        item = self._turns.take()
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


def work_off(at: WorkContext, problems: list[str], *, is_handed_out: bool) -> Worked:
    """Do what is due within the budget, and in turn with it what waits for Slack. Raises ServiceError.

    Where everything else `is_handed_out`, Slack's queue is all that there is to do. Places come first, in half of the
    time at most. What goes wrong with one piece is added to the problems.
    """
    worked, others = Worked(), None
    if not is_handed_out:
        _list_places(replace(at, budget=at.budget.half(), pages=_PAGES_A_TURN), worked, problems)
        others = _Queue(at, [kind for kind in KINDS.values() if kind is not PLACE], problems)
    slack = SlackQueue(at.deployment)
    is_slacks_turn = True
    ended = 0
    while ended < 2 and at.budget.has(KEEP_SECONDS):
        if is_slacks_turn:
            is_done = _tell_slack(slack, at, worked, problems)
        else:
            is_done = others is not None and others.next() is not None
            worked.resumed += is_done
        ended = 0 if is_done else ended + 1
        is_slacks_turn = not is_slacks_turn
    return worked


def _list_places(at: WorkContext, worked: Worked, problems: list[str]) -> None:
    """List the places that are due."""
    queue = _Queue(at, [PLACE], problems)
    while at.budget.has(KEEP_SECONDS) and (listed := queue.next()) is not None:
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
