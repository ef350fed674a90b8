"""Moments are aware UTC datetimes; on the wire they are RFC 3339 text that sorts as it reads."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_time(text: str) -> datetime:
    """Return the moment that RFC 3339 text names, in UTC; digits finer than a microsecond are dropped.

    Raise ValueError when the text is no moment or carries no offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with an offset, got {text!r}")
    return moment.astimezone(UTC)


def show_time(moment: datetime) -> str:
    """RFC 3339 with six digits and Z: fixed width, so that the text order is the time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
