"""What a worker's logs say. The server sends what may matter; here it is judged, an entry at a time.

Facts that shape it (Cloud Run and Cloud Logging documentation): plain text has no severity; a traceback is one
entry; `Container called exit(1).` is only a warning; entries become readable late and in no promised order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import re2

from verifier.facts.execution import Execution, parse_execution_name
from verifier.redact import redact
from verifier.times import show_time

ERROR = 500
"""The number of severity ERROR in Cloud Logging; higher is worse."""

EXECUTION_LABEL = "run.googleapis.com/execution_name"
SYSTEM_LOG = "run.googleapis.com/varlog/system"
TEXT_FIELDS = ("message", "msg", "event", "error", "exception", "stack_trace", "exc_info", "traceback")
"""The fields of a structured entry that are read as its text."""

_EXIT = re2.compile(r"^Container called exit\((-?\d+)\)")
# Not RE2, whose Python side is slow for many short matches: this is our own, and linear here too.
_VARIABLE_PARTS = re.compile(r"0x[0-9a-fA-F]+|[0-9a-fA-F-]{12,}|[0-9]+")
_MOST_GROUPS = 50
_MOST_TEXT = 4_000
_MOST_TASK = 20
_MOST_SEARCHED = 16_000
"""Characters at an entry's beginning and at its end that are searched: hostile text costs time, even in RE2."""
_EARLIER_SECONDS = 60


class LogEntry(NamedTuple):
    """One entry, as far as judgement needs it."""

    time: datetime
    severity: int
    """Cloud Logging's number, 0 for none."""
    log: str
    """The log's name without the project: `run.googleapis.com/stderr`."""
    text: str
    """The text, or a structured entry's `TEXT_FIELDS`, a line each."""
    execution: str
    """The short name in the execution label, or empty."""
    task: str
    attempt: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A named regular expression, in RE2's syntax: linear time, whatever the text."""

    name: str
    """What people call what it finds."""
    expression: str


DEFAULT_FAILURES = (
    Pattern(
        "One or more mappers failed to initialize",
        r"One or more mappers failed to initialize"
        r"|[Ww]hen initializing mapper"
        r"|Mapper .{0,200} could not assemble any primary key"
        r"|Could not determine join condition between parent/child tables"
        r"|[Cc]an't proceed with initialization of other mappers",
    ),
    Pattern("Traceback (most recent call last)", r"Traceback \(most recent call last\)"),
)
"""SQLAlchemy's mapper errors first: what follows from one carries its text, and belongs to it."""


@dataclass(frozen=True, slots=True)
class LogRules:
    """What is looked for in a worker's logs."""

    failures: tuple[Pattern, ...] = DEFAULT_FAILURES
    """Lines that mean failure whatever their severity; the first that matches names an entry."""
    ignored: tuple[Pattern, ...] = ()
    """Lines that mean nothing, even at severity ERROR."""
    expected: tuple[Pattern, ...] = ()
    """Lines without which the run proves nothing."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """An error that was logged one time or many."""

    name: str
    """The pattern that found it, or its own first line."""
    count: int
    first: datetime
    task: str
    excerpt: str
    """The first entry's text, redacted and then capped."""


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
    """The (task, attempt) pairs whose exit line was seen."""
    unlabelled: int
    """Entries of the job, in the window, that name no execution: old logging libraries write such."""
    truncated: bool
    """There was more than was read."""


@dataclass(slots=True)
class _Group:
    name: str
    count: int
    first: datetime
    task: str
    excerpt: str


@dataclass(slots=True)
class LogReading:
    """Judges entries as they come, in memory that does not grow with their number."""

    rules: LogRules
    execution: str
    """The short name of the execution that is judged."""
    _groups: dict[str, _Group] = field(default_factory=dict)
    _more: int = 0
    _seen: set[str] = field(default_factory=set)
    _exits: set[tuple[str, str]] = field(default_factory=set)
    _unlabelled: int = 0
    _cut: bool = False
    _patterns: tuple[Pattern, ...] = ()
    """Failures, then what is ignored, then what is expected: an entry is searched once for all of them."""
    _ignored_from: int = 0
    _expected_from: int = 0
    _search: Any = None

    def __post_init__(self) -> None:
        self._patterns = (*self.rules.failures, *self.rules.ignored, *self.rules.expected)
        self._ignored_from = len(self.rules.failures)
        self._expected_from = self._ignored_from + len(self.rules.ignored)
        self._search = _search_for(self._patterns)

    def feed(self, entries: Iterable[LogEntry]) -> int:
        """Judge these entries too, and say how many they were."""
        count = 0
        for count, entry in enumerate(entries, start=1):  # noqa: B007 - it is the answer
            if entry.execution != self.execution:
                self._unlabelled += not entry.execution
            elif entry.log == SYSTEM_LOG and _EXIT.match(entry.text):
                self._exits.add((entry.task, entry.attempt))
            else:
                self._judge(entry)
        return count

    def _judge(self, entry: LogEntry) -> None:
        text = entry.text
        if len(text) > 2 * _MOST_SEARCHED:
            text = f"{text[:_MOST_SEARCHED]}\n{text[-_MOST_SEARCHED:]}"
        found = self._search(text)
        if not found and entry.severity < ERROR:
            # What the server sent for what stands in the middle is not clean for having been cut here.
            self._cut = self._cut or text is not entry.text
            return
        failure, ignored = "", False
        for number in sorted(found or (), reverse=True):
            if number >= self._expected_from:
                self._seen.add(self._patterns[number].name)
            elif number >= self._ignored_from:
                ignored = True
            else:
                failure = self._patterns[number].name
        if ignored or not (failure or entry.severity >= ERROR):
            return
        self._add(failure or _VARIABLE_PARTS.sub("#", _headline(entry.text)), failure, entry)

    def _add(self, kind: str, failure: str, entry: LogEntry) -> None:
        group = self._groups.get(kind)
        if group is None and len(self._groups) >= _MOST_GROUPS:
            self._more += 1
            return
        if group is None or entry.time < group.first:
            count, text = group.count if group else 0, redact(entry.text)  # before anything is cut
            name = failure or _headline(text)
            group = self._groups[kind] = _Group(name, count, entry.time, entry.task[:_MOST_TASK], text[:_MOST_TEXT])
        group.count += 1

    def facts(self, *, truncated: bool) -> LogFacts:
        """What was seen so far."""
        errors = [Repeated(g.name, g.count, g.first, g.task, g.excerpt) for g in self._groups.values()]
        return LogFacts(
            errors=tuple(sorted(errors, key=lambda error: (error.first, error.name))),
            more_errors=self._more,
            seen=frozenset(self._seen),
            exits=frozenset(self._exits),
            unlabelled=self._unlabelled,
            truncated=truncated or self._cut,
        )


def log_filter(execution: Execution, rules: LogRules) -> str:
    """The query that makes the server send only what may matter for this execution, and what has no label.

    Audit entries about the job and its executions are none of its output. Documentation: "Logging query language";
    its `=~` is RE2 too.
    """
    job, short_name = parse_execution_name(execution.name)
    since = execution.created - timedelta(seconds=_EARLIER_SECONDS)
    patterns = _alternation((*rules.failures, *rules.expected))
    texts = ["textPayload", *(f"jsonPayload.{name}" for name in TEXT_FIELDS)] if patterns else []
    wanted = ["severity>=ERROR", f'log_id("{SYSTEM_LOG}")', *(f"{text}=~{_quoted(patterns)}" for text in texts)]
    label = f'labels."{EXECUTION_LABEL}"'
    return "\n".join(
        [
            'resource.type="cloud_run_job"',
            f"resource.labels.job_name={_quoted(job.job)}",
            f"resource.labels.location={_quoted(job.location)}",
            f'timestamp>="{show_time(since)}"',
            'NOT logName:"cloudaudit.googleapis.com"',
            f"(({label}={_quoted(short_name)} AND ({' OR '.join(wanted)})) OR (NOT {label}:*))",
        ]
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def _headline(text: str) -> str:
    """What an entry is known by: a traceback's last line, which names the exception, or the first line."""
    text = text.strip()
    line = text.rpartition("\n")[2] if text.startswith("Traceback ") else text.partition("\n")[0]
    return line.strip()[:200] or "an entry without text"


@lru_cache(maxsize=16)
def _search_for(patterns: tuple[Pattern, ...]) -> Callable[[str], list[int] | None]:
    """What finds the numbers of the patterns that a text has, in one pass. Raises re2.error."""
    wanted = re2.Set.SearchSet()
    for pattern in patterns:
        wanted.Add(pattern.expression)
    wanted.Compile()
    search: Callable[[str], list[int] | None] = wanted.Match
    return search


def _alternation(patterns: Iterable[Pattern]) -> str:
    return "|".join(f"(?:{pattern.expression})" for pattern in patterns)
