"""A store that can lose what it is told, or what it answers."""

from __future__ import annotations

from collections.abc import Callable

from tests.delegating_store import DelegatingStore
from verifier.errors import Unavailable
from verifier.services import Document, Store, Stored

SOUND = "sound"
DEAF = "deaf"
"""A write has no effect, and that is known."""
LOST = "lost"
"""A write has no effect, and nobody knows."""
SILENT = "silent"
"""A write takes effect, but its answer is lost."""
GONE = "gone"
"""A write takes effect, its answer is lost, and the store can't be read afterwards."""
MOODS = (SOUND, DEAF, LOST, SILENT, GONE)

_KNOWN_TO_HAVE_FAILED = (SOUND, DEAF)


class FickleStore(DelegatingStore):
    """A `Store` whose writes go as its mood says."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._wrote = False
        self.mood = SOUND

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        if self._wrote and self.mood == GONE:
            raise Unavailable("nobody answers")
        return self.inner.read(collection, name, timeout=timeout)

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        return self._write(lambda: self.inner.create(collection, name, document, timeout=timeout))

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        return self._write(lambda: self.inner.replace(collection, name, document, revision, timeout=timeout))

    def be(self, mood: str) -> None:
        """Behave like this from now on."""
        self.mood, self._wrote = mood, False

    def _write(self, write: Callable[[], Stored | None]) -> Stored | None:
        self._wrote = True
        written = None if self.mood in (DEAF, LOST) else write()
        if self.mood != SOUND:
            raise Unavailable("no answer", ambiguous=self.mood not in _KNOWN_TO_HAVE_FAILED)
        return written
