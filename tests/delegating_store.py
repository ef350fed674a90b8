"""A store that asks another one, for those that change one thing about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verifier.services import Document, Store, Stored


@dataclass
class DelegatingStore:
    """A `Store` that does what the one inside does."""

    inner: Store

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        return self.inner.read(collection, name, timeout=timeout)

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        return self.inner.create(collection, name, document, timeout=timeout)

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        return self.inner.replace(collection, name, document, revision, timeout=timeout)

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
        return self.inner.due(collection, now, limit, field=field, since=since, only=only, timeout=timeout)

    def present(
        self, collection: str, names: Sequence[str], *, unless: tuple[str, str] | None = None, timeout: float
    ) -> set[str]:
        return self.inner.present(collection, names, unless=unless, timeout=timeout)

    def holding(self, collection: str, field: str, value: str, *, timeout: float) -> Stored | None:
        return self.inner.holding(collection, field, value, timeout=timeout)

    def holders(
        self, collection: str, field: str, value: str, limit: int, *, timeout: float
    ) -> list[tuple[str, Stored]]:
        return self.inner.holders(collection, field, value, limit, timeout=timeout)

    def delete(self, collection: str, names: Sequence[str], *, timeout: float) -> None:
        self.inner.delete(collection, names, timeout=timeout)
