"""The ledger's storage with an index for each queue: a query among many thousand documents is no slower."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.scale.model_calls import ModelCalls
from verifier.adapters.sqlite import QUEUES
from verifier.services import Document, Stored

_LAST = "\uffff"
_QUEUES = ("due", *QUEUES)
_LISTS = ("images", "verified")
"""Fields of which a value is looked for."""


@dataclass
class IndexedStore:
    """Documents, with what is due of them in order."""

    calls: ModelCalls
    wrote: Callable[[str, str, Document], object] = lambda *_: None
    """Told of each write: the collection, the name and the document."""
    held: dict[tuple[str, str], Stored] = field(default_factory=dict)
    _queues: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    """Of a collection and a field: each value with its document's name, in order."""
    _holding: dict[tuple[str, str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of a collection, a list and a value in it: the documents' names."""
    written: int = 0
    """Documents, as they are billed; so for the reads."""
    shown: int = 0
    _revisions: int = 0

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        self.shown += 1
        return self.calls.call("store.read", timeout, lambda: self.held.get((collection, name)))

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        def effect() -> Stored | None:
            return None if (collection, name) in self.held else self.put(collection, name, document)

        return self.calls.call("store.create", timeout, effect)

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        def effect() -> Stored | None:
            stored = self.held.get((collection, name))
            if stored is None or stored.revision != revision:
                return None
            return stored if stored.document == document else self.put(collection, name, document)

        return self.calls.call("store.replace", timeout, effect)

    def due(
        self,
        collection: str,
        now: str,
        limit: int,
        *,
        field: str = "due",
        since: str = "",
        only: Sequence[str] = (),
        timeout: float,
    ) -> list[tuple[str, Stored]]:
        def effect() -> list[tuple[str, Stored]]:
            queue = self._queues[collection, field]
            first, end = bisect_left(queue, (since, "")), bisect_left(queue, (now, _LAST))
            names = [name for _, name in queue[first : min(end, first + limit)]]
            self.shown += max(len(names), 1)
            return [(name, _shown(self.held[collection, name], (*only, field) if only else ())) for name in names]

        return self.calls.call("store.due", timeout, effect)

    def present(
        self, collection: str, names: Sequence[str], *, unless: tuple[str, str] | None = None, timeout: float
    ) -> set[str]:
        def effect() -> set[str]:
            self.shown += len(names)
            found = {name: stored.document for name in names if (stored := self.held.get((collection, name)))}
            return {name for name, document in found.items() if not unless or document.get(unless[0]) != unless[1]}

        return self.calls.call("store.present", timeout, effect)

    def holding(self, collection: str, field: str, value: str, *, timeout: float) -> Stored | None:
        def effect() -> Stored | None:
            self.shown += 1
            names = self._holding[collection, field, value]
            return self.held[collection, min(names)] if names else None

        return self.calls.call("store.holding", timeout, effect)

    def holders(
        self, collection: str, field: str, value: str, limit: int, *, timeout: float
    ) -> list[tuple[str, Stored]]:
        def effect() -> list[tuple[str, Stored]]:
            names = sorted(self._holding[collection, field, value])[:limit]
            self.shown += max(len(names), 1)
            return [(name, self.held[collection, name]) for name in names]

        return self.calls.call("store.holders", timeout, effect)

    def delete(self, collection: str, names: Sequence[str], *, timeout: float) -> None:
        def effect() -> None:
            for name in names:
                self._drop(collection, name)

        self.calls.call("store.delete", timeout, effect)

    def put(self, collection: str, name: str, document: Document) -> Stored:
        """Write the document at once, whatever there was."""
        self._index(collection, name, document)
        self._revisions += 1
        self.written += 1
        stored = self.held[collection, name] = Stored(dict(document), str(self._revisions))
        self.wrote(collection, name, document)
        return stored

    def _drop(self, collection: str, name: str) -> None:
        """Delete the document, if it is there."""
        if (collection, name) in self.held:
            self._index(collection, name, {})
            del self.held[collection, name]
            self.written += 1

    def _index(self, collection: str, name: str, document: Document) -> None:
        """Let the indexes tell of this document instead of the one that is held."""
        before = self.held.get((collection, name))
        old: Document = before.document if before else {}
        for queue_field in _QUEUES:
            was, becomes = old.get(queue_field), document.get(queue_field)
            if was != becomes:
                queue = self._queues[collection, queue_field]
                if isinstance(was, str):
                    del queue[bisect_left(queue, (was, name))]
                if isinstance(becomes, str):
                    insort(queue, (becomes, name))
        for list_field in _LISTS:
            for value in old.get(list_field) or ():
                self._holding[collection, list_field, value].discard(name)
            for value in document.get(list_field) or ():
                self._holding[collection, list_field, value].add(name)


def _shown(stored: Stored, only: Sequence[str]) -> Stored:
    """Return the document as a query shows it, with these fields alone where some are named."""
    if not only:
        return stored
    return Stored({name: stored.document[name] for name in only if name in stored.document}, stored.revision)
