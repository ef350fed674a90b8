"""The audit trail over gRPC: an entry is written whole, and once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.contract.adapters import Google, google_standing, trouble
from tests.contract.standin import START
from verifier.adapters.cloud_logging import CloudLogging
from verifier.errors import Refused, Unavailable
from verifier.standin.faults import Fault


@pytest.fixture
def google() -> Iterator[Google]:
    with google_standing() as google:
        yield google


def write(google: Google, payload: dict[str, Any], insert_id: str = "v1", hours: float = 0) -> None:
    CloudLogging("home", google.address).write(
        insert_id=insert_id,
        time=START + timedelta(hours=hours, microseconds=123_456),
        severity="WARNING",
        labels={"kind": "verdict", "verdict": "INCONCLUSIVE"},
        payload=payload,
        timeout=5,
    )


def test_an_audit_entry_is_written_to_the_home_project_as_it_was_given(google: Google) -> None:
    payload = {
        "text": "grüß Gott ∅ 🔴",
        "empty": "",
        "number": 12,
        "fraction": 0.25,
        "negative": -1,
        "yes": True,
        "nothing": None,
        "list": [1, "two", [3], {"four": 4}, None],
        "object": {"nested": {"deep": ["x"]}, "empty": {}, "list": []},
    }
    write(google, payload)
    (entry,) = google.cloud.raw_audit_entries()
    assert entry.pop("receiveTimestamp")
    assert entry == {
        "logName": "projects/home/logs/build-verifier",
        "resource": {"type": "global", "labels": {"project_id": "home"}},
        "timestamp": "2026-03-01T12:00:00.123456Z",
        "severity": "WARNING",
        "insertId": "v1",
        "labels": {"kind": "verdict", "verdict": "INCONCLUSIVE"},
        "jsonPayload": payload,
    }
    assert google.faults.calls == ("WriteLogEntries",)


def test_an_audit_entry_written_twice_is_one_entry(google: Google) -> None:
    google.faults.add(Fault("WriteLogEntries", "after"))
    error = trouble(lambda: write(google, {"n": 1}))
    assert isinstance(error, Unavailable)
    assert error.ambiguous
    write(google, {"n": 1})
    write(google, {"n": 1}, insert_id="v2")
    google.clock.advance(1)
    assert len(google.cloud.raw_audit_entries()) == 3
    assert [entry["insertId"] for entry in google.cloud.audit_entries()] == ["v1", "v2"]
    home = CloudLogging("home", google.address).read("home", "", timeout=5)
    assert len([entry for page in home for entry in page.entries]) == 2


@pytest.mark.parametrize(
    ("payload", "hours"), [({}, 25), ({"text": "x" * 300_000}, 0)], ids=["too far ahead", "too large"]
)
def test_an_audit_entry_that_the_service_does_not_take_is_refused(
    google: Google, payload: dict[str, Any], hours: float
) -> None:
    assert isinstance(trouble(lambda: write(google, payload, hours=hours)), Refused)
    assert google.cloud.raw_audit_entries() == []
