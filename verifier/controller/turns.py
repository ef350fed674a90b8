"""What is due of each kind, and whose turn it is: projects take turns, each with what waits longest."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from verifier.controller.budget import KEEP_SECONDS, LEDGER_SECONDS, Budget
from verifier.controller.work import WorkKind
from verifier.services import Store

_PAGE = 500
_MOST_LOOKED_AT = 30_000
"""Of a kind, in one sweep: a project with so many before a good one's delays that one."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A piece of work that is due."""

    kind: WorkKind
    name: str
    project: str
    due: str
    title: str


def waiting(kind: WorkKind, store: Store, now: str, budget: Budget) -> list[Waiting]:
    """Return what is due of this kind, longest due first; of very much what waits longest. Raises ServiceError."""
    found: dict[str, Waiting] = {}
    since, limit = "", _PAGE
    while budget.has(KEEP_SECONDS):
        page = store.due(
            kind.collection,
            now,
            limit,
            field=kind.field,
            since=since,
            only=kind.owner_fields,
            timeout=budget.seconds(LEDGER_SECONDS),
        )
        before = len(found)
        for name, stored in page:
            project, _ = kind.owner(stored.document)
            due = stored.document[kind.field]
            found.setdefault(name, Waiting(kind, name, project, due, kind.title(name, stored.document)))
        if len(page) < limit or len(found) >= _MOST_LOOKED_AT:
            break
        # A page that shows nothing new is full of one and the same moment: only a longer one leads out of it.
        limit = _PAGE if len(found) > before else 2 * limit
        since = page[-1][1].document[kind.field]
    return list(found.values())


class Turns:
    """A queue for each project and kind, which have their turns one after the other."""

    def __init__(self, work: Iterable[Waiting]) -> None:
        """Take work, longest due first of each kind; the earlier kinds begin."""
        queues: dict[tuple[str, str], deque[Waiting]] = {}
        for item in work:
            queues.setdefault((item.kind.word, item.project), deque()).append(item)
        self._next = deque(queues.values())
        self._last: deque[deque[Waiting]] = deque()

    def take(self) -> Waiting | None:
        """Return the next piece; None when there is none any more."""
        if not self._next:
            self._next, self._last = self._last, deque()
        if not self._next:
            return None
        queue = self._next.popleft()
        item = queue.popleft()
        if queue:
            self._next.append(queue)
        return item

    def let_others_pass(self, project: str) -> None:
        """Give this project no more turns before all others have had theirs."""
        mine = [queue for queue in self._next if queue[0].project == project]
        self._next = deque(queue for queue in self._next if queue[0].project != project)
        self._last.extend(mine)
