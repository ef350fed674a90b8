"""The ledger remembers, in one document a job, which errors its builds had.

Nothing waits for it: where it can't be read or written, nothing is said about which errors are new.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from verifier.checks.errors_before import ErrorBefore, errors_before
from verifier.checks.known_errors import BookedDigest, ErrorBook, KnownError, name_of_build
from verifier.controller.attempt import Attempt
from verifier.errors import Malformed, ServiceError, Unavailable
from verifier.facts.build import Build
from verifier.facts.execution import JobName
from verifier.facts.logs import Repeated
from verifier.services import Document, Store, Stored
from verifier.times import parse_time, show_time

ERRORS = "errors"
"""The collection."""
VERSION = 1
"""Of a stored document."""

_SECONDS = 3.0
"""For all calls together."""
_LEAST_SECONDS = 0.5
_TRIES = 4
"""Builds of one job that end at the same moment get in each other's way."""
_SHORT = 16
"""A build's name that is longer is one that an earlier version wrote whole."""


def name_of(job: JobName) -> str:
    """Return the name of the job's document."""
    return sha256(job.resource.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the book knows of the failing errors from before a build. Empty when it can't be read or written."""

    known: str = ""
    """In words, that all of them were known; empty when one of them is new: then people are called."""
    before: tuple[ErrorBefore, ...] = ()
    """How each of them stands."""


def remember(
    attempt: Attempt, build: Build, job: JobName, errors: Sequence[Repeated], failing: Sequence[Repeated]
) -> Remembered:
    """Write into the job's book what this build had, and return how the failing errors stand. Raises Stopping."""
    try:
        return _remember(attempt, build, job, errors, failing)
    except (ServiceError, Malformed):
        return Remembered()


def _remember(
    attempt: Attempt, build: Build, job: JobName, errors: Sequence[Repeated], failing: Sequence[Repeated]
) -> Remembered:
    store, now, key = attempt.services.store, attempt.now(), build.key.name
    left = _countdown(attempt, attempt.budget.seconds(_SECONDS))
    # Once an attempt: the fence grows with each.
    page = _Page(store, name_of(job), f"{key}@{attempt.record.fence}")
    for _ in range(_TRIES):
        stored = store.read(ERRORS, page.name, timeout=left())
        book = parse_book(stored.document) if stored else empty_book()
        digest = _digest(build, book)
        grown = book.with_errors(errors, build=key, digest=digest, now=now)
        if grown == book or page.write(book_document(grown, job, page.nonce), stored, left):
            known = book.known_before(failing, build=key, now=now, digest=digest)
            return Remembered(known, errors_before(book, failing, build=key, digest=digest))
    return Remembered()


def _digest(build: Build, book: ErrorBook) -> str:
    """Return what the build pushed for this job: of several images the one that it ran, else the first one."""
    pushed, ran = [image.digest for image in build.images], {one.digest for one in book.digests}
    return next((digest for digest in pushed if digest in ran), pushed[0] if pushed else "")


@dataclass(frozen=True, slots=True)
class _Page:
    """One job's document, as one attempt writes it."""

    store: Store
    name: str
    nonce: str
    """Tells our own write from others' when the reply to it is lost."""

    def write(self, document: Document, before: Stored | None, left: Callable[[], float]) -> bool:
        """Write it if it is still as it was read, and return whether it is ours. Raises ServiceError."""
        try:
            if before is None:
                written = self.store.create(ERRORS, self.name, document, timeout=left())
            else:
                written = self.store.replace(ERRORS, self.name, document, before.revision, timeout=left())
        except Unavailable as error:
            if not error.ambiguous:
                raise
            found = self.store.read(ERRORS, self.name, timeout=left())
            return found is not None and found.document.get("nonce") == self.nonce
        return written is not None


def _countdown(attempt: Attempt, seconds: float) -> Callable[[], float]:
    """Return what tells the time left for the next call. It raises Unavailable when there is none."""
    until = attempt.now() + timedelta(seconds=seconds)

    def left() -> float:
        rest = (until - attempt.now()).total_seconds()
        if rest < _LEAST_SECONDS:
            raise Unavailable("the errors of earlier builds could not be looked up in time")
        return rest

    return left


def empty_book() -> ErrorBook:
    """Return the book of a job that had no errors yet."""
    from verifier.facts.logs import ALGORITHM

    return ErrorBook(algorithm=ALGORITHM)


def book_document(book: ErrorBook, job: JobName, nonce: str) -> dict[str, Any]:
    """Return the book as JSON values. The errors are one text: nobody looks for a part of them, so none is indexed."""
    errors = [
        {
            "identity": known.identity,
            "first": show_time(known.first),
            "last": show_time(known.last),
            "digest": known.digest,
            "aliases": list(known.aliases),
            "runs": known.runs,
            "builds": known.builds,
            "latest": list(known.latest),
            "name": known.name,
            "on": [list(pair) for pair in known.on],
            **({"old": True} if known.old else {}),
        }
        for known in book.errors
    ]
    digests = [[ran.number, ran.digest, show_time(ran.since), ran.runs] for ran in book.digests]
    return {
        "version": VERSION,
        "algorithm": book.algorithm,
        "job": job.resource,
        "nonce": nonce,
        "beyond": book.beyond,
        "errors": _text(errors),
        "digests": _text(digests),
        "counted": " ".join(book.counted),
        "read_back": show_time(book.read_back) if book.read_back else None,
    }


def _text(value: list[Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def parse_book(document: Document) -> ErrorBook:
    """Return the book that `book_document` wrote, by the algorithm of this version.

    Raises Malformed for what a later version wrote, or what is no such document: it is not written over.
    """
    from verifier.facts.logs import ALGORITHM

    if document.get("version") != VERSION:
        raise Malformed(f"expected errors of version {VERSION}, got version {document.get('version')!r}")
    try:
        book = ErrorBook(
            tuple(_error(known) for known in json.loads(document["errors"])),
            document["beyond"],
            document["algorithm"],
            tuple(
                BookedDigest(number, digest, parse_time(since), runs)
                for number, digest, since, runs, *_ in json.loads(document.get("digests", "[]"))
            ),
            tuple(document.get("counted", "").split()),
            parse_time(document["read_back"]) if document.get("read_back") else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Malformed(f"expected the errors of a job, got a document with {error!r}") from error
    return book.by(ALGORITHM)


def _error(known: Mapping[str, Any]) -> KnownError:
    return KnownError(
        identity=known["identity"],
        first=parse_time(known["first"]),
        last=parse_time(known["last"]),
        digest=known["digest"],
        aliases=tuple(known["aliases"]),
        runs=known["runs"],
        builds=known["builds"],
        latest=tuple(name if len(name) <= _SHORT else name_of_build(name) for name in known["latest"]),
        name=known.get("name", ""),
        on=tuple((number, runs) for number, runs in known.get("on", ())),
        old=known.get("old", False),
    )
