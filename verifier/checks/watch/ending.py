"""When a watch is over, and with which outcome. Precedence, written here once:

1. REGRESSED     it got worse: that stays, however the watch ends
2. ROLLED_BACK   an older digest of the job runs again
   REPLACED      another build's digest took its place
3. NOT_RUN       no run counted
4. INCONCLUSIVE  too few runs, or some whose logs could not be read, or errors that nobody could tell to be new
5. CLEAN         enough runs, all of them read, with nothing new

It ends by itself after 24 hours with 8 runs, or with 3 runs where the job runs less than six times a day; else when it
has so many, or after seven days.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from verifier.checks.watch.book import LEAST_RUNS
from verifier.checks.watch.watching import DAY, RARE_RUNS, Watch, WatchOutcome, is_seldom

LONGEST = timedelta(days=7)


def next_end(watch: Watch, now: datetime) -> datetime | None:
    """Return when it ends by itself if nothing runs meanwhile; None when it has ended."""
    if watch.ended is not None:
        return None
    first = watch.since + DAY
    return first if _are_enough(watch, max(now, first)) else watch.since + LONGEST


def ended_by_itself(watch: Watch, now: datetime) -> Watch:
    """Return the watch, with its outcome where its time is over."""
    if watch.ended is not None:
        return watch
    is_over = now >= watch.since + DAY and _are_enough(watch, now)
    if is_over or now >= watch.since + LONGEST:
        return replace(watch, ended=now, outcome=_outcome(watch, now))
    return watch


def _are_enough(watch: Watch, now: datetime) -> bool:
    return watch.runs >= (RARE_RUNS if is_seldom(watch, now) else LEAST_RUNS)


def replaced(watch: Watch, now: datetime, successor: str, *, is_older: bool) -> Watch:
    """Return the watch that another digest has taken the place of; `is_older`: one that ran before it.

    One that has ended already keeps its outcome.
    """
    if watch.ended is not None:
        return watch
    outcome = WatchOutcome.ROLLED_BACK if is_older else WatchOutcome.REPLACED
    return replace(
        watch,
        ended=now,
        successor=successor,
        outcome=WatchOutcome.REGRESSED if watch.is_regressed else outcome,
    )


def resumed(watch: Watch) -> Watch:
    """Return the watch of a digest that runs again: it goes on with its counts, unless its time was over."""
    if not watch.successor:
        return watch
    return replace(watch, ended=None, successor="", outcome=WatchOutcome.WATCHING)


def _outcome(watch: Watch, now: datetime) -> WatchOutcome:
    if watch.is_regressed:
        return WatchOutcome.REGRESSED
    if watch.runs == 0:
        return WatchOutcome.NOT_RUN
    if not _are_enough(watch, now) or watch.unread or watch.new or watch.beyond:
        return WatchOutcome.INCONCLUSIVE
    return WatchOutcome.CLEAN
