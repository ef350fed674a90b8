"""The records that wait for Slack, earliest first: listed some at a time, and each seen once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from verifier.controller.budget import LEDGER_SECONDS, Budget
from verifier.controller.ledger import BUILDS
from verifier.services import Store, Stored

_PAGE = 50


@dataclass(slots=True)
class Backlog:
    """A queue of records, as it was at one moment."""

    store: Store
    queue: str
    """`due`, or `unsaid` for those that wait for Slack."""
    now: str
    """The moment; whatever waits for a later one is not listed."""
    _listed: deque[tuple[str, Stored]] = field(default_factory=deque)
    _seen: set[str] = field(default_factory=set)
    _from: str = ""
    _is_whole: bool = False
    """There is nothing more to list."""

    def take(self, budget: Budget, *, latest: bool = False) -> tuple[str, Stored] | None:
        """Return the next record's name and document, or the latest of those listed; None at the end, for good.

        Raises ServiceError.
        """
        if not self._listed and not self._is_whole:
            self._list(budget)
        if not self._listed:
            return None
        return self._listed.pop() if latest else self._listed.popleft()

    def _list(self, budget: Budget) -> None:
        """List the next page. Raises ServiceError."""
        timeout = budget.seconds(LEDGER_SECONDS)
        page = self.store.due(BUILDS, self.now, _PAGE, field=self.queue, since=self._from, timeout=timeout)
        fresh = [(name, stored) for name, stored in page if name not in self._seen]
        self._is_whole = len(page) < _PAGE or not fresh
        self._seen.update(name for name, _ in fresh)
        self._listed.extend(fresh)
        if page:
            self._from = page[-1][1].document[self.queue]
