"""Where the secrets stand in a text: each place where a rule fits is judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from verifier.redact.rule import LONGEST_JUDGED, Rule, RuleGroup, SecretValues
from verifier.redact.rules import Search
from verifier.redact.text import REDACTED
from verifier.redact.values import is_secret, without_closers

_LOOK_BACK = 64
"""Bytes before a match that help to judge it."""
_LONG_LEAD = 24
"""A rule's match may hold another secret before its own, where this many bytes stand before it."""
_AND_MORE = re.compile(rb"(?:&(?![\w.%-]{1,64}=)(?!#?\w{1,8};)(?!amp;)[^\s&\"'`,;<>\\]{0,200})+")
"""What follows a value at an ampersand that begins no further pair: passwords may have one."""

_MORE_ROWS = re.compile(rb"(?:[^\r\n]*[,;\t][^\r\n]*(?:\r?\n|$))*")
"""The rows after the first of a table: the rule judges by few, which is what a text that is none costs."""


class Span(NamedTuple):
    """A secret's place in a text, in bytes."""

    start: int
    end: int


def found(search: Search, data: bytes, begin: int = 0, end: int | None = None) -> Iterator[Span]:
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
            yield from found(search, data, first + 1, start)
        if rule is not None and rule.group is RuleGroup.KEY_VALUE:
            stop = _without_closers(data, start, stop)
        if rule is not None and rule.judge is SecretValues.TABLE:
            stop = rows.end() if (rows := _MORE_ROWS.match(data, stop)) else stop
        yield Span(start, stop)
        at = max(stop, last if group == 0 else stop, first + 1)


def _is_done(value: bytes) -> bool:
    """Return whether nothing but marks of an earlier redaction, and signs, are left."""
    if len(value) > LONGEST_JUDGED or REDACTED.encode() not in value:
        return False
    return not any(sign.isalnum() for sign in value.replace(REDACTED.encode(), b"").decode("utf-8", "replace"))


def _judged(rule: Rule, data: bytes, first: int, start: int, stop: int) -> bool:
    if rule.judge is SecretValues.ALL:
        return True
    if stop - start > LONGEST_JUDGED and rule.judge is not SecretValues.TABLE:
        return True
    before = data[max(0, first - _LOOK_BACK) : first].decode("utf-8", "replace")
    lead, value = (data[a:b].decode("utf-8", "replace") for a, b in ((first, start), (start, stop)))
    return is_secret(rule.judge, before, lead, value)


def _without_closers(data: bytes, start: int, stop: int) -> int:
    if stop - start > LONGEST_JUDGED:
        return stop
    value = data[start:stop].decode("latin-1")
    return start + len(without_closers(value))
