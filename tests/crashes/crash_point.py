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


class CrashMoment(StrEnum):
    """When, around one call, the process is gone."""

    BEFORE = "before it"
    UNANSWERED = "after its effect, before its reply reached us"
    ANSWERED = "after its reply, before the next write or the acknowledgement"


@dataclass
class CrashPoint:
    """Kills this process at one call of all that it makes, counted from 1."""

    before_exit: Callable[[str], None]
    """Told the name of the call right before the end."""
    at: int = 0
    """0: never."""
    moment: CrashMoment = CrashMoment.BEFORE
    calls: list[str] = field(default_factory=list)
    """What was called, in order."""
    _is_near: bool = False

    def begin(self) -> None:
        """Begin a delivery."""

    def around(self, name: str, timeout: float, call: Callable[[], Any]) -> Any:
        """Make the call, or exit around it: see `intercepted.CallInterceptor.around`."""
        self.calls.append(name)
        is_mine = len(self.calls) == self.at
        if (is_mine and self.moment is CrashMoment.BEFORE) or (self._is_near and name in WRITES):
            self._exit_now()
        try:
            return call()
        finally:
            if is_mine and self.moment is CrashMoment.UNANSWERED:
                self._exit_now()
            self._is_near = self._is_near or is_mine

    def before_answer(self) -> None:
        """Exit if the delivery's acknowledgement is what the crash comes before."""
        if self._is_near:
            self._exit_now()

    def account(self) -> dict[str, Any]:
        """Return what was called so far."""
        return {"calls": self.calls}

    def _exit_now(self) -> None:
        self.before_exit(self.calls[self.at - 1])
        os._exit(KILLED)
