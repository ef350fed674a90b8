"""Secrets out of text. How they are found is in `spans.py`, which is loaded with the rules, by the first text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from verifier.redact.text import MARGIN, REDACTED, capped, encodable, seen

if TYPE_CHECKING:
    from verifier.redact.rules import Search
    from verifier.redact.spans import Span

FAILED = "[could not be redacted]"
"""Stands for the whole text when a secret in it might otherwise be shown."""

_MOST_REMEMBERED = 256
"""Characters of a text that is looked through once: what it comes to is kept for the next time."""
_SHORTEST_SECRET = 4
"""Shorter values would redact ordinary words and protect nothing."""


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
    from verifier.redact.spans import found

    return _rest(text.encode(), list(found(search, text.encode())))


def _beginning(text: str, most: int, secrets: list[str]) -> str:
    """Return the redacted beginning of a text that was cut after `most + MARGIN` characters.

    A block that the cut went through is a secret to its end (a key, a value in quotes), and a word that it went through
    is dropped: it might look like something else now.
    """
    from verifier.redact.spans import found

    whole = _without(seen(text), secrets)
    # A given value that the cut went through is no longer one: so many characters may be left of it.
    longest = max((len(form) for form in _forms(secrets)), default=1)
    whole = whole[: len(whole) - longest + 1]
    word = 1 + max(whole.rfind(sign) for sign in " \n\t")
    shown = max(len(whole) - MARGIN // 2, min(word, most))
    data, limit = whole[: max(word, shown)].encode(), len(whole[:shown].encode())
    return _rest(data, [span for span in found(_every_rule(), data) if span.start < limit], limit)


def _rest(data: bytes, spans: list[Span], limit: int | None = None) -> str:
    """Return what is left of the text up to the limit, with a mark for each span that begins there."""
    parts, at = [], 0
    for span in spans:
        parts += [data[at : span.start], REDACTED.encode()]
        at = span.end
    parts.append(data[at:limit])
    return b"".join(parts).decode("utf-8", "replace")


def _without(text: str, secrets: Iterable[str]) -> str:
    """Return the text without these values, in the forms that they take in text, JSON and addresses."""
    for form in sorted(_forms(secrets), key=len, reverse=True):
        text = text.replace(form, REDACTED)
    return text


def _forms(secrets: Iterable[str]) -> set[str]:
    values = {secret.strip() for secret in secrets}
    forms = {form for value in values for form in (value, json.dumps(value)[1:-1], quote(value, safe=""))}
    return {form for form in forms if len(form) >= _SHORTEST_SECRET and form not in REDACTED}
