"""What the logs of one execution said: values that are kept, recorded and told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Folded:
    """An error that followed from another one, which it quotes, or a line that announced it."""

    identity: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """An error that was logged one time or many."""

    name: str
    """The exception's own line, the text's first line, or the team's pattern that found it."""
    count: int
    """Entries, those of `folded` among them."""
    first: datetime
    task: str
    excerpt: str
    """The first entry's text, redacted and then capped."""
    identity: str = ""
    """Which error it is, across deployments; see `identity`."""
    rule: str = ""
    """Why it is an error: `severity`, `level-field`, `level-word`, `fail-pattern` or a row's name."""
    level: str = ""
    """The severity that it was logged with, by whatever sign; empty where there was none."""
    folded: tuple[Folded, ...] = ()
    """What followed from it and what announced it, the most frequent first."""
    accepted: str = ""
    """Until when policy accepts it, and why: it fails nothing. Empty where policy was not asked or does not."""
    ran_out: str = ""
    """Until when policy accepted it, and why, where that day is over."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """The identities under which it is known, too."""
        return tuple(folded.identity for folded in self.folded)


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt at a task ended, by the platform's own line."""

    task: str
    attempt: str
    container: str
    """The container's name in a job that has several, or empty."""
    how: str
    """`exit`, `signal`, `memory`, `start` (it could not be started) or `timeout`."""
    number: int
    """The exit code or the signal; 0 for the others."""


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """Entries of the job, in the window, that name no execution."""

    log: str
    count: int
    possible: int
    """Those that the worker could have written: by a client library of its own, while it ran."""


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What the logs of one execution said when they were read."""

    errors: tuple[Repeated, ...]
    """Earliest first."""
    more_errors: int
    """Entries with errors beyond the kinds that `errors` has room for."""
    seen: frozenset[str]
    """Names of the expected patterns that were seen."""
    exits: frozenset[tuple[str, str]]
    """The (task, attempt) pairs whose end was seen: an exit line, or the line of a signal."""
    unlabelled: int
    """Entries of the job, in the window, that name no execution: old logging libraries write such."""
    truncated: bool
    """There was more than was read."""
    seen_in: tuple[tuple[str, str], ...] = ()
    """The (expected pattern, log) pairs in which it was seen."""
    unlabelled_logs: tuple[Unlabelled, ...] = ()
    """The logs of the unlabelled entries, the most first."""
    endings: tuple[Ending, ...] = ()
    """The ends that were no `exit(0)`, by task and attempt."""
    ignored: tuple[tuple[str, int], ...] = ()
    """Errors that were ignored, by the name of the pattern or of the row of known noise."""

    unled: tuple[datetime, ...] = ()
    """When the first stack traces came of which no line says how loud they were meant: what stands right before may.

    A reading that is given them as `around` looks there, and the query asks for it.
    """

    @property
    def failing(self) -> tuple[Repeated, ...]:
        """The errors that nothing accepts."""
        return tuple(error for error in self.errors if not error.accepted)

    @property
    def unlabelled_possible(self) -> int:
        """The unlabelled entries that the worker could have written."""
        return sum(log.possible for log in self.unlabelled_logs)
