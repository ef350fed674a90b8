"""The rows as people read them on a terminal. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from verifier.checks.verdict import Outcome
from verifier.doctor.rows import Row
from verifier.redact import one_line

_SIGNS = {
    Outcome.HOLDS: "✓",
    Outcome.FAILS: "✗",
    Outcome.COULD_NOT_CHECK: "?",
    Outcome.NOT_APPLICABLE: "·",
}
_WORDS = {
    Outcome.HOLDS: "in order",
    Outcome.FAILS: "to fix",
    Outcome.COULD_NOT_CHECK: "not known",
    Outcome.NOT_APPLICABLE: "not needed",
}
_MOST_SEEN, _MOST_REMEDY = 500, 700
_DO_THIS = "    do this: "
_MANY = 12
"""Answers after which the first of them have scrolled away."""


def lines(rows: Sequence[Row], width: int = 0) -> Iterator[str]:
    """Each answer with what to do, the questions that wait for another in a line together, and the counts.

    What is to be done for several answers is said with the first of them. What fails stands at the end again, where
    people look when the rest has scrolled away.

    Prose is wrapped at `width` (0: not at all). A command is never wrapped, so that it can be copied.
    """
    answers = [row for row in rows if not row.waits_for]
    said: dict[str, str] = {}
    column = max((len(row.need) for row in answers), default=0)
    for row in answers:
        seen = f"{row.about}: {row.seen}" if row.about else row.seen
        yield from _wrapped(f"{_SIGNS[row.outcome]} {row.need:{column}} ", one_line(seen, _MOST_SEEN), width)
        if row.remedy in said:
            yield f"{_DO_THIS}the same as for {said[row.remedy]}"
        elif row.remedy:
            said[row.remedy] = row.need
            yield from _wrapped(_DO_THIS, one_line(row.remedy, _MOST_REMEDY), 0 if row.is_command else width)
    yield from _waiting(rows)
    yield ""
    if len(answers) > _MANY:
        yield from _to_fix(answers, width)
    yield _counts(rows)


def _to_fix(answers: Iterable[Row], width: int) -> Iterator[str]:
    """Yield what fails once more, each cause once, with all that has it."""
    causes: dict[str, list[Row]] = {}
    for row in answers:
        if row.outcome is Outcome.FAILS:
            causes.setdefault(row.remedy, []).append(row)
    for remedy, rows in causes.items():
        needs = ", ".join(dict.fromkeys(row.need for row in rows))
        yield from _wrapped(f"{_SIGNS[Outcome.FAILS]} ", f"to fix: {needs}", width)
        if remedy:
            yield from _wrapped(_DO_THIS, one_line(remedy, _MOST_REMEDY), 0 if rows[0].is_command else width)
    if causes:
        yield ""


def _waiting(rows: Iterable[Row]) -> Iterator[str]:
    for first, count in Counter(row.waits_for for row in rows if row.waits_for).items():
        yield f"? {count} more {'check waits' if count == 1 else 'checks wait'} for {first}"


def _counts(rows: Iterable[Row]) -> str:
    counted = Counter("waiting" if row.waits_for else _WORDS[row.outcome] for row in rows)
    return ", ".join(f"{counted[word]} {word}" for word in [*_WORDS.values(), "waiting"] if counted[word])


def _wrapped(start: str, text: str, width: int) -> list[str]:
    """Return the text after its start, its further lines below its first."""
    room = width - len(start)
    if room < 20:
        return [start + text]
    first, *more = wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
    return [start + first, *(" " * len(start) + line for line in more)]
