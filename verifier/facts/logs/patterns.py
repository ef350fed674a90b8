"""What is looked for in a worker's logs: the tables' rows, and the patterns that a team configured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Pattern:
    """A named regular expression, in RE2's syntax: linear time, whatever the text."""

    name: str
    """What people call what it finds."""
    expression: str


@dataclass(frozen=True, slots=True)
class LogRules:
    """What is looked for in a worker's logs."""

    failures: tuple[Pattern, ...] = ()
    """Lines that mean failure whatever their level; the first that matches names an entry."""
    ignored: tuple[Pattern, ...] = ()
    """Errors whose own line has this mean nothing, even at severity ERROR."""
    expected: tuple[Pattern, ...] = ()
    """Lines without which the run proves nothing."""
    off: frozenset[str] = frozenset()
    """Names of the tables' rows, of crash words or of noise, that are switched off."""
    crash_words: bool = True
    """Whether the rows of crash words are looked for at all."""
    noise: bool = True
    """Whether known noise is ignored."""


def row_names() -> tuple[str, ...]:
    """Return the names of all rows that can be switched off."""
    from verifier.facts.logs.noise import NOISE
    from verifier.facts.logs.rules import ROWS

    return tuple(row.name for row in (*ROWS, *NOISE))


def unknown_rows(names: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the names that no row has, each with the nearest that one has."""
    known = row_names()
    return tuple((name, tuple(get_close_matches(name, known, 3))) for name in names if name not in known)
