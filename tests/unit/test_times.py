"""Moments are read strictly and written so that their text sorts as they do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.times import parse_time, show_time


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-11-23T01:58:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-00:01"],
)
def test_what_is_no_moment_in_utc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_time(text)


def test_a_moment_is_read_in_utc() -> None:
    assert parse_time("2026-11-23T01:58:00.123456789+01:00") == datetime(2026, 11, 23, 0, 58, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 11, 23, 2, 0, tzinfo=UTC), "2026-11-23T02:00:00.000000Z"),
        (datetime(2026, 11, 23, 2, 0, 0, 5, tzinfo=timezone(timedelta(hours=1))), "2026-11-23T01:00:00.000005Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_a_moment_is_shown_at_one_width(moment: datetime, shown: str) -> None:
    assert show_time(moment) == shown


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_text_sorts_as_moments_do_and_is_read_back(one: datetime, other: datetime) -> None:
    assert (show_time(one) < show_time(other)) == (one < other)
    assert parse_time(show_time(one)) == one
