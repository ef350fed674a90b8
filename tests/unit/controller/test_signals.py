"""Signals: from when on a failure is told, and what the line says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.builders import DECIDED, pushed
from tests.unit.controller.world import NOW
from verifier.checks.judgement import Judgement
from verifier.checks.verdict import Verdict
from verifier.controller.ledger import Record
from verifier.controller.signals import (
    Signal,
    audit_unwritten,
    backlog_late,
    build_unread,
    clock_skew,
    logs_unread,
    record_unreadable,
    runs_unread,
    slack_late,
    unannounced,
    verdict_saved,
)
from verifier.errors import Denied, Malformed, OutOfTime, ServiceError, Unavailable
from verifier.times import show_time

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
AWAY = Unavailable("expected an answer, got none")
KEY = pushed().key
RECORD = Record(KEY, created=NOW)
LABELS = {"kind": "verdict", "verdict": "FAILED", **KEY.labels}


def waiting(**changes: Any) -> dict[str, Any]:
    key = {"project": KEY.project, "location": KEY.location, "id": KEY.id}
    return {"key": key, "error": "got HTTP 503", "refused": False} | changes


@pytest.mark.parametrize(
    ("told", "minutes"),
    [
        (lambda age: audit_unwritten(LABELS, NOW - age, NOW, AWAY), 5),
        (lambda age: build_unread(replace(RECORD, created=NOW - age), NOW, AWAY), 5),
        (lambda age: logs_unread(KEY, NOW - age, NOW, AWAY), 5),
        (lambda age: runs_unread(("acme", "europe-west1"), 2, NOW - age, NOW, AWAY), 5),
        (lambda age: backlog_late([waiting(due=show_time(NOW - age))], NOW), 10),
        (lambda age: slack_late([waiting(unsaid=show_time(NOW - age))], NOW), 15),
    ],
)
def test_what_does_not_last_is_not_told(told: Any, minutes: float) -> None:
    assert told(minutes * MINUTE - SECOND) is None
    assert isinstance(told(minutes * MINUTE), Signal)


@pytest.mark.parametrize("error", [Denied("permission denied"), AWAY])
def test_a_line_says_why_and_which_build(error: ServiceError) -> None:
    signal = build_unread(replace(RECORD, created=NOW - 7 * MINUTE), NOW, error)
    assert signal is not None
    assert signal.severity == "WARNING"
    assert signal.line == {
        "message": f"build_unread: {KEY.name} could not be asked for, for 7 min: {error}",
        "signal": "build_unread",
        "project": KEY.project,
        "location": KEY.location,
        "build": KEY.id,
    }


def test_that_our_own_time_was_used_up_is_no_services_failure() -> None:
    over = OutOfTime("this invocation's time is used up")
    hour_ago = NOW - timedelta(hours=1)
    assert audit_unwritten(LABELS, hour_ago, NOW, over) is None
    assert build_unread(replace(RECORD, created=hour_ago), NOW, over) is None
    assert logs_unread(KEY, hour_ago, NOW, over) is None
    assert runs_unread(("acme", "europe-west1"), 2, hour_ago, NOW, over) is None


@pytest.mark.parametrize(("runs", "said"), [(1, "a run"), (12, "12 runs")])
def test_a_line_about_runs_names_their_place_and_how_many_they_are(runs: int, said: str) -> None:
    signal = runs_unread(("acme", "europe-west1"), runs, NOW - 10 * MINUTE, NOW, AWAY)
    assert signal is not None
    assert signal.line == {
        "message": f"logs_unread: the logs of {said} of watched jobs in acme/europe-west1 could not be read for 10 min"
        ": expected an answer, got none",
        "signal": "logs_unread",
        "project": "acme",
        "location": "europe-west1",
        "runs": runs,
    }


def test_an_entry_that_is_about_no_build_names_none() -> None:
    signal = audit_unwritten({"kind": "quarantined"}, NOW - timedelta(hours=1), NOW, AWAY)
    assert signal is not None
    assert signal.fields == {"kind": "quarantined"}


def judged(seconds: float, **record: Any) -> Signal:
    build = replace(pushed(), finished=DECIDED - timedelta(seconds=seconds))
    judgement = Judgement(Verdict.VERIFIED, (), DECIDED)
    signal = verdict_saved(replace(RECORD, **record), judgement, build, 5 * MINUTE)
    assert signal is not None
    return signal


@pytest.mark.parametrize(("seconds", "met"), [(0, "met"), (300, "met"), (300.001, "missed")])
def test_the_time_to_a_verdict_is_held_against_the_objective(seconds: float, met: str) -> None:
    fields = judged(seconds).fields
    assert (fields["seconds"], fields["worker_seconds"], fields["objective"]) == (pytest.approx(seconds), 0, met)


def test_the_workers_own_run_is_not_counted_against_it() -> None:
    ran = {"intent": DECIDED - 40 * MINUTE, "ended": DECIDED - 2 * MINUTE}
    assert judged(41 * 60, **ran).fields["objective"] == "met"
    assert judged(44 * 60, **ran).fields["objective"] == "missed"
    assert judged(44 * 60, **ran).fields["worker_seconds"] == 38 * 60


def test_what_was_asked_for_again_is_counted_from_then_on() -> None:
    signal = judged(86_400, asked=DECIDED - 2 * MINUTE)
    assert (signal.fields["seconds"], signal.fields["objective"]) == (120, "met")
    assert signal.message.endswith(", 120 s after it was asked for again")


def test_a_build_that_was_not_judged_or_never_ended_meets_and_misses_nothing() -> None:
    assert verdict_saved(RECORD, Judgement(None, (), DECIDED), pushed(), 5 * MINUTE) is None
    unknown = verdict_saved(
        RECORD, Judgement(Verdict.FAILED, (), DECIDED), replace(pushed(), finished=None), 5 * MINUTE
    )
    assert unknown is not None
    assert not {"seconds", "objective"} & set(unknown.fields)


def test_messages_that_slack_refuses_are_not_told_of_as_late() -> None:
    old = show_time(NOW - timedelta(hours=3))
    refused = waiting(unsaid=old, refused=True)
    assert slack_late([refused], NOW) is None
    assert slack_late([refused, waiting(unsaid=show_time(NOW - MINUTE))], NOW) is None
    signal = slack_late([refused, waiting(unsaid=old)], NOW)
    assert signal is not None
    assert signal.message == "a verdict waits for Slack for 180 min: got HTTP 503"


def test_nothing_waits_where_nothing_is_listed() -> None:
    assert backlog_late([], NOW) is None
    assert slack_late([], NOW) is None


@pytest.mark.parametrize(
    ("server", "seconds"),
    [
        (None, None),
        (NOW, None),
        (NOW - 30 * SECOND, None),
        (NOW + 34 * SECOND, None),
        (NOW - 31 * SECOND, 35),
        (NOW + 36 * SECOND, -36),
    ],
)
def test_clocks_disagree_by_more_than_half_a_minute_beside_the_time_that_the_call_took(
    server: datetime | None, seconds: float | None
) -> None:
    signal = clock_skew(NOW, server, NOW + 4 * SECOND)
    assert (signal and signal.fields["seconds"]) == seconds


def test_what_is_counted_is_told_at_once() -> None:
    assert unannounced(KEY, 3).line["in_a_row"] == 3
    assert record_unreadable("abc", Malformed("expected a record")).line["record"] == "abc"


def test_a_reason_has_no_secret_and_no_end_of_its_own() -> None:
    token = "xoxb-" + "1234567890-1234567890-abcdefghijklmnopqrstuvwx"
    signal = build_unread(replace(RECORD, created=NOW - 7 * MINUTE), NOW, Unavailable(f"{token} {'a' * 5_000}"))
    assert signal is not None
    assert token not in signal.message
    assert len(signal.message) < 600
