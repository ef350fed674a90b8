"""Which fields of a structured entry carry its text: for failures, what is expected and what is ignored alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from verifier.facts.logs.fields import ordered_values, places
from verifier.facts.logs.levels import LEVEL_FIELDS, level_of_silence, level_of_value

MESSAGE_FIELDS = (
    "message",
    "msg",
    "event",
    "text",
    "Message",
    "@m",
    "@mt",
    "@message",
    "fields.message",
    "record.message",
    "Body",
    "body",
    "log",
    "short_message",
)
"""The fields in which loggers say what happened, by their paths: Python's, zap's, structlog's, loguru's, Serilog's,
Rust's tracing, OpenTelemetry's, GELF's."""

ERROR_FIELDS = (
    "error",
    "exception",
    "stack_trace",
    "exc_info",
    "traceback",
    "err",
    "err.message",
    "err.stack",
    "error.message",
    "error.stack_trace",
    "error.stack",
    "exception.message",
    "exception.stack_trace",
    "exception.stacktrace",
    "attributes.exception.message",
    "attributes.exception.stacktrace",
    "fields.error",
    "stack",
    "stacktrace",
    "Exception",
    "@x",
    "errorMessage",
    "error_message",
    "full_message",
)
"""The fields in which loggers put an exception: an entry that has one is worth a look, whatever it says."""

TEXT_PATHS = (*MESSAGE_FIELDS, *ERROR_FIELDS)
"""All fields whose text is an entry's text, in the order of its lines. Dotted ones are found nested, too."""

_MOST_JSON = 4_000
_WHERE = places((*TEXT_PATHS, *(field for field, _ in LEVEL_FIELDS)))
FIELD_NAMES = frozenset(_WHERE) | {"ctx"}
"""The first names of all fields that are looked at: a reader may leave out the others where there is text."""


class Structured(NamedTuple):
    """What a structured entry says, and how loud it calls it."""

    text: str
    level: int


def structured(payload: Mapping[str, Any]) -> Structured:
    """Return the text of a structured entry, and the level of its own fields.

    The text is its text fields' values, a line each, none twice; or the payload as JSON where it has none.
    """
    text, level = "", 0
    for order, value in ordered_values(payload, _WHERE):
        if order >= len(TEXT_PATHS):
            level = level or level_of_value(payload, LEVEL_FIELDS[order - len(TEXT_PATHS)][0], value)
        elif isinstance(value, str) and value and value not in text:
            text = f"{text}\n{value}" if text else value
    return Structured(text or _json(payload), level or level_of_silence(payload))


def _json(payload: Mapping[str, Any]) -> str:
    try:
        return json.dumps(payload, ensure_ascii=False, default=str, sort_keys=True)[:_MOST_JSON] if payload else ""
    except (ValueError, TypeError, RecursionError):
        return ""


def structured_line(text: str) -> Structured | None:
    """Return what a line of text says that is a JSON object, as loggers print it; None for any other text."""
    stripped = text.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")):
        return None
    try:
        payload = json.loads(stripped)
    except (ValueError, RecursionError):
        return None
    return structured(payload) if isinstance(payload, dict) and payload else None
