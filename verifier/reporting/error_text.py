"""What a FAILED build's message says of its errors: which are new, which were there before, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from verifier.checks.errors_before import ErrorBefore
from verifier.checks.judgement import Judgement
from verifier.checks.watch.book import LEAST_RUNS, ErrorState
from verifier.redact import one_line

_MOST_NAMED = 3
_MOST_NAME = 120


def error_lines(judgement: Judgement) -> Iterator[str]:
    """Yield them; nothing where nobody knows.

    What is seen for the first time with nothing to compare with is told beside what is known alone.
    """
    known = [one for one in judgement.before if one.state is ErrorState.KNOWN]
    new = [one for one in judgement.before if one.state is ErrorState.NEW]
    first = [one for one in judgement.before if one.state is ErrorState.FIRST_SEEN]
    if new:
        yield f"New, in none of the {new[0].read:,} runs before: {_names(new, judgement)}."
    if first and known:
        yield f"First seen, with fewer than {LEAST_RUNS} runs to compare with: {_names(first, judgement)}."
    if judgement.known and len(known) <= 1:
        yield f"{judgement.known[:1].upper()}{judgement.known[1:]}. Nobody is called."
    elif known:
        yield f"Known {_since(known, judgement)}.{' Nobody is called.' if judgement.known else ''}"


def _names(errors: Sequence[ErrorBefore], judgement: Judgement) -> str:
    shown = [_name(one, judgement) for one in errors[:_MOST_NAMED]]
    return ", ".join([*shown, *_more(errors)])


def _more(errors: Sequence[ErrorBefore]) -> list[str]:
    return [f"and {len(errors) - _MOST_NAMED:,} more"] if len(errors) > _MOST_NAMED else []


def _since(known: Sequence[ErrorBefore], judgement: Judgement) -> str:
    """Return since when these were there, those of the same moment together."""
    named: dict[str, list[str]] = {}
    for one in known[:_MOST_NAMED]:
        named.setdefault(_when(one, judgement.decided), []).append(_name(one, judgement))
    return "; ".join([*(f"{when}: {', '.join(names)}" for when, names in named.items()), *_more(known)])


def _when(one: ErrorBefore, now: datetime) -> str:
    since = one.since or now
    day = f"since {since.day} {since:%b}" + ("" if since.year == now.year else f" {since.year}")
    if one.deployments:
        return f"{day} ({one.deployments:,} deployment{'' if one.deployments == 1 else 's'})"
    return f"{day} ({one.builds:,} build{'' if one.builds == 1 else 's'})"


def _name(one: ErrorBefore, judgement: Judgement) -> str:
    """Return an error's name so that no part of it can be taken for a command of ours."""
    name = next((error.name for error in judgement.errors if error.identity == one.identity), one.identity)
    return f"“{one_line(name, _MOST_NAME).replace(';', ',')}”"
