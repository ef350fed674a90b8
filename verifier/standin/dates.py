"""Moments in Slack's markup, as a reader in UTC sees them. Documentation: "Date formatting" (Slack developer docs)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_DATE = re.compile(r"<!date\^(?P<seconds>\d{1,12})\^(?P<format>[^<>|^\n]*)(?:\^[^<>|\n]*)?\|(?P<fallback>[^<>|\n]*)>")
_TOKEN = re.compile(r"\{([a-z_]+)\}")


def with_dates(text: str, read: datetime) -> str:
    """Return the text with its moments as they are seen by whoever reads it at a moment.

    What Slack can't show, it shows by its fallback: a token that it does not know, a moment out of range.
    """
    return _DATE.sub(lambda found: _shown(found, read), text)


def with_plain_dates(text: str) -> str:
    """Return the text with its moments as they are seen where they can't be shown in the reader's zone."""
    return _DATE.sub(r"\g<fallback>", text)


def blocks_with_dates(blocks: Any, read: datetime) -> Any:
    """Return blocks with their moments so, wherever Slack reads markup: plain text stays as it is."""
    match blocks:
        case {"type": "mrkdwn", "text": str(text)}:
            return {**blocks, "text": with_dates(text, read)}
        case Mapping():
            return {name: blocks_with_dates(part, read) for name, part in blocks.items()}
        case list() | tuple():
            return [blocks_with_dates(part, read) for part in blocks]
        case _:
            return blocks


def _shown(found: re.Match[str], read: datetime) -> str:
    try:
        moment = datetime.fromtimestamp(int(found["seconds"]), UTC)
        return _TOKEN.sub(lambda token: _token(token.group(1), moment, read), found["format"])
    except (KeyError, OverflowError, ValueError):
        return found["fallback"]


def _token(name: str, moment: datetime, read: datetime) -> str:
    short = f"{moment:%b} {moment.day}, {moment.year}"
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    return {
        "date_short": short,
        "date_short_pretty": near.get((moment.date() - read.date()) // timedelta(days=1), short),
        "time": f"{moment:%H:%M}",
        "time_secs": f"{moment:%H:%M:%S}",
    }[name]
