"""What a number means as a level: each logger's own scale, at both ends of each step."""

from __future__ import annotations

from typing import Any

import pytest

from verifier.facts.logs.levels import (
    ALERT,
    CRITICAL,
    DEBUG,
    EMERGENCY,
    ERROR,
    INFO,
    NOTICE,
    WARNING,
    level_of_number,
    level_of_priority,
    level_of_silence,
    level_of_value,
    level_of_word,
)

PINO = [(10, DEBUG), (29, DEBUG), (30, INFO), (39, INFO), (40, WARNING), (50, ERROR), (60, CRITICAL), (99, CRITICAL)]
PYTHON = [(1, DEBUG), (10, DEBUG), (20, INFO), (29, INFO), (30, WARNING), (40, ERROR), (50, CRITICAL), (99, CRITICAL)]
MONOLOG = [(100, DEBUG), (199, DEBUG), (200, INFO), (250, INFO), (300, WARNING), (400, ERROR), (500, CRITICAL)]
LOGBACK = [(1_000, DEBUG), (10_000, DEBUG), (20_000, INFO), (30_000, WARNING), (40_000, ERROR), (50_000, CRITICAL)]
TELEMETRY = [(1, DEBUG), (8, DEBUG), (9, INFO), (12, INFO), (13, WARNING), (16, WARNING), (17, ERROR), (20, ERROR)]
SCALES: dict[str, list[tuple[float, int]]] = {
    "level": [
        *((number, 0) for number in (-1, 0, 1, 9, 9.9, 1e9, 1e12)),
        *PINO,
        *MONOLOG,
        (599, CRITICAL),
        (600, EMERGENCY),
        (999, EMERGENCY),
        *LOGBACK,
        (999_999_999, CRITICAL),
    ],
    "levelno": [(-10, 0), (0, 0), *PYTHON, *MONOLOG, *LOGBACK],
    "context.logLevel": [*PINO, (9, 0)],
    "severity_number": [(0, 0), (0.5, 0), *TELEMETRY, (21, CRITICAL), (24, CRITICAL), (25, 0), (1_000, 0)],
    "severityNumber": [(0, 0), *TELEMETRY, (21, CRITICAL), (24.5, CRITICAL), (25, 0)],
}


@pytest.mark.parametrize(
    ("field", "number", "level"), [(field, *row) for field, rows in SCALES.items() for row in rows]
)
def test_a_number_is_a_level_on_its_fields_own_scale(field: str, number: float, level: int) -> None:
    assert level_of_number(number, field) == level


def test_a_number_without_a_field_is_meant_as_a_level() -> None:
    assert [level_of_number(number) for number in (9, 30, 50)] == [0, INFO, ERROR]


SYSLOG = [EMERGENCY, ALERT, CRITICAL, ERROR, WARNING, NOTICE, INFO, DEBUG]


def test_syslogs_eight_numbers_count_downwards() -> None:
    assert [level_of_priority(str(digit)) for digit in range(8)] == SYSLOG
    gelf = {"short_message": "boom"}
    assert [level_of_value(gelf, "level", digit) for digit in range(8)] == SYSLOG
    assert level_of_value(gelf, "level", 8) == level_of_value(gelf, "level", -1) == 0
    assert level_of_value(gelf, "level", 50) == ERROR
    assert [level_of_value({"message": "boom"}, "level", digit) for digit in range(10)] == [0] * 10
    assert [level_of_value(gelf, "levelno", digit) for digit in (3, 40)] == [DEBUG, ERROR]


@pytest.mark.parametrize(
    ("payload", "field", "value", "level"),
    [
        ({"ctx": "main"}, "s", "F", CRITICAL),
        ({"ctx": "main"}, "s", "E", ERROR),
        ({"ctx": "main"}, "s", "W", WARNING),
        ({"ctx": "main"}, "s", "I", INFO),
        ({"ctx": "main"}, "s", "D", DEBUG),
        ({"ctx": "main"}, "s", "X", 0),
        ({"ctx": "main"}, "s", 7, 0),
        ({"ctx": "main"}, "s", ["E"], 0),
        ({}, "s", "E", 0),
        ({}, "level", True, 0),
        ({}, "level", "error", ERROR),
        ({}, "level", ["error"], 0),
        ({}, "level", None, 0),
    ],
)
def test_a_value_of_another_kind_is_a_level_or_none(
    payload: dict[str, Any], field: str, value: Any, level: int
) -> None:
    assert level_of_value(payload, field, value) == level


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("50", ERROR),
        ("-50", 0),
        ("--50", 0),
        ("3", 0),
        ("40000", ERROR),
        ("1234567", CRITICAL),
        ("40000000000", CRITICAL),
        ("²", 0),
        ("-", 0),
        ("+", 0),
        ("error+1", ERROR),
        ("error(2)", ERROR),
        ("error-1", ERROR),
        ("error/1", 0),
    ],
)
def test_a_word_with_a_number_is_a_level(word: str, level: int) -> None:
    assert level_of_word(word) == level


@pytest.mark.parametrize(("payload", "level"), [({"@mt": ""}, INFO), ({"@m": ""}, INFO), ({"message": ""}, 0), ({}, 0)])
def test_silence_is_a_level_in_serilogs_entries_alone(payload: dict[str, Any], level: int) -> None:
    assert level_of_silence(payload) == level
