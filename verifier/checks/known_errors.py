"""Which errors earlier builds had: one book a job, in which a build's own errors can be told from those before them.

A build that is judged again after a crash finds what it wrote itself. So each error keeps the names of the latest
builds that it was on, in their order: what counts as "before" is what stood there before the build's own name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from verifier.facts.logs import Repeated

MOST_ERRORS = 300
"""The most errors of one job that are remembered."""
MOST_BUILDS = 8
"""The latest builds of an error that are remembered by name."""
_MOST_ALIASES = 20


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
    """The names of the latest of these builds, the last one at the end."""

    def builds_before(self, build: str) -> int:
        """Return on how many builds it was before this one."""
        since = len(self.latest) - self.latest.index(build) if build in self.latest else 0
        return self.builds - since

    def seen_on(self, build: str, error: Repeated, now: datetime) -> KnownError:
        """Return it with this build, unless it is known to have been on it."""
        if build in self.latest:
            return self
        return replace(
            self,
            last=max(self.last, now),
            aliases=tuple(dict.fromkeys((*self.aliases, *error.aliases)))[:_MOST_ALIASES],
            runs=self.runs + 1,
            builds=self.builds + 1,
            latest=(*self.latest, build)[-MOST_BUILDS:],
        )


@dataclass(frozen=True, slots=True)
class ErrorBook:
    """The errors of one job, as far as they are remembered."""

    errors: tuple[KnownError, ...] = ()
    beyond: int = 0
    """Errors that there was no room for: those that were seen longest ago. Coming back, they are taken for new."""

    def find(self, identity: str) -> KnownError | None:
        """Return the error of this identity, or the one that this is known to follow from."""
        exact = next((known for known in self.errors if known.identity == identity), None)
        return exact or next((known for known in self.errors if identity in known.aliases), None)

    def with_errors(self, errors: Iterable[Repeated], *, build: str, digest: str, now: datetime) -> ErrorBook:
        """Return the book with what this build had. Adding it again changes nothing."""
        held = {known.identity: known for known in self.errors}
        for error in errors:
            if not error.identity:
                continue
            # Looked up as it was before this build: what one of its errors brings along makes no other one known.
            known = self.find(error.identity) or KnownError(error.identity, now, now, digest)
            held[known.identity] = held.get(known.identity, known).seen_on(build, error, now)
        lost = max(0, len(held) - MOST_ERRORS)
        oldest = sorted(held.values(), key=lambda known: known.last)[:lost]
        kept = tuple(known for known in held.values() if known not in oldest)
        return ErrorBook(kept, self.beyond + lost)

    def known_before(self, errors: Sequence[Repeated], *, build: str, now: datetime) -> str:
        """Return in words that all of these were there before this build; empty where one was not, or none is given."""
        found = [self.find(error.identity) for error in errors if error.identity]
        before = [known for known in found if known is not None and known.builds_before(build) > 0]
        if not errors or len(before) < len(errors):
            return ""
        count = min(known.builds_before(build) for known in before)
        builds = f"{count} build{'' if count == 1 else 's'}"
        since = max(known.first for known in before)
        day = f"{since.day} {since:%b}" + ("" if since.year == now.year else f" {since.year}")
        if len(before) == 1:
            return f"not new: on {builds} since {day}"
        return f"not new: each on {builds} or more, all of them since {day}"
