"""Which error it is: an identity that lasts across deployments.

Type, masked message and own place of the first cause; never a line number, a folder or a whole stack. The algorithm has
a version, because with another one every error is new: what stores identities stores the version, too.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from verifier.facts.logs.level_words import without_colours
from verifier.facts.logs.masks import MOST, masked
from verifier.facts.logs.stacks import Thrown, exception_line, read_stack

ALGORITHM = 1
"""The version of this algorithm. It goes up with every change that gives an error another identity."""

_MOST_CHAIN = 8
_LEAST_WORDS = 3
"""A first cause that says less is named with what came of it: `KeyError: 'Clip'` alone tells nobody anything."""
_ORIGINAL = re.compile(r"Original exception was: ")
_DROPPED = re.compile(r"\s*(?:\[(?:SQL|parameters): .*|\(Background on this error at: .*)$")
_NO_TEXT = "an entry without text"


class Described(NamedTuple):
    """What an error is known by."""

    identity: str
    """Sixteen hexadecimal digits."""
    crash: bool
    """Whether it names an exception or a panic; else it is a line of text."""
    type: str
    message: str
    """Masked."""
    place: str
    name: str
    """What people read: the exception's line, or the text's first."""
    own: tuple[str, ...]
    """The error's own lines: those that a pattern of what is ignored must match."""
    said: tuple[str, ...]
    """Every message of the chain, masked: what a follow-up quotes."""


@lru_cache(maxsize=512)
def _cached(text: str, lines: int) -> Described:
    return _describe(text, lines)


def describe(text: str, *, lines: int = 1) -> Described:
    """Return what an error with this text is known by. Of text without an exception so many `lines` count."""
    return _cached(text, lines) if len(text) <= 4_000 else _describe(text, lines)


def _describe(text: str, lines: int) -> Described:
    text = without_colours(text)
    stack = read_stack(text)
    said = [line.strip() for line in text[:MOST].split("\n") if line.strip()]
    if stack and stack.chain:
        found = _crash(stack.chain[:_MOST_CHAIN], stack.handled, stack.place)
        above = [line for line in said[:lines] if not line.startswith("Traceback ") and line not in found.own]
        return found._replace(own=(*above, *found.own))
    thrown = exception_line(said[0]) if said else None
    if thrown:
        return _crash((thrown,), 0, stack.place if stack else "")
    return _text(said[:lines], stack.place if stack else "")


def _crash(chain: tuple[Thrown, ...], handled: int, place: str) -> Described:
    root = chain[0]
    message = _message(root.message)
    kind = re.split(r"[.\\]|::", root.type)[-1]
    name = f"{root.type}: {message}" if message != root.message and root.type else root.line.strip()
    if len(chain) > 1 and len(root.message.split()) < _LEAST_WORDS:
        name = f"{name}, then {chain[-1].line.strip()}"
    own = tuple(thrown.line for thrown in chain[handled:]) or (chain[-1].line,)
    said = tuple(masked(thrown.message) for thrown in chain)
    key = masked(message)
    return Described(_hash("crash", kind, key, place), True, kind, key, place, name, own, said)


def _text(lines: list[str], place: str) -> Described:
    if not lines:
        return Described(_hash("text", "", "", ""), False, "", "", "", _NO_TEXT, ("",), ())
    key = " | ".join(masked(_message(line)) for line in lines)
    said = tuple(masked(line) for line in lines)
    return Described(_hash("text", "", key, place), False, "", key, place, lines[0], (lines[0],), said)


def _message(message: str) -> str:
    """Return the first line of what happened, without SQL, parameters and SQLAlchemy's address of its manual."""
    found = _ORIGINAL.search(message)
    if found:
        message = message[found.end() :]
    return _DROPPED.sub("", message.partition("\n")[0])


def _hash(*parts: str) -> str:
    return sha256("|".join((str(ALGORITHM), *parts)).encode("utf-8", "replace")).hexdigest()[:16]
