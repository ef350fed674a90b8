"""Secrets out of text: each place where a rule fits is judged, and what is a secret there is replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from verifier.redact.rule import LONGEST_JUDGED, Rule, RuleGroup, SecretValues
from verifier.redact.text import MARGIN, capped, encodable, seen

if TYPE_CHECKING:
    from verifier.redact.rules import Search

REDACTED = "[redacted]"
FAILED = "[could not be redacted]"
"""Stands for the whole text when a secret in it might otherwise be shown."""

_MOST_REMEMBERED = 256
"""Characters of a text that is looked through once: what it comes to is kept for the next time."""
_SHORTEST_SECRET = 4
"""Shorter values would redact ordinary words and protect nothing."""
_LOOK_BACK = 64
"""Bytes before a match that help to judge it."""
_LONG_LEAD = 24
"""A rule's match may hold another secret before its own, where this many bytes stand before it."""
_AND_MORE = re.compile(rb"(?:&(?![\w.%-]{1,64}=)(?!#?\w{1,8};)(?!amp;)[^\s&\"'`,;<>\\]{0,200})+")
"""What follows a value at an ampersand that begins no further pair: passwords may have one."""

_MORE_ROWS = re.compile(rb"(?:[^\r\n]*[,;\t][^\r\n]*(?:\r?\n|$))*")
"""The rows after the first of a table: the rule judges by few, which is what a text that is none costs."""


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text with `[redacted]` for everything that looks like a secret, and for these very values.

    Never raises and fails closed: when it can't do its work, the answer is `[could not be redacted]`. Costs time in
    proportion to the text; `excerpt` costs what its limit costs.
    """
    try:
        return redacted_by(_every_rule(), _without(encodable(text), secrets))
    except Exception:  # noqa: BLE001 - whatever went wrong, the text must not get out
        return FAILED


def excerpt(text: str, most: int, secrets: Iterable[str] = ()) -> str:
    """Return plain text without secrets, of at most `most` characters.

    Made plain first, so that no invisible character parts a secret. Of a long text `MARGIN` more than the limit is
    read, redacted and cut again; the end of what was read is never shown. It only tells what stands before it.
    """
    if len(text) <= _MOST_REMEMBERED and not secrets:
        return capped(_remembered(text), most)
    if len(text) <= most + MARGIN:
        return capped(redact(seen(text), [seen(secret) for secret in secrets]), most)
    try:
        return capped(_beginning(text[: most + MARGIN], most, [seen(secret) for secret in secrets]), most, more=True)
    except Exception:  # noqa: BLE001 - whatever went wrong, the text must not get out
        return capped(FAILED, most)


@lru_cache(maxsize=2048)  # most findings say the same of most builds
def _remembered(text: str) -> str:
    """Return a short text without secrets."""
    return redact(seen(text))


def one_line(text: str, most: int) -> str:
    """Return the same as `excerpt` in a single line: what comes from outside must not look like a line of ours."""
    return " ".join(excerpt(text, most).split())


def _every_rule() -> Search:
    """Return what is looked for. The rules are loaded with the first text: a function that starts redacts none."""
    from verifier.redact.rules import search_for_all

    return search_for_all()


def redacted_by(search: Search, text: str) -> str:
    """Return the text without what these rules find."""
    return _rest(text.encode(), list(_found(search, text.encode())))


def _beginning(text: str, most: int, secrets: list[str]) -> str:
    """Return the redacted beginning of a text that was cut after `most + MARGIN` characters.

    A block that the cut went through is a secret to its end (a key, a value in quotes), and a word that it went through
    is dropped: it might look like something else now.
    """
    whole = _without(seen(text), secrets)
    # A given value that the cut went through is no longer one: so many characters may be left of it.
    longest = max((len(form) for form in _forms(secrets)), default=1)
    whole = whole[: len(whole) - longest + 1]
    word = 1 + max(whole.rfind(sign) for sign in " \n\t")
    shown = max(len(whole) - MARGIN // 2, min(word, most))
    data, limit = whole[: max(word, shown)].encode(), len(whole[:shown].encode())
    return _rest(data, [span for span in _found(_every_rule(), data) if span.start < limit], limit)


class _Span(NamedTuple):
    start: int
    end: int


def _rest(data: bytes, spans: list[_Span], limit: int | None = None) -> str:
    """Return what is left of the text up to the limit, with a mark for each span that begins there."""
    parts, at = [], 0
    for span in spans:
        parts += [data[at : span.start], REDACTED.encode()]
        at = span.end
    parts.append(data[at:limit])
    return b"".join(parts).decode("utf-8", "replace")


def _found(search: Search, data: bytes, begin: int = 0, end: int | None = None) -> Iterator[_Span]:
    """Yield the secrets, from left to right, none of them twice."""
    at = begin
    while match := search.expression.search(data, at, end):
        first, last = match.span()
        group = match.lastindex or 0
        rule = search.rules[group - 1] if group else None
        start, stop = match.span(group)
        if rule is not None and rule.named:
            stop = more.end() if (more := _AND_MORE.match(data, stop)) else stop
        if _is_done(data[start:stop]) or (rule is not None and not _judged(rule, data, first, start, stop)):
            # What was passed over is short, and something else may begin in it.
            at = max(start, first + 1)
            continue
        if start - first > _LONG_LEAD:
            yield from _found(search, data, first + 1, start)
        if rule is not None and rule.group is RuleGroup.KEY_VALUE:
            stop = _without_closers(data, start, stop)
        if rule is not None and rule.judge is SecretValues.TABLE:
            stop = rows.end() if (rows := _MORE_ROWS.match(data, stop)) else stop
        yield _Span(start, stop)
        at = max(stop, last if group == 0 else stop, first + 1)


def _is_done(value: bytes) -> bool:
    """Return whether nothing but marks of an earlier redaction, and signs, are left."""
    if len(value) > LONGEST_JUDGED or REDACTED.encode() not in value:
        return False
    return not any(sign.isalnum() for sign in value.replace(REDACTED.encode(), b"").decode("utf-8", "replace"))


def _judged(rule: Rule, data: bytes, first: int, start: int, stop: int) -> bool:
    from verifier.redact.values import is_secret

    if rule.judge is SecretValues.ALL:
        return True
    if stop - start > LONGEST_JUDGED and rule.judge is not SecretValues.TABLE:
        return True
    before = data[max(0, first - _LOOK_BACK) : first].decode("utf-8", "replace")
    lead, value = (data[a:b].decode("utf-8", "replace") for a, b in ((first, start), (start, stop)))
    return is_secret(rule.judge, before, lead, value)


def _without_closers(data: bytes, start: int, stop: int) -> int:
    from verifier.redact.values import without_closers

    if stop - start > LONGEST_JUDGED:
        return stop
    value = data[start:stop].decode("latin-1")
    return start + len(without_closers(value))


def _without(text: str, secrets: Iterable[str]) -> str:
    """Return the text without these values, in the forms that they take in text, JSON and addresses."""
    for form in sorted(_forms(secrets), key=len, reverse=True):
        text = text.replace(form, REDACTED)
    return text


def _forms(secrets: Iterable[str]) -> set[str]:
    values = {secret.strip() for secret in secrets}
    forms = {form for value in values for form in (value, json.dumps(value)[1:-1], quote(value, safe=""))}
    return {form for form in forms if len(form) >= _SHORTEST_SECRET and form not in REDACTED}
