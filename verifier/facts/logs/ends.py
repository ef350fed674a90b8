"""How attempts at tasks ended, by the platform's own lines: in other logs anybody may write such words."""

from __future__ import annotations

import re

from verifier.facts.logs.entry import LogEntry
from verifier.facts.logs.result import Ending

_ENDS = (
    ("exit", re.compile(r"^Container called exit\((-?\d{1,9})\)")),
    ("signal", re.compile(r"^Container terminated on signal (\d{1,3})\b")),
    ("memory", re.compile(r"^(?:Memory limit of .{1,40} exceeded|The container used more memory)()")),
    ("start", re.compile(r"^(?:Application exec likely failed|terminated: Application failed to start)()")),
    ("timeout", re.compile(r"^Terminating task because it has reached the maximum timeout()")),
)
"""What the platform itself writes where an attempt ends, and the exit code or signal in it."""
_MOST_LABEL = 20
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
        """Note a line of the system log, and say whether it is an exit or a signal, which are no errors themselves."""
        found = next(((how, match) for how, line in _ENDS if (match := line.match(entry.text))), None)
        if found is None:
            return False
        how, match = found
        if not (self._container and entry.container and entry.container != self._container):
            self._end(entry, how, int(match[1] or 0))
        return how in ("exit", "signal")

    def _end(self, entry: LogEntry, how: str, number: int) -> None:
        pair = (entry.task[:_MOST_LABEL], entry.attempt[:_MOST_LABEL])
        if len(self._seen) + len(self._endings) >= _MOST:
            self.cut = True
            return
        if how in ("exit", "signal"):
            self._seen.add(pair)
        if how != "exit" or number:
            self._endings.add(Ending(*pair, entry.container, how, number))

    def seen(self) -> frozenset[tuple[str, str]]:
        """Return the (task, attempt) pairs whose end was seen."""
        return frozenset(self._seen)

    def endings(self) -> tuple[Ending, ...]:
        """Return the ends that were no `exit(0)`."""
        return tuple(sorted(self._endings, key=lambda end: (end.task, end.attempt, end.how, end.number, end.container)))
