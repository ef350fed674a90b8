"""Cloud Logging over gRPC: entries are read whole, in order and in time; the audit trail is written once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from time import sleep
from typing import Any

import pytest
from google.cloud.logging_v2.types import LogEntry as LogEntryMessage
from google.protobuf import json_format

from tests.busy import BUSY_SECONDS
from tests.contract.adapters import Google, google_standing, timed_trouble, trouble
from tests.contract.standin import DIGEST, IMAGE, START
from verifier.adapters.cloud_logging import CloudLogging
from verifier.errors import Refused, Unavailable
from verifier.facts.execution import JobName, parse_execution_name
from verifier.facts.logs import LogEntry, LogRules, Pattern
from verifier.standin.faults import Fault
from verifier.standin.script import Line, Script
from verifier.times import show_time

RESIZER = JobName("acme", "europe-west1", "resizer")
STDOUT, STDERR = "run.googleapis.com/stdout", "run.googleapis.com/stderr"
SYSTEM = "run.googleapis.com/varlog/system"
TRACEBACK = 'Traceback (most recent call last):\n  File "resize.py", line 7, in <module>\nValueError: no width'
RULES = LogRules(expected=(Pattern("resized", r'resized \d+ "pictures"'),))


@pytest.fixture
def google() -> Iterator[Google]:
    with google_standing() as google:
        google.cloud.tag(IMAGE, DIGEST)
        yield google


def put_lines(google: Google, number: int, text: str = "line") -> None:
    """Put so many entries, one a second."""
    documents = (
        {
            "logName": "projects/acme/logs/lines",
            "resource": {"type": "global"},
            "timestamp": show_time(START + timedelta(seconds=index)),
            "insertId": f"{index:06}",
            "textPayload": f"{index} {text}",
        }
        for index in range(number)
    )
    google.cloud.put_entries(json_format.ParseDict(item, LogEntryMessage.pb()()) for item in documents)


def pages(google: Google, text: str = "", timeout: float = 5) -> list[tuple[list[LogEntry], bool]]:
    logging = CloudLogging("home", google.address)
    return [(list(page.entries), page.more) for page in logging.read("acme", text, timeout=timeout)]


def test_an_empty_page_may_come_first(google: Google) -> None:
    google.cloud.empty_pages = 2
    put_lines(google, 1)
    assert [(len(page), more) for page, more in pages(google)] == [(0, True), (0, True), (1, False)]


def test_a_page_has_a_thousand_entries_and_they_come_oldest_first(google: Google) -> None:
    put_lines(google, 2_001)
    google.cloud.empty_pages = 0
    read = pages(google)
    assert [(len(page), more) for page, more in read] == [(1_000, True), (1_000, True), (1, False)]
    assert [entry.time for page, _ in read for entry in page] == [START + timedelta(seconds=n) for n in range(2_001)]
    assert google.faults.calls == ("ListLogEntries",) * 3


def test_a_page_is_read_when_it_is_asked_for(google: Google) -> None:
    put_lines(google, 1)
    reading = CloudLogging("home", google.address).read("acme", "", timeout=5)
    assert google.faults.calls == ()
    next(reading)
    assert len(google.faults.calls) == 1


def test_a_page_may_be_larger_than_grpc_takes_by_itself(google: Google) -> None:
    put_lines(google, 600, "x" * 10_000)
    assert len(google.entries("")) == 600


def test_an_entry_says_what_was_printed_where_and_by_which_attempt(google: Google) -> None:
    lines = (
        Line(0.25, "ERROR, said the text", stream="stderr"),
        Line(0.5, TRACEBACK, "ERROR", "stderr"),
        Line(0.75, "grüß\tGott ∅"),
        Line(1, "an old library wrote this", labelled=False),
    )
    execution = google.play(Script(start_after=1, runs=2, lines=lines), tasks=2)
    _, name = parse_execution_name(execution.name)
    begun = START + timedelta(seconds=1)
    assert google.entries('NOT logName:"cloudaudit"') == [
        LogEntry(begun + timedelta(seconds=at), severity, log, text, *labels)
        for at, severity, log, text, labelled in (
            (0.25, 0, STDERR, "ERROR, said the text", True),
            (0.5, 500, STDERR, TRACEBACK, True),
            (0.75, 0, STDOUT, "grüß\tGott ∅", True),
            (1, 0, "python", "an old library wrote this", False),
            (2, 200, SYSTEM, "Container called exit(0).", True),
        )
        for labels in ((name, "0", "0") if labelled else ("", "", ""), (name, "1", "0") if labelled else ("", "", ""))
    ]


def test_a_retry_is_told_from_the_attempt_before_it(google: Google) -> None:
    google.play(Script(fail_attempts=1, crash_lines=(Line(0, "crashing"),)), max_retries=1)
    found = google.entries(f'log_id("{SYSTEM}")')
    assert [(entry.text, entry.severity, entry.task, entry.attempt) for entry in found] == [
        ("Container called exit(1).", 400, "0", "0"),
        ("Container called exit(0).", 200, "0", "1"),
    ]


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"message": "resized", "width": 7}, "resized"),
        ({"event": "crash", "exception": TRACEBACK}, f"crash\n{TRACEBACK}"),
        ({"stack_trace": "at resize", "msg": "no width", "error": "ValueError"}, "no width\nValueError\nat resize"),
        ({"err": {"message": "no width", "stack": "at resize"}, "level": 50}, "no width\nat resize"),
        ({"fields": {"message": "resized"}, "level": "INFO"}, "resized"),
        ({"message": {"not": "text"}, "error": 7, "exc_info": None, "traceback": "the end"}, "the end"),
        ({"width": 7, "share": 0.5, "sizes": [1, 2]}, '{"share": 0.5, "sizes": [1, 2], "width": 7}'),
        ({"picture": "cat.png"}, '{"picture": "cat.png"}'),
    ],
)
def test_a_structured_entry_is_read_by_the_fields_that_hold_text(
    google: Google, payload: dict[str, Any], text: str
) -> None:
    google.play(Script(lines=(Line(0, payload=payload),)))
    (entry,) = google.entries(f'log_id("{STDOUT}")')
    assert entry.text == text


def test_one_page_takes_no_longer_than_a_page_may(google: Google) -> None:
    google.faults.add(Fault("ListLogEntries", "before", seconds=60.0))
    logging = CloudLogging("home", google.address, page_seconds=0.3)
    error, took = timed_trouble(lambda: list(logging.read("acme", "", timeout=60)))
    assert isinstance(error, Unavailable)
    assert took < BUSY_SECONDS


def test_reading_takes_no_longer_than_its_timeout_over_all_pages(google: Google) -> None:
    google.cloud.empty_pages = 50
    google.faults.add(Fault("ListLogEntries", "slow", times=0, seconds=0.2))
    error, took = timed_trouble(lambda: pages(google, timeout=0.5))
    assert isinstance(error, Unavailable)
    assert took < BUSY_SECONDS
    assert len(google.faults.calls) <= 3


def test_time_that_the_reader_takes_counts(google: Google) -> None:
    reading = CloudLogging("home", google.address).read("acme", "", timeout=2.0)
    assert next(reading).more
    sleep(2.0)
    assert isinstance(trouble(lambda: next(reading)), Unavailable)
    assert len(google.faults.calls) == 1


def test_reads_beyond_the_quota_are_worth_another_try(google: Google) -> None:
    google.cloud.quotas.put("logging", 1)
    error = trouble(lambda: pages(google))
    assert isinstance(error, Unavailable)
    assert (error.ambiguous, error.retry_after) == (False, None)
    assert "Read requests per minute" in str(error)
    assert google.faults.calls == ("ListLogEntries",) * 2


def test_a_query_that_does_not_parse_is_refused(google: Google) -> None:
    assert isinstance(trouble(lambda: pages(google, "severity>=")), Refused)
