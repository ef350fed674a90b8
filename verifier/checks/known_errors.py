"""Which errors a job had: one book a job, in which a build's own errors can be told from those before them.

A build that is judged again after a crash finds what it wrote itself. So each error keeps the names of the latest
builds that it was on, in their order: what counts as "before" is what stood there before the build's own name.

Runs are counted as well, by the digest that they ran: each digest that begins to run has a number, and each error the
numbers on which it was seen, with in how many runs. A run is counted once, however often it is read.

Identities are made by a version of an algorithm. Where it changes, errors of before are known by their names, and for a
while nothing is new: there are no runs yet to compare with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from verifier.facts.logs import Repeated

MOST_ERRORS = 300
"""The most errors of one job that are remembered."""
MOST_BUILDS = 8
"""The latest builds of an error that are remembered by name."""
MOST_DIGESTS_OF_ERROR = 10
"""The latest digests of an error that are remembered."""
MOST_DIGESTS_RUN = 40
"""The latest digests of a job that are remembered."""
MOST_COUNTED = 256
"""The latest runs that are known to be counted."""
MOST_ALIASES = 10
MOST_NAME = 100
"""Bytes of an error's name."""
_CUT = "…"
_KEPT = timedelta(days=90)
_KEPT_DIGESTS = 10
"""An error is forgotten when it was not seen for so long, nor on so many digests."""


@dataclass(frozen=True, slots=True)
class KnownError:
    """An error that builds of a job had."""

    identity: str
    first: datetime
    """When a verdict was first reached on a build that had it."""
    last: datetime
    digest: str = ""
    """Of the image that the first of these builds pushed, or empty."""
    aliases: tuple[str, ...] = ()
    """Identities of what followed from it: alone, they are this error, too."""
    runs: int = 0
    """Executions in which it was seen."""
    builds: int = 0
    latest: tuple[str, ...] = ()
    """The latest of these builds by `name_of_build`, the last one at the end."""
    name: str = ""
    """What people read, without secrets."""
    on: tuple[tuple[int, int], ...] = ()
    """The numbers of the digests on which runs had it, and in how many runs each; in order."""
    old: bool = False
    """Its identity is one of an algorithm before: it is looked up by its name."""

    def builds_before(self, build: str) -> int:
        """Return on how many builds it was before this one."""
        name = name_of_build(build)
        since = len(self.latest) - self.latest.index(name) if name in self.latest else 0
        return self.builds - since

    def seen_on(self, build: str, error: Repeated, now: datetime) -> KnownError:
        """Return it with this build, unless it is known to have been on it."""
        name = name_of_build(build)
        if name in self.latest:
            return self
        return replace(
            self._with(error, now),
            runs=self.runs + 1,
            builds=self.builds + 1,
            latest=(*self.latest, name)[-MOST_BUILDS:],
        )

    def seen_in_run(self, number: int, error: Repeated, now: datetime) -> KnownError:
        """Return it with one run more of the digest with this number."""
        counts = dict(self.on)
        counts[number] = counts.get(number, 0) + 1
        on = tuple(sorted(counts.items())[-MOST_DIGESTS_OF_ERROR:])
        return replace(self._with(error, now), runs=self.runs + 1, on=on)

    def _with(self, error: Repeated, now: datetime) -> KnownError:
        return replace(
            self,
            last=max(self.last, now),
            aliases=tuple(dict.fromkeys((*self.aliases, *error.aliases)))[:MOST_ALIASES],
            name=kept_name(error.name),
        )


def kept_name(name: str) -> str:
    """Return an error's name in at most so many bytes as are kept, and with a sign where it was cut."""
    whole = name.encode()
    if len(whole) <= MOST_NAME:
        return name
    return f"{whole[: MOST_NAME - len(_CUT.encode())].decode(errors='ignore').rstrip()}{_CUT}"


def name_of_build(build: str) -> str:
    """Return the short name by which a build is remembered."""
    return sha256(build.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class BookedDigest:
    """A digest that a job ran."""

    number: int
    """Counted from 1, in the order in which they began to run; one that comes back gets another number."""
    digest: str
    since: datetime
    """When its first run was created."""
    runs: int = 0
    """Runs whose logs were read and compared, by the algorithm at hand."""


@dataclass(frozen=True, slots=True)
class ErrorBook:
    """The errors of one job, as far as they are remembered."""

    errors: tuple[KnownError, ...] = ()
    beyond: int = 0
    """Errors that there was no room for: those that were seen longest ago. Coming back, they are taken for new."""
    algorithm: int = 1
    """By which the identities were made."""
    digests: tuple[BookedDigest, ...] = ()
    """What the job ran, in the order of their numbers, the latest ones."""
    counted: tuple[str, ...] = ()
    """The short names of the latest executions that are counted."""
    read_back: datetime | None = None
    """Until then it has what runs of before it was watched had; None where that was not read."""

    def find(self, identity: str) -> KnownError | None:
        """Return the error of this identity, or the one that this is known to follow from."""
        exact = next((known for known in self.errors if known.identity == identity), None)
        return exact or next((known for known in self.errors if identity in known.aliases), None)

    def by(self, algorithm: int) -> ErrorBook:
        """Return it for identities of this algorithm: with another one no run is there yet to compare with."""
        if algorithm == self.algorithm:
            return self
        return replace(
            self,
            algorithm=algorithm,
            errors=tuple(replace(known, old=True, aliases=()) for known in self.errors),
            digests=tuple(replace(ran, runs=0) for ran in self.digests),
        )

    def recognizing(self, errors: Iterable[Repeated]) -> ErrorBook:
        """Return it with their identities for the errors of an algorithm before that have their names."""
        old = [known for known in self.errors if known.old and known.name]
        if not old:
            return self
        from verifier.facts.logs.masks import masked

        there = {known.identity for known in self.errors if not known.old}
        now = {masked(kept_name(one.name)): one.identity for one in errors if one.identity not in there}
        named = {known.identity: now[name] for known in old if (name := masked(known.name)) in now}
        found: dict[str, KnownError] = {}
        for known in self.errors:
            identity = named.get(known.identity, known.identity)
            is_old = known.old and known.identity not in named
            found.setdefault(identity, replace(known, identity=identity, old=is_old))
        return replace(self, errors=tuple(found.values()))

    def with_errors(self, errors: Iterable[Repeated], *, build: str, digest: str, now: datetime) -> ErrorBook:
        """Return the book with what this build had. Adding it again changes nothing."""
        given = [error for error in errors if error.identity]
        book = self.recognizing(given)
        held = {known.identity: known for known in book.errors}
        found = BookIndex(book)
        for error in given:
            # Looked up as it was before this build: what one of its errors brings along makes no other one known.
            known = found.find(error.identity) or KnownError(error.identity, now, now, digest)
            held[known.identity] = held.get(known.identity, known).seen_on(build, error, now)
        return holding(book, held)

    def with_run(
        self, errors: Iterable[Repeated], *, run: str, digest: str, created: datetime, now: datetime
    ) -> ErrorBook:
        """Return the book with what a run had, by its execution's short name. Counting it again changes nothing."""
        if run in self.counted:
            return self
        given = [error for error in errors if error.identity]
        book = self.recognizing(given).running(digest, created)
        number = book.number_of(digest, created)
        held = {known.identity: known for known in book.errors}
        found, done = BookIndex(book), set[str]()
        for error in given:
            known = found.find(error.identity) or KnownError(error.identity, now, now, digest)
            if known.identity not in done:
                held[known.identity] = held.get(known.identity, known).seen_in_run(number, error, now)
                done.add(known.identity)
        digests = tuple(replace(ran, runs=ran.runs + (ran.number == number)) for ran in book.digests)
        counted = (*book.counted, run)[-MOST_COUNTED:]
        return _without_forgotten(replace(holding(book, held), digests=digests, counted=counted), now)

    def running(self, digest: str, created: datetime) -> ErrorBook:
        """Return the book with a number for this digest, of which a run was created then."""
        if self.number_of(digest, created):
            return self
        number = self.digests[-1].number + 1 if self.digests else 1
        return replace(self, digests=(*self.digests, BookedDigest(number, digest, created))[-MOST_DIGESTS_RUN:])

    def number_of(self, digest: str, created: datetime) -> int:
        """Return the number of what a run of this digest, created then, ran; 0 where it begins something new.

        A run that was created before the latest digest began counts for its own digest's number of then. Where another
        one began between that and the run, there is none of then yet: its digest had gone or come back, unseen.
        """
        own = [ran for ran in self.digests if ran.digest == digest]
        if not own:
            return 0
        latest = self.digests[-1]
        if latest.digest != digest and created >= latest.since:
            return 0
        mine = max((ran for ran in own if ran.since <= created), key=lambda ran: ran.since, default=own[0])
        first, last = sorted((mine.since, created))
        is_apart = any(ran.digest != digest and first < ran.since <= last for ran in self.digests)
        return 0 if is_apart else mine.number

    def known_before(self, errors: Sequence[Repeated], *, build: str, now: datetime, digest: str = "") -> str:
        """Return in words that all of these were there before this build; empty where one was not, or none is given.

        `digest`: what the build pushed; runs of any other one count as before.
        """
        book = self.recognizing(errors)
        found = [book.find(error.identity) for error in errors if error.identity]
        before = [known for known in found if known and (known.builds_before(build) or book.runs_before(known, digest))]
        if not errors or len(before) < len(errors):
            return ""
        since = max(known.first for known in before)
        day = f"{since.day} {since:%b}" + ("" if since.year == now.year else f" {since.year}")
        if count := min(known.builds_before(build) for known in before):
            where = f"on {count} build{'' if count == 1 else 's'}"
        else:
            count = min(known.builds_before(build) + book.runs_before(known, digest) for known in before)
            where = f"in {count} run{'' if count == 1 else 's'}"
        if len(before) == 1:
            return f"not new: {where} since {day}"
        return f"not new: each {where} or more, all of them since {day}"

    def runs_before(self, known: KnownError, digest: str) -> int:
        """Return in how many runs of other digests an error was, as far as these are remembered."""
        own = {ran.number for ran in self.digests if ran.digest == digest}
        return sum(runs for number, runs in known.on if number not in own)


def holding(book: ErrorBook, held: dict[str, KnownError]) -> ErrorBook:
    """Return the book with these errors, as far as there is room: those that were seen longest ago go."""
    lost = max(0, len(held) - MOST_ERRORS)
    oldest = set(sorted(held, key=lambda identity: held[identity].last)[:lost])
    kept = tuple(known for identity, known in held.items() if identity not in oldest)
    return replace(book, errors=kept, beyond=book.beyond + lost)


def _without_forgotten(book: ErrorBook, now: datetime) -> ErrorBook:
    """Return it without what is long gone: a nightly job's errors last for some digests, however long that is."""
    newest = book.digests[-1].number if book.digests else 0
    kept = tuple(
        known
        for known in book.errors
        if now - known.last <= _KEPT or not known.on or newest - known.on[-1][0] < _KEPT_DIGESTS
    )
    return replace(book, errors=kept)


class BookIndex:
    """The errors of a book by their identities, made once for many look-ups."""

    def __init__(self, book: ErrorBook) -> None:
        self._of: dict[str, KnownError] = {}
        for known in book.errors:
            for alias in known.aliases:
                self._of.setdefault(alias, known)
        self._of.update((known.identity, known) for known in book.errors)

    def find(self, identity: str) -> KnownError | None:
        """Return the error of this identity, or the one that this is known to follow from."""
        return self._of.get(identity)
