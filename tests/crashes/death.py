"""A process that is killed at one of its outward calls: no exception, no `finally`, nothing is released."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.calls import WRITES

KILLED = 137
"""The exit code of a process that was killed with SIGKILL, as a shell and Cloud Run say it."""


class Moment(StrEnum):
    """When, around one call, the process is gone."""

    BEFORE = "before it"
    UNANSWERED = "after its effect, before its reply reached us"
    ANSWERED = "after its reply, before the next write or the acknowledgement"


@dataclass
class Death:
    """Kills this process at one call of all that it makes, counted from 1."""

    last_words: Callable[[str], None]
    """Told the name of the call right before the end."""
    at: int = 0
    """0: never."""
    moment: Moment = Moment.BEFORE
    calls: list[str] = field(default_factory=list)
    """What was called, in order."""
    _is_near: bool = False

    def begin(self) -> None:
        """A delivery begins."""

    def around(self, name: str, timeout: float, call: Callable[[], Any]) -> Any:
        """See `guarded.Guard.around`."""
        self.calls.append(name)
        is_mine = len(self.calls) == self.at
        if (is_mine and self.moment is Moment.BEFORE) or (self._is_near and name in WRITES):
            self._die()
        try:
            return call()
        finally:
            if is_mine and self.moment is Moment.UNANSWERED:
                self._die()
            self._is_near = self._is_near or is_mine

    def before_answer(self) -> None:
        """The delivery is about to be acknowledged."""
        if self._is_near:
            self._die()

    def account(self) -> dict[str, Any]:
        """What was called so far."""
        return {"calls": self.calls}

    def _die(self) -> None:
        self.last_words(self.calls[self.at - 1])
        os._exit(KILLED)
