"""What is known of one watch: how the runs of a digest go in a job, since its first one.

The verdict on the build is about the build, and stays what it is; a watch has an outcome of its own beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import chain, pairwise

from verifier.checks.watch.book import LEAST_RUNS, ErrorState
from verifier.checks.watch.chances import RunCounts
from verifier.facts.execution import JobName

DAY = timedelta(days=1)
MOST_DAYS = 14
"""The most days before that failures are compared with."""
MOST_ERRORS_WATCHED = 60
"""The most errors of one watch that are kept by name; more are counted."""
MOST_TAIL = 12
RARE_RUNS = 3
"""Runs that are enough where a job runs less than six times a day."""
_RARE = timedelta(hours=4)
"""The usual time between two runs of a job that runs less than six times a day is longer."""
_LEAST_STARTS = 3


class WatchOutcome(StrEnum):
    """What came of a watch, or has so far."""

    WATCHING = "WATCHING"
    CLEAN = "CLEAN"
    """It ended with enough runs, all of them read, without a new error and with no more failures than before."""
    REGRESSED = "REGRESSED"
    """A new error came, or failures went up. It stays so, however the watch ends."""
    NOT_RUN = "NOT_RUN"
    """It ended, and no run counted."""
    INCONCLUSIVE = "INCONCLUSIVE"
    """It ended with too few runs, or with some whose logs could not be read."""
    REPLACED = "REPLACED"
    """Another build's digest took its place before that."""
    ROLLED_BACK = "ROLLED_BACK"
    """An older digest took its place again."""


class Kept(StrEnum):
    """What people were told of an error."""

    NOTHING = ""
    ONCE = "once"
    """One quiet reply: it was seen once."""
    REGRESSED = "regressed"


@dataclass(frozen=True, slots=True)
class SeenError:
    """An error that runs of the watch had."""

    identity: str
    name: str
    state: ErrorState
    first: datetime
    """When it was first logged."""
    run: int
    """The first run that had it: its number in the watch."""
    runs: int = 0
    failed_runs: int = 0
    entries: int = 0
    rule: str = ""
    deployments: int = 0
    accepted: bool = False
    of_trial: bool = False
    execution: str = ""
    """The first run that had it, by its short name."""
    told: Kept = Kept.NOTHING

    @property
    def is_new(self) -> bool:
        """Whether nothing like it was there before, as far as that is known, and nothing accepts it."""
        return self.state in (ErrorState.NEW, ErrorState.FIRST_SEEN, ErrorState.BACK) and not self.accepted


@dataclass(frozen=True, slots=True)
class Hour:
    """The runs that were created within an hour."""

    start: datetime
    counts: RunCounts


@dataclass(frozen=True, slots=True)
class Good:
    """A digest that may be gone back to."""

    digest: str
    repository: str
    build: str
    commit: str
    runs: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Red:
    """What was wrong with an earlier digest of the job, and is not told to be over yet."""

    what: str
    """REGRESSED, or the verdict: FAILED or LOCAL_SOURCE."""
    digest: str
    build: str
    commit: str
    since: datetime
    errors: tuple[str, ...] = ()
    """The identities of its errors; empty: its failures."""
    names: tuple[str, ...] = ()
    """And their names."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A job and a digest. Its fields are the storage format: add one with a default, never rename one."""

    job: JobName
    digest: str
    repository: str
    since: datetime
    """When the first run of this digest was created."""
    build: str = ""
    """The full name of the build that pushed it; empty where it is not known."""
    commit: str = ""
    verdict: str = ""
    image: str = ""
    """The image's name with the tag that the build pushed, or empty."""
    found: bool = False
    """It ran already when the job began to be watched: nothing was deployed, so nothing got worse by it."""
    runs: int = 0
    """Runs that count, those whose logs are not read among them."""
    failed: int = 0
    """Of these, those that failed by their own doing."""
    read: int = 0
    """Of these, those whose logs were read whole."""
    unread: int = 0
    """Of these, those whose logs could not be read, or not whole."""
    benign: int = 0
    """Runs that ended badly by what happens while deploying, or by the platform's doing: they don't count."""
    baseline: int = 0
    """Runs before that were read when it began."""
    tail: str = ""
    """How the job's latest runs ended, of whatever digest: S or F each, the latest last."""
    errors: tuple[SeenError, ...] = ()
    beyond: int = 0
    """Errors that there was no room for."""
    hours: tuple[Hour, ...] = ()
    before: tuple[Hour, ...] = ()
    """The runs of what ran before, of the latest days."""
    rare: bool = False
    """The job runs less than six times a day."""
    counted: tuple[str, ...] = ()
    """The short names of the latest runs that are counted."""
    until: datetime | None = None
    """When the latest run that is counted ended."""
    reasons: tuple[str, ...] = ()
    """Why it regressed, by names of our own: an error's identity, `failures` or `twice`."""
    told: tuple[str, ...] = ()
    """What was decided to be told, by names of our own: each is told once."""
    reds: tuple[Red, ...] = ()
    """What was wrong before, and is open."""
    good: Good | None = None
    """The latest digest before that may be gone back to."""
    ended: datetime | None = None
    successor: str = ""
    """The digest that took its place."""
    outcome: WatchOutcome = WatchOutcome.WATCHING

    @property
    def new(self) -> tuple[SeenError, ...]:
        """Return the errors that are new, first seen or back; where nothing was deployed, none is."""
        return () if self.found else tuple(error for error in self.errors if error.is_new)

    @property
    def known(self) -> tuple[SeenError, ...]:
        """Return the errors that were there before and that nothing accepts."""
        return tuple(error for error in self.errors if error.state is ErrorState.KNOWN and not error.accepted)

    @property
    def is_regressed(self) -> bool:
        """Whether it got worse."""
        return bool(self.reasons)

    @property
    def is_earned(self) -> bool:
        """Whether enough runs were read without anything new: however it ended, one may go back to it."""
        enough = self.read >= (RARE_RUNS if self.rare else LEAST_RUNS) or self.outcome is WatchOutcome.CLEAN
        return enough and not self.new and not self.is_regressed

    def error(self, identity: str) -> SeenError | None:
        """Return the error of this identity, if runs of it had it."""
        return next((error for error in self.errors if error.identity == identity), None)

    def with_error(self, changed: SeenError) -> Watch:
        """Return it with this in the place of the same error."""
        return replace(
            self, errors=tuple(changed if error.identity == changed.identity else error for error in self.errors)
        )


def is_rare(starts: Sequence[datetime]) -> bool:
    """Return whether a job with these latest moments of creation runs less than six times a day; False: not known."""
    gaps = sorted(later - earlier for earlier, later in pairwise(starts))
    return len(gaps) >= _LEAST_STARTS - 1 and gaps[len(gaps) // 2] > _RARE


def is_seldom(watch: Watch, now: datetime) -> bool:
    """Return whether three runs have to be enough: the job runs less than six times a day, or did so in this watch."""
    return watch.rare or watch.runs * DAY < 6 * (now - watch.since)


def counts_before(watch: Watch, now: datetime) -> RunCounts:
    """Return the runs before that its own are to be compared with: of as many days as it has lasted, 14 at most."""
    days = min(MOST_DAYS, max(1, -((watch.since - now) // DAY)))
    since = watch.since - days * DAY
    found = RunCounts()
    for hour in watch.before:
        if since <= hour.start < watch.since:
            found += hour.counts
    return found


def with_hour(hours: tuple[Hour, ...], moment: datetime, *, failed: bool) -> tuple[Hour, ...]:
    """Return the hours with one run more, created then."""
    start = moment.replace(minute=0, second=0, microsecond=0)
    return joined_hours(hours, (Hour(start, RunCounts(1, int(failed))),))


def joined_hours(*parts: Iterable[Hour]) -> tuple[Hour, ...]:
    """Return the hours of all of these, in order, without those that are older than what failures are compared with."""
    counts: dict[datetime, RunCounts] = {}
    for hour in chain(*parts):
        counts[hour.start] = counts.get(hour.start, RunCounts()) + hour.counts
    oldest = max(counts, default=datetime.max.replace(tzinfo=UTC)) - (MOST_DAYS + 1) * DAY
    return tuple(Hour(start, counts[start]) for start in sorted(counts) if start >= oldest)
