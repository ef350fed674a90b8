"""Trying again what may work another time, for a person who waits at a terminal. The function never does this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import sleep
from typing import TypeVar

from verifier.errors import Unavailable

T = TypeVar("T")
_LONGEST = 60.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a call is tried, and how long is waited in between."""

    tell: Callable[[str], None]
    """Called with a line for the person before each wait."""
    waits: tuple[float, ...] = (1.0, 5.0, 20.0)
    """Seconds before each further try, if the service does not ask for more."""
    pause: Callable[[float], None] = field(default=sleep)

    def of(self, call: Callable[[], T]) -> T:
        """Return what the call gives. Raise what it raises, Unavailable only after the last try."""
        for wait in self.waits:
            try:
                return call()
            except Unavailable as error:
                seconds = max(wait, min(error.retry_after or 0.0, _LONGEST))
                self.tell(f"{error}; waiting {seconds:g} s")
                self.pause(seconds)
        return call()
