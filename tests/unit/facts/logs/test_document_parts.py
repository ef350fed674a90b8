"""Each part of an entry that comes out of a file, whole, and what becomes of it where it is odd."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.facts.logs.lines import START
from verifier.facts.logs.document import entry_of_document, entry_of_line
from verifier.facts.logs.entry import LogEntry

BARE: dict[str, Any] = {"logName": "projects/p/logs/stderr", "timestamp": "2026-11-03T09:21:00Z"}


def test_an_entry_with_nothing_but_a_log_and_a_moment_is_empty() -> None:
    assert entry_of_document(BARE) == LogEntry(START, 0, "stderr", "", "", "", "")


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ({"severity": "warning"}, {"severity": 400}),
        ({"severity": "DEFAULT"}, {"severity": 0}),
        ({"severity": 500}, {"severity": 0}),
        ({"logName": "projects/a/logs/b/logs/c%2Fd"}, {"log": "c/d"}),
        ({"logName": "stderr"}, {"log": "stderr"}),
        ({"timestamp": None, "receiveTimestamp": "2026-11-03T09:21:05Z"}, {"time": START + timedelta(seconds=5)}),
        ({"receiveTimestamp": "2026-11-03T09:21:05Z"}, {}),
        ({"protoPayload": {"status": {"message": "no access"}}}, {"text": "no access"}),
        ({"protoPayload": {"status": "no object"}}, {}),
        ({"protoPayload": "no object"}, {}),
        ({"labels": "no object"}, {}),
        ({"labels": {"run.googleapis.com/task_index": "3" * 201}}, {"task": "3" * 200}),
        ({"labels": {"run.googleapis.com/task_attempt": "2"}}, {"attempt": "2"}),
        ({"labels": {"container_name": "c"}}, {"container": "c"}),
        ({"jsonPayload": {"message": "m"}}, {"text": "m", "structured": True}),
        ({"textPayload": "t", "jsonPayload": {"message": "m"}}, {"text": "t"}),
    ],
)
def test_each_part_is_read_by_itself(part: dict[str, Any], changed: dict[str, Any]) -> None:
    expected = entry_of_document(BARE)._replace(**changed)
    assert entry_of_document(BARE | part) == expected


def test_a_line_of_text_has_a_moment_and_a_log_and_no_more() -> None:
    assert entry_of_line("boom\r\n", START) == LogEntry(START, 0, "text", "boom", "", "", "")
    assert entry_of_line("boom", START, "stdout") == LogEntry(START, 0, "stdout", "boom", "", "", "")


def test_a_line_that_is_a_json_object_has_its_own_level_too() -> None:
    assert entry_of_line('{"level": "error", "msg": "no tenant"}', START, "stdout") == LogEntry(
        START, 0, "stdout", "no tenant", "", "", "", 500, "", True
    )
