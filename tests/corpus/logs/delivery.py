"""Cloud Logging entries of a sequence, in the two ways in which Cloud Run delivers output.

A line of text is an entry without severity. A line that is a JSON object becomes `jsonPayload`, and only its field
`severity` becomes the entry's. A stack trace that the platform knows arrives `joined`, as one entry of severity ERROR,
or `split`, an entry a line: both were seen. An entry of the system tells how each attempt ended.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.corpus.logs.sequences import Sequence, Stream, WrittenLine
from verifier.services import Document

EXECUTION = "worker-abcde"
_START = datetime(2026, 1, 2, 10, tzinfo=UTC)
_SEVERITIES = frozenset("DEFAULT DEBUG INFO NOTICE WARNING ERROR CRITICAL ALERT EMERGENCY".split())
_RESOURCE = {
    "type": "cloud_run_job",
    "labels": {"project_id": "vividly-dev", "location": "us-central1", "job_name": "worker"},
}
_LABELS = {
    "run.googleapis.com/execution_name": EXECUTION,
    "run.googleapis.com/task_index": "0",
    "run.googleapis.com/task_attempt": "0",
}

_PYTHON = r"Traceback \(most recent call last\):\n(?:[ \t].*\n)+[\w.]+(?::.*)?$"
_FROM = r"(?:The above exception was|During handling of).*"
_FRAME = r"(?:[ \t]+at |[ \t]*(?:Caused by|Suppressed): | ---> |[ \t]+--- End of |[ \t]*\.\.\. \d+ (?:more|common)).*"
_GO = r"(?:\[signal .*|\s+panic: .*|goroutine \d+ .*|\S+\(.*\)|created by .*|\t.*|)"
_STACK = re.compile(
    rf"^{_PYTHON}(?:\n\n{_FROM}\n\n{_PYTHON})*"  # Python, with what an exception came from
    rf"|^.*(?:Exception|Error|Throwable)\b.*(?:\n{_FRAME})+"  # Java, Node and .NET
    rf"|^(?:panic|fatal error): .*(?:\n{_GO}$)+"
    r"|^\S+:\d+:in .*(?:\n\tfrom .*)+"  # Ruby
    r"|^(?:PHP )?Fatal error: .*\nStack trace:(?:\n#\d.*)+(?:\n  thrown in .*)?",
    re.MULTILINE,
)


def joined(sequence: Sequence) -> tuple[Document, ...]:
    """Return the entries where each stack trace is one of severity ERROR."""
    pieces = [piece for stream in ("stdout", "stderr") for piece in _pieces(sequence.lines, stream)]
    return _delivered(sequence, (piece[1:] for piece in sorted(pieces)))


def split(sequence: Sequence) -> tuple[Document, ...]:
    """Return the entries where each line is one."""
    return _delivered(sequence, ((line.stream, line.text, "") for line in sequence.lines))


def _pieces(lines: Iterable[WrittenLine], stream: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield where each piece of a stream begins among all lines, the stream, its text, and ERROR for a stack trace."""
    numbered = [(number, line.text) for number, line in enumerate(lines) if line.stream == stream]
    text, done = "\n".join(line for _, line in numbered), 0
    for stack in _STACK.finditer(text):
        before = text.count("\n", 0, stack.start())
        yield from ((number, stream, line, "") for number, line in numbered[done:before])
        yield numbered[before][0], stream, stack[0].rstrip("\n"), "ERROR"
        done = before + stack[0].count("\n") + 1
    yield from ((number, stream, line, "") for number, line in numbered[done:])


def _delivered(sequence: Sequence, pieces: Iterable[tuple[str, str, str]]) -> tuple[Document, ...]:
    entries = [_entry(stream, _payload(text, severity)) for stream, text, severity in pieces if text.strip()]
    entries += [_entry("varlog/system", ending) for ending in _endings(sequence.exit)]
    for number, entry in enumerate(entries):
        moment = (_START + timedelta(milliseconds=number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        entry |= {"insertId": f"{sequence.id}-{number:04}", "timestamp": moment, "receiveTimestamp": moment}
    return tuple(entries)


def _payload(text: str, severity: str) -> dict[str, Any]:
    structured = _json_object(text)
    if structured is None:
        return {"textPayload": text} | ({"severity": severity} if severity else {})
    named = structured.get("severity")
    if not isinstance(named, str) or named.upper() not in _SEVERITIES:
        return {"jsonPayload": structured}
    del structured["severity"]
    return {"jsonPayload": structured, "severity": named.upper()}


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _endings(code: int) -> Iterator[dict[str, Any]]:
    if code < 0:
        yield {"textPayload": f"Uncaught signal: {-code}, pid=1, tid=1, fault_addr=0.", "severity": "ERROR"}
        yield {"textPayload": f"Container terminated on signal {-code}.", "severity": "WARNING"}
    else:
        yield {"textPayload": f"Container called exit({code}).", "severity": "WARNING" if code else "INFO"}


def _entry(log: Stream | str, payload: dict[str, Any]) -> dict[str, Any]:
    name = f"projects/vividly-dev/logs/run.googleapis.com%2F{log.replace('/', '%2F')}"
    return {"logName": name, "resource": _RESOURCE, "labels": _LABELS, **payload}
