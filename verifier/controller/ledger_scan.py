"""Many documents of the ledger, a page at a time: by one field, and no more than so many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from verifier.controller.budget import KEEP_SECONDS, LEDGER_SECONDS, Budget
from verifier.services import Document, Store

_PAGE = 200


class LedgerRange(NamedTuple):
    """Documents of a collection with a field between two texts."""

    of: tuple[str, str, tuple[str, ...]]
    """The collection, the field, and the fields that are wanted."""
    since: str
    until: str


class LedgerScan:
    """Goes through documents a page at a time, each once."""

    def __init__(self, store: Store, budget: Budget, asked: LedgerRange, most: int) -> None:
        self._store, self._budget, self._asked, self._most = store, budget, asked, most
        self.is_cut = False
        """There are more, or may be, than were gone through."""

    def __iter__(self) -> Iterator[tuple[str, Document]]:
        """Yield names and documents, in the order of the field. Raises ServiceError."""
        (of, since, until), seen, limit = self._asked, set[str](), _PAGE
        collection, field, only = of
        while True:
            if not self._budget.has(KEEP_SECONDS) or len(seen) >= self._most:
                self.is_cut = True
                return
            timeout = self._budget.seconds(LEDGER_SECONDS)
            page = self._store.due(collection, until, limit, field=field, since=since, only=only, timeout=timeout)
            fresh = [(name, stored.document) for name, stored in page if name not in seen]
            seen.update(name for name, _ in fresh)
            yield from fresh
            if len(page) < limit:
                return
            # A page that shows nothing new is full of one and the same moment: only a longer one leads out of it.
            limit = _PAGE if fresh else 2 * limit
            since = page[-1][1].document[field]
