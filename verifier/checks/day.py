"""A day as its one line in Slack tells of it: which day, when that is due, and what came of its builds and runs. Pure.

A day is one of the team's calendar, from midnight to midnight in its time zone. Where clocks are put forward or back,
it has 23 or 25 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Daily:
    """When the day before has its line, and where."""

    at: time
    """The time of day."""
    zone: tzinfo = UTC
    channel: str = ""
    """Empty: the default channel."""

    def due_on(self, now: datetime) -> date:
        """Return the day on which a line was due last: today from that time of day on, yesterday before."""
        today = now.astimezone(self.zone).date()
        return today if _moment(today, self.at, self.zone) <= now else today - _A_DAY

    def day_before(self, due: date) -> CalendarDay:
        """Return the day that the line is about which is due on this one."""
        day = due - _A_DAY
        since, until = (_moment(one, time(), self.zone) for one in (day, due))
        return CalendarDay(day, since, until, self.zone)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of the team's calendar."""

    date: date
    since: datetime
    until: datetime
    """When the next one begins."""
    zone: tzinfo

    def has(self, moment: datetime) -> bool:
        """Return whether this moment is of the day."""
        return self.since <= moment < self.until

    def is_yesterday(self, now: datetime) -> bool:
        """Return whether people call it yesterday by now."""
        return now.astimezone(self.zone).date() - _A_DAY == self.date


@dataclass(frozen=True, slots=True)
class BuildsOfDay:
    """The builds that the verifier first heard of on a day, by what came of them so far: each is in one of these."""

    right: int = 0
    """VERIFIED."""
    red: int = 0
    """LOCAL_SOURCE or FAILED."""
    over: int = 0
    """Of the red ones those that are known to be over: what they pushed runs no more, or was built right since."""
    exempt: int = 0
    unbuilt: int = 0
    """They did not succeed, and so have no verdict."""
    open: int = 0
    """INCONCLUSIVE, or not judged yet."""
    is_whole: bool = True
    """All were counted."""

    @property
    def count(self) -> int:
        """Return how many builds there were."""
        return self.right + self.red + self.exempt + self.unbuilt + self.open


class CodeRun(StrEnum):
    """What a job ran, in the words and the order in which it is told."""

    VERIFIED = "verified code"
    EXEMPT = "exempt code"
    RED = "red code"
    """LOCAL_SOURCE or FAILED."""
    UNKNOWN = "code of which nothing is certain"


@dataclass(frozen=True, slots=True)
class JobsAndRuns:
    """So many jobs, with so many runs."""

    jobs: int
    runs: int


@dataclass(frozen=True, slots=True)
class RunsOfDay:
    """What watched jobs ran on a day, this verifier's own trials aside. A run counts on the day on which it ended."""

    by_code: tuple[tuple[CodeRun, JobsAndRuns], ...] = ()
    """In the order of `CodeRun`, each that there was."""
    regressed: int = 0
    """Of the images that jobs ran, those that got worse than what ran before, as far as that is known by now."""
    partly: int = 0
    """Of these jobs, those that were not watched yet when the day began."""
    unseen: int = 0
    """Watched jobs that could not be looked at: they may have had more runs."""
    is_whole: bool = True
    """All that is known was counted."""


def _moment(day: date, at: time, zone: tzinfo) -> datetime:
    """Return that time of that day: of one that comes twice the first; one that clocks skip is later by as much."""
    return datetime.combine(day, at, zone).astimezone(UTC)
