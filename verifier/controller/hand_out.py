"""Handing out: a sweep publishes what is due to the work topic, and other invocations do it.

What was handed out is not handed out again for two minutes, unless its due time has moved since. That is remembered a
page at a time, in `marks/handed-out`: where the page is lost, work is published twice, which costs a read. What is due
all the same after two minutes was lost, or waits in a long line: it is handed out again, and the sweep does some of it
by itself, so that everything is done even where nobody listens to the topic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import MARKS
from verifier.controller.turns import Turns, Waiting
from verifier.controller.work import PLACE
from verifier.services import MOST_AT_ONCE, Stored, WorkTopic
from verifier.times import parse_time, show_time

MOST_HANDED_OUT = 2_000
"""In one sweep."""
NOT_AGAIN_FOR = timedelta(minutes=2)
REMEMBERED_FOR = timedelta(minutes=5)

_MARK = "handed-out"
_SHORT = 16


@dataclass(frozen=True, slots=True)
class HandedOut:
    """What one sweep handed out."""

    count: int = 0
    overdue: tuple[Waiting, ...] = ()
    """What was handed out before, and is not done yet."""
    before: int = 0
    """How many pieces were handed out lately."""


@dataclass(slots=True)
class _Memory:
    """The pages of what was handed out lately."""

    deployment: Deployment
    stored: Stored | None
    pages: list[dict[str, Any]]

    @classmethod
    def read(cls, deployment: Deployment, now: datetime, budget: Budget) -> _Memory:
        stored = deployment.services.store.read(MARKS, _MARK, timeout=budget.seconds(LEDGER_SECONDS))
        pages = stored.document["pages"] if stored else []
        return cls(deployment, stored, [page for page in pages if now < parse_time(page["at"]) + REMEMBERED_FOR])

    def since(self, moment: datetime) -> set[str]:
        """Return the marks of what was handed out after this moment."""
        return {mark for page in self.pages if moment < parse_time(page["at"]) for mark in page["work"].split()}

    def add(self, work: Sequence[Waiting], now: datetime) -> None:
        """Remember these. Where another sweep was faster, it is its memory that stays."""
        self.pages.append({"at": show_time(now), "work": " ".join(_mark_of(item) for item in work)})
        store, document = self.deployment.services.store, {"pages": self.pages}
        if self.stored is None:
            self.stored = store.create(MARKS, _MARK, document, timeout=LEDGER_SECONDS)
        else:
            self.stored = store.replace(MARKS, _MARK, document, self.stored.revision, timeout=LEDGER_SECONDS)


class _Pace:
    """How many listings one sweep hands out: those that wait longest, as many as the payer's quota takes in a minute.

    What is above that stays due. Were it handed out, it would come back from a quota that is used up, and would cost
    two writes for nothing.
    """

    def __init__(self, listings: Callable[[str], tuple[str, int]]) -> None:
        self._listings = listings
        self._begun = Counter[str]()

    def admits(self, item: Waiting) -> bool:
        """Return whether this may be handed out now, and count it."""
        if item.kind is not PLACE:
            return True
        payer, most = self._listings(item.project)
        if most and self._begun[payer] >= most:
            return False
        self._begun[payer] += 1
        return True


def hand_out(
    deployment: Deployment,
    topic: WorkTopic,
    work: Sequence[Waiting],
    budget: Budget,
    *,
    most: int = MOST_HANDED_OUT,
    not_again_for: timedelta = NOT_AGAIN_FOR,
) -> HandedOut:
    """Publish what is due and was not handed out lately, by project in turn. Raises ServiceError."""
    if not work:
        return HandedOut()
    now = deployment.services.clock()
    memory = _Memory.read(deployment, now, budget)
    lately, before = memory.since(now - not_again_for), memory.since(now - REMEMBERED_FOR)
    turns, pace, chosen = Turns(work), _Pace(deployment.listings), list[Waiting]()
    while len(chosen) < most and (item := turns.take()) is not None:
        if _mark_of(item) not in lately and pace.admits(item):
            chosen.append(item)
    overdue = tuple(item for item in chosen if _mark_of(item) in before)
    for first in range(0, len(chosen), MOST_AT_ONCE):
        page = chosen[first : first + MOST_AT_ONCE]
        topic.hand_out(
            [{"kind": item.kind.word, "name": item.name} for item in page], timeout=budget.seconds(CALL_SECONDS)
        )
        memory.add(page, now)
    return HandedOut(len(chosen), overdue, len(lately))


def _mark_of(item: Waiting) -> str:
    """Return a short name for the work as it is due: a later due time makes it other work."""
    return sha256(f"{item.kind.word}/{item.name}/{item.due}".encode()).hexdigest()[:_SHORT]
