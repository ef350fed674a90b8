"""What an execution leaves in the logs: the worker's lines, the platform's, and the audit entry about its end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.audit import audit_log_pb2 as _registers_audit_log  # noqa: F401 - the payload of audit entries
from google.protobuf import json_format

from verifier.standin.completion import completion_entry
from verifier.standin.job_run import JobRun
from verifier.standin.messages import LogEntry, Pb
from verifier.standin.script import Line
from verifier.times import show_time

_RECEIVED_AFTER = timedelta(milliseconds=7)


def entries_of(run: JobRun) -> Iterator[tuple[datetime, Pb]]:
    """Every entry that the execution will ever leave, each with the moment from which it can be read."""
    lag = timedelta(seconds=run.script.visible_after)
    for task in range(run.tasks):
        for attempt, code in enumerate(run.attempts):
            for entry in _attempt(run, task, attempt, code):
                yield entry.timestamp.ToDatetime(tzinfo=UTC) + lag, entry
    if run.audited:
        yield run.audited, json_format.ParseDict(completion_entry(run), LogEntry())


def _attempt(run: JobRun, task: int, attempt: int, code: int | None) -> Iterator[Pb]:
    begun = run.created + timedelta(seconds=run.script.start_after + attempt * run.script.runs)
    crashes = attempt < run.script.fail_attempts
    for number, line in enumerate(run.script.crash_lines if crashes else run.script.lines):
        yield _entry(
            run, _serial(task, attempt, number), begun + timedelta(seconds=line.at), _line(run, line, task, attempt)
        )
    last_words = _last_words(run, code)
    if last_words:
        severity, text = last_words
        content = {"log": "run.googleapis.com%2Fvarlog%2Fsystem", "severity": severity, "textPayload": text}
        ended = begun + timedelta(seconds=run.script.runs)
        yield _entry(run, _serial(task, attempt, 0xFFFF), ended, content | {"labels": _labels(run, task, attempt)})


def _last_words(run: JobRun, code: int | None) -> tuple[str, str] | None:
    if code is not None:
        return "WARNING" if code else "INFO", f"Container called exit({code})."
    if run.script.outcome == "oom":
        return "ERROR", "The container used more memory than its limit and was stopped."
    return None


def _line(run: JobRun, line: Line, task: int, attempt: int) -> dict[str, Any]:
    content: dict[str, Any] = {"log": f"run.googleapis.com%2F{line.stream}" if line.labelled else "python"}
    if line.payload is None:
        content["textPayload"] = line.text
    else:
        content["jsonPayload"] = dict(line.payload)
    if line.severity:
        content["severity"] = line.severity
    return content | ({"labels": _labels(run, task, attempt)} if line.labelled else {})


def _labels(run: JobRun, task: int, attempt: int) -> dict[str, str]:
    return {
        "instanceId": hashlib.sha256(f"{run.full_name} {task} {attempt}".encode()).hexdigest(),
        "run.googleapis.com/execution_name": run.name,
        "run.googleapis.com/task_attempt": str(attempt),
        "run.googleapis.com/task_index": str(task),
    }


def _serial(task: int, attempt: int, number: int) -> str:
    """Return the end of an insert id: entries of the same moment stay in the order in which they were logged."""
    return f"{task:04x}{attempt:02x}{number:04x}"


def _entry(run: JobRun, serial: str, at: datetime, content: dict[str, Any]) -> Pb:
    log = content.pop("log")
    resource = {"project_id": run.project, "job_name": run.job, "location": run.location}
    document = {
        "logName": f"projects/{run.project}/logs/{log}",
        "insertId": hashlib.sha256(run.full_name.encode()).hexdigest()[:12] + serial,
        "resource": {"type": "cloud_run_job", "labels": resource},
        "timestamp": show_time(at),
        "receiveTimestamp": show_time(at + _RECEIVED_AFTER),
    }
    return json_format.ParseDict(document | content, LogEntry())
