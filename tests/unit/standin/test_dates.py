"""Moments as the inbox shows them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from verifier.standin.dates import blocks_with_dates, with_dates, with_plain_dates

READ = datetime(2026, 11, 25, 15, tzinfo=UTC)


def date(seconds: object, form: str = "{date_short_pretty} {time}") -> str:
    return f"<!date^{seconds}^{form}|then>"


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 11, 25, 14, 10, tzinfo=UTC), "today 14:10"),
        (datetime(2026, 11, 24, 23, 59, tzinfo=UTC), "yesterday 23:59"),
        (datetime(2026, 11, 26, 0, 0, tzinfo=UTC), "tomorrow 00:00"),
        (datetime(2026, 11, 3, 8, 5, tzinfo=UTC), "Nov 3, 2026 08:05"),
    ],
)
def test_a_day_is_named_as_people_do(moment: datetime, said: str) -> None:
    assert with_dates(f"since {date(int(moment.timestamp()))}.", READ) == f"since {said}."


def test_seconds_are_shown_where_they_are_asked_for() -> None:
    moment = int(datetime(2026, 11, 25, 14, 10, 22, tzinfo=UTC).timestamp())
    assert with_dates(date(moment, "{date_short} {time_secs}"), READ) == "Nov 25, 2026 14:10:22"


@pytest.mark.parametrize("text", [date(1, "{unknown}"), date(999_999_999_999)])
def test_what_can_not_be_shown_is_its_fallback(text: str) -> None:
    assert with_dates(text, READ) == with_plain_dates(text) == "then"


@pytest.mark.parametrize("text", [date("soon"), "<!date^1^{time}>", "<!here>", "{time}"])
def test_what_is_no_moment_stays(text: str) -> None:
    assert with_dates(text, READ) == text


def test_only_markup_has_moments() -> None:
    text = date(int(READ.timestamp()), "{time}")
    blocks = ({"type": "section", "text": {"type": "mrkdwn", "text": text}}, {"type": "plain_text", "text": text})
    assert blocks_with_dates(blocks, READ) == [
        {"type": "section", "text": {"type": "mrkdwn", "text": "15:00"}},
        {"type": "plain_text", "text": text},
    ]
