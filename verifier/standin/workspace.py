"""A Slack workspace in memory: its channels, what was posted to them, and what Slack refuses."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from verifier.standin.blocks import problems
from verifier.standin.clock import Clock

BOT_ID = "B0"
"""What the messages of the app itself say of their author."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAUSE = timedelta(seconds=1)
"""A channel takes one message in so much time."""
_MOST_TEXT = 40_000
_MOST_PAGE = 999
_FAR = 10**12
"""A time after every message."""

_ARGUMENTS = {
    "auth.test": set[str](),
    "chat.postMessage": {"channel", "text", "blocks", "metadata", "unfurl_links", "unfurl_media"},
    "chat.update": {"channel", "ts", "text", "blocks", "metadata"},
    "conversations.history": {"channel", "oldest", "latest", "limit", "cursor", "include_all_metadata"},
    "conversations.info": {"channel"},
}
_SCOPES = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.info": "channels:read",
}
SCOPES = frozenset(_SCOPES.values())
"""What the methods need."""


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

    @property
    def time(self) -> datetime:
        """The moment that `ts` names."""
        return _EPOCH + timedelta(microseconds=int(Decimal(self.ts) * 1_000_000))


class Workspace:
    """The methods of Slack's Web API that the project calls. Safe to use from any thread."""

    def __init__(self, clock: Clock, channels: Mapping[str, str], *, rate_limit: bool) -> None:
        """`channels`: name by ID; an incoming webhook posts to the first. The bot is a member of each."""
        self.scopes = SCOPES
        """What the bot's token is good for."""
        self.left: set[str] = set()
        """IDs of the channels that the bot is no member of."""
        self.archived: set[str] = set()
        """IDs of the channels that are archived."""
        self._clock = clock
        self._channels = dict(channels)
        self._rate_limit = rate_limit
        self._lock = threading.Lock()
        self._messages: list[SlackMessage] = []
        self._busy_until: dict[str, datetime] = {}

    @property
    def messages(self) -> tuple[SlackMessage, ...]:
        """Every message of every channel, in the order of posting."""
        with self._lock:
            return tuple(self._messages)

    def call(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Carry a method out and say what Slack answers beside `ok`. Raise SlackRefusalError."""
        if method not in _ARGUMENTS:
            raise SlackRefusalError("unknown_method")
        unknown = sorted(arguments.keys() - _ARGUMENTS[method])
        if unknown:
            raise SlackRefusalError("invalid_arguments", f"the stand-in does not know {', '.join(unknown)}")
        if _SCOPES.get(method, "") not in {"", *self.scopes}:
            raise SlackRefusalError("missing_scope")
        with self._lock:
            match method:
                case "chat.postMessage":
                    return self._post(self._named(arguments.get("channel")), arguments)
                case "chat.update":
                    return self._update(arguments)
                case "conversations.history":
                    return self._history(arguments)
                case "conversations.info":
                    return self._info(self._identified(arguments.get("channel")))
        return {"team": "Stand-in", "team_id": "T0", "user": "build-verifier", "user_id": "U0", "bot_id": BOT_ID}

    def post_as(self, author: Mapping[str, str], channel: str, payload: Mapping[str, Any]) -> None:
        """Post as somebody else who is in the channel: a person (`user`) or another app (`bot_id`, `app_id`)."""
        with self._lock:
            self._post(self._named(channel), payload)
            self._messages[-1] = replace(self._messages[-1], author=author)

    def post_by_webhook(self, payload: Mapping[str, Any]) -> None:
        """Post to the webhook's channel. Raise SlackRefusalError."""
        with self._lock:
            self._post(next(iter(self._channels)), payload)

    def _named(self, channel: object) -> str:
        for identifier, name in self._channels.items():
            if channel in (identifier, name, f"#{name}"):
                return identifier
        raise SlackRefusalError("channel_not_found")

    def _identified(self, channel: object) -> str:
        if not isinstance(channel, str) or channel not in self._channels:
            raise SlackRefusalError("channel_not_found")
        return channel

    def _info(self, channel: str) -> dict[str, Any]:
        state = {"is_member": channel not in self.left, "is_archived": channel in self.archived}
        return {"channel": {"id": channel, "name": self._channels[channel], **state}}

    def _post(self, channel: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self._require_member(channel)
        if channel in self.archived:
            raise SlackRefusalError("is_archived")
        text, blocks = _content(arguments)
        now = self._clock()
        if self._rate_limit and now < self._busy_until.get(channel, now):
            raise SlackRefusalError("ratelimited", retry_after=_PAUSE.total_seconds())
        self._busy_until[channel] = now + _PAUSE
        message = SlackMessage(
            channel, self._channels[channel], self._next_ts(now), text, blocks, arguments.get("metadata")
        )
        self._messages.append(message)
        return {"channel": channel, "ts": message.ts, "message": _shown(message, with_metadata=True)}

    def _require_member(self, channel: str) -> None:
        if channel in self.left:
            raise SlackRefusalError("not_in_channel")

    def _next_ts(self, now: datetime) -> str:
        micros = (now - _EPOCH) // timedelta(microseconds=1)
        if self._messages:
            micros = max(micros, int(Decimal(self._messages[-1].ts) * 1_000_000) + 1)
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def _update(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._identified(arguments.get("channel"))
        text, blocks = _content(arguments)
        for place, message in enumerate(self._messages):
            if (message.channel, message.ts) == (channel, arguments.get("ts")):
                metadata = arguments.get("metadata", message.metadata)
                self._messages[place] = replace(message, text=text, blocks=blocks, metadata=metadata, edited=True)
                return {"channel": channel, "ts": message.ts, "text": text}
        raise SlackRefusalError("message_not_found")

    def _history(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._identified(arguments.get("channel"))
        self._require_member(channel)
        oldest = _number(arguments.get("oldest", "0"), "invalid_ts_oldest")
        latest = _number(arguments.get("latest", _FAR), "invalid_ts_latest")
        limit = _number(arguments.get("limit", 100), "invalid_limit")
        if not 1 <= limit <= _MOST_PAGE:
            raise SlackRefusalError("invalid_limit")
        before = min(latest, _cursor_time(arguments.get("cursor")))
        found = [
            message
            for message in reversed(self._messages)
            if message.channel == channel and oldest < Decimal(message.ts) < before
        ]
        page, rest = found[: int(limit)], found[int(limit) :]
        with_metadata = arguments.get("include_all_metadata") in (True, "1", "true")
        cursor = base64.b64encode(f"next_ts:{page[-1].ts}".encode()).decode() if rest else ""
        return {
            "messages": [_shown(message, with_metadata=with_metadata) for message in page],
            "has_more": bool(rest),
            "response_metadata": {"next_cursor": cursor},
        }


def _content(arguments: Mapping[str, Any]) -> tuple[str, tuple[Mapping[str, Any], ...]]:
    text, blocks = arguments.get("text", ""), arguments.get("blocks", [])
    if not isinstance(text, str) or not (text or blocks):
        raise SlackRefusalError("no_text")
    if len(text) > _MOST_TEXT:
        raise SlackRefusalError("msg_too_long")
    found = problems(blocks) if blocks else []
    if found:
        raise SlackRefusalError("invalid_blocks", *found)
    metadata = arguments.get("metadata") or {"event_type": "", "event_payload": {}}
    if not isinstance(metadata, dict) or metadata.keys() != {"event_type", "event_payload"}:
        raise SlackRefusalError("invalid_metadata_format")
    return text, tuple(blocks)


def _shown(message: SlackMessage, *, with_metadata: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": "message", **message.author, "ts": message.ts, "text": message.text}
    if message.blocks:
        shown["blocks"] = list(message.blocks)
    if message.edited:
        shown["edited"] = {"user": BOT_ID, "ts": message.ts}
    if with_metadata and message.metadata is not None:
        shown["metadata"] = message.metadata
    return shown


def _number(value: object, code: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise SlackRefusalError(code) from None
    if not number.is_finite():
        raise SlackRefusalError(code)
    return number


def _cursor_time(cursor: object) -> Decimal:
    """Return the time before which a page starts: for ever without a cursor."""
    if not cursor:
        return Decimal("Infinity")
    try:
        kind, _, ts = base64.b64decode(str(cursor), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SlackRefusalError("invalid_cursor") from None
    if kind != "next_ts":
        raise SlackRefusalError("invalid_cursor")
    return _number(ts, "invalid_cursor")
