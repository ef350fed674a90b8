"""Virtual time, and processes that take turns in one thread: the same program runs the same way every time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from greenlet import getcurrent, greenlet

_GRACE_SECONDS = 10.0
"""Between the request to end and the end."""
BEGINNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


class Killed(BaseException):
    """The process is gone: whatever it would still do has no effect."""


class Process(greenlet):
    """One invocation. It runs until it waits for something, and goes on when that has come."""

    def __init__(self, kernel: Kernel, name: str, body: Callable[[], None]) -> None:
        super().__init__(self._live, kernel.hub)
        self.name = name
        self.begun = kernel.seconds
        self.killed = False
        self.claims = 0
        self.dies_at_next_save = False
        """It is killed right before the next thing that it would write to the ledger."""
        self.stopping = False
        """It is asked to end, and will be killed."""
        self._body = body
        self._ended = kernel.ended

    def _live(self) -> None:
        with suppress(Killed):
            self._body()
            self._ended.add(self.name)


class Kernel:
    """The clock and the queue of what happens when."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.skew = 0.0
        """Seconds by which our own clock is wrong. The world's never is."""
        self.hub = getcurrent()
        self.ended: set[str] = set()
        """The processes that came to their own end, by name: nobody waits for what they have asked for."""
        self._queue: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._processes: list[Process] = []

    def clock(self) -> datetime:
        """Return what time our clock says it is."""
        return BEGINNING + timedelta(seconds=self.seconds + self.skew)

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Schedule this for then."""
        heapq.heappush(self._queue, (max(seconds, self.seconds), next(self._numbers), action))

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Schedule this for so much later."""
        self.at(self.seconds + seconds, action)

    def spawn(self, name: str, body: Callable[[], None]) -> Process:
        """Start a process now."""
        process = Process(self, name, body)
        self._processes = [other for other in self._processes if not other.dead]
        self._processes.append(process)
        self.at(self.seconds, process.switch)
        return process

    def process(self) -> Process:
        """Return the process that runs now."""
        current = getcurrent()
        assert isinstance(current, Process), "only a process may ask the world for something"
        return current

    def sleep(self, seconds: float) -> None:
        """Let the process that runs now wait. Raises Killed when it was killed meanwhile."""
        process = self.process()
        self.after(seconds, lambda: None if process.dead else process.switch())
        self.hub.switch()

    def kill(self, process: Process) -> None:
        """End a process from outside; nothing that it still does on its way out has an effect."""
        process.killed = True
        process.throw(Killed)

    def kill_all(self) -> int:
        """End every process, as when an instance is taken away. Returns how many there were."""
        victims = [process for process in self._processes if not process.dead]
        for process in victims:
            self.kill(process)
        return len(victims)

    def stop_all(self) -> None:
        """Ask every process to end, as when an instance is taken away; what has not ended in ten seconds is killed."""
        asked = [process for process in self._processes if not process.dead]
        for process in asked:
            process.stopping = True

        def kill() -> None:
            for process in asked:
                if not process.dead:
                    self.kill(process)

        self.after(_GRACE_SECONDS, kill)

    def is_idle(self) -> bool:
        """Return whether no process is alive."""
        return all(process.dead for process in self._processes)

    def run(self, until: float) -> None:
        """Let everything happen that is scheduled before then."""
        while self._queue and self._queue[0][0] <= until:
            self.seconds, _, action = heapq.heappop(self._queue)
            action()
        self.seconds = max(self.seconds, until)
