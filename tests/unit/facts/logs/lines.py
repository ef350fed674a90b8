"""Entries of one execution for the tests, and what a reading of them says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from verifier.facts.logs import LogEntry, LogFacts, LogReading, LogRules, read_twice, structured

SHORT_NAME = "dev-vividly-content-worker-x7k2p"
START = datetime(2026, 11, 3, 9, 21, tzinfo=UTC)
STDERR = "run.googleapis.com/stderr"
WARNING = 400


def entry(
    text: str,
    severity: int = 0,
    *,
    second: float = 0,
    log: str = STDERR,
    execution: str = SHORT_NAME,
    task: str = "0",
    attempt: str = "0",
    container: str = "",
) -> LogEntry:
    """Return a line of text."""
    moment = START + timedelta(seconds=second)
    return LogEntry(moment, severity, log, text, execution, task, attempt, container=container)


def structured_entry(payload: Mapping[str, Any], severity: int = 0, *, second: float = 0) -> LogEntry:
    """Return a line that is a JSON object."""
    text, level = structured(payload)
    moment = START + timedelta(seconds=second)
    return LogEntry(moment, severity, STDERR, text, SHORT_NAME, "0", "0", level, structured=True)


def lines(*texts: str, second: float = 0, task: str = "0", log: str = STDERR) -> list[LogEntry]:
    """Return an entry a line, a tenth of a millisecond apart."""
    return [entry(text, second=second + number / 10_000, task=task, log=log) for number, text in enumerate(texts)]


def read(entries: Iterable[LogEntry], rules: LogRules | None = None, *, truncated: bool = False) -> LogFacts:
    """Return what the entries say, read once."""
    reading = LogReading(rules or LogRules(), SHORT_NAME)
    reading.feed(entries)
    return reading.facts(truncated=truncated)


def reread(entries: Sequence[LogEntry], rules: LogRules | None = None) -> LogFacts:
    """Return what the entries say, read again where a stack trace came without a level."""
    return read_twice(lambda _: entries, lambda around: LogReading(rules or LogRules(), SHORT_NAME, around=around))


def names_and_counts(facts: LogFacts) -> list[tuple[str, int]]:
    """Return the errors' names, each with its count."""
    return [(error.name, error.count) for error in facts.errors]
