"""A Slack workspace in memory: its channels, what was posted to them, and what Slack refuses."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from verifier.standin.blocks import problems
from verifier.standin.clock import Clock
from verifier.standin.workspace_message import BOT_ID, EPOCH, TRUE, SlackMessage, SlackRefusalError, page_of, shown

_PAUSE = timedelta(seconds=1)
"""A channel takes one message in so much time."""
_MOST_TEXT = 40_000

_ARGUMENTS = {
    "auth.test": set[str](),
    "chat.postMessage": {
        "channel",
        "text",
        "blocks",
        "metadata",
        "unfurl_links",
        "unfurl_media",
        "thread_ts",
        "reply_broadcast",
    },
    "chat.update": {"channel", "ts", "text", "blocks", "metadata"},
    "conversations.history": {"channel", "oldest", "latest", "limit", "cursor", "include_all_metadata"},
    "conversations.info": {"channel"},
    "conversations.replies": {"channel", "ts", "oldest", "latest", "limit", "cursor", "include_all_metadata"},
}
_SCOPES = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.info": "channels:read",
    "conversations.replies": "channels:history",
}
SCOPES = frozenset(_SCOPES.values())
"""What the methods need."""


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
        self.sealed: set[str] = set()
        """The `ts` of messages that can't be edited any more."""
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
                case "conversations.replies":
                    return self._replies(arguments)
                case "conversations.info":
                    return self._info(self._identified(arguments.get("channel")))
        return {"team": "Stand-in", "team_id": "T0", "user": "build-verifier", "user_id": "U0", "bot_id": BOT_ID}

    def post_as(self, author: Mapping[str, str], channel: str, payload: Mapping[str, Any]) -> None:
        """Post as somebody else who is in the channel: a person (`user`) or another app (`bot_id`, `app_id`)."""
        with self._lock:
            self._post(self._named(channel), payload)
            self._messages[-1] = replace(self._messages[-1], author=author)

    def delete(self, ts: str) -> None:
        """Take a message away, as a person does who deletes it."""
        with self._lock:
            self._messages = [message for message in self._messages if message.ts != ts]

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
        thread = str(arguments.get("thread_ts") or "")
        if thread and self._parent(channel, thread) is None:
            raise SlackRefusalError("thread_not_found")
        now = self._clock()
        if self._rate_limit and now < self._busy_until.get(channel, now):
            raise SlackRefusalError("ratelimited", retry_after=_PAUSE.total_seconds())
        self._busy_until[channel] = now + _PAUSE
        message = SlackMessage(
            channel,
            self._channels[channel],
            self._next_ts(now),
            text,
            blocks,
            arguments.get("metadata"),
            thread=thread,
            broadcast=bool(thread) and arguments.get("reply_broadcast") in TRUE,
        )
        self._messages.append(message)
        return {"channel": channel, "ts": message.ts, "message": shown(message, with_metadata=True)}

    def _parent(self, channel: str, ts: str) -> SlackMessage | None:
        """Return the message that a thread begins with, unless it is gone."""
        where = (channel, ts)
        return next((one for one in self._messages if (one.channel, one.ts) == where and not one.thread), None)

    def _require_member(self, channel: str) -> None:
        if channel in self.left:
            raise SlackRefusalError("not_in_channel")

    def _next_ts(self, now: datetime) -> str:
        micros = (now - EPOCH) // timedelta(microseconds=1)
        if self._messages:
            micros = max(micros, int(Decimal(self._messages[-1].ts) * 1_000_000) + 1)
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def _update(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._identified(arguments.get("channel"))
        text, blocks = _content(arguments)
        for place, message in enumerate(self._messages):
            if (message.channel, message.ts) == (channel, arguments.get("ts")):
                if message.author != {"bot_id": BOT_ID}:
                    raise SlackRefusalError("cant_update_message")
                if message.ts in self.sealed:
                    raise SlackRefusalError("edit_window_closed")
                metadata = arguments.get("metadata", message.metadata)
                self._messages[place] = replace(message, text=text, blocks=blocks, metadata=metadata, edited=True)
                return {"channel": channel, "ts": message.ts, "text": text}
        raise SlackRefusalError("message_not_found")

    def _history(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of the channel, the newest first; of replies those alone that the channel shows."""
        channel = self._identified(arguments.get("channel"))
        self._require_member(channel)
        there = [one for one in self._messages if one.channel == channel and (one.broadcast or not one.thread)]
        return page_of(list(reversed(there)), arguments)

    def _replies(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of a thread, the oldest first: the message that it begins with, and its replies."""
        channel, thread = self._identified(arguments.get("channel")), str(arguments.get("ts") or "")
        self._require_member(channel)
        parent = self._parent(channel, thread)
        if parent is None:
            raise SlackRefusalError("thread_not_found")
        replies = [one for one in self._messages if (one.channel, one.thread) == (channel, thread)]
        return page_of([parent, *replies], arguments)


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
