"""What Slack's stand-in holds, as the story needs it: the message about each build, and the replies to it."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from verifier.standin.dates import with_plain_dates
from verifier.standin.workspace_message import SlackMessage


@dataclass(frozen=True, slots=True)
class ThreadReply:
    """A reply to the message about a build, which is about no build of its own."""

    of: str
    """That build's id."""
    text: str
    broadcast: bool
    """The channel shows it, too."""


def build_messages(messages: Sequence[SlackMessage]) -> list[tuple[str, str]]:
    """Return each message that is about a build: the build, and what it says by now, in order."""
    return [(build, text_of(message)) for message in messages if (build := _build_of(message))]


def thread_replies(messages: Sequence[SlackMessage]) -> list[ThreadReply]:
    """Return the replies of all threads, in the order of posting; a verdict that stands in a thread is none."""
    builds = {(message.channel, message.ts): build for message in messages if (build := _build_of(message))}
    return [
        ThreadReply(builds.get((message.channel, message.thread), ""), text_of(message), message.broadcast)
        for message in messages
        if message.thread and not _build_of(message)
    ]


def other_messages(messages: Sequence[SlackMessage]) -> list[str]:
    """Return what stands in the channel by itself and is about no build, in the order of posting."""
    return [text_of(message) for message in messages if not message.thread and not _build_of(message)]


def thread_lines(messages: Sequence[SlackMessage], build: str) -> Iterator[tuple[int, str]]:
    """Yield the message about a build with its replies: each line with its depth, the first line of each with its time.

    `build`: the beginning of its id.
    """
    root = next((message for message in messages if _build_of(message).startswith(build)), None)
    if root is None:
        return
    yield from _lines(root, 0)
    for message in messages:
        if (message.channel, message.thread) == (root.channel, root.ts):
            yield from _lines(message, 1)


def text_of(message: SlackMessage) -> str:
    """Return what a message says, without Slack's escapes and with plain moments."""
    return html.unescape(with_plain_dates(message.text))


def as_read(text: str) -> str:
    """Return a message's text with the mention as people see it."""
    return text.replace("<!here>", "@here")


def _lines(message: SlackMessage, depth: int) -> Iterator[tuple[int, str]]:
    where = "a reply" if message.thread else f"#{message.channel_name}"
    marks = [mark for mark, is_so in (("in the channel, too", message.broadcast), ("edited", message.edited)) if is_so]
    yield depth, " · ".join([f"{message.time:%H:%M} UTC", where, *marks])
    for line in as_read(text_of(message)).split("\n"):
        yield depth + 1, line


def _build_of(message: SlackMessage) -> str:
    key = str((message.metadata or {}).get("event_payload", {}).get("key", ""))
    return key.partition("@")[0].rpartition("/builds/")[2] if "/builds/" in key else ""
