"""Slack: an app's bot token, or an incoming webhook.

Slack has no idempotency key. So nothing here posts twice on its own: the client's own retries are off, because the
one for lost connections can post a second message. Only a 429 is waited out: it says that nothing was posted.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPException
from typing import Any, TypeVar

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from verifier.adapters.slack_clients import TimelyWebClient, TimelyWebhookClient
from verifier.adapters.slack_errors import NotAllowed, TooMuch, answered, unanswered, unreadable
from verifier.adapters.within import within
from verifier.errors import NoSuchThread, Refused, SettingsError, Unavailable
from verifier.services import Message, Posted

API_URL = "https://slack.com/api/"
EVENT_TYPE = "build_verdict"
"""The type of the message's metadata, which makes it findable with the message's key."""

_PLAIN_TEXT_CAP = 3_000
_HISTORY_PAGES = 5
_HISTORY_PAGE = 200
_WINDOW = timedelta(minutes=10)
"""No invocation lasts longer, so what one posted stands there, however much was posted since."""
_SKEW = timedelta(minutes=5)
"""How far our clock may be ahead of Slack's, which dates the messages."""

_CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{7,}")
_WEBHOOK = "the webhook's channel"
_log = logging.getLogger(__name__)

_TROUBLES = (SlackClientError, OSError, HTTPException, ValueError, LookupError, AttributeError)
"""What the client lets out. ValueError and LookupError: an answer that is not in the charset which it names;
AttributeError: JSON that is no object."""

_Blocks = list[dict[str, Any]] | None
_T = TypeVar("_T")


class SlackBot:
    """Posts, replies and edits as an app, with its bot token (scope `chat:write`).

    It finds what it posted with `channels:history`.
    """

    can_edit = True

    def __init__(self, token: str, default_channel: str, base_url: str = API_URL) -> None:
        """Connect to nothing yet. Raise SettingsError when this can't be a token."""
        self._token = _secret(token, r"[!-~]+", "Slack's bot token (xoxb-...)")
        self._default_channel = default_channel
        self._base_url = base_url
        self._bot_id = ""

    def post(self, message: Message, *, timeout: float) -> Posted:
        """Post it; once more as short plain text when Slack does not take its blocks or its length.

        Raise Unavailable (`ambiguous` when it may have been posted all the same), Refused with the fix, or
        NoSuchThread for a reply.
        """
        channel, is_reply = message.channel or self._default_channel, bool(message.thread)

        def send(text: str, blocks: _Blocks, until: float) -> Posted:
            with _translated(channel):
                return _posted(
                    self._client(until).chat_postMessage(
                        channel=channel,
                        text=text,
                        blocks=blocks,
                        metadata=_metadata(message),
                        unfurl_links=False,
                        unfurl_media=False,
                        thread_ts=message.thread or None,
                        reply_broadcast=True if is_reply and message.broadcast else None,
                    )
                )

        return _post(message, timeout, send)

    def edit(self, message: Message, posted: Posted, *, timeout: float) -> None:
        """Let the message that stands there be this one; as `post`, plain where Slack does not take it otherwise.

        Raise Unavailable (`ambiguous` when it may be this one all the same), or Refused with the fix.
        """

        def send(text: str, blocks: _Blocks, until: float) -> Posted:
            with _translated(posted.channel):
                return _posted(
                    self._client(until).chat_update(
                        channel=posted.channel,
                        ts=posted.ts,
                        text=text,
                        blocks=blocks or [],  # left out, the old ones might stay
                        metadata=_metadata(message),
                    )
                )

        _post(message, timeout, send)

    def find(self, message: Message, since: datetime, *, timeout: float) -> Posted | None:
        """Return the message with this key among the channel's, or the thread's, thousand of the ten minutes from then.

        Only a message by this very app counts: whoever is in the channel can post the same words and metadata. None,
        too, where history can't be read: without the scope, outside the channel, or when the channel is set
        by its name, because Slack shows history by ID only. There, a crash between posting and saving may post
        twice. Raise Unavailable, or Refused with the fix.
        """
        channel = message.channel or self._default_channel
        if not _CHANNEL_ID.fullmatch(channel):
            return None
        try:
            deadline = time.monotonic() + timeout
            for entry in self._history(channel, message.thread, since, deadline):
                match entry:
                    case {
                        "ts": str(ts),
                        "bot_id": str(author),
                        "metadata": {"event_type": kind, "event_payload": {"key": key}},
                    } if kind == EVENT_TYPE and key == message.key and ts != message.thread:
                        if author == self._own_id(deadline):
                            return Posted(channel, ts)
                        _log.warning("Slack: somebody else posted a message with the key of one of ours in %s", channel)
        except NoSuchThread:
            return None
        except NotAllowed:
            _log.info("Slack's history of %s can't be read: a message may be posted twice", channel)
        return None

    def _own_id(self, deadline: float) -> str:
        """Return the id that Slack gives the messages of this app's bot. It never changes, so it is asked for once."""
        if not self._bot_id:

            def ask() -> str:
                with _translated("auth.test"):
                    answer = self._client(deadline).auth_test()
                match answer.data:
                    case {"bot_id": str(bot_id)} if bot_id:
                        return bot_id
                raise unreadable()

            self._bot_id = _patiently(deadline, ask)
        return self._bot_id

    def _history(self, channel: str, thread: str, since: datetime, deadline: float) -> Iterator[object]:
        oldest, latest = (moment.timestamp() for moment in (since - _SKEW, since + _WINDOW + _SKEW))
        cursor = ""

        def read() -> tuple[list[object], str]:
            client = self._client(deadline)
            ask = partial(client.conversations_replies, ts=thread) if thread else client.conversations_history
            with _translated(channel):
                page = ask(
                    channel=channel,
                    oldest=f"{oldest:.6f}",
                    latest=f"{latest:.6f}",
                    limit=_HISTORY_PAGE,
                    cursor=cursor or None,
                    include_all_metadata=True,
                )
            return _entries(page)

        for _ in range(_HISTORY_PAGES):
            entries, cursor = _patiently(deadline, read)
            yield from entries
            if not cursor:
                return

    def _client(self, until: float) -> TimelyWebClient:
        return TimelyWebClient(self._token, self._base_url, until)


class SlackWebhook:
    """Posts to the one channel that an incoming webhook was made for, without the promise of never twice."""

    can_edit = False

    def __init__(self, url: str) -> None:
        """Connect to nothing yet. Raise SettingsError when this can't be a webhook's address."""
        self._url = _secret(url, r"https?://[!-~]+", "the webhook's address (https://hooks.slack.com/services/...)")

    def post(self, message: Message, *, timeout: float) -> Posted:
        """As `SlackBot.post`, but Slack does not say where the message stands: both fields are empty."""

        def send(text: str, blocks: _Blocks, until: float) -> Posted:
            client = TimelyWebhookClient(self._url, until)
            with _translated(_WEBHOOK):
                answer = client.send(text=text, blocks=blocks, unfurl_links=False, unfurl_media=False)
            if answer.status_code != 200:
                raise answered(answer.status_code, answer.body.strip(), answer.headers.get("Retry-After"), _WEBHOOK)
            if answer.body != "ok":
                raise unreadable()
            return Posted("", "")

        return _post(message, timeout, send)

    def edit(self, message: Message, posted: Posted, *, timeout: float) -> None:  # noqa: ARG002 - as the port says
        """Raise Refused: a webhook can't edit."""
        raise Refused(f"{message.key}: expected a bot token to edit messages with, got an incoming webhook")

    def find(self, message: Message, since: datetime, *, timeout: float) -> None:
        """None: a webhook can't read."""


def _metadata(message: Message) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": message.key}}


def _post(message: Message, timeout: float, send: Callable[[str, _Blocks, float], Posted]) -> Posted:
    deadline = time.monotonic() + timeout
    blocks = [dict(block) for block in message.blocks] or None
    try:
        return _patiently(deadline, lambda: send(message.text, blocks, deadline))
    except TooMuch as refusal:
        _log.warning("%s; posting it as plain text", refusal)
        return _patiently(deadline, lambda: send(message.text[:_PLAIN_TEXT_CAP], None, deadline))


def _patiently(deadline: float, call: Callable[[], _T]) -> _T:
    """Call before the deadline, as often as Slack asks to wait for less than what is left."""
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Unavailable("expected time left to call Slack, got none: nothing was sent; try again later")
        try:
            return _in_time(left, call)
        except Unavailable as busy:
            if busy.retry_after is None or busy.retry_after >= deadline - time.monotonic():
                raise
            wait = busy.retry_after
        time.sleep(wait)


def _in_time(seconds: float, call: Callable[[], _T]) -> _T:
    """Return what the call gives, in this time at most: the client bounds each wait for the network, but not their sum.

    A call that is given up goes on by itself, but sends nothing any more: whoever looks for its message afterwards
    finds all that there will be.
    """
    try:
        return within(seconds, call)
    except TimeoutError as error:
        raise unanswered(error) from error


@contextmanager
def _translated(channel: str) -> Iterator[None]:
    """Turn what the client lets out into our errors."""
    try:
        yield
    except SlackApiError as error:
        answer: SlackResponse = error.response
        code = answer.data.get("error") if isinstance(answer.data, dict) else None
        raise answered(answer.status_code, code, answer.headers.get("Retry-After"), channel) from error
    except _TROUBLES as error:
        raise unanswered(error) from error


def _posted(answer: SlackResponse) -> Posted:
    match answer.data:
        case {"channel": str(channel), "ts": str(ts)} if ts:
            return Posted(channel, ts)
    raise unreadable()


def _entries(page: SlackResponse) -> tuple[list[object], str]:
    """Return the messages of a page of history, and the cursor of the page that follows."""
    match page.data:
        case {"messages": list(entries), "response_metadata": {"next_cursor": str(cursor)}}:
            return entries, cursor
        case {"messages": list(entries)}:
            return entries, ""
    raise unreadable()


def _secret(value: str, shape: str, name: str) -> str:
    """Return the value without the space around it. The client would show one that it can't send in its error."""
    value = value.strip()
    if not re.fullmatch(shape, value):
        raise SettingsError(f"expected {name}, got something else (not shown: it is a secret); store it again")
    return value
