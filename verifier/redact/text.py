"""Text made plain: it is what it looks like, and no longer than it may be."""

from __future__ import annotations

import re2

REDACTED = "[redacted]"
"""Stands for a secret."""

MARGIN = 4096
"""What is read beyond the limit: what is hidden there makes room, and a secret at the limit is seen whole."""

_NEWLINES = str.maketrans(dict.fromkeys("\r\v\f\x85\u2028\u2029", "\n"))
_UNSEEN = re2.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # ANSI: colours and cursor movements
    r"|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # ANSI: titles and links
    r"|\x1b[@-Z\\^_]"
    r"|[^\P{Cc}\n\t]+"  # control characters
    r"|[\p{Cf}\x{34f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180f}\x{3164}\x{fe00}-\x{fe0f}\x{ffa0}]+"
)
"""The last line: what has no width or turns the direction of text, and the fillers that look like nothing."""


def plain(text: str, most: int) -> str:
    """Return text of at most `most` characters that is what it looks like.

    Control characters (but newline and tab), ANSI escapes, bidi and zero-width characters are dropped, every kind
    of line end is a newline, a lone surrogate is U+FFFD; what is too long ends in an ellipsis. Costs what the limit
    costs, however long the text is.
    """
    return capped(seen(text[: most + MARGIN]), most, more=len(text) > most + MARGIN)


def seen(text: str) -> str:
    """Return the text without what nobody sees."""
    lines: str = encodable(text).replace("\r\n", "\n").translate(_NEWLINES)
    return str(_UNSEEN.sub("", lines))


def encodable(text: str) -> str:
    """Return the text with U+FFFD for each lone surrogate."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def capped(text: str, most: int, *, more: bool = False) -> str:
    """Return the first `most` characters, with an ellipsis for what is left out: of the text, or because of `more`."""
    if len(text) <= most and not more:
        return text
    return text[: max(0, most - 1)] + "…"[:most]
