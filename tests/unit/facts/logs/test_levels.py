"""Every logger's spelling of a level is one of Cloud Logging's numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.facts.logs.levels import (
    CRITICAL,
    DEBUG,
    ERROR,
    INFO,
    LEVEL_FIELDS,
    NOTICE,
    WARNING,
    level_of_number,
    level_of_priority,
    level_of_word,
)
from verifier.facts.logs.text import structured


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("ERROR", ERROR),
        ("eror", ERROR),
        ("SEVERE", ERROR),
        ("Fatal", CRITICAL),
        ("dpanic", CRITICAL),
        ("ERROR+2", ERROR),
        ("Warning", WARNING),
        ("notice", NOTICE),
        ("INF", INFO),
        ("trace", DEBUG),
        (" error ", ERROR),
        ("50", ERROR),
        ("", 0),
        ("errors", 0),
        ("off", 0),
    ],
)
def test_a_word_is_a_level(word: str, level: int) -> None:
    assert level_of_word(word) == level


@pytest.mark.parametrize(
    ("payload", "level"),
    [
        ({"level": "error", "msg": "zap, zerolog, logrus"}, ERROR),
        ({"level": 50, "msg": "pino"}, ERROR),
        ({"level": 40.0, "msg": "bunyan"}, WARNING),
        ({"level": 30, "msg": "pino"}, INFO),
        ({"levelname": "CRITICAL", "message": "Python"}, CRITICAL),
        ({"levelno": 40, "message": "Python"}, ERROR),
        ({"level": 400, "level_name": "ERROR", "message": "Monolog"}, ERROR),
        ({"level": 300, "message": "Monolog"}, WARNING),
        ({"level_value": 40000, "message": "logback"}, ERROR),
        ({"log.level": "error", "message": "ECS"}, ERROR),
        ({"log": {"level": "error"}, "message": "ECS"}, ERROR),
        ({"LogLevel": "Error", "Message": ".NET"}, ERROR),
        ({"@l": "Error", "@mt": "Serilog"}, ERROR),
        ({"@t": "2026", "@mt": "Serilog at Information"}, INFO),
        ({"record": {"level": {"name": "ERROR", "no": 40}, "message": "loguru"}}, ERROR),
        ({"context": {"logLevel": 50}, "message": "roarr"}, ERROR),
        ({"log_level": {"name": "error"}, "log_format": "Twisted"}, ERROR),
        ({"severity_number": 17, "body": "OpenTelemetry"}, ERROR),
        ({"SeverityText": "WARN", "Body": "OpenTelemetry"}, WARNING),
        ({"short_message": "GELF", "level": 3}, ERROR),
        ({"s": "E", "c": "STORAGE", "ctx": "main", "msg": "MongoDB"}, ERROR),
        ({"message": "no level"}, 0),
        ({"level": True, "message": "no level"}, 0),
        ({"level": None, "message": "no level"}, 0),
        ({"s": "E", "message": "no MongoDB"}, 0),
    ],
)
def test_a_structured_entry_has_the_level_of_its_own_field(payload: dict[str, Any], level: int) -> None:
    assert structured(payload).level == level


@pytest.mark.parametrize(("digit", "level"), [("0", 800), ("3", ERROR), ("4", WARNING), ("7", DEBUG)])
def test_syslog_counts_downwards(digit: str, level: int) -> None:
    assert level_of_priority(digit) == level


@given(st.floats() | st.integers(), st.sampled_from([field for field, _ in LEVEL_FIELDS]))
def test_any_number_is_a_level_or_none(number: float, field: str) -> None:
    assert level_of_number(number, field) in (0, *range(100, 900, 100))
