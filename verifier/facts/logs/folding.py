"""Follow-ups of a first cause: errors that quote what another one said fold into it, whatever arrived first.

An error quotes another where one of its messages holds the first 80 characters, four words at least, of a message of
the other's chain. SQLAlchemy's words for "a mapper has failed before" say by themselves that they are a follow-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from verifier.facts.logs.identity import Described
from verifier.facts.logs.result import Folded, Repeated
from verifier.facts.logs.rules_python import SQLALCHEMY_MAPPERS

_QUOTED = 80
_LEAST_WORDS = 4
_AFTERWARDS = ("One or more mappers failed to initialize", "proceed with initialization of other mappers")


@dataclass(slots=True)
class ErrorGroup:
    """Entries that are the same error."""

    described: Described
    rule: str
    level: str
    name: str
    count: int
    first: datetime
    task: str
    excerpt: str
    headlines: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Identity, name and count of the lines that announced it."""


def folded(groups: Sequence[ErrorGroup]) -> list[tuple[ErrorGroup, list[ErrorGroup]]]:
    """Return the first causes, earliest first, each with what follows from it."""
    order = sorted(groups, key=lambda group: (group.first, group.name, group.described.identity))
    causes: dict[int, int] = {}
    for at, group in enumerate(order):
        cause = _cause_of(at, group, order, causes)
        if cause is not None:
            causes[at] = cause
    found: dict[int, list[ErrorGroup]] = {at: [] for at in range(len(order)) if at not in causes}
    for at in sorted(causes):
        found[_root(at, causes)].append(order[at])
    return [(order[at], follow_ups) for at, follow_ups in found.items()]


def _cause_of(at: int, group: ErrorGroup, order: Sequence[ErrorGroup], causes: dict[int, int]) -> int | None:
    """Return the place of the first error that this one quotes, or that it says to come from."""
    for other, candidate in enumerate(order):
        if other == at or _root(other, causes) == at:
            continue
        if _quotes(group.described, candidate.described, later=other < at):
            return other
    if not _is_afterwards(group):
        return None
    family = [
        other
        for other, candidate in enumerate(order)
        if other != at and candidate.rule != "" and _is_mapper(candidate) and _root(other, causes) != at
    ]
    first = [other for other in family if not _is_afterwards(order[other])]
    same = [other for other in family if order[other].described.crash and not group.described.crash]
    earlier = [other for other in family if other < at and order[other].described.crash == group.described.crash]
    return next(iter([*first, *same, *earlier]), None)


def _root(at: int, causes: dict[int, int]) -> int:
    while at in causes:
        at = causes[at]
    return at


def _quotes(one: Described, other: Described, *, later: bool) -> bool:
    """Whether the first error follows from the second."""
    if other.crash is False and one.crash:
        return False  # a line of text quotes a crash, not the other way round
    for message in other.said:
        key = message[:_QUOTED]
        if len(key.split()) < _LEAST_WORDS:
            continue
        for said in one.said:
            place = said.find(key)
            if place > 0 or (place == 0 and _may_begin_alike(one, other, later=later)):
                return True
    return False


def _may_begin_alike(one: Described, other: Described, *, later: bool) -> bool:
    """Whether errors with the same message are one: text and a crash are, and crashes of two types in their order."""
    if one.crash != other.crash:
        return True
    return one.crash and one.type != other.type and later


def _is_afterwards(group: ErrorGroup) -> bool:
    return any(phrase in said for said in group.described.said for phrase in _AFTERWARDS)


def _is_mapper(group: ErrorGroup) -> bool:
    return group.rule == SQLALCHEMY_MAPPERS or _is_afterwards(group) or "mapper" in group.described.message


def repeated(cause: ErrorGroup, follow_ups: list[ErrorGroup]) -> Repeated:
    """Return a first cause with what followed from it and what announced it."""
    parts: dict[str, Folded] = {}
    for group in (cause, *follow_ups):
        own = (group.described.identity, (group.name, group.count))
        for identity, (name, count) in (own, *group.headlines.items()):
            before = parts[identity].count if identity in parts else 0
            parts[identity] = Folded(identity, name, before + count)
    parts.pop(cause.described.identity)  # it is no part of itself
    ordered = sorted(parts.values(), key=lambda part: (-part.count, part.name, part.identity))
    return Repeated(
        name=cause.name,
        count=cause.count + sum(part.count for part in ordered),
        first=cause.first,
        task=cause.task,
        excerpt=cause.excerpt,
        identity=cause.described.identity,
        rule=cause.rule,
        level=cause.level,
        folded=tuple(ordered),
    )
