"""All rules, and the one expression that looks for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import re2

from verifier.redact.clouds import CLOUDS
from verifier.redact.commands import COMMANDS, ENCODED
from verifier.redact.key_values import KEY_VALUES
from verifier.redact.names import STRONG, WEAK
from verifier.redact.places import ADDRESSES, BLOCKS, HEADERS
from verifier.redact.rule import Rule, SecretValues
from verifier.redact.services import SERVICES
from verifier.redact.tools import TOOLS

RULES: tuple[Rule, ...] = (
    *BLOCKS,
    *CLOUDS,
    *TOOLS,
    *SERVICES,
    *HEADERS,
    *ADDRESSES,
    *COMMANDS,
    *ENCODED,
    *KEY_VALUES,
)
"""What is looked for. At the leftmost place where a rule fits, the first that does decides."""

_MEMORY = 32 << 20
"""Bytes that RE2 may keep of the states that it has met; with too few it is slow."""


_PARTS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?!\?)")
"""Escaped signs, classes of signs, and what begins a group."""
_AFTER_A_WEAK_NAME = {SecretValues.AFTER_BLANK: SecretValues.FLAG, SecretValues.TABLE: SecretValues.TABLE}
"""How a value is judged after a name that may mean something else; every other rule's: as random."""


class Search(NamedTuple):
    """The rules as one expression, for one pass in linear time, whatever the text."""

    expression: Any
    rules: Sequence[Rule]
    """The rule that each group of the expression belongs to."""


@cache
def search_for_all() -> Search:
    """Return the search for every rule."""
    return search_for(RULES)


def search_for(rules: Sequence[Rule]) -> Search:
    """Return the search for these rules alone."""
    free = [rule for rule in rules if not rule.named]
    strong = [rule for rule in rules if rule.named]
    weak = [replace(rule, judge=_AFTER_A_WEAK_NAME.get(rule.judge, SecretValues.RANDOM)) for rule in strong]
    parts = [f"(?:{rule.pattern})" for rule in free]
    if strong:
        syntaxes = "|".join(rule.pattern for rule in strong)
        parts.append(f"(?i:{STRONG}(?:{syntaxes})|{WEAK}(?:{syntaxes}))")
    owners = [rule for rule in (*free, *strong, *weak) for _ in range(_groups(rule.pattern))]
    return Search(_compiled("|".join(parts)), owners)


def _groups(pattern: str) -> int:
    """Return how many groups the pattern has. RE2 says it, too, but only of what it has compiled, which takes long."""
    return _PARTS.findall(pattern).count("(")


def _compiled(pattern: str) -> Any:
    """Return the expression, over bytes. Raises re2.error."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    # A byte is a sign: UTF-8 would make each class of signs many times as large, and nothing here needs it.
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(pattern.encode(), options)
