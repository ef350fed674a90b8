"""What was known of the errors that fail a build before it: which are new, which were there, and since when.

"Before" is what the job's book had before the build's own name, and the runs of other digests than it pushed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from verifier.checks.known_errors import BookIndex, ErrorBook, KnownError
from verifier.checks.watch.book import LEAST_RUNS, ErrorState
from verifier.facts.logs import Repeated
from verifier.times import parse_time, show_time


@dataclass(frozen=True, slots=True)
class ErrorBefore:
    """One error of a build, and what was there before."""

    identity: str
    state: ErrorState
    """Known; new; or first seen, where fewer than 8 runs were read that could have shown it."""
    since: datetime | None = None
    """When it was first there; None where it was not."""
    deployments: int = 0
    """How many digests ago runs first had it; 0 where none had."""
    builds: int = 0
    """Earlier builds that had it."""
    runs: int = 0
    """Runs of other digests that had it."""
    read: int = 0
    """Runs of other digests that were read."""


def errors_before(
    book: ErrorBook, errors: Sequence[Repeated], *, build: str, digest: str = ""
) -> tuple[ErrorBefore, ...]:
    """Return how these errors of a build stand; those without an identity are left out.

    `digest`: what the build pushed.
    """
    given = {error.identity: error for error in errors if error.identity}
    known_book = book.recognizing(given.values())
    index = BookIndex(known_book)
    return tuple(_before(known_book, index.find(identity), identity, build, digest) for identity in given)


def _before(book: ErrorBook, known: KnownError | None, identity: str, build: str, digest: str) -> ErrorBefore:
    read = sum(ran.runs for ran in book.digests if ran.digest != digest)
    builds = known.builds_before(build) if known else 0
    runs = book.runs_before(known, digest) if known else 0
    if known is None or not (builds or runs):
        return ErrorBefore(identity, ErrorState.NEW if read >= LEAST_RUNS else ErrorState.FIRST_SEEN, read=read)
    return ErrorBefore(
        identity, ErrorState.KNOWN, known.first, _deployments(book, known, digest), builds, runs, max(read, runs)
    )


def _deployments(book: ErrorBook, known: KnownError, digest: str) -> int:
    """Return how many digests ago runs first had it, the build's own being the latest or the next one."""
    own = [ran.number for ran in book.digests if ran.digest == digest]
    seen = [number for number, _ in known.on if number not in own]
    latest = book.digests[-1].number if book.digests else 0
    return max(1, (own[-1] if own else latest + 1) - seen[0]) if seen else 0


def before_document(before: ErrorBefore) -> dict[str, Any]:
    """Return it as JSON values."""
    return {
        "identity": before.identity,
        "state": str(before.state),
        "since": show_time(before.since) if before.since else None,
        "deployments": before.deployments,
        "builds": before.builds,
        "runs": before.runs,
        "read": before.read,
    }


def parse_before(document: Mapping[str, Any]) -> ErrorBefore:
    """Return what `before_document` wrote."""
    return ErrorBefore(
        document["identity"],
        ErrorState(document["state"]),
        parse_time(document["since"]) if document["since"] else None,
        document["deployments"],
        document["builds"],
        document["runs"],
        document["read"],
    )
