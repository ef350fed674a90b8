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
    rate_limit = RateLimit()
    assert [rate_limit.turn("builds", NOW) for _ in range(3)] == [0, 1, 2]
    assert rate_limit.turn("other", NOW) == 0
    assert rate_limit.turn("builds", after(2.5)) == 0.5
    assert rate_limit.turn("builds", after(60)) == 0


def test_a_line_that_is_too_long_takes_nobody_more() -> None:
    rate_limit = RateLimit()
    assert [rate_limit.turn("builds", NOW) for _ in range(6)] == [0, 1, 2, 3, 4, 5]
    for _ in range(2):
        with pytest.raises(Unavailable, match="nothing was posted") as refusal:
            rate_limit.turn("builds", NOW)
        assert not refusal.value.ambiguous
    assert rate_limit.turn("builds", after(1)) == 5


@pytest.mark.parametrize(("asked", "granted"), [(30.0, 30.0), (31_536_000.0, 3_600.0), (1e15, 3_600.0)])
def test_a_channel_pauses_for_as_long_as_slack_asks_but_an_hour_at_most(asked: float, granted: float) -> None:
    rate_limit = RateLimit()
    rate_limit.pause("builds", NOW, asked)
    with pytest.raises(Unavailable):
        rate_limit.turn("builds", after(granted - 6))
    assert rate_limit.turn("other", NOW) == 0
    assert rate_limit.turn("builds", after(granted)) == 0


def test_a_shorter_wish_does_not_shorten_a_longer_one() -> None:
    rate_limit = RateLimit()
    rate_limit.pause("builds", NOW, 60)
    rate_limit.pause("builds", NOW, 1)
    with pytest.raises(Unavailable):
        rate_limit.turn("builds", after(30))


def test_a_channel_is_paused_while_its_next_place_is_too_far_to_wait_for() -> None:
    rate_limit = RateLimit()
    assert not rate_limit.is_paused("builds", NOW)
    rate_limit.pause("builds", NOW, 60)
    assert rate_limit.is_paused("builds", after(54))
    assert not rate_limit.is_paused("builds", after(55))
    assert not rate_limit.is_paused("other", NOW)


def test_threads_never_get_the_same_turn() -> None:
    rate_limit = RateLimit()
    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(lambda _: rate_limit.turn("builds", NOW), range(6))) == [0, 1, 2, 3, 4, 5]
