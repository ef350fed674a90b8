"""One log entry, as far as judgement needs it, and what Cloud Run calls its logs and labels."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

EXECUTION_LABEL = "run.googleapis.com/execution_name"
SYSTEM_LOG = "run.googleapis.com/varlog/system"
PLATFORM_LOGS = ("run.googleapis.com/", "cloudaudit.googleapis.com/")
"""How the names of the logs begin that the platform itself writes, always with the execution's labels."""


class LogEntry(NamedTuple):
    """One entry, as far as judgement needs it."""

    time: datetime
    severity: int
    """Cloud Logging's number, 0 for none."""
    log: str
    """The log's name without the project: `run.googleapis.com/stderr`."""
    text: str
    """The text, or a structured entry's text fields, a line each, or its JSON where it has none."""
    execution: str
    """The short name in the execution label, or empty."""
    task: str
    attempt: str
    level: int = 0
    """What a structured entry's own level field says, as Cloud Logging's number; 0 for none."""
    container: str = ""
    """The container's name in a job that has several, or empty."""
    structured: bool = False
    """Whether the text was made of a structured entry's fields."""
