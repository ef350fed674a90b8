"""The inbox page: Slack's messages as HTML. Their texts are not trusted: no markup in them becomes markup here."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from string import Template
from typing import Any

from verifier.standin.dates import blocks_with_dates, with_dates
from verifier.standin.workspace_message import SlackMessage

_PAGE = Template(Path(__file__).with_name("inbox.html").read_text(encoding="utf-8"))
_EMPTY = '<p class="empty">No messages yet. They appear here as they are posted.</p>'

_AVATAR = '<svg class="avatar" aria-hidden="true"><use href="#avatar"/></svg>'
_ALSO = '<p class="also">Also sent to the channel</p>'
_MOST_ABOUT = 80

_FENCED = re.compile(r"```\n?(.+?)\n?```", re.DOTALL)
_QUOTED = re.compile(r"(?:>|&gt;) ?(.*)")
_INLINE = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|<(?P<reference>[^<>\n]+)>"
    r"|(?<![\w*])\*(?P<strong>\S|\S[^*\n]*\S)\*(?![\w*])"
    r"|(?<![\w_])_(?P<em>\S|\S[^_\n]*\S)_(?![\w_])"
    r"|(?<![\w~])~(?P<s>\S|\S[^~\n]*\S)~(?![\w~])"
)
_WEB_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")


def page(messages: Sequence[SlackMessage], nonce: str, read: datetime) -> str:
    """Return the whole page as it is read at a moment.

    `nonce` is what lets its own script and style run under the policy of `headers`.
    """
    return _PAGE.substitute(messages=fragment(messages, read), nonce=nonce)


def headers(nonce: str) -> dict[str, str]:
    """Return the page's headers: it loads nothing from elsewhere, runs only what is its own and can't be framed."""
    policy = (
        f"default-src 'none'; connect-src 'self'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, "Cache-Control": "no-store"}


def fragment(messages: Sequence[SlackMessage], read: datetime) -> str:
    """Return the messages, oldest first, as the page's script puts them in, each with its replies under it.

    A reply that the channel shows as well stands in both places, as in Slack.
    """
    messages = [_as_read(message, read) for message in messages]
    known = {(message.channel, message.ts): message for message in messages}
    replies: dict[tuple[str, str], list[SlackMessage]] = {}
    shown: list[SlackMessage] = []
    for message in messages:
        parent = (message.channel, message.thread)
        if message.thread and parent in known:
            replies.setdefault(parent, []).append(message)
        if not message.thread or message.broadcast or parent not in known:
            shown.append(message)
    entries = (
        _message(message, known.get((message.channel, message.thread)), replies.get((message.channel, message.ts), ()))
        for message in shown
    )
    return "\n".join(entries) or _EMPTY


def _as_read(message: SlackMessage, read: datetime) -> SlackMessage:
    blocks = blocks_with_dates(message.blocks, read)
    return replace(message, text=with_dates(message.text, read), blocks=blocks)


def mrkdwn(text: str) -> str:
    """Slack's markup, in which `&`, `<` and `>` are escaped, as HTML. Only web addresses become links."""
    parts = _FENCED.split(text)
    return "".join(
        f"<pre>{_plain(part)}</pre>" if number % 2 else "".join(_paragraphs(part.strip("\n")))
        for number, part in enumerate(parts)
    )


def _message(message: SlackMessage, parent: SlackMessage | None, replies: Sequence[SlackMessage]) -> str:
    about = f'<p class="about">replied to a thread: {_inline(_beginning(parent))}</p>' if parent else ""
    return (
        f'<article class="message">{_AVATAR}<div>{_byline(message, message.channel_name)}{about}'
        f"{_content(message)}{_thread(replies)}</div></article>"
    )


def _thread(replies: Sequence[SlackMessage]) -> str:
    if not replies:
        return ""
    count = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
    shown = "".join(
        f'<article class="reply">{_AVATAR}<div>{_byline(reply, "")}{_content(reply)}'
        f"{_ALSO if reply.broadcast else ''}</div></article>"
        for reply in replies
    )
    return f'<section class="thread" aria-label="{count}"><p class="count">{count}</p>{shown}</section>'


def _byline(message: SlackMessage, channel: str) -> str:
    edited = ' <span class="edited">(edited)</span>' if message.edited else ""
    named = f' <span class="channel">#{_plain(channel)}</span>' if channel else ""
    return (
        '<p class="byline"><b>Build Verifier</b> <span class="app">APP</span> '
        f'<time datetime="{message.time:%Y-%m-%dT%H:%M:%SZ}">{message.time:%H:%M:%S} UTC</time>{edited}{named}</p>'
    )


def _content(message: SlackMessage) -> str:
    blocks = message.blocks or ({"type": "section", "text": {"type": "mrkdwn", "text": message.text}},)
    return "".join(_BLOCKS[block["type"]](block) for block in blocks)


def _beginning(message: SlackMessage) -> str:
    """Return the first line of a message, as short as a reference to it has to be."""
    line = message.text.strip().partition("\n")[0]
    return line if len(line) <= _MOST_ABOUT else f"{line[: _MOST_ABOUT - 1]}…"


def _header(block: Mapping[str, Any]) -> str:
    return f"<h2>{_text(block['text'])}</h2>"


def _section(block: Mapping[str, Any]) -> str:
    text = f'<div class="text">{_text(block["text"])}</div>' if "text" in block else ""
    fields = "".join(f'<div class="text">{_text(field)}</div>' for field in block.get("fields", ()))
    return text + (f'<div class="fields">{fields}</div>' if fields else "")


def _context(block: Mapping[str, Any]) -> str:
    elements = "".join(f'<div class="text">{_text(element)}</div>' for element in block["elements"])
    return f'<div class="context">{elements}</div>'


def _actions(block: Mapping[str, Any]) -> str:
    return f'<div class="actions">{"".join(_button(button) for button in block["elements"])}</div>'


def _button(button: Mapping[str, Any]) -> str:
    style = f"button {button['style']}" if "style" in button else "button"
    label, address = _text(button["text"]), button.get("url", "")
    if not _WEB_ADDRESS.fullmatch(address):
        return f'<span class="{style}">{label}</span>'
    return f'<a class="{style}" {_target(address)}>{label}</a>'


_BLOCKS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "divider": lambda _: "<hr>",
    "actions": _actions,
}


def _text(text: Mapping[str, Any]) -> str:
    return mrkdwn(text["text"]) if text["type"] == "mrkdwn" else _plain(text["text"])


def _paragraphs(text: str) -> Iterator[str]:
    if not text:
        return
    for quoted, lines in groupby(text.split("\n"), key=lambda line: bool(_QUOTED.fullmatch(line))):
        content = "<br>".join(_inline(_QUOTED.sub(r"\1", line) if quoted else line) for line in lines)
        yield f"<blockquote>{content}</blockquote>" if quoted else f"<p>{content}</p>"


def _inline(text: str) -> str:
    done, pieces = 0, []
    for token in _INLINE.finditer(text):
        pieces += [_plain(text[done : token.start()]), _token(str(token.lastgroup), token[token.lastgroup or 0])]
        done = token.end()
    return "".join([*pieces, _plain(text[done:])])


def _token(kind: str, content: str) -> str:
    match kind:
        case "code":
            return f"<code>{_plain(content)}</code>"
        case "reference":
            return _reference(content)
        case tag:
            return f"<{tag}>{_inline(content)}</{tag}>"


def _reference(reference: str) -> str:
    """Return a link, or a mention of a channel (#), a person (@) or everybody (!)."""
    target, _, label = reference.partition("|")
    if target[:1] in ("#", "@", "!"):
        sign = "#" if target[0] == "#" else "@"
        return f'<span class="mention">{sign}{_plain(label or target[1:])}</span>'
    address, shown = _decoded(target), _plain(label or target)
    return f"<a {_target(address)}>{shown}</a>" if _WEB_ADDRESS.fullmatch(address) else shown


def _target(address: str) -> str:
    return f'href="{html.escape(address)}" target="_blank" rel="noopener noreferrer"'


def _plain(text: str) -> str:
    return html.escape(_decoded(text))


def _decoded(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
