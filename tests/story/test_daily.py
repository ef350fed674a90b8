"""The line of a day, and greens that rest, over the real adapters: what people see, and what the audit trail keeps."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from tests.story.harness import POLICY, Harness, harness
from tests.story.test_running import run, text_about, uploaded, verified
from verifier.checks.day import Daily
from verifier.checks.policy import Greens

__all__ = ["harness"]

NINE_IN_BERLIN = replace(POLICY, daily=Daily(time(9), ZoneInfo("Europe/Berlin")))
NEXT_MORNING = datetime(2026, 11, 24, 7, 58, tzinfo=UTC)


def days_told(harness: Harness) -> list[str]:
    return [message.text for message in harness.slack.messages if "Nov" in message.text.partition(":")[0]]


def until(harness: Harness, moment: datetime) -> None:
    """Let time go by, with a sweep when it is over."""
    harness.clock.advance((moment - harness.clock()).total_seconds())
    harness.sweep()


def test_the_next_morning_one_line_tells_of_the_days_builds_and_runs(harness: Harness) -> None:
    harness.use(NINE_IN_BERLIN)
    harness.sweep()
    verified(harness)
    run(harness)
    red = uploaded(harness)
    run(harness)
    verified(harness)
    run(harness)
    run(harness)
    harness.live(3)
    assert text_about(harness, red).startswith("over: ")
    until(harness, NEXT_MORNING)
    assert days_told(harness) == []
    harness.live(5)
    [line] = days_told(harness)
    assert line == (
        "Yesterday, Mon 23 Nov, since 03:00: 3 builds, 2 right, 1 red (over), 0 open. "
        "1 job ran verified code in 3 runs, 1 ran red code in 1 run, 0 regressed; 1 job was not watched all day."
    )
    silent = harness.upload(finishTime="2026-11-24T12:00:00.000000Z")
    until(harness, datetime(2026, 11, 25, 8, tzinfo=UTC))
    harness.live(5)
    assert harness.verdict(silent) == "LOCAL_SOURCE"
    assert days_told(harness)[1:] == ["Yesterday, Tue 24 Nov: no builds, no runs."], "it was found on the next morning"


def test_greens_rest_until_a_red_is_over_and_the_audit_trail_has_all_of_them(harness: Harness) -> None:
    harness.use(replace(POLICY, verified=Greens.CHANGES))
    harness.sweep()
    resting = verified(harness)
    assert not harness.slack.messages
    red = uploaded(harness)
    told = verified(harness)
    again = verified(harness)
    keys = [str(message.metadata) for message in harness.slack.messages]
    assert [[key.name in said for said in keys] for key in (red, told)] == [[True, False], [False, True]]
    assert "VERIFIED" in text_about(harness, told)
    kinds = Counter(entry["labels"]["verdict"] for entry in harness.cloud.audit_entries())
    assert kinds == {"VERIFIED": 3, "LOCAL_SOURCE": 1}
    for key in (resting, again):
        record = harness.record(key)
        assert (record.state, record.told, record.ts) == ("done", False, "")
    edits = harness.calls("chat.update")
    run(harness)
    harness.live(3)
    assert len(harness.slack.messages) == 2
    assert harness.calls("chat.update") == edits, "what runs is told on no message that there is not"
