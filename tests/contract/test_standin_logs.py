"""The stand-in's Cloud Logging, seen through the real client library."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from google.cloud.logging_v2.types import LogEntry

from tests.contract.standin import DIGEST, IMAGE, START, StandIn, refusal, standing
from verifier.standin.script import Line, Script, Sidecar

EXECUTION = "run.googleapis.com/execution_name"
INFO, WARNING, ERROR = 200, 400, 500
SYSTEM_LOG = 'log_id("run.googleapis.com/varlog/system")'
WORKER_LOGS = 'NOT log_id("cloudaudit.googleapis.com/system_event")'
TRACEBACK = 'Traceback (most recent call last):\n  File "resize.py", line 7, in <module>\nValueError: no width'


@pytest.fixture
def google() -> Iterator[StandIn]:
    with standing() as google:
        google.cloud.tag(IMAGE, DIGEST)
        yield google


def played(google: StandIn, script: Script, **more: Any) -> str:
    """Run the script to its end and give the execution's short name."""
    google.cloud.put_job("acme", "europe-west1", "resizer", image=IMAGE, script=script, **more)
    name = google.run_job()
    google.clock.advance(60)
    return name.rpartition("/")[2]


def an_entry(number: int = 0, log: str = "verdicts", **fields: Any) -> dict[str, Any]:
    return {
        "log_name": f"projects/acme/logs/{log}",
        "resource": {"type": "global"},
        "timestamp": START + timedelta(seconds=number),
        "insert_id": f"id-{number}",
        "text_payload": f"line {number}",
        **fields,
    }


def write(google: StandIn, *entries: dict[str, Any], **request: Any) -> None:
    google.logging.write_log_entries(request={"entries": entries, **request}, timeout=5, retry=None)


def texts(entries: list[Any]) -> list[str]:
    return [entry.text_payload for entry in entries]


def test_a_workers_lines_carry_their_execution_and_plain_text_has_no_severity(google: StandIn) -> None:
    short = played(google, Script(lines=(Line(0.5, "ERROR said the text", stream="stderr"),)))
    (entry,) = google.entries(f'labels."{EXECUTION}"="{short}" textPayload:"ERROR"')
    assert entry.severity == 0
    assert entry.log_name == "projects/acme/logs/run.googleapis.com%2Fstderr"
    assert entry.resource.type == "cloud_run_job"
    assert entry.resource.labels == {"project_id": "acme", "job_name": "resizer", "location": "europe-west1"}
    assert entry.labels["run.googleapis.com/task_index"] == "0"
    assert entry.labels["run.googleapis.com/task_attempt"] == "0"
    assert entry.timestamp == START + timedelta(seconds=1.5)


def test_a_traceback_is_one_error_entry_and_a_json_line_is_a_payload(google: StandIn) -> None:
    lines = (Line(0, TRACEBACK, "ERROR", "stderr"), Line(0, payload={"message": "done", "count": 2, "tags": ["a"]}))
    played(google, Script(lines=lines, exit_code=1))
    assert texts(google.entries(f"severity=ERROR {WORKER_LOGS}")) == [TRACEBACK]
    (structured,) = google.entries('jsonPayload.message="done"')
    assert dict(structured.json_payload) == {"message": "done", "count": 2, "tags": ["a"]}


def test_lines_of_the_same_moment_stay_in_order(google: StandIn) -> None:
    lines = tuple(Line(1, f"line {number}") for number in range(20))
    played(google, Script(lines=lines))
    assert texts(google.entries("textPayload:line")) == [f"line {number}" for number in range(20)]


@pytest.mark.parametrize(
    ("script", "max_retries", "said"),
    [
        (Script(), 1, [("0", "0", "Container called exit(0).", INFO)]),
        (
            Script(fail_attempts=1),
            1,
            [("0", "0", "Container called exit(1).", WARNING), ("0", "1", "Container called exit(0).", INFO)],
        ),
        (Script(exit_code=2), 0, [("0", "0", "Container called exit(2).", WARNING)]),
        (
            Script(fail_attempts=1, signal=11),
            1,
            [
                ("0", "0", "Uncaught signal: 11, pid=1, tid=1, fault_addr=0.", ERROR),
                ("0", "0", "Container terminated on signal 11.", WARNING),
                ("0", "1", "Container called exit(0).", INFO),
            ],
        ),
        (Script(interruptions=1), 1, [("0", "1", "Container called exit(0).", INFO)]),
        (Script(counted_retries=1), 1, [("0", "0", "Container called exit(0).", INFO)]),
        (
            Script(outcome="timeout"),
            0,
            [("0", "0", "Terminating task because it has reached the maximum timeout of 600 seconds.", ERROR)],
        ),
        (Script(outcome="no-capacity"), 0, []),
        (Script(outcome="stuck"), 0, []),
        (Script(outcome="internal-error"), 0, []),
        (Script(outcome="cancelled"), 0, []),
        (Script(outcome="never-starts"), 0, []),
        (
            Script(outcome="oom"),
            0,
            [("0", "0", "The container used more memory than its limit and was stopped.", ERROR)],
        ),
    ],
    ids=lambda value: value.outcome if isinstance(value, Script) else "",
)
def test_the_platform_logs_the_exit_of_each_attempt_that_exits(
    google: StandIn, script: Script, max_retries: int, said: list[tuple[Any, ...]]
) -> None:
    played(google, script, max_retries=max_retries)
    entries = google.entries(SYSTEM_LOG)
    assert said == [
        (
            entry.labels["run.googleapis.com/task_index"],
            entry.labels["run.googleapis.com/task_attempt"],
            entry.text_payload,
            entry.severity,
        )
        for entry in entries
    ]


def test_every_container_has_an_exit_line_with_its_name(google: StandIn) -> None:
    sidecar = Sidecar("proxy", "gcr.io/cloud-sql/proxy:2", exit_code=143)
    played(google, Script(lines=(Line(0, "resized"),)), container="main", sidecars=[sidecar])
    entries = google.entries(f"{WORKER_LOGS} severity>=DEFAULT")
    assert [(entry.labels["container_name"], entry.text_payload) for entry in entries] == [
        ("main", "resized"),
        ("main", "Container called exit(0)."),
        ("proxy", "Container called exit(143)."),
    ]


def test_every_task_and_attempt_logs_its_own_lines(google: StandIn) -> None:
    script = Script(lines=(Line(1, "resized"),), crash_lines=(Line(1, "crashed"),), fail_attempts=1)
    played(google, script, tasks=2, max_retries=1)
    assert texts(google.entries('log_id("run.googleapis.com/stdout")')) == ["crashed"] * 2 + ["resized"] * 2
    assert len(google.entries(SYSTEM_LOG)) == 4


def test_an_old_logging_library_leaves_entries_without_the_execution(google: StandIn) -> None:
    played(google, Script(lines=(Line(1, "unlabelled", labelled=False),)))
    (entry,) = google.entries(f'resource.labels.job_name="resizer" NOT labels."{EXECUTION}":*')
    assert (entry.text_payload, entry.log_name) == ("unlabelled", "projects/acme/logs/python")


def test_an_entry_can_be_read_only_after_its_lag(google: StandIn) -> None:
    script = Script(lines=(Line(0, "first"), Line(2, "last")), visible_after=20)
    google.cloud.put_job("acme", "europe-west1", "resizer", image=IMAGE, script=script)
    google.run_job()
    google.clock.advance(20)
    assert google.entries(WORKER_LOGS) == []
    google.clock.advance(1)
    assert texts(google.entries(WORKER_LOGS)) == ["first"]
    google.clock.advance(60)
    assert texts(google.entries(WORKER_LOGS)) == ["first", "last", "Container called exit(0)."]


def test_the_completion_is_an_audit_entry_among_the_logs(google: StandIn) -> None:
    short = played(google, Script(exit_code=1))
    (entry,) = google.entries(f'severity>=ERROR labels."{EXECUTION}"="{short}"')
    assert entry.log_name.endswith("cloudaudit.googleapis.com%2Fsystem_event")
    assert entry.timestamp == START + timedelta(seconds=4)
    assert LogEntry.pb(entry).proto_payload.type_url == "type.googleapis.com/google.cloud.audit.AuditLog"


def test_the_first_page_is_empty_and_has_a_token(google: StandIn) -> None:
    write(google, *(an_entry(number) for number in range(5)))
    google.cloud.empty_pages = 2
    request = {"resource_names": ["projects/acme"], "page_size": 2}
    pages = google.logging.list_log_entries(request=request, timeout=5).pages
    assert [texts(page.entries) for page in pages] == [[], [], ["line 0", "line 1"], ["line 2", "line 3"], ["line 4"]]
    assert google.faults.calls.count("ListLogEntries") == 5


def test_entries_come_oldest_first_unless_asked_otherwise(google: StandIn) -> None:
    write(google, *(an_entry(number) for number in (2, 0, 1)))
    assert texts(google.entries(page_size=1)) == ["line 0", "line 1", "line 2"]
    assert texts(google.entries(order_by="timestamp asc")) == ["line 0", "line 1", "line 2"]
    assert texts(google.entries(order_by="timestamp desc", page_size=1)) == ["line 2", "line 1", "line 0"]


def test_the_default_page_has_fifty_entries(google: StandIn) -> None:
    google.cloud.empty_pages = 0
    google.cloud.put_entries(LogEntry.pb(LogEntry(an_entry(number))) for number in range(150))
    pages = google.logging.list_log_entries(request={"resource_names": ["projects/acme"]}, timeout=5).pages
    assert [len(page.entries) for page in pages] == [50, 50, 50]


def test_entries_of_one_time_and_insert_id_are_one_in_a_listing(google: StandIn) -> None:
    write(google, an_entry(1), an_entry(1), an_entry(2, insert_id="id-1"))
    write(google, an_entry(1))
    assert texts(google.entries(page_size=1)) == ["line 1", "line 2"]


def test_projects_do_not_see_each_others_entries(google: StandIn) -> None:
    write(google, an_entry(1, log_name="projects/other/logs/verdicts"), an_entry(2))
    assert texts(google.entries()) == ["line 2"]


@pytest.mark.parametrize(
    "request_fields",
    [
        {"page_size": 1001},
        {"page_size": -1},
        {"order_by": "severity desc"},
        {"resource_names": []},
        {"resource_names": ["projects/acme", "projects/other"]},
        {"resource_names": ["organizations/1"]},
        {"filter": "nonsense"},
        {"filter": 'textPayload="' + "x" * 20_000 + '"'},
        {"page_token": "made up"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_reading_request_that_makes_no_sense_is_refused(google: StandIn, request_fields: dict[str, Any]) -> None:
    request = {"resource_names": ["projects/acme"], **request_fields}
    assert refusal(lambda: google.logging.list_log_entries(request=request, timeout=5))[0] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("changed", [{"filter": "severity>=INFO"}, {"order_by": "timestamp desc"}])
def test_a_page_token_is_good_for_its_own_question_only(google: StandIn, changed: dict[str, str]) -> None:
    request = {"resource_names": ["projects/acme"]}
    token = next(google.logging.list_log_entries(request=request, timeout=5).pages).next_page_token
    other = {**request, **changed, "page_token": token}
    assert refusal(lambda: google.logging.list_log_entries(request=other, timeout=5))[0] == "INVALID_ARGUMENT"


def test_a_project_may_read_sixty_pages_a_minute(google: StandIn) -> None:
    google.cloud.empty_pages = 0
    for _ in range(60):
        google.entries()
    status, message = refusal(google.entries)
    assert status == "RESOURCE_EXHAUSTED"
    assert "Read requests per minute" in message
    google.logging.list_log_entries(request={"resource_names": ["projects/other"]}, timeout=5)
    google.clock.advance(60)
    assert google.entries() == []


def test_the_read_quota_can_be_changed(google: StandIn) -> None:
    google.cloud.quotas.put("logging", 1)
    assert refusal(google.entries)[0] == "RESOURCE_EXHAUSTED"
    assert google.faults.calls == ("ListLogEntries", "ListLogEntries")


def test_what_is_written_can_be_read_and_is_kept_for_the_test(google: StandIn) -> None:
    payload = {"verdict": "VERIFIED", "seconds": 3, "findings": [{"holds": True}]}
    write(google, an_entry(0, text_payload=None, json_payload=payload, severity="INFO", labels={"build": "b1"}))
    (read,) = google.entries('labels.build="b1" jsonPayload.verdict="VERIFIED" jsonPayload.findings.holds=true')
    assert read.insert_id == "id-0"
    (kept,) = google.cloud.audit_entries()
    assert kept["jsonPayload"] == payload
    assert kept["timestamp"] == "2026-03-01T12:00:00Z"
    assert (kept["severity"], kept["labels"], kept["insertId"]) == ("INFO", {"build": "b1"}, "id-0")


def test_an_entry_takes_from_the_request_what_it_lacks(google: StandIn) -> None:
    write(
        google,
        {"text_payload": "bare", "labels": {"mine": "1", "both": "entry"}},
        log_name="projects/acme/logs/verdicts",
        resource={"type": "global", "labels": {"project_id": "acme"}},
        labels={"both": "request", "theirs": "2"},
    )
    (kept,) = google.cloud.audit_entries()
    assert kept["logName"] == "projects/acme/logs/verdicts"
    assert kept["resource"] == {"type": "global", "labels": {"project_id": "acme"}}
    assert kept["labels"] == {"mine": "1", "both": "entry", "theirs": "2"}
    assert kept["timestamp"] == kept["receiveTimestamp"] == "2026-03-01T12:00:00Z"
    assert kept["insertId"]


def test_a_repeated_write_shows_once_and_is_known_twice(google: StandIn) -> None:
    write(google, an_entry(1))
    write(google, an_entry(1, text_payload="again"))
    assert [entry["textPayload"] for entry in google.cloud.audit_entries()] == ["line 1"]
    assert [entry["textPayload"] for entry in google.cloud.raw_audit_entries()] == ["line 1", "again"]


LATEST = START + timedelta(hours=24)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"log_name": ""}, "expected log_name"),
        ({"log_name": "verdicts"}, "expected log_name"),
        ({"log_name": "projects/acme/logs/a/b"}, "expected log_name"),
        ({"resource": {}}, "expected a resource"),
        ({"timestamp": LATEST + timedelta(seconds=1)}, "more than 24 hours in the future"),
        ({"text_payload": "x" * 262_144}, "the most that are allowed is 262144"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_entry_that_breaks_a_rule_is_refused_with_all_of_its_request(
    google: StandIn, fields: dict[str, Any], problem: str
) -> None:
    bad = an_entry(1, **fields)
    status, message = refusal(lambda: write(google, an_entry(0), bad))
    assert status == "INVALID_ARGUMENT"
    assert message.startswith("Log entries were refused: entry 1: ")
    assert problem in message
    assert google.cloud.audit_entries() == []


@pytest.mark.parametrize("timestamp", [LATEST, START - timedelta(days=20)])
def test_an_entry_may_be_old_or_a_day_ahead(google: StandIn, timestamp: datetime) -> None:
    write(google, an_entry(0, timestamp=timestamp))
    assert len(google.entries()) == 1


def test_partial_success_keeps_the_good_entries(google: StandIn) -> None:
    assert refusal(lambda: write(google, an_entry(0), an_entry(1, log_name="x"), partial_success=True))[0] == (
        "INVALID_ARGUMENT"
    )
    assert texts(google.entries()) == ["line 0"]


def test_a_dry_run_writes_nothing(google: StandIn) -> None:
    write(google, an_entry(0), dry_run=True)
    assert refusal(lambda: write(google, an_entry(0, log_name="x"), dry_run=True))[0] == "INVALID_ARGUMENT"
    assert google.cloud.raw_audit_entries() == []


@pytest.mark.parametrize(
    ("method", "permission"),
    [("ListLogEntries", "logging.logEntries.list"), ("WriteLogEntries", "logging.logEntries.create")],
)
def test_reading_and_writing_can_be_denied(google: StandIn, method: str, permission: str) -> None:
    google.cloud.deny(permission)
    call = google.entries if method == "ListLogEntries" else lambda: write(google, an_entry(0))
    assert refusal(call) == (
        "PERMISSION_DENIED",
        f"Permission '{permission}' denied on resource 'projects/acme' (or resource may not exist).",
    )
