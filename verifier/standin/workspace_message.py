"""A message as a Slack workspace holds it, how Slack's methods show it, and how they refuse."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

BOT_ID = "B0"
"""What the messages of the app itself say of their author."""
TRUE = (True, "1", "true")
"""How a form or JSON says yes."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MOST_PAGE = 999
_FAR = 10**12
"""A time after every message."""


class SlackRefusalError(Exception):
    """A call that Slack refuses: its code, what it adds, and the seconds that it asks to wait."""

    def __init__(self, code: str, *details: str, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.details = details
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """A message as the channel holds it."""

    channel: str
    """The channel's ID."""
    channel_name: str
    ts: str
    """Its time in seconds, which is its name in the channel too."""
    text: str
    blocks: tuple[Mapping[str, Any], ...]
    metadata: Mapping[str, Any] | None
    edited: bool = False
    author: Mapping[str, str] = field(default_factory=lambda: {"bot_id": BOT_ID})
    """Whose it is, in the fields with which Slack says it."""
    thread: str = ""
    """The `ts` of the message that it replies to; empty: it stands by itself."""
    broadcast: bool = False
    """A reply that the channel shows as well."""

    @property
    def time(self) -> datetime:
        """The moment that `ts` names."""
        return EPOCH + timedelta(microseconds=int(Decimal(self.ts) * 1_000_000))


def page_of(listed: Sequence[SlackMessage], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the page of these messages that was asked for. Raise SlackRefusalError."""
    oldest = _number(arguments.get("oldest", "0"), "invalid_ts_oldest")
    latest = _number(arguments.get("latest", _FAR), "invalid_ts_latest")
    limit = _number(arguments.get("limit", 100), "invalid_limit")
    if not 1 <= limit <= _MOST_PAGE:
        raise SlackRefusalError("invalid_limit")
    seen = _cursor(arguments.get("cursor"))
    found = [one for one in listed if oldest < Decimal(one.ts) < latest]
    places = [place for place, one in enumerate(found) if one.ts == seen]
    if places:
        found = found[places[0] + 1 :]
    page, rest = found[: int(limit)], found[int(limit) :]
    with_metadata = arguments.get("include_all_metadata") in TRUE
    cursor = base64.b64encode(f"next_ts:{page[-1].ts}".encode()).decode() if rest else ""
    return {
        "messages": [shown(message, with_metadata=with_metadata) for message in page],
        "has_more": bool(rest),
        "response_metadata": {"next_cursor": cursor},
    }


def shown(message: SlackMessage, *, with_metadata: bool) -> dict[str, Any]:
    """Return the message as Slack's methods show it."""
    fields: dict[str, Any] = {"type": "message", **message.author, "ts": message.ts, "text": message.text}
    if message.blocks:
        fields["blocks"] = list(message.blocks)
    if message.thread:
        fields["thread_ts"] = message.thread
    if message.broadcast:
        fields["subtype"] = "thread_broadcast"
    if message.edited:
        fields["edited"] = {"user": BOT_ID, "ts": message.ts}
    if with_metadata and message.metadata is not None:
        fields["metadata"] = message.metadata
    return fields


def _number(value: object, code: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise SlackRefusalError(code) from None
    if not number.is_finite():
        raise SlackRefusalError(code)
    return number


def _cursor(cursor: object) -> str:
    """Return the `ts` of the last message of the page before; empty without a cursor. Raise SlackRefusalError."""
    if not cursor:
        return ""
    try:
        kind, _, ts = base64.b64decode(str(cursor), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SlackRefusalError("invalid_cursor") from None
    if kind != "next_ts":
        raise SlackRefusalError("invalid_cursor")
    return ts
