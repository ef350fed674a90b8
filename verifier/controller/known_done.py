"""Builds whose records this process has lately seen done: a further message about one is acknowledged without a call.

That is safe, because a message only says where to look, and nothing is done about a record that is done, whatever
status the message names: the next look would come to the same. Who opens a record again makes it due, and what is due
is found by the sweep and by its work messages, which read the ledger and not this. So the most that can happen is that
a message about a record which another process has opened meanwhile says nothing: it is taken up by the next sweep, as
it is where no message comes. It is forgotten after two minutes, and when this process takes the record itself.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

KNOWN_FOR = timedelta(minutes=2)
MOST_KNOWN = 1_000


class KnownDone:
    """The names of records that were read and were done. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, datetime] = {}

    def has(self, name: str, now: datetime) -> bool:
        """Return whether it was done when it was read, not long ago."""
        until = self._until.get(name)
        return until is not None and until - KNOWN_FOR <= now < until

    def note(self, name: str, now: datetime) -> None:
        """Remember that it is done; of very many, the latest."""
        with self._lock:
            self._until.pop(name, None)
            if len(self._until) >= MOST_KNOWN:
                del self._until[next(iter(self._until))]
            self._until[name] = now + KNOWN_FOR

    def forget(self, name: str) -> None:
        """Forget it: somebody has opened it again."""
        with self._lock:
            self._until.pop(name, None)
