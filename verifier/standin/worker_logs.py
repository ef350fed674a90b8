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


def entries_of(run: JobRun, number: str = "") -> Iterator[tuple[datetime, Pb]]:
    """Every entry that the execution will ever leave, each with the moment from which it can be read.

    `number` is the project's; empty where nobody knows it.
    """
    lag = timedelta(seconds=run.script.visible_after)
    for task in range(run.tasks):
        for attempt, code in enumerate(run.attempts):
            for entry in _attempt(run, task, attempt, code):
                yield entry.timestamp.ToDatetime(tzinfo=UTC) + lag, entry
    if run.audited:
        yield run.audited, json_format.ParseDict(completion_entry(run, number), LogEntry())


def _attempt(run: JobRun, task: int, attempt: int, code: int | None) -> Iterator[Pb]:
    begun = run.created + timedelta(seconds=run.script.start_after + attempt * run.script.runs)
    crashes = attempt - run.script.interruptions in range(run.script.fail_attempts)
    for number, line in enumerate(run.script.crash_lines if crashes else run.script.lines):
        yield _entry(
            run, _serial(task, attempt, number), begun + timedelta(seconds=line.at), _line(run, line, task, attempt)
        )
    ended = begun + timedelta(seconds=run.script.runs)
    serial = 0xFF00
    for container, severity, text in _last_words(run, code):
        content = {"log": "run.googleapis.com%2Fvarlog%2Fsystem", "severity": severity, "textPayload": text}
        labels = _labels(run, task, attempt, container)
        yield _entry(run, _serial(task, attempt, serial), ended, content | {"labels": labels})
        serial += 1


def _last_words(run: JobRun, code: int | None) -> Iterator[tuple[str, str, str]]:
    """Yield the containers, severities and texts of what the platform writes at the end of an attempt."""
    own, signal = run.container, run.script.signal
    if code and signal:
        yield own, "ERROR", f"Uncaught signal: {signal}, pid=1, tid=1, fault_addr=0."
        yield own, "WARNING", f"Container terminated on signal {signal}."
    elif code is not None:
        yield own, *_exit(code)
    elif run.script.outcome == "oom":
        yield own, "ERROR", "The container used more memory than its limit and was stopped."
    elif run.script.outcome == "timeout":
        limit = f"{run.timeout_seconds} seconds"
        yield own, "ERROR", f"Terminating task because it has reached the maximum timeout of {limit}."
    if code is not None:
        for sidecar in run.sidecars:
            yield sidecar.name, *_exit(sidecar.exit_code)


def _exit(code: int) -> tuple[str, str]:
    return "WARNING" if code else "INFO", f"Container called exit({code})."


def _line(run: JobRun, line: Line, task: int, attempt: int) -> dict[str, Any]:
    content: dict[str, Any] = {"log": f"run.googleapis.com%2F{line.stream}" if line.labelled else "python"}
    if line.payload is None:
        content["textPayload"] = line.text
    else:
        content["jsonPayload"] = dict(line.payload)
    if line.severity:
        content["severity"] = line.severity
    return content | ({"labels": _labels(run, task, attempt, run.container)} if line.labelled else {})


def _labels(run: JobRun, task: int, attempt: int, container: str) -> dict[str, str]:
    named = {"container_name": container} if container else {}
    return named | {
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
