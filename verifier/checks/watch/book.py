"""Which errors are new to a digest, known, back or gone: by the job's book of errors, and by nothing that varies.

| state | of an error that | |
|---|---|---|
| new | no run before had, and no build before | where at least 8 runs before were read |
| first seen | the same | where there is no such record to compare with |
| known | runs or builds before had | |
| back | runs before had, and that had most likely gone since | |
| gone | runs before had, and so many runs have not that it has most likely gone | |
| not seen yet | runs before had, and too few runs are without it to say so | |

What happened on the digest itself is never "before", whether it was read already or not: so it makes no difference how
often a run is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from verifier.checks.known_errors import BookIndex, ErrorBook, KnownError
from verifier.checks.watch.chances import is_likely_gone
from verifier.facts.logs import Repeated

LEAST_RUNS = 8
"""Runs that must have been read before anything is new, and before a digest is called healthy."""


class ErrorState(StrEnum):
    """What an error is to the digest at hand."""

    NEW = "new"
    FIRST_SEEN = "first-seen"
    KNOWN = "known"
    BACK = "back"
    GONE = "gone"
    NOT_SEEN_YET = "not-seen-yet"


@dataclass(frozen=True, slots=True)
class ErrorStanding:
    """How an error stands beside what was before."""

    identity: str
    """By which the book has it: that of its first cause, where it is known to follow from one."""
    state: ErrorState
    name: str
    deployments: int = 0
    """How many digests ago it was first seen: known since so many deployments."""
    of_trial: bool = False
    """The build's own trial had it: its verdict has told."""


@dataclass(frozen=True, slots=True)
class _RunsBefore:
    """What the book has of the time before a digest."""

    book: ErrorBook
    number: int
    own: frozenset[int]
    earlier: frozenset[int]
    """The numbers of what ran earlier, as far as the book has it: what is read late may have got a higher one."""

    def runs(self, since: int = 0) -> int:
        """Return the runs that were read before, from the digest with this number on."""
        return sum(ran.runs for ran in self.book.digests if self._is_before(ran.number) and ran.number >= since)

    def seen_on(self, known: KnownError) -> list[tuple[int, int]]:
        return [(number, runs) for number, runs in known.on if self._is_before(number)]

    def share(self, known: KnownError) -> float:
        """Return in which share of the runs it was, from the first to the last digest that had it; 0: can't be told."""
        there = {ran.number for ran in self.book.digests}
        seen = [(number, runs) for number, runs in self.seen_on(known) if number in there]
        if not seen:
            return 0.0
        until = seen[-1][0]
        runs = sum(
            ran.runs for ran in self.book.digests if self._is_before(ran.number) and seen[0][0] <= ran.number <= until
        )
        return min(1.0, sum(runs for _, runs in seen) / runs) if runs else 0.0

    def was_gone(self, known: KnownError) -> bool:
        """Return whether it had most likely gone before this digest began to run."""
        seen = self.seen_on(known)
        return bool(seen) and is_likely_gone(self.share(known), self.runs(seen[-1][0] + 1))

    def _is_before(self, number: int) -> bool:
        oldest = self.book.digests[0].number if self.book.digests else self.number
        return number in self.earlier or number < oldest


def _before(book: ErrorBook, digest: str, created: datetime) -> _RunsBefore:
    number = book.number_of(digest, created) or (book.digests[-1].number + 1 if book.digests else 1)
    begun = next((ran.since for ran in book.digests if ran.number == number), created)
    own = frozenset(ran.number for ran in book.digests if ran.digest == digest)
    earlier = frozenset(ran.number for ran in book.digests if ran.since < begun)
    return _RunsBefore(book, number, own, earlier - own)


def runs_read_before(book: ErrorBook, digest: str, created: datetime) -> int:
    """Return how many runs of what ran before this digest were read, by the algorithm at hand."""
    return _before(book, digest, created).runs()


def compared(
    book: ErrorBook, errors: Sequence[Repeated], *, digest: str, created: datetime, build: str = ""
) -> tuple[ErrorStanding, ...]:
    """Return how the errors of a run stand, one for each; those without an identity are left out.

    `created`: when the run was; `build`: the full name of the build that pushed the digest, where it is known.
    """
    given = [error for error in errors if error.identity]
    known_book = book.recognizing(given)
    before, index = _before(known_book, digest, created), BookIndex(known_book)
    return tuple(_standing(before, index.find(error.identity), error, build) for error in given)


def _standing(before: _RunsBefore, known: KnownError | None, error: Repeated, build: str) -> ErrorStanding:
    unknown = ErrorState.NEW if before.runs() >= LEAST_RUNS else ErrorState.FIRST_SEEN
    if known is None:
        return ErrorStanding(error.identity, unknown, error.name)
    seen = before.seen_on(known)
    if seen:
        state = ErrorState.BACK if before.was_gone(known) else ErrorState.KNOWN
        return ErrorStanding(known.identity, state, error.name, _deployments(before, seen[0][0]))
    if known.builds_before(build):
        return ErrorStanding(known.identity, ErrorState.KNOWN, error.name, known.builds_before(build))
    return ErrorStanding(known.identity, unknown, error.name, of_trial=bool(build) and known.builds > 0)


def _deployments(before: _RunsBefore, first: int) -> int:
    return max(1, before.number - first)


def absent(book: ErrorBook, *, digest: str, created: datetime, unless: Iterable[str] = ()) -> tuple[ErrorStanding, ...]:
    """Return what was there before this digest and no run of it had: gone, or not seen yet, by its runs so far.

    What had gone before it began is left out, and so is what was accepted: `unless` has their identities.
    """
    before, left_out = _before(book, digest, created), frozenset(unless)
    runs = sum(ran.runs for ran in book.digests if ran.number in before.own)
    found = []
    for known in book.errors:
        seen = before.seen_on(known)
        is_here = any(number in before.own for number, _ in known.on)
        if known.old or known.identity in left_out or not seen or is_here or before.was_gone(known):
            continue
        gone = is_likely_gone(before.share(known), runs + before.runs(seen[-1][0] + 1))
        state = ErrorState.GONE if gone else ErrorState.NOT_SEEN_YET
        found.append(ErrorStanding(known.identity, state, known.name, _deployments(before, seen[0][0])))
    return tuple(found)
