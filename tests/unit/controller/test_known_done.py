"""What a process remembers of records that are done: for a while, and not of too many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from verifier.controller.known_done import KNOWN_FOR, MOST_KNOWN, KnownDone

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def test_what_was_noted_is_known_for_two_minutes_and_nothing_else_is() -> None:
    known = KnownDone()
    known.note("a", NOW)
    assert (known.has("a", NOW), known.has("a", NOW + KNOWN_FOR - MOMENT)) == (True, True)
    assert (known.has("a", NOW + KNOWN_FOR), known.has("b", NOW)) == (False, False)


def test_what_was_noted_after_the_clock_was_put_back_is_not_known_for_longer() -> None:
    known = KnownDone()
    known.note("a", NOW)
    assert not known.has("a", NOW - MOMENT)


def test_what_is_forgotten_is_not_known_and_may_be_noted_again() -> None:
    known = KnownDone()
    known.note("a", NOW)
    known.forget("a")
    known.forget("never noted")
    assert not known.has("a", NOW)
    known.note("a", NOW)
    assert known.has("a", NOW)


def test_of_very_many_the_latest_are_known() -> None:
    known = KnownDone()
    for number in range(MOST_KNOWN):
        known.note(str(number), NOW)
    known.note("0", NOW)
    known.note("one more", NOW)
    assert (known.has("0", NOW), known.has("1", NOW), known.has("2", NOW)) == (True, False, True)
    assert known.has("one more", NOW)
