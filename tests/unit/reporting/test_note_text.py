"""What a message says of what became known since the verdict: whole messages, and lines that are left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.builders import BUILD_ID, POLICY, judged, uploaded
from tests.unit.reporting.test_slack_message import BY_HAND, KEY, read
from verifier.checks.verdict import Verdict
from verifier.reporting.note_text import note_lines, over_line
from verifier.reporting.slack_message import away_message, note_saying, said_message, verdict_message
from verifier.services import Message
from verifier.standin.dates import with_plain_dates as undated

DECIDED = datetime(2026, 11, 23, 2, 0, 40, tzinfo=UTC)
RUNS = {"kind": "runs", "key": "runs/w", "job": "dev-vividly-content-worker", "since": "2026-11-23T01:10:00.000000Z"}
RAN = {**RUNS, "until": "2026-11-23T02:36:00.000000Z"}
OVER = {
    "kind": "over",
    "key": "over/w",
    "commit": "85cffd8",
    "since": "2026-11-23T02:36:00.000000Z",
    "began": "2026-11-23T01:10:00.000000Z",
    "ended": "2026-11-23T02:36:00.000000Z",
}
OVER_SAID = (
    "over: 85cffd8 runs since 2026-11-23 02:36 UTC; was LOCAL_SOURCE, 2026-11-23 01:10 UTC to 2026-11-23 02:36 UTC"
)
UPLOAD = {"kind": "upload", "key": "upload", "said": "Uploaded: 12 files, the very same as build 2d1da3a3's."}


def message(*notes: dict[str, Any]) -> Message:
    build = uploaded()
    _, source, judgement = judged(build)
    return verdict_message(build, source, judgement, POLICY, notes=notes)


def lines(one: Message) -> list[str]:
    return read(one).split("\n")


def test_where_it_runs_stands_between_the_reasons_and_what_to_do() -> None:
    plain, noted = lines(message()), lines(message(RUNS, UPLOAD))
    at = next(number for number, line in enumerate(plain) if line.startswith("Do this: "))
    said = ["Runs since 2026-11-23 01:10 UTC in dev-vividly-content-worker.", UPLOAD["said"]]
    assert noted == [*plain[:at], *said, *plain[at:]]
    assert undated(message(RUNS, UPLOAD).text) == "\n".join([undated(message().text), *said])
    assert message(RUNS).key == message().key == f"{KEY}@LOCAL_SOURCE"


def test_what_runs_no_more_says_so_first_and_calls_nobody_and_asks_for_nothing() -> None:
    plain, over = lines(message()), lines(message(RAN, UPLOAD, OVER))
    headline = plain[0].strip("*")
    reasons = plain[1 : next(n for n, line in enumerate(plain) if line.startswith("Do this: "))]
    end = [line for line in plain if line.startswith(("What was in it: ", "(Build ", "["))]
    assert over == [
        f"*{OVER_SAID}*",
        headline,
        *reasons,
        "Ran from 2026-11-23 01:10 UTC to 2026-11-23 02:36 UTC in dev-vividly-content-worker.",
        UPLOAD["said"],
        *end,
    ]
    assert BY_HAND in over[-2]
    assert BUILD_ID in over[-2]


def test_days_are_told_where_they_are_not_the_verdicts() -> None:
    later = {**RUNS, "since": "2026-11-24T01:10:00.000000Z"}
    assert note_lines([later]) == ["Runs since 2026-11-24 01:10 UTC in dev-vividly-content-worker."]
    over = {**OVER, "since": "2026-12-01T02:36:00.000000Z", "ended": "2026-12-01T02:36:00.000000Z"}
    said = "over: 85cffd8 runs since 2026-12-01 02:36 UTC; was FAILED, 2026-11-23 01:10 UTC to 2026-12-01 02:36 UTC"
    assert over_line([over], Verdict.FAILED) == said


def test_of_several_that_are_over_the_last_counts() -> None:
    second = {**OVER, "key": "over/x", "commit": "0123456"}
    assert over_line([OVER, second], Verdict.FAILED).startswith("over: 0123456 runs")


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"kind": "regressed", "key": "regressed/x", "said": "REGRESSED in x: a crash in 2 of 4 runs."},
        {"kind": "runs", "key": "runs/x", "job": "x", "since": "2026-11-23T01:10:00.000000Z"},
    ],
)
def test_what_is_over_in_one_job_is_not_over_while_it_goes_on_in_another(elsewhere: dict[str, Any]) -> None:
    there = {**OVER, "key": "over/x", "commit": "0123456"}
    assert over_line([OVER, {**elsewhere, "key": f"{elsewhere['kind']}/w"}], Verdict.FAILED)
    assert over_line([OVER, elsewhere], Verdict.FAILED) == ""
    assert over_line([OVER, elsewhere, there], Verdict.FAILED).startswith("over: 0123456 runs")
    assert over_line([elsewhere, {**OVER, "key": "over"}], Verdict.FAILED).startswith("over: ")


def test_without_its_beginning_only_what_runs_now_is_told() -> None:
    bare = {name: OVER[name] for name in ("kind", "key", "commit", "since")}
    assert over_line([bare], Verdict.FAILED) == "over: 85cffd8 runs since 2026-11-23 02:36 UTC; was FAILED"


@pytest.mark.parametrize(
    "note",
    [
        {"key": "x"},
        {"kind": "runs", "key": "x", "job": "w"},
        {"kind": "runs", "key": "x", "job": "w", "since": "yesterday"},
        {"kind": "runs", "key": "x", "job": "w", "since": 5},
        {"kind": "over", "key": "x"},
        {"kind": "upload", "key": "x"},
        {"kind": "of a later version", "key": "x", "said": ""},
    ],
)
def test_a_note_that_can_not_be_read_is_left_out(note: dict[str, Any]) -> None:
    assert note_lines([note]) == []
    assert over_line([note], Verdict.FAILED) == ""
    assert message(note) == message()


def test_what_is_said_of_a_note_is_plain_text() -> None:
    hostile = {**RUNS, "job": "<!channel> *w*"}
    assert "<!channel>" not in read(message(hostile))
    assert "∗w∗" in read(message(hostile))  # noqa: RUF001 - what an asterisk becomes


def test_a_note_that_can_not_be_edited_in_is_said_with_the_builds_first_line() -> None:
    build = uploaded()
    _, source, judgement = judged(build)
    headline = lines(message())[0].strip("*")
    runs, channel = note_saying(build, source, judgement, [RUNS], POLICY)
    assert (runs, channel) == ([headline, "Runs since 2026-11-23 01:10 UTC in dev-vividly-content-worker."], "")
    over, _ = note_saying(build, source, judgement, [OVER], POLICY)
    assert over == [
        OVER_SAID,
        headline,
    ]
    assert note_saying(build, source, judgement, [{"key": "x"}], POLICY)[0] == []


def test_a_message_of_plain_lines_has_its_first_line_bold_and_calls_whom_it_is_to() -> None:
    said = said_message(["worker: its image is pinned", "It ran 3 times since."], "here", "pinned/worker")
    assert read(said) == "*worker: its image is pinned* <!here>\nIt ran 3 times since."
    assert said.text == "worker: its image is pinned <!here>\nIt ran 3 times since."
    assert (said.key, said.channel) == ("pinned/worker", "")
    assert len(said_message(["one line"], "", "k").blocks) == 1


def test_the_line_after_slack_was_away_names_the_kinds_of_entries_that_it_stands_for() -> None:
    said = away_message(DECIDED, DECIDED.replace(hour=4), 0, 3, "vividly-dev", ["running"])
    assert 'labels.kind=("verdict" OR "build-did-not-succeed" OR "running")' in read(said)
