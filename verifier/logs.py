"""What a worker's logs say. The server sends what may matter; here it is judged, an entry at a time.

Facts that shape it (Cloud Run and Cloud Logging documentation): plain text has no severity; a traceback is one
entry; `Container called exit(1).` is only a warning; entries become readable late and in no promised order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import re2

from verifier.execution import Execution, parse_execution_name
from verifier.times import show_time

ERROR = 500
"""The number of severity ERROR in Cloud Logging; higher is worse."""

EXECUTION_LABEL = "run.googleapis.com/execution_name"
SYSTEM_LOG = "run.googleapis.com/varlog/system"
TEXT_FIELDS = ("message", "msg", "event", "error", "exception", "stack_trace", "exc_info", "traceback")
"""The fields of a structured entry that are read as its text."""

_EXIT = re2.compile(r"^Container called exit\((-?\d+)\)")
_VARIABLE_PARTS = re2.compile(r"0x[0-9a-fA-F]+|[0-9a-fA-F-]{12,}|\d+")
_MOST_GROUPS = 50
_MOST_TEXT = 4_000
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
    """The first entry's text, capped. Not redacted: see `redact.py`."""


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
    _failure: Any = None
    _failures: tuple[tuple[str, Any], ...] = ()
    _ignored: Any = None
    _expected: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        self._failures = _compiled(self.rules.failures)
        self._failure = _any_of(self.rules.failures)
        self._ignored = _any_of(self.rules.ignored)
        self._expected = _compiled(self.rules.expected)

    def feed(self, entries: Iterable[LogEntry]) -> None:
        """Judge these entries too."""
        for entry in entries:
            if entry.execution != self.execution:
                self._unlabelled += not entry.execution
            elif entry.log == SYSTEM_LOG and _EXIT.match(entry.text):
                self._exits.add((entry.task, entry.attempt))
            else:
                self._judge(entry)

    def _judge(self, entry: LogEntry) -> None:
        text = entry.text
        for name, expression in self._expected:
            if name not in self._seen and expression.search(text):
                self._seen.add(name)
        found = self._failure is not None and self._failure.search(text)
        if not found and entry.severity < ERROR:
            return
        if self._ignored is not None and self._ignored.search(text):
            return
        name = next((name for name, expression in self._failures if expression.search(text)), "") if found else ""
        self._add(name or _headline(text), entry)

    def _add(self, name: str, entry: LogEntry) -> None:
        kind = _VARIABLE_PARTS.sub("#", name)
        group = self._groups.get(kind)
        if group is None and len(self._groups) >= _MOST_GROUPS:
            self._more += 1
            return
        if group is None or entry.time < group.first:
            count = group.count if group else 0
            group = self._groups[kind] = _Group(name, count, entry.time, entry.task, entry.text[:_MOST_TEXT])
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
            truncated=truncated,
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
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return "an entry without text"
    return (lines[-1] if lines[0].startswith("Traceback ") else lines[0]).strip()[:200]


def _compiled(patterns: Iterable[Pattern]) -> tuple[tuple[str, Any], ...]:
    return tuple((pattern.name, re2.compile(pattern.expression)) for pattern in patterns)


def _any_of(patterns: tuple[Pattern, ...]) -> Any:
    return re2.compile(_alternation(patterns)) if patterns else None


def _alternation(patterns: Iterable[Pattern]) -> str:
    return "|".join(f"(?:{pattern.expression})" for pattern in patterns)
