"""How attempts at tasks ended, by the platform's own lines: in other logs anybody may write such words."""

from __future__ import annotations

import re

from verifier.facts.logs.entry import LogEntry
from verifier.facts.logs.result import Ending

_EXIT = re.compile(r"^Container called exit\((-?\d{1,9})\)")
_SIGNAL = re.compile(r"^Container terminated on signal (\d{1,3})\b")
_MEMORY = re.compile(r"^Memory limit of .{1,40} exceeded|^The container used more memory")
_START = re.compile(r"^(?:Application exec likely failed|terminated: Application failed to start)")
_MOST = 60_000
"""A job has 10,000 tasks at most, with some attempts at each."""


class Ends:
    """The ends of attempts, as they are read."""

    def __init__(self, container: str) -> None:
        """Only the ends of this container count; of any, where it is empty."""
        self._container = container
        self._seen: set[tuple[str, str]] = set()
        self._endings: set[Ending] = set()
        self.cut = False
        """Whether there were more than can be kept."""

    def note(self, entry: LogEntry) -> bool:
        """Note a line of the system log, and say whether it is an exit line, which is no error of its own."""
        text = entry.text
        match = _EXIT.match(text)
        if match:
            self._end(entry, "exit", int(match[1]))
            return True
        match = _SIGNAL.match(text)
        if match:
            self._end(entry, "signal", int(match[1]))
            return True
        if _MEMORY.match(text):
            self._add(Ending(entry.task[:20], entry.attempt[:20], entry.container, "memory", 0))
        elif _START.match(text):
            self._add(Ending(entry.task[:20], entry.attempt[:20], entry.container, "start", 0))
        return False

    def _end(self, entry: LogEntry, how: str, number: int) -> None:
        if self._container and entry.container and entry.container != self._container:
            return
        pair = (entry.task[:20], entry.attempt[:20])
        if len(self._seen) < _MOST:
            self._seen.add(pair)
        else:
            self.cut = self.cut or pair not in self._seen
        if how != "exit" or number:
            self._add(Ending(*pair, entry.container, how, number))

    def _add(self, ending: Ending) -> None:
        if len(self._endings) < _MOST:
            self._endings.add(ending)
        else:
            self.cut = True

    def seen(self) -> frozenset[tuple[str, str]]:
        """Return the (task, attempt) pairs whose end was seen."""
        return frozenset(self._seen)

    def endings(self) -> tuple[Ending, ...]:
        """Return the ends that were no `exit(0)`."""
        return tuple(sorted(self._endings, key=lambda e: (e.task, e.attempt, e.container, e.how, e.number)))
