"""What is shown of an error: its text and its name, without secrets."""

from __future__ import annotations

from verifier.redact import REDACTED, excerpt, one_line, redact

_MOST_TEXT = 4_000
_MOST_NAME = 200


def shown_text(text: str) -> str:
    """Return the text without secrets, capped."""
    return excerpt(text, _MOST_TEXT)


def shown_name(name: str, text: str) -> str:
    """Return a name without secrets; the text around it is searched, too: it may be one line of a longer secret."""
    shown = one_line(name, _MOST_NAME)
    place = text.rfind(name)
    if place >= 0:
        around = redact(text[max(0, place - _MOST_TEXT) : place + len(name) + _MOST_TEXT])
        if name not in around and shown == " ".join(name.split()):
            return REDACTED
    return shown


def shown_line(line: str) -> str:
    """Return a line without secrets, capped."""
    return one_line(line, _MOST_NAME)
