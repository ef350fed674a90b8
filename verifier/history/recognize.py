"""What a text or a document is that is no build: so that whoever sent it reads what to send instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from verifier.errors import Malformed
from verifier.facts.build import Build, parse_build
from verifier.redact import one_line

PARTS = frozenset({"id", "name", "source", "sourceProvenance", "steps"})
"""A document that has none of them is no build."""

_AS_JSON = "add --format=json to the gcloud command"
_MOST_TEXT = 200
_NOTES = re.compile(r"\s*(WARNING|NOTE|INFO|Updates are available|Your active configuration|Python )", re.IGNORECASE)
_FRAGMENT = re.compile(r'^\s*[\]}"]|"\s*:|[{\[]\s*$', re.MULTILINE)
"""A part of a JSON document, whose beginning is missing."""
_TEXTS = (
    (re.compile(r"ERROR: \(gcloud"), "this is an error of gcloud's ({}): correct the command, and save its output"),
    (re.compile(r"Listed 0 items"), "this says that nothing was listed: " + _AS_JSON),
    (re.compile(r"<"), "this looks like a web page or XML: save what gcloud prints with --format=json"),
    (re.compile(r"PK\x03\x04"), "this looks like a zip archive: unpack it"),
    (re.compile(r"[^\n]{257}ustar", re.DOTALL), "this looks like a tar archive: unpack it"),
    (re.compile(r"(---[ \r]*\n|(- )?[A-Za-z][\w.-]*:([ \r]|\n|$))"), f"this looks like YAML: {_AS_JSON}"),
    (re.compile(r"[A-Z][A-Z_]*( +[A-Z][A-Z_]*){2,} *\r?(\n|$)"), f"this looks like gcloud's table: {_AS_JSON}"),
    (re.compile(r'"?[A-Za-z][\w.]*"?(,"?[A-Za-z][\w.]*"?)+\r?(\n|$)'), f"this looks like CSV: {_AS_JSON}"),
)
"""How a text begins, and what it then looks like; `{}` stands for its first line."""
_SNAKE = {
    "project_id": "projectId",
    "create_time": "createTime",
    "start_time": "startTime",
    "finish_time": "finishTime",
    "source_provenance": "sourceProvenance",
    "build_trigger_id": "buildTriggerId",
    "logs_bucket": "logsBucket",
    "log_url": "logUrl",
}
_FOREIGN = frozenset({"specversion", "ackId", "message", "logName", "insertId", "error", *_SNAKE})
"""What builds do not have, and what is often taken for one does."""


def no_json(text: str) -> str:
    """Return what a text that does not begin as JSON looks like and what to do, or nothing where that is not known."""
    for begins, said in _TEXTS:
        if begins.match(text):
            return said.format(one_line(text.partition("\n")[0], _MOST_TEXT))
    return ""


def likely_note(text: str) -> bool:
    """Return whether this is what gcloud says before the JSON, and not the rest of a document or another format."""
    return bool(_NOTES.match(text)) and not _FRAGMENT.search(text)


def no_build(document: Mapping[str, Any]) -> str:
    """Return why this document is no build, what it looks like and what to do; empty for a build or a part of one."""
    foreign = "" if _FOREIGN.isdisjoint(document) else _foreign(document)
    if foreign:
        return f"expected a build; {foreign}"
    if not PARTS.isdisjoint(document):
        return ""
    names = one_line(", ".join(sorted(document)[:20]), _MOST_TEXT) or "no fields"
    return (
        f"expected a build (with one of {', '.join(sorted(PARTS))}), got an object with {names}; "
        "save what gcloud builds list --format=json prints"
    )


def build_of(document: Mapping[str, Any]) -> Build:
    """Return the build that a document of an export is. Raise Malformed where it is none, or has a wrong shape."""
    if why := no_build(document):
        raise Malformed(why)
    return parse_build(document)


def _foreign(document: Mapping[str, Any]) -> str:
    """Return what it is, where it is one of those that are known; a build may have such a field by chance."""
    if "ackId" in document or isinstance(document.get("message"), dict):
        decode = "jq -r '.message.data' | base64 --decode"
        return f"this is a Pub/Sub push envelope: its build is in message.data, in base64; decode it with {decode}"
    if "specversion" in document:
        return "this is a CloudEvent: its build is in data.message.data, in base64; or fetch it with gcloud builds list"
    if "logName" in document or "insertId" in document:
        return "this looks like a log entry: use verifier logs"
    if isinstance(document.get("error"), dict) and PARTS.isdisjoint(document):
        return f"this is an error of the API's ({_api_error(document['error'])}): correct the call, and save its answer"
    if any(snake in document and camel not in document for snake, camel in _SNAKE.items()):
        return (
            "this looks like a build in snake_case, as a client library prints it: save what "
            "gcloud builds list --format=json prints"
        )
    return ""


def _api_error(error: Mapping[str, Any]) -> str:
    said = f"{error.get('code', '')} {error.get('status', '')} {error.get('message', '')}"
    return one_line(said, _MOST_TEXT)
