"""One message a second a channel, and patience where Slack asks for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from verifier.controller.rate_limit import RateLimit
from verifier.errors import Unavailable

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_channel_takes_one_message_a_second_and_another_channel_its_own() -> None:
    pace = RateLimit()
    assert [pace.turn("builds", NOW) for _ in range(3)] == [0, 1, 2]
    assert pace.turn("other", NOW) == 0
    assert pace.turn("builds", after(2.5)) == 0.5
    assert pace.turn("builds", after(60)) == 0


def test_a_line_that_is_too_long_takes_nobody_more() -> None:
    pace = RateLimit()
    assert [pace.turn("builds", NOW) for _ in range(6)] == [0, 1, 2, 3, 4, 5]
    for _ in range(2):
        with pytest.raises(Unavailable, match="nothing was posted") as refusal:
            pace.turn("builds", NOW)
        assert not refusal.value.ambiguous
    assert pace.turn("builds", after(1)) == 5


@pytest.mark.parametrize(("asked", "granted"), [(30.0, 30.0), (31_536_000.0, 3_600.0), (1e15, 3_600.0)])
def test_slack_is_left_alone_for_as_long_as_it_asks_but_an_hour_at_most(asked: float, granted: float) -> None:
    pace = RateLimit()
    pace.pause("builds", NOW, asked)
    with pytest.raises(Unavailable):
        pace.turn("builds", after(granted - 6))
    assert pace.turn("other", NOW) == 0
    assert pace.turn("builds", after(granted)) == 0


def test_a_shorter_wish_does_not_shorten_a_longer_one() -> None:
    pace = RateLimit()
    pace.pause("builds", NOW, 60)
    pace.pause("builds", NOW, 1)
    with pytest.raises(Unavailable):
        pace.turn("builds", after(30))


def test_a_channel_is_hushed_while_its_next_place_is_too_far_to_wait_for() -> None:
    pace = RateLimit()
    assert not pace.is_paused("builds", NOW)
    pace.pause("builds", NOW, 60)
    assert pace.is_paused("builds", after(54))
    assert not pace.is_paused("builds", after(55))
    assert not pace.is_paused("other", NOW)


def test_threads_never_get_the_same_turn() -> None:
    pace = RateLimit()
    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(lambda _: pace.turn("builds", NOW), range(6))) == [0, 1, 2, 3, 4, 5]
