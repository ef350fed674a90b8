"""The demo's morning: what it calls right, and the thread that it shows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from verifier.checks.verdict import Verdict
from verifier.demo.morning import (
    OTHER_KINDS,
    OTHER_MESSAGES,
    WATCHED,
    WORSE,
    ThreadWord,
    differences_of_others,
    differences_of_replies,
    differences_of_watches,
    morning,
)
from verifier.demo.scenario import story
from verifier.demo.stage import Stage
from verifier.demo.threads import ThreadReply, build_messages, other_messages, thread_lines, thread_replies
from verifier.standin.clock import PastClock, system_clock
from verifier.standin.workspace_message import SlackMessage

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
CHAPTERS = morning(NOW)
REPLIES = [
    ThreadReply(f"{word.of}-0000", " and ".join(word.says), word.broadcast)
    for chapter in CHAPTERS
    for word in chapter.words
    if word.replies
]


def test_the_morning_comes_after_the_night_and_its_chapters_one_after_the_other() -> None:
    ends = [max(episode.at for episode in story(NOW)), *(chapter.until for chapter in CHAPTERS)]
    assert all(later - earlier >= timedelta(minutes=3) for earlier, later in itertools.pairwise(ends))
    assert [chapter.build.expected for chapter in CHAPTERS if chapter.build] == [Verdict.VERIFIED, Verdict.VERIFIED]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one and two", True),
        ("two and one", False),
        ("one", False),
        ("", False),
        ("one, two, one", True),
    ],
)
def test_a_word_is_said_where_all_of_its_parts_are_in_their_order(text: str, said: bool) -> None:
    assert ThreadWord(WORSE, ("one", "two")).is_said_by(text) is said


def test_a_part_that_is_there_once_does_not_stand_for_two() -> None:
    word = ThreadWord(WORSE, ("gcloud", "gcloud"))
    assert not word.is_said_by("gcloud")
    assert word.is_said_by("gcloud and gcloud")


def test_each_reply_of_the_morning_is_expected_once_and_no_other() -> None:
    assert len(REPLIES) == 4
    assert differences_of_replies(REPLIES, CHAPTERS) == []


@pytest.mark.parametrize(
    ("replies", "differences"),
    [
        (REPLIES[:-1], 1),
        ([*REPLIES, REPLIES[0]], 1),
        (REPLIES[::-1], 4),
        ([replace(REPLIES[0], broadcast=False), *REPLIES[1:]], 1),
        ([replace(REPLIES[0], of="another"), *REPLIES[1:]], 1),
        ([replace(REPLIES[0], text="something else"), *REPLIES[1:]], 1),
    ],
    ids=["one is missing", "one came twice", "another order", "not in the channel", "another thread", "other words"],
)
def test_every_difference_of_the_replies_is_named(replies: Sequence[ThreadReply], differences: int) -> None:
    assert len(differences_of_replies(replies, CHAPTERS)) == differences


def test_every_difference_of_the_watches_is_named() -> None:
    entries = [(kind, f"{build}-0000", outcome) for kind, build, outcome in WATCHED]
    assert differences_of_watches(entries[::-1]) == []
    for wrong in (entries[1:], [*entries, entries[0]], [("checkpoint", "c3d85f1e-0000", "CLEAN"), *entries[1:]]):
        [said] = differences_of_watches(wrong)
        assert said.startswith("audit trail: expected of watches [('checkpoint', 'a96f01c7', 'WATCHING'), ")


def test_every_other_message_and_entry_is_named() -> None:
    messages = [f"{begins} and so on" for begins in OTHER_MESSAGES]
    assert differences_of_others(messages, OTHER_KINDS) == []
    assert differences_of_others([*messages, "something"], OTHER_KINDS) != []
    assert differences_of_others([*messages, messages[0]], OTHER_KINDS) != []
    assert differences_of_others(messages[1:], OTHER_KINDS) != []
    [said] = differences_of_others(messages, [*OTHER_KINDS, "unedited"])
    assert said == "audit trail: expected as other entries ['unconfirmed'], got ['unconfirmed', 'unedited']"


def a_message(ts: str, text: str, key: str, *, thread: str = "", broadcast: bool = False) -> SlackMessage:
    metadata = {"event_type": "build_verdict", "event_payload": {"key": key}}
    return SlackMessage("C0", "builds", ts, text, (), metadata, edited=not thread, thread=thread, broadcast=broadcast)


@dataclass
class HalfAPusher:
    """So much of a pusher as says what is on its way."""

    outstanding: int


@pytest.mark.parametrize(("outstanding", "passes"), [(0, True), (1, False)])
def test_time_is_hastened_where_nothing_is_on_its_way(tmp_path: Path, outstanding: int, passes: bool) -> None:
    clock = PastClock(tmp_path / "clock")
    clock.begin(system_clock() - timedelta(days=1))
    rest = {one.name: None for one in fields(Stage) if one.default is MISSING and one.default_factory is MISSING}
    stage = Stage(**{**rest, "clock": clock, "pusher": HalfAPusher(outstanding)})  # type: ignore[arg-type]  # no more is asked
    before = (tmp_path / "clock").read_text()
    stage.hasten()
    behind = float(before) - float((tmp_path / "clock").read_text())
    assert 0 < behind <= 0.5 if passes else behind == 0


def of_build(build: str) -> str:
    return f"projects/p/locations/l/builds/{build}@VERIFIED"


MESSAGES = [
    a_message("60.1", "over: b runs\n✅ &lt;one&gt;", of_build("aaaa-1")),
    a_message("120.1", "again", of_build("bbbb-2"), thread="60.1", broadcast=True),
    a_message("180.1", "quiet\nmore", "projects/p/locations/l/jobs/j@sha256:0/once", thread="60.1"),
    a_message("240.1", "worse <!here>", "projects/p/locations/l/jobs/j@sha256:0/worse", thread="60.1", broadcast=True),
    a_message("300.1", "1 job is watched", "running/start"),
]


def test_messages_are_told_apart_by_what_they_are_about() -> None:
    assert build_messages(MESSAGES) == [("aaaa-1", "over: b runs\n✅ <one>"), ("bbbb-2", "again")]
    assert thread_replies(MESSAGES) == [
        ThreadReply("aaaa-1", "quiet\nmore", broadcast=False),
        ThreadReply("aaaa-1", "worse <!here>", broadcast=True),
    ]
    assert other_messages(MESSAGES) == ["1 job is watched"]


def test_a_thread_is_shown_as_people_read_it() -> None:
    assert list(thread_lines(MESSAGES, "aaaa")) == [
        (0, "00:01 UTC · #builds · edited"),
        (1, "over: b runs"),
        (1, "✅ <one>"),
        (1, "00:02 UTC · a reply · in the channel, too"),
        (2, "again"),
        (1, "00:03 UTC · a reply"),
        (2, "quiet"),
        (2, "more"),
        (1, "00:04 UTC · a reply · in the channel, too"),
        (2, "worse @here"),
    ]
    assert list(thread_lines(MESSAGES, "cccc")) == []
