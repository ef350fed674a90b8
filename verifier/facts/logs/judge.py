"""Whether one entry is an error, and why.

Precedence, written here once:

1. A pattern that the team configured as a failure, whatever the level.
2. The level: the entry's severity, else its own level field, else the first level word of its text. ERROR and above is
   an error; DEBUG to NOTICE is none, whatever it looks like.
3. The rows of the tables, where the level is WARNING (those that count there) or there is none.
4. Known noise, then what the team ignores, take back what 2 and 3 found: by the error's own line alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import re2

from verifier.facts.logs.entry import LogEntry
from verifier.facts.logs.identity import Described
from verifier.facts.logs.level_words import level_of_text, without_colours
from verifier.facts.logs.levels import EMERGENCY, ERROR, NAMES, WARNING
from verifier.facts.logs.noise import LONE, NOISE
from verifier.facts.logs.patterns import LogRules
from verifier.facts.logs.row import RuleRow
from verifier.facts.logs.rules import ROWS
from verifier.facts.logs.superset import SUPERSET

FAIL_PATTERN = "fail-pattern"
SEVERITY, LEVEL_FIELD, LEVEL_WORD = "severity", "level-field", "level-word"
_MEMORY = 32 << 20
_TEAMS_MEMORY = 8 << 20
"""RE2's bounds: what needs more is refused when it is compiled."""
_STAMP = re.compile(r"^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d\S*\]?\s+")
_CALM_LINE = re.compile(r"[0-9\-/:.,TZ+ \[\]]{8,48}(?:INFO|DEBUG)[ \]:|]")
"""A line that begins with a moment and INFO or DEBUG: the usual one, told apart cheaply (in a class of characters the
digits of every script take twice as long)."""
_AFTER_LEVEL = " \t:|-]>"


class ErrorReason(NamedTuple):
    """Why an entry is an error."""

    rule: str
    level: str
    pattern: str = ""
    """The team's pattern that found it, or empty."""


class Look(NamedTuple):
    """What an entry is."""

    judged: ErrorReason | None
    """Why it is an error; None for none."""
    calm: bool
    """Whether it says of itself that it is DEBUG, INFO or NOTICE."""
    relevant: bool
    """Whether it may be a part of a stack trace that came an entry a line."""


NOTHING = Look(None, calm=False, relevant=False)
CALM = Look(None, calm=True, relevant=False)
_BY_SEVERITY = {level: Look(ErrorReason(SEVERITY, name), calm=False, relevant=True) for level, name in NAMES.items()}
_MOST_SILENCED = 1_000
_FIRST = (0,)
_LITERAL = re.compile(r"[\w \-,:;<>=!@#%&~`'/\"]+")


class Judge:
    """Judges entries one by one, by one set of rules. Raises re2.error where patterns can't be looked for together."""

    def __init__(self, rules: LogRules) -> None:
        self._failures = rules.failures
        self._expected = rules.expected
        self._team = team_search(tuple(pattern.expression for pattern in (*rules.failures, *rules.expected)))
        self._may_matter = search_set((SUPERSET,))
        self._rows = _rows(rules.off) if rules.crash_words else ()
        self._row_search = search_set(tuple(f"(?m:{row.expression})" for row in self._rows))
        self._noise = tuple(row for row in NOISE if row.name not in rules.off) if rules.noise else ()
        self._noise_search = search_set(tuple(f"(?m:{row.expression})" for row in self._noise))
        self._ignored = rules.ignored
        self._ignored_search = search_set(tuple(pattern.expression for pattern in rules.ignored), _TEAMS_MEMORY)
        self._silenced: dict[tuple[tuple[str, ...], bool, bool], str] = {}

    def look(self, entry: LogEntry, text: str) -> tuple[Look, Sequence[str]]:
        """Return what the entry is, and the names of the expected patterns that it has."""
        numbers = self._team(text)
        seen: Sequence[str] = ()
        if numbers:
            failure, seen = self._named(numbers)
            if failure:
                level = entry.severity or entry.level or level_of_text(without_colours(text)).level
                return Look(ErrorReason(FAIL_PATTERN, NAMES.get(level, ""), failure), calm=False, relevant=True), seen
        if entry.severity >= ERROR:
            return _BY_SEVERITY.get(entry.severity) or _BY_SEVERITY[EMERGENCY], seen
        if entry.structured:
            return self._by_level(entry, text), seen
        if not entry.severity and _CALM_LINE.match(text):
            return CALM, seen
        return (self._by_level(entry, text) if self._may_matter(text) else NOTHING), seen

    def _named(self, numbers: Sequence[int]) -> tuple[str, list[str]]:
        """Return the first failure's name, or empty, and those of what is expected."""
        first = len(self._failures)
        failures = [number for number in numbers if number < first]
        seen = [self._expected[number - first].name for number in numbers if number >= first]
        return (self._failures[min(failures)].name if failures else ""), seen

    def _by_level(self, entry: LogEntry, text: str) -> Look:
        level, rule, end = entry.severity, SEVERITY, 0
        if not level:
            level, rule = entry.level, LEVEL_FIELD
        if not level:
            text = without_colours(text)
            word = level_of_text(text)
            level, rule, end = word.level, LEVEL_WORD, word.end
        if level >= ERROR:
            return Look(
                ErrorReason(rule, NAMES.get(level // 100 * 100, "EMERGENCY")), calm=False, relevant=rule == SEVERITY
            )
        if 0 < level < WARNING:
            return CALM
        row = self._row_of(text, end, warning=level >= WARNING)
        return Look(ErrorReason(row.name, NAMES.get(level, "")) if row else None, calm=False, relevant=not end)

    def _row_of(self, text: str, end: int, *, warning: bool) -> RuleRow | None:
        """Return the first row that a line of the text has; after the level word or the moment, too."""
        rest = text[end:].lstrip(_AFTER_LEVEL) if end else _STAMP.sub("", text, count=1)
        searched = text if rest == text else f"{rest}\n{text}"
        for number in sorted(self._row_search(searched) or ()):
            row: RuleRow = self._rows[number]
            if warning and not row.over_warning:
                continue
            if not row.unless or _holds(row, searched):
                return row
        return None

    def silenced_by(self, described: Described, judged: ErrorReason, *, alone: bool) -> str:
        """Return the name of the noise or the pattern by which an error means nothing; empty for none."""
        key = (described.own, bool(judged.pattern), alone)
        found = self._silenced.get(key)
        if found is None:
            if len(self._silenced) >= _MOST_SILENCED:
                self._silenced.clear()
            found = self._silenced[key] = self._silence(described, judged, alone=alone)
        return found

    def _silence(self, described: Described, judged: ErrorReason, *, alone: bool) -> str:
        if self._ignored or self._noise:
            for line in described.own:
                ignored: list[int] = self._ignored_search(line) or []
                if ignored:
                    return self._ignored[min(ignored)].name
                found: list[int] = [] if judged.pattern else self._noise_search(line) or []
                for number in found:
                    row = self._noise[number]
                    if (alone or row.name not in LONE) and (not row.unless or _holds(row, line)):
                        return row.name
        return ""


def is_calm(text: str) -> bool:
    """Whether a line's first level word is DEBUG, INFO or NOTICE."""
    return 0 < level_of_text(without_colours(text)).level < WARNING


def _rows(off: frozenset[str]) -> tuple[RuleRow, ...]:
    return tuple(row for row in ROWS if row.name not in off)


def _holds(row: RuleRow, text: str) -> bool:
    """Whether a line has the row, and not what the row excepts."""
    wanted, unless = _compiled(row.expression), _compiled(row.unless)
    return any(wanted.search(line) and not unless.search(line) for line in text.split("\n", 400)[:400])


@lru_cache(maxsize=256)
def _compiled(expression: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(expression, options)


@lru_cache(maxsize=64)
def search_set(expressions: tuple[str, ...], memory: int = _MEMORY) -> Any:
    """Return what finds the numbers of the expressions that a text has, in one pass. Raises re2.error."""
    if not expressions:
        return _nothing
    options = re2.Options()
    options.log_errors, options.max_mem = False, memory
    wanted = re2.Set.SearchSet(options)
    for expression in expressions:
        wanted.Add(expression)
    wanted.Compile()
    return wanted.Match


def team_search(expressions: tuple[str, ...]) -> Callable[[str], Sequence[int]]:
    """Return what finds the numbers of a team's patterns that a text has; plain words are found without RE2."""
    if len(expressions) == 1 and _LITERAL.fullmatch(expressions[0]):
        word = expressions[0]
        return lambda text: _FIRST if word in text else ()
    words = [(number, text) for number, text in enumerate(expressions) if _LITERAL.fullmatch(text)]
    others = [number for number, text in enumerate(expressions) if not _LITERAL.fullmatch(text)]
    search = search_set(tuple(expressions[number] for number in others), _TEAMS_MEMORY)
    if not expressions:
        return lambda _: ()

    def find(text: str) -> Sequence[int]:
        found = [number for number, word in words if word in text]
        if others:
            found += [others[at] for at in search(text) or ()]
        return found

    return find


def _nothing(_: str) -> None:
    return None
