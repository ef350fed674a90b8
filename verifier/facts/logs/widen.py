"""A pattern of people's, widened until no backslash is left: what the server must send so that the client can judge.

By Google's documentation of its own agent the operand of `=~` goes to RE2 as it stands; by the query language's general
rule it is unquoted first. An operand without a backslash means the same under both readings. Each escape becomes a
class that says the same (`[0-9]`), or one that says more: any character.
"""

from __future__ import annotations

import re

import re2

ANY = "(?s:.)"
"""Any one character, a line's end too."""
_NOTHING = "(?:)"
"""What always holds, for an assertion that can't be written: so the pattern finds more, never less."""
_CLASSES = {"d": "[0-9]", "w": "[0-9A-Za-z_]", "s": "[[:space:]]", "D": "[^0-9]", "W": "[^0-9A-Za-z_]"}
_IN_CLASS = {"d": "0-9", "w": "0-9A-Za-z_", "s": "[:space:]"}
_ASSERTIONS = "bBAz"
_PIECE = re.compile(
    r"\\Q(?P<literal>.*?)(?:\\E|$)"
    r"|\\(?P<code>x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[pP](?:\{\^?\w+\}|\w)|[0-7]{1,3}|.)"
    r"|(?P<set>\[\^?\]?(?:\[:\^?\w+:\]|\\Q.*?\\E|\\.|[^\]\\])*\])"
    r"|(?P<other>.)",
    re.DOTALL,
)


def widened(expression: str) -> str:
    """Return an expression without backslash and quotes that finds at least every text that this one finds."""
    found = "".join(_wider(match) for match in _PIECE.finditer(expression))
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(found, options)
    except re2.error:
        return ANY
    return found


def _wider(match: re.Match[str]) -> str:
    if match["literal"] is not None:
        return "".join(_literal(character) for character in match["literal"])
    if match["code"] is not None:
        return _escape(match["code"])
    if match["set"] is not None:
        return _set(match["set"])
    return _plain(match["other"])


def _escape(code: str) -> str:
    if code in _CLASSES:
        return _CLASSES[code]
    if code in _ASSERTIONS:
        return _NOTHING
    if code == "S" or code[0] in "xpPC" or code.isalnum():
        return ANY
    return _literal(code)


def _literal(character: str) -> str:
    """Write a character that means itself."""
    if character in '"\\^' or not character.isprintable():
        return ANY
    if character.isalnum() or character in "_-,:;<>=!@#%&~`'/ ":
        return character
    return f"[{character}]"


def _plain(character: str) -> str:
    """Write a character that may be an operator, as it stands."""
    return ANY if character == '"' or not character.isprintable() else character


def _set(text: str) -> str:
    if "\\" not in text and '"' not in text and text.isprintable():
        return text
    inner = text[1:-1]
    if inner.startswith("^"):
        return ANY
    parts = re.split(r"\\(.)", inner, flags=re.DOTALL)
    codes, plain = parts[1::2], parts[::2]
    if any(code not in _IN_CLASS for code in codes) or not all(
        part.isprintable() and '"' not in part for part in plain
    ):
        return ANY
    if any(part.startswith("-") or part.endswith("-") for part in plain):
        return ANY
    return (
        "[" + "".join(part + (_IN_CLASS[codes[at]] if at < len(codes) else "") for at, part in enumerate(plain)) + "]"
    )
