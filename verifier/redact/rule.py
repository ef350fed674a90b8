"""What a rule of redaction is: a row of a table, with the example that shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

LONGEST_JUDGED = 200
"""A longer value is always a secret. So nothing that is passed over, to be looked at again, is long."""


class RuleGroup(StrEnum):
    """What a rule knows a secret by."""

    VENDOR = "vendor"
    """The format that its maker gives it."""
    HEADER = "header"
    """The header or the cookie that carries it."""
    ADDRESS = "address"
    """Its place in an address."""
    KEY_VALUE = "key-value"
    """The name that stands before it."""
    ENCODED = "encoded"
    """The same, in an encoding or in a layout."""


class SecretValues(StrEnum):
    """Which values are a secret where the rule fits."""

    ALL = "all"
    """Every one: the format says enough."""
    NO_MASK = "no mask"
    """All but `***`, `${NAME}` and `<hidden>`: a password in an address may well be a word."""
    NO_PLACEHOLDER = "no placeholder"
    """All but `***`, `${NAME}`, `<hidden>`, `none` and their like, code, addresses and names of files."""
    QUOTED = "quoted"
    """As `no placeholder`, of values in quotes: one of them is enough."""
    NO_WORD = "no word"
    """All but these, plain words, short numbers and lengths of time: `password: incorrect` tells no password."""
    RANDOM = "random"
    """Only what mixes letters with digits and is no UUID: the name before it often means something else."""
    STRICT = "strict"
    """Only what has capital letters or signs beside digits: a password, or a part of an image's name?"""
    MIXED = "mixed"
    """Only what has small and capital letters and digits: identifiers have seldom all of them."""
    AFTER_BLANK = "after a blank"
    """As `no word` after a flag, or where columns are aligned; else as `random`: most likely it is prose."""
    FLAG = "flag"
    """As `random`, and only after a flag: `--pass`."""
    TABLE = "table"
    """The rows below a heading, where both have columns and one of the values is no word."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which secrets stand in text."""

    name: str
    group: RuleGroup
    pattern: str
    """In RE2's syntax over bytes. Its group is the secret; without a group, all that it matches is.

    Where `named` says so, it is what follows a secret's name.
    """
    example: str
    """A text with a made-up secret: `{36}` stands for 36 letters and digits, `{hex:32}` for hexadecimal digits."""
    harmless: str
    """A neighbour of the example that stays as it is."""
    source: str
    """Where the format or the syntax is described: the title of a page."""
    judge: SecretValues = SecretValues.ALL
    named: bool = False


Row = tuple[str, str, str, str, str] | tuple[str, str, str, str, str, SecretValues]
"""A rule in a table: name, pattern, example, harmless neighbour, source, and the judge where not every value is one."""


def rules_of(group: RuleGroup, rows: Iterable[Row]) -> tuple[Rule, ...]:
    """Return the rules of a table."""
    return tuple(Rule(row[0], group, *row[1:]) for row in rows)
