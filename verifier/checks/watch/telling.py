"""What people are to hear of a watch, and when; and what a checkpoint may say.

| what | when | how |
|---|---|---|
| regressed | a new error in a failed run, or in two runs, or in one of a rare job; failures up | called |
| once | a new error in one run that succeeded, of a job that is not rare | one quiet reply |
| checkpoint | after the times that policy names; of a rare job after its first and third run | an edit |
| recovered | a checkpoint is reached without what was wrong before | called |

A rare job runs less than six times a day. A checkpoint waits until something ran.

Failures are up where Fisher's exact test says so, beside as many days before; or where the latest two runs
failed, the ten before had succeeded, and hardly any failed in all the time before. They are looked at after a failed
run and at checkpoints alone: whoever looks at every moment finds something at some.

Without runs before to compare with, a new error is only "first seen": it calls people where its run failed. Of what ran
already when the job began to be watched, nothing is told: nothing was deployed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from verifier.checks.watch.book import LEAST_RUNS, ErrorState
from verifier.checks.watch.chances import RunCounts, are_failures_up
from verifier.checks.watch.rules import USUAL_CHECKPOINTS
from verifier.checks.watch.watching import RARE_RUNS, Kept, Red, SeenError, Watch, counts_before

FAILURES, TWICE = "failures", "twice"
"""Reasons of a regression that are no error."""
MOST_AT_ONCE = 3
"""Messages of one kind that the same runs may bring: a run with a thousand errors is one thing that went wrong."""
_TEN_AND_TWO = "SSSSSSSSSSFF"
_HARDLY_ANY = 200
"""Of so many runs one may have failed before, where two failed runs in a row alarm."""


class NewsKind(StrEnum):
    """What people are told of a watch; the words are those of the audit trail."""

    ONCE = "once"
    REGRESSED = "regressed"
    CHECKPOINT = "checkpoint"
    RECOVERED = "recovered"


class Standing(StrEnum):
    """How a watch stands at a checkpoint."""

    NOTHING_RAN = "nothing-ran"
    NO_NEW_ERRORS = "no-new-errors"
    """Too few runs to say more."""
    HEALTHY = "healthy"
    NEW_ERRORS = "new-errors"
    """There are some, and they are no regression so far."""
    CANNOT_TELL = "cannot-tell"
    REGRESSED = "regressed"


@dataclass(frozen=True, slots=True)
class WatchNews:
    """One thing to be told, once."""

    kind: NewsKind
    key: str
    """What makes it one thing, within its watch."""
    replies: bool
    """It is worth a message of its own; else the build's message is edited, and nobody is called."""
    error: SeenError | None = None
    reason: str = ""
    """Of a regression that is no error: `failures` or `twice`."""
    after: timedelta = timedelta()
    """Of a checkpoint: how long after the first run."""
    by_runs: bool = False
    """Of a checkpoint: it is one after so many runs."""
    standing: Standing = Standing.NOTHING_RAN
    reds: tuple[Red, ...] = ()
    """What is over."""
    more: int = 0
    """Further errors that came with this one and have no message of their own."""


def standing(watch: Watch) -> Standing:
    """Return how it stands now."""
    if watch.is_regressed:
        return Standing.REGRESSED
    if watch.runs == 0:
        return Standing.NOTHING_RAN
    if watch.new:
        return Standing.NEW_ERRORS
    if watch.unread or watch.beyond:
        return Standing.CANNOT_TELL
    return Standing.HEALTHY if watch.runs >= LEAST_RUNS else Standing.NO_NEW_ERRORS


def after_runs(watch: Watch, now: datetime, *, failed: bool) -> tuple[Watch, tuple[WatchNews, ...]]:
    """Return what is to be told once runs were counted, and the watch that knows of it.

    `failed`: one of these runs failed. Of a watch that has ended, and of what ran already, nothing is told.
    """
    if watch.ended is not None or watch.found:
        return watch, ()
    news: list[WatchNews] = []
    for error in watch.new:
        if _is_regression(watch, error) and error.told is not Kept.REGRESSED:
            watch = replace(
                watch.with_error(replace(error, told=Kept.REGRESSED)), reasons=(*watch.reasons, error.identity)
            )
            news.append(WatchNews(NewsKind.REGRESSED, f"regressed-{error.identity}", replies=True, error=error))
        elif _is_worth_a_word(error):
            watch = watch.with_error(replace(error, told=Kept.ONCE))
            news.append(WatchNews(NewsKind.ONCE, f"once-{error.identity}", replies=True, error=error))
    if failed:
        watch, more = _failures(watch, now, is_checkpoint=False)
        news += more
    return watch, _few(news)


def _few(news: Sequence[WatchNews]) -> tuple[WatchNews, ...]:
    """Return them with messages for the first ones of a kind alone, the last of which says how many there are more."""
    loud, found, so_far = Counter(one.kind for one in news if one.replies), list[WatchNews](), Counter[NewsKind]()
    for one in news:
        so_far[one.kind] += one.replies
        is_last = one.replies and so_far[one.kind] == MOST_AT_ONCE
        more = loud[one.kind] - MOST_AT_ONCE if is_last else 0
        found.append(replace(one, replies=one.replies and so_far[one.kind] <= MOST_AT_ONCE, more=more))
    return tuple(found)


def _is_regression(watch: Watch, error: SeenError) -> bool:
    if error.of_trial:
        return False  # its verdict has told of it
    if error.state is ErrorState.FIRST_SEEN:
        return error.failed_runs > 0
    return error.failed_runs > 0 or error.runs > 1 or watch.rare


def _is_worth_a_word(error: SeenError) -> bool:
    is_compared = error.state in (ErrorState.NEW, ErrorState.BACK)
    return is_compared and not error.of_trial and error.told is Kept.NOTHING


def _failures(watch: Watch, now: datetime, *, is_checkpoint: bool) -> tuple[Watch, list[WatchNews]]:
    """Look whether failures are up. Where people were called for an error already, they are not called again."""
    reason = _reason(watch, now, is_checkpoint=is_checkpoint)
    if not reason or {FAILURES, TWICE} & {*watch.reasons}:
        return watch, []
    news = WatchNews(NewsKind.REGRESSED, f"regressed-{reason}", replies=not watch.is_regressed, reason=reason)
    return replace(watch, reasons=(*watch.reasons, reason)), [news]


def _reason(watch: Watch, now: datetime, *, is_checkpoint: bool) -> str:
    own = RunCounts(watch.runs, watch.failed)
    if are_failures_up(counts_before(watch, now), own, is_checkpoint=is_checkpoint):
        return FAILURES
    ever = sum((hour.counts for hour in watch.before), own)
    is_rare = (ever.failed - 2) * _HARDLY_ANY <= ever.runs
    return TWICE if watch.failed and watch.tail == _TEN_AND_TWO and is_rare else ""


def next_checkpoint(watch: Watch, checkpoints: Sequence[timedelta] = USUAL_CHECKPOINTS) -> datetime | None:
    """Return when the next checkpoint is due; None where it waits for a run, or where there is none left."""
    if watch.ended is not None or watch.found or watch.rare:
        return None
    left = [span for span in checkpoints if _name(span) not in watch.told]
    return watch.since + min(left) if left and watch.runs else None


def at_checkpoint(
    watch: Watch, now: datetime, checkpoints: Sequence[timedelta] = USUAL_CHECKPOINTS
) -> tuple[Watch, tuple[WatchNews, ...]]:
    """Return what is to be told at a checkpoint that has come, and the watch that knows of it.

    Of several that have come meanwhile, the last one is told. Without a run nothing is.
    """
    if watch.ended is not None or watch.found or not watch.runs:
        return watch, ()
    reached = _runs_reached(watch) if watch.rare else [_name(span) for span in checkpoints if now >= watch.since + span]
    fresh = [name for name in reached if name not in watch.told]
    if not fresh:
        return watch, ()
    watch, news = _failures(replace(watch, told=(*watch.told, *fresh)), now, is_checkpoint=True)
    stands = standing(watch)
    watch, over = _recovered(watch, stands)
    told = WatchNews(
        NewsKind.CHECKPOINT,
        fresh[-1],
        # A red that is over has a reply of its own.
        replies=stands is Standing.REGRESSED and not news,
        after=now - watch.since,
        by_runs=watch.rare,
        standing=stands,
    )
    return watch, (*news, told, *over)


def _runs_reached(watch: Watch) -> list[str]:
    return [f"runs-{count}" for count in (1, RARE_RUNS) if watch.runs >= count]


def _name(span: timedelta) -> str:
    return f"after-{int(span.total_seconds())}s"


def _recovered(watch: Watch, stands: Standing) -> tuple[Watch, list[WatchNews]]:
    """Look whether what was wrong before is over: its errors are not here, nor anything else that is wrong."""
    if watch.verdict in ("FAILED", "LOCAL_SOURCE") or stands not in (Standing.HEALTHY, Standing.NO_NEW_ERRORS):
        return watch, []
    here = {error.identity for error in watch.errors}
    over = tuple(red for red in watch.reds if not here & {*red.errors})
    if not over:
        return watch, []
    left = tuple(red for red in watch.reds if red not in over)
    return replace(watch, reds=left), [WatchNews(NewsKind.RECOVERED, "recovered", replies=True, reds=over)]
