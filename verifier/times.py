"""Moments are aware UTC datetimes; on the wire they are RFC 3339 text that sorts as it reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_OFFSET = len("+00:00")


def parse_time(text: str) -> datetime:
    """Return the moment that RFC 3339 text names, in UTC; digits finer than a microsecond are dropped.

    Raise ValueError when the text is no moment, carries no offset, or names one that is out of range in UTC.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with an offset, got {text!r}")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"expected a time between the years 1 and 9999 in UTC, got {text!r}") from error


def show_time(moment: datetime) -> str:
    """Return RFC 3339 with six digits and Z: fixed width, so that the text order is the time order."""
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds')[:-_OFFSET]}Z"


def show_minute(moment: datetime) -> str:
    """Return a moment as sentences tell it: `2026-11-25 14:10 UTC`. Slack shows it in the reader's own zone."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def show_second(moment: datetime) -> str:
    """Return a moment to the second as sentences tell it: `2026-11-25 14:10:22 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def show_span(span: timedelta) -> str:
    """Return a length of time in its two largest units, as people say it: `2 h 7 min`, `3 days 4 h`, `40 s`."""
    seconds = max(int(span.total_seconds()), 0)
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} {'day' if days == 1 else 'days'}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    return f"{minutes} min" if minutes else f"{seconds} s"
