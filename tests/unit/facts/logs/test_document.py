"""Entries out of files: as gcloud prints them, and as a program's own lines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.facts.logs.lines import START
from verifier.errors import Malformed
from verifier.facts.logs import LogEntry, entry_of_document, entry_of_line

DOCUMENT: dict[str, Any] = {
    "logName": "projects/p/logs/run.googleapis.com%2Fstderr",
    "timestamp": "2026-11-03T09:21:00Z",
    "severity": "ERROR",
    "labels": {
        "run.googleapis.com/execution_name": "worker-abcde",
        "run.googleapis.com/task_index": "3",
        "run.googleapis.com/task_attempt": "1",
        "container_name": "worker-1",
    },
    "textPayload": "boom",
}


def test_a_text_entry_is_read() -> None:
    assert entry_of_document(DOCUMENT) == LogEntry(
        START, 500, "run.googleapis.com/stderr", "boom", "worker-abcde", "3", "1", 0, "worker-1"
    )


def test_what_is_no_character_is_replaced_so_that_it_can_be_searched() -> None:
    assert entry_of_document({**DOCUMENT, "textPayload": "b\ud800m"}).text == "b\ufffdm"
    assert entry_of_document({**DOCUMENT, "textPayload": None, "jsonPayload": {"msg": "b\udce9m"}}).text == "b\ufffdm"
    assert entry_of_line("b\udce9m", START).text == "b\ufffdm"
    assert entry_of_line('{"msg": "b\\ud800m"}', START).text == "b\ufffdm"


def test_a_structured_entry_is_read_with_its_own_level() -> None:
    document = {
        **DOCUMENT,
        "textPayload": None,
        "severity": None,
        "jsonPayload": {"level": "error", "msg": "no tenant"},
    }
    found = entry_of_document(document)
    assert (found.text, found.severity, found.level, found.structured) == ("no tenant", 0, 500, True)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("boom", "expected a log entry, a JSON object, got str"),
        ({}, "expected a log entry with a logName, got none"),
        ({**DOCUMENT, "timestamp": None}, "expected a log entry with a timestamp, got none"),
        ({**DOCUMENT, "timestamp": "0001-01-01T00:00:00+23:59"}, "expected a log entry with a timestamp in RFC 3339"),
    ],
)
def test_what_is_no_entry_is_told_in_one_line(document: object, said: str) -> None:
    with pytest.raises(Malformed, match=said.replace("'", ".")):
        entry_of_document(document)


def test_odd_labels_and_payloads_are_empty() -> None:
    found = entry_of_document({**DOCUMENT, "labels": {"run.googleapis.com/task_index": 3}, "textPayload": 7})
    assert (found.text, found.task, found.execution) == ("", "", "")


def test_a_programs_line_is_text_or_a_json_object() -> None:
    assert entry_of_line("boom\r\n", START).text == "boom"
    found = entry_of_line('{"level": 50, "msg": "no tenant"}\n', START)
    assert (found.text, found.level, found.structured) == ("no tenant", 500, True)
