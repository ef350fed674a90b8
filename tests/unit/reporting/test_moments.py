"""Moments in Slack's texts: shown in the zone of whoever reads, whoever wrote them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from verifier.reporting.mrkdwn import bold, shown
from verifier.times import show_minute, show_second

MOMENT = datetime(2026, 11, 25, 14, 10, 22, tzinfo=UTC)
MINUTE = "<!date^1795615800^{date_short_pretty} {time}|2026-11-25 14:10 UTC>"
SECOND = "<!date^1795615822^{date_short_pretty} {time_secs}|2026-11-25 14:10:22 UTC>"


def test_a_moment_is_shown_in_the_zone_of_its_reader_with_its_day() -> None:
    assert shown(f"Runs since {show_minute(MOMENT)} in worker.") == f"Runs since {MINUTE} in worker."
    assert shown(f"finished {show_second(MOMENT)}") == f"finished {SECOND}"
    assert bold(f"since {show_minute(MOMENT)}") == f"*since {MINUTE}*"
    assert shown(f"{show_minute(MOMENT)} to {show_second(MOMENT)}") == f"{MINUTE} to {SECOND}"


def test_a_moment_is_told_in_utc_whatever_its_zone() -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=-5)))
    assert (show_minute(there), show_second(there)) == ("2026-11-25 14:10 UTC", "2026-11-25 14:10:22 UTC")


def test_what_stands_around_a_moment_does_nothing_still() -> None:
    assert shown(f"<!here> {show_minute(MOMENT)} *x*") == f"&lt;!here&gt; {MINUTE} \u2217x\u2217"
    assert shown(f"> {show_minute(MOMENT)}") == f"\u200b&gt; {MINUTE}"
    assert shown("<!date^1^{time}|now>") == "&lt;!date^1^{time}|now&gt;"


@pytest.mark.parametrize(
    "text",
    [
        "2026-13-01 10:00 UTC",
        "2026-02-30 10:00 UTC",
        "2026-11-25 24:01 UTC",
        "12026-11-25 14:10 UTC",
        "1969-12-31 23:59 UTC",
        "14:10 UTC",
    ],
)
def test_what_is_no_moment_stays_text(text: str) -> None:
    assert shown(text) == text
