"""A process under random faults: its calls fail by chance, and now and then it is killed amid a delivery."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from tests.crashes.crash_point import KILLED
from tests.crashes.intercepted import ProcessClock
from verifier.errors import Unavailable

_MOST_CALLS = 15
"""A process that is to be killed exits at one of so many calls, or else right before its acknowledgement."""


class RandomFaults:
    """So large a share of the calls fails, and of the deliveries is killed. Safe to use from any thread."""

    def __init__(
        self, before_exit: Callable[[str], None], clock: ProcessClock, random: Random, *, faults: float, kills: float
    ) -> None:
        """Draw faults from `random`; `before_exit` gets the name of the call right before the process ends."""
        self._before_exit, self._clock, self._random = before_exit, clock, random
        self._faults, self._kills = faults, kills
        self._here = threading.local()

    def begin(self) -> None:
        """Begin a delivery on this thread, and draw at which of its calls the process ends, if at any."""
        is_killed = self._random.random() < self._kills
        self._here.left = self._random.randint(1, _MOST_CALLS) if is_killed else None
        self._here.calls, self._here.faults = 0, Counter[str]()

    def around(self, name: str, timeout: float, call: Callable[[], Any]) -> Any:
        """Make the call, or fail it by chance. Unanswered calls take all the time that they are given."""
        self._here.calls += 1
        if self._here.left is not None:
            self._here.left -= 1
        kind = self._random.choice(("before", "after", "timeout")) if self._random.random() < self._faults else ""
        if self._here.left == 0 and self._random.random() < 0.5:
            self._exit_now(name)
        has_effect = kind != "before" and (kind != "timeout" or self._random.random() < 0.5)
        answer = call() if has_effect else None
        if self._here.left == 0:
            self._exit_now(name)
        if not kind:
            return answer
        self._here.faults[kind] += 1
        if kind == "timeout":
            self._clock.advance(timeout)
        raise Unavailable(f"{name}: failed by chance ({kind})", ambiguous=kind != "before")

    def before_answer(self) -> None:
        """Exit if the process is still to end in this delivery."""
        if self._here.left is not None:
            self._exit_now("its answer")

    def account(self) -> dict[str, Any]:
        """Return what happened in this thread's delivery."""
        return {"calls": self._here.calls, "faults": dict(self._here.faults)}

    def _exit_now(self, where: str) -> None:
        self._before_exit(where)
        os._exit(KILLED)
