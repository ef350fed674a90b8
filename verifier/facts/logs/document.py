"""A log entry as `gcloud logging read --format=json` prints it, and a line of any program's output."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from verifier.errors import Malformed
from verifier.facts.logs.entry import EXECUTION_LABEL, LogEntry
from verifier.facts.logs.levels import NAMES
from verifier.facts.logs.text import structured, structured_line
from verifier.times import parse_time

_HALVES = re.compile("[\ud800-\udfff]")
"""What is no character: halves of surrogate pairs, which JSON can name, and bytes of a file that are no UTF-8."""
_NUMBERS = {name: number for number, name in NAMES.items()}
_MOST_LABEL = 200
_TASK_LABEL = "run.googleapis.com/task_index"
_ATTEMPT_LABEL = "run.googleapis.com/task_attempt"


def entry_of_document(document: object) -> LogEntry:
    """Return the entry that a JSON document of Cloud Logging is. Raises Malformed, saying what is missing."""
    if not isinstance(document, Mapping):
        raise Malformed(f"expected a log entry, a JSON object, got {type(document).__name__}")
    log_name = document.get("logName")
    if not isinstance(log_name, str):
        raise Malformed("expected a log entry with a logName, got none")
    text, level, is_structured = _payload(document)
    labels = _mapping(document.get("labels"))
    return LogEntry(
        _moment(document),
        _NUMBERS.get(str(document.get("severity", "")).upper(), 0),
        log_name.rpartition("/logs/")[2].replace("%2F", "/"),
        _characters(text),
        _label(labels, EXECUTION_LABEL),
        _label(labels, _TASK_LABEL),
        _label(labels, _ATTEMPT_LABEL),
        level,
        _label(labels, "container_name"),
        is_structured,
    )


def entry_of_line(line: str, moment: datetime, log: str = "text") -> LogEntry:
    """Return the entry that a line of a program's output is: a JSON object is read as the platform would read it."""
    line = _characters(line.rstrip("\r\n"))
    found = structured_line(line)
    if found is None:
        return LogEntry(moment, 0, log, line, "", "", "")
    return LogEntry(moment, 0, log, _characters(found.text), "", "", "", found.level, "", True)


def _characters(text: str) -> str:
    """Return the text with a replacement character for each that cannot be encoded: RE2 takes UTF-8 alone."""
    return text if text.isascii() else _HALVES.sub("\ufffd", text)


def _payload(document: Mapping[str, Any]) -> tuple[str, int, bool]:
    text = document.get("textPayload")
    if isinstance(text, str):
        return text, 0, False
    payload = document.get("jsonPayload")
    if isinstance(payload, Mapping):
        found = structured(payload)
        return found.text, found.level, True
    status = _mapping(_mapping(document.get("protoPayload")).get("status"))
    return str(status.get("message", "")), 0, False


def _moment(document: Mapping[str, Any]) -> datetime:
    stamp = document.get("timestamp") or document.get("receiveTimestamp")
    if stamp is None:
        raise Malformed("expected a log entry with a timestamp, got none")
    try:
        return parse_time(stamp if isinstance(stamp, str) else "")
    except (ValueError, OverflowError) as error:
        raise Malformed(f"expected a log entry with a timestamp in RFC 3339, got {str(stamp)[:60]!r}") from error


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _label(labels: Mapping[str, Any], name: str) -> str:
    value = labels.get(name, "")
    return value[:_MOST_LABEL] if isinstance(value, str) else ""
