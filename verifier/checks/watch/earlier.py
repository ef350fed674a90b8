"""What runs had before a job was watched, put before what its book of errors has: as if they had been read in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from verifier.checks.known_errors import (
    MOST_ALIASES,
    MOST_DIGESTS_OF_ERROR,
    MOST_DIGESTS_RUN,
    BookIndex,
    ErrorBook,
    KnownError,
    holding,
)


def with_earlier(book: ErrorBook, earlier: ErrorBook) -> ErrorBook:
    """Return the book with what another one has of the time before it: every digest of that one gets a lower number.

    Where both say the same of the moment between them, one digest went on. Its runs are none that the book may ever be
    asked to count: which ones are counted stays as it is.
    """
    goes_on = bool(earlier.digests) and _first(book) == earlier.digests[-1].digest
    shift = earlier.digests[-1].number - goes_on if earlier.digests else 0
    later = [replace(ran, number=ran.number + shift) for ran in book.digests]
    if goes_on:
        last, first = earlier.digests[-1], later[0]
        digests = (*earlier.digests[:-1], replace(last, runs=last.runs + first.runs), *later[1:])
    else:
        digests = (*earlier.digests, *later)
    held = _errors(book, earlier, shift)
    joined = replace(book, digests=digests[-MOST_DIGESTS_RUN:], beyond=book.beyond + earlier.beyond)
    return holding(joined, held)


def _first(book: ErrorBook) -> str:
    """Return the digest that has the first number; empty where there was no room for so many."""
    return next((ran.digest for ran in book.digests if ran.number == 1), "")


def _errors(book: ErrorBook, earlier: ErrorBook, shift: int) -> dict[str, KnownError]:
    held, index = {known.identity: known for known in earlier.errors}, BookIndex(earlier)
    for known in book.errors:
        shifted = replace(known, on=tuple((number + shift, runs) for number, runs in known.on))
        before = index.find(known.identity)  # what followed from it is it, too
        if before is None:
            held[known.identity] = shifted
        else:
            held[before.identity] = _joined(held[before.identity], shifted)
    return held


def _joined(before: KnownError, known: KnownError) -> KnownError:
    own = (known.identity,) if known.identity != before.identity else ()
    aliases = dict.fromkeys((*before.aliases, *known.aliases, *own))
    return replace(
        known,
        identity=before.identity,
        first=min(before.first, known.first),
        last=max(before.last, known.last),
        digest=before.digest or known.digest,
        aliases=tuple(aliases)[:MOST_ALIASES],
        runs=before.runs + known.runs,
        name=known.name or before.name,
        on=_added(before.on, known.on),
    )


def _added(*parts: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    counts: dict[int, int] = {}
    for number, runs in chain(*parts):
        counts[number] = counts.get(number, 0) + runs
    return tuple(sorted(counts.items())[-MOST_DIGESTS_OF_ERROR:])
