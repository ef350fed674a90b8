"""The ledger's storage in a simulation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.simulation.fault_plan import CallOutcome
from tests.simulation.injector import FaultInjector
from verifier.controller.ledger import BUILDS
from verifier.controller.says import SAYINGS
from verifier.controller.slack.channel import CHANNELS
from verifier.services import Document, Stored


@dataclass
class SimulatedStore:
    """The ledger's storage, as Firestore behaves: an equal document keeps its revision."""

    injector: FaultInjector
    held: dict[tuple[str, str], Stored] = field(default_factory=dict)
    written: Callable[[str, Document | None, Document], None] = lambda *_: None
    """Told of each write: the collection, the document before and after."""
    _revisions: int = 0

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        return self.injector.call("store.read", timeout, lambda _: self.held.get((collection, name)))

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        def effect(_: CallOutcome) -> Stored | None:
            return None if (collection, name) in self.held else self._put(collection, name, document)

        return self.injector.call("store.create", timeout, effect)

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        def effect(_: CallOutcome) -> Stored | None:
            stored = self.held.get((collection, name))
            if stored is None or stored.revision != revision:
                return None
            return stored if stored.document == document else self._put(collection, name, document)

        return self.injector.call("store.replace", timeout, effect)

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
        def effect(_: CallOutcome) -> list[tuple[str, Stored]]:
            found = [
                (name, stored)
                for (kept_in, name), stored in self.held.items()
                if kept_in == collection and isinstance(moment := stored.document.get(field), str)
                if since <= moment <= now
            ]
            return sorted(found, key=lambda item: (item[1].document[field], item[0]))[:limit]

        return self.injector.call("store.due", timeout, effect)

    def present(
        self, collection: str, names: Sequence[str], *, unless: tuple[str, str] | None = None, timeout: float
    ) -> set[str]:
        def effect(_: CallOutcome) -> set[str]:
            found = {name: stored.document for name in names if (stored := self.held.get((collection, name)))}
            return {name for name, document in found.items() if not unless or document.get(unless[0]) != unless[1]}

        return self.injector.call("store.present", timeout, effect)

    def holding(self, collection: str, field: str, value: str, *, timeout: float) -> Stored | None:
        def effect(_: CallOutcome) -> Stored | None:
            found = (s for (c, _), s in self.held.items() if c == collection and value in (s.document.get(field) or ()))
            return next(found, None)

        return self.injector.call("store.holding", timeout, effect)

    def holders(
        self, collection: str, field: str, value: str, limit: int, *, timeout: float
    ) -> list[tuple[str, Stored]]:
        def effect(_: CallOutcome) -> list[tuple[str, Stored]]:
            found = [
                (name, stored)
                for (kept_in, name), stored in self.held.items()
                if kept_in == collection and value in (stored.document.get(field) or ())
            ]
            return sorted(found, key=lambda item: item[0])[:limit]

        return self.injector.call("store.holders", timeout, effect)

    def delete(self, collection: str, names: Sequence[str], *, timeout: float) -> None:
        def effect(_: CallOutcome) -> None:
            for name in names:
                self.held.pop((collection, name), None)

        self.injector.call("store.delete", timeout, effect)

    def _put(self, collection: str, name: str, document: Document) -> Stored:
        self._revisions += 1
        before = self.held.get((collection, name))
        stored = self.held[collection, name] = Stored(dict(document), str(self._revisions))
        if collection == CHANNELS:
            self.injector.invariants.channels[name] = document
        if collection == SAYINGS:
            self.injector.invariants.sayings[name] = document
        if collection == BUILDS:
            self.injector.invariants.wrote(before.document if before else None, document)
        self.written(collection, before.document if before else None, document)
        return stored
