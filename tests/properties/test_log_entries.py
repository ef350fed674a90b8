"""Whatever the logs hold is read; nothing that a worker can log makes reading raise."""

from __future__ import annotations

from datetime import UTC, datetime

from google.cloud.logging_v2.types import LogEntry as LogEntryMessage
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st

from verifier.adapters.cloud_logging import log_entry
from verifier.facts.logs import LogReading, LogRules, Pattern

FIRST, LAST = -62_135_596_800, 253_402_300_799
"""The seconds of the moments that a protobuf may name: the years 1 to 9999."""

TEXT = st.text(max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
RULES = LogRules(expected=(Pattern("query ok", "query ok"),))
PAYLOADS = st.one_of(
    st.fixed_dictionaries({"text_payload": TEXT}),
    st.dictionaries(TEXT | st.just("message"), JSON, max_size=4).map(lambda value: {"json_payload": value}),
    st.just({}),
)
LABELS = st.dictionaries(st.sampled_from(["run.googleapis.com/execution_name", "other"]) | TEXT, TEXT, max_size=4)


def read(raw: object) -> None:
    entry = log_entry(raw)
    assert entry.time.tzinfo is UTC
    reading = LogReading(RULES, "an-execution")
    assert reading.feed([entry]) == 1
    facts = reading.facts(truncated=False)
    assert sum(error.count for error in facts.errors) <= 1


@given(PAYLOADS, LABELS, TEXT, st.integers(0, 1_000), st.integers(FIRST, LAST), st.integers(0, 999_999_999))
@example({}, {}, "", 0, LAST, 999_999_999)
@example({}, {}, "", 0, FIRST, 0)
def test_any_entry_is_read(
    payload: dict[str, object], labels: dict[str, str], log: str, severity: int, seconds: int, nanos: int
) -> None:
    raw = LogEntryMessage.pb()(log_name=f"projects/p/logs/{log}", severity=severity, labels=labels)
    raw.timestamp.seconds, raw.timestamp.nanos = seconds, nanos
    if "text_payload" in payload:
        raw.text_payload = payload["text_payload"]
    if "json_payload" in payload:
        raw.json_payload.update(payload["json_payload"])
    read(raw)


@given(st.binary(max_size=200))
def test_any_bytes_that_are_an_entry_are_read(data: bytes) -> None:
    raw = LogEntryMessage.pb()()
    try:
        raw.ParseFromString(data)
    except DecodeError:
        return
    raw.timestamp.FromDatetime(datetime(2026, 11, 23, tzinfo=UTC))
    read(raw)
