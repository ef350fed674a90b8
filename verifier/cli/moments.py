"""Moments as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from verifier.times import parse_time

_AGO = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def moment(text: str) -> datetime:
    """Return so long ago (`90d`, `36h`, `2w`), the beginning of a date (in UTC), or an RFC 3339 time.

    Raise BadParameter with what was expected.
    """
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return parse_time(text if "T" in text else f"{text}T00:00:00Z")
    except (ValueError, OverflowError) as error:
        expected = "90d, 36h or 2w, a date as 2026-08-01 or a time as 2026-08-01T12:00:00Z"
        raise click.BadParameter(f"expected {expected}, got {text!r}") from error
