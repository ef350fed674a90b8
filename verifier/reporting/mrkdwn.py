"""Blocks for Slack out of text that nobody vouches for: the one place where markup is made.

Whatever comes in is plain text: secrets and invisible characters are taken out of it, `&`, `<` and `>` are escaped,
and what would format, mention, link or turn into an emoji is broken. Only the functions here give `Markup`, and only
`Markup` goes into a block. A moment as `times.show_minute` and `show_second` write it is shown in its reader's zone,
whoever wrote it: it says the same. Documentation: "Formatting message text", with "Date formatting", and "Text object"
(Slack developer docs).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any, NewType

from verifier.checks.commands import pieces, told
from verifier.redact import excerpt, one_line

Markup = NewType("Markup", str)
"""Text in Slack's mrkdwn that is safe to send."""

Block = Mapping[str, Any]

_MOST_SECTION = 2_900
_MOST_LINE = 560
"""Escaped, a character takes five at most: a line always fits into a section."""
_MOST_BUTTONS = 5
_MOST_URL = 3_000

_BREAK = "\u200b"
_CODE_LOOKALIKE = str.maketrans({"`": "\u02cb"})
_LOOKALIKES = str.maketrans({"`": "\u02cb", "*": "\u2217", "~": "\u223c"})
"""Slack has no escape for these, and a zero-width character beside them does not reliably stop it."""
_EDGE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LIVE = re.compile(r"(?i):(?!\d\d:)(?=[^\s:]{1,100}:)|:(?=//)|@(?=here|channel|everyone)")
"""The first character of an emoji's name, before an address's slashes, or of a mention of everybody."""
_WORD = re.compile(r"(?<![\w`])`[a-z_]{1,30}:?`(?![\w`])")
"""What our own advice puts into code beside commands: single words of the policy file."""
_MOMENT = re.compile(r"(?<!\d)(\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?) UTC\b", re.ASCII)
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""From which Slack counts."""
_MENTION = re.compile(r"[UWS][A-Z0-9]{2,30}")


def shown(text: str, most: int = _MOST_LINE) -> Markup:
    """Return the text as one line that shows what it says and does nothing."""
    return Markup(_inert(_line(text, min(most, _MOST_LINE))))


def bold(text: str) -> Markup:
    """Return the text as one bold line."""
    return Markup(f"*{shown(text)}*")


def advice(text: str) -> Markup:
    """Return the text as one line, with the commands in it as code."""
    return Markup("".join(_advised(told(text, _MOST_LINE, one_line))))


def _advised(line: str) -> Iterator[str]:
    for piece, is_command in pieces(line):
        if is_command:
            yield _code(piece)
            continue
        done = 0
        for word in _WORD.finditer(piece):
            yield _inert(piece[done : word.start()])
            yield _code(word.group().strip("`"))
            done = word.end()
        yield _inert(piece[done:])


def mention(who: str) -> Markup:
    """Return the live mention of a user id, a group id, `here` or `channel`; empty for anything else."""
    if who in ("here", "channel"):
        return Markup(f"<!{who}>")
    if not _MENTION.fullmatch(who):
        return Markup("")
    return Markup(f"<!subteam^{who}>" if who.startswith("S") else f"<@{who}>")


def section(lines: Iterable[Markup]) -> Block:
    """Return a section with these lines, as many as fit."""
    return {"type": "section", "text": _text(fitting(lines))}


def code_section(text: str) -> Block:
    """Return a section with the text as a block of code, cut where it does not fit."""
    text = text.translate(_CODE_LOOKALIKE)
    while len(escaped := escape(text, quote=False)) > _MOST_SECTION:
        text = text[: len(text) * _MOST_SECTION // len(escaped) - 1] + "…"
    return {"type": "section", "text": _text(Markup(f"```\n{escaped}\n```"))}


def context(line: Markup) -> Block:
    """Small print."""
    return {"type": "context", "elements": [_text(line)]}


def buttons(links: Iterable[tuple[str, str]]) -> list[Block]:
    """One block of buttons that open these addresses, by their labels; none when no address is usable."""
    elements = [
        {"type": "button", "text": {"type": "plain_text", "text": label}, "url": url, "action_id": f"open-{number}"}
        for number, (label, url) in enumerate(links)
        if url and len(url) <= _MOST_URL
    ]
    return [{"type": "actions", "elements": elements[:_MOST_BUTTONS]}] if elements else []


def fitting(lines: Iterable[Markup]) -> Markup:
    """Return the lines in one text, as many as fit into a section; an ellipsis stands for the rest."""
    kept: list[str] = []
    left = _MOST_SECTION
    for line in lines:
        left -= len(line) + 1
        if left < 0:
            kept.append("…")
            break
        kept.append(line)
    return Markup("\n".join(kept))


def _text(text: Markup) -> Mapping[str, Any]:
    """`verbatim`: Slack makes no links, names or mentions of its own out of it."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _line(text: str, most: int) -> str:
    return " ".join(excerpt(text, most).split())


def _inert(line: str) -> str:
    quotation = _BREAK if line.startswith(">") else ""  # an escaped sign starts one, too
    pieces, done = [quotation], 0
    for found in _MOMENT.finditer(line):
        pieces += [_dead(line[done : found.start()]), _moment(found)]
        done = found.end()
    return "".join([*pieces, _dead(line[done:])])


def _moment(found: re.Match[str]) -> str:
    """Return a moment so that Slack shows it in the zone of whoever reads, with its day unless that is today."""
    text, precision = found.group(), "time_secs" if found.group(2) else "time"
    try:
        moment = datetime.fromisoformat(found.group(1)).replace(tzinfo=UTC)
    except ValueError:
        return _dead(text)
    if moment < _FIRST:
        return _dead(text)
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{{precision}}}|{text}>"


def _dead(line: str) -> str:
    line = _EDGE_UNDERSCORE.sub("\u02cd", line.translate(_LOOKALIKES))
    line = _LIVE.sub(lambda found: found.group() + _BREAK, line)
    return escape(line, quote=False)


def _code(text: str) -> str:
    return f"`{escape(text.translate(_CODE_LOOKALIKE), quote=False)}`"
