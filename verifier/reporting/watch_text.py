"""How a deployed digest goes in its job, in sentences: for notes on the build's message, and for messages of their own.

Nothing is called healthy: what was seen is said, and what would most likely have shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import ceil, floor

from verifier.checks.watch.book import LEAST_RUNS, ErrorStanding, ErrorState
from verifier.checks.watch.chances import RunCounts, likely_shown
from verifier.checks.watch.telling import FAILURES, WatchNews
from verifier.checks.watch.watching import Red, SeenError, Watch, WatchOutcome, counts_before
from verifier.checks.watch.way_back import WayBack
from verifier.redact import excerpt, one_line
from verifier.reporting.running_text import short_build, short_digest, shown_job
from verifier.times import show_minute, show_span

_MOST_NAME = 120
_MOST_NAMED = 3
_ON_TIME = timedelta(minutes=10)
"""A checkpoint that comes no later than this is told with the time that policy names."""


def watch_subject(watch: Watch) -> str:
    """Return what people know the digest by: its commit, its build, or itself."""
    if watch.commit:
        return excerpt(watch.commit, _MOST_NAME)[:7]
    return f"build {short_build(watch.build)}" if watch.build else short_digest(watch.digest)


# Checkpoints


def checkpoint_sentence(
    watch: Watch, after: timedelta, absent: Sequence[ErrorStanding], *, planned: timedelta | None
) -> str:
    """Return what was seen until this checkpoint.

    `after`: how long after the first run it comes; `planned`: when it was to come, None where it comes with a run.
    `absent`: what was there before and no run had.
    """
    since = f"since {watch_subject(watch)} in {shown_job(watch.job)}"
    seen = f"{', '.join([_runs(watch), *_errors(watch), *_gone(absent)])}."
    late = planned is None or after > planned + _ON_TIME
    if planned is None:
        lead = f"{_counted(watch.runs, 'run')} {since}"
    else:
        lead = f"After {show_span(after)} {since}" if late else f"{show_span(planned)} {since}"
    return " ".join([f"{lead}: {seen}", *_unread(watch), *_bound(watch)])


def _runs(watch: Watch) -> str:
    ok = watch.runs - watch.failed
    said = f"{_counted(watch.runs, 'run')}, {ok:,} succeeded"
    if watch.failed:
        said += f", {watch.failed:,} failed"
    if watch.benign:
        said += f" ({watch.benign:,} more ended by the platform, by people or while deploying)"
    return said


def _errors(watch: Watch) -> Iterator[str]:
    fresh = [error for error in watch.new if error.state is not ErrorState.FIRST_SEEN]
    first = [error for error in watch.new if error.state is ErrorState.FIRST_SEEN]
    if fresh:
        yield f"{_counted(len(fresh), 'new error')} ({_names(fresh)})"
    elif watch.read:
        yield "no new errors" if not first else f"{_counted(len(first), 'error')} first seen ({_names(first)})"
    if first and fresh:
        yield f"{len(first):,} first seen"
    if watch.known:
        since = max(error.deployments for error in watch.known)
        yield f"{len(watch.known):,} known (since {_counted(since, 'deployment')})"
    if accepted := [error for error in watch.errors if error.accepted]:
        yield f"{len(accepted):,} accepted"
    if watch.beyond:
        yield f"and {watch.beyond:,} more than can be told apart"


def _gone(absent: Sequence[ErrorStanding]) -> Iterator[str]:
    gone = [error for error in absent if error.state is ErrorState.GONE]
    if gone:
        more = f" and {len(gone) - _MOST_NAMED:,} more" if len(gone) > _MOST_NAMED else ""
        names = ", ".join(_name(error.name) for error in gone[:_MOST_NAMED])
        yield f"{names}{more} {'is' if len(gone) == 1 else 'are'} gone"
    if waiting := len(absent) - len(gone):
        yield f"{waiting:,} of before not seen yet"


def _unread(watch: Watch) -> Iterator[str]:
    if watch.unread:
        what = "its logs" if watch.unread == 1 else "their logs"
        yield f"Can't tell about {_counted(watch.unread, 'run')}: {what} could not be read whole."
    if any(error.state is ErrorState.FIRST_SEEN for error in watch.new) or watch.baseline < LEAST_RUNS:
        yield f"There is no record to compare with yet: {_counted(watch.baseline, 'run')} of before could be read."


def _bound(watch: Watch) -> Iterator[str]:
    if watch.read == 0 or watch.new:
        return
    share = likely_shown(watch.read)
    if share <= 0.5:
        yield f"An error in 1 run of {floor(1 / share):,} would most likely (95 %) have shown."
    elif watch.read > 1:
        # The first of 2/3, 3/4 and so on that is no less.
        most = ceil(1 / (1 - share))
        yield f"An error in {most - 1} runs of {most} would most likely (95 %) have shown."


# What calls people


def regressed_lines(
    watch: Watch, news: WatchNews, way: WayBack | None, now: datetime, *, image_checked: bool | None = None
) -> list[str]:
    """Return that it got worse, and what can be done. `image_checked`: whether the image of the way back exists."""
    lines = [f"🔴 REGRESSED · {shown_job(watch.job)} · {watch_subject(watch)}"]
    if news.error is not None:
        lines += _worse_by(watch, news.error)
    elif news.reason == FAILURES:
        lines.append(_more_failures(watch, now))
    else:
        lines.append(f"The latest 2 runs failed, of {watch.runs:,} since then; the 10 before had succeeded.")
    if way is None:
        lines.append(
            "No earlier build of this image is known to have gone well for long enough: there is no way back to offer."
        )
    else:
        lines += _back(way, image_checked=image_checked)
    if news.error is not None:
        lines.append(_to_accept(watch, news.error))
    return [*lines, *_more(news.more, "the audit trail has each")]


def _more(count: int, where: str) -> Iterator[str]:
    if count:
        yield f"{count:,} more new error{'' if count == 1 else 's'} came with it; {where}."


def regressed_sentence(watch: Watch) -> str:
    """Return that it got worse, for the note on the build's message."""
    by = [
        f"{_name(error.name)} in {_of_runs(watch, error)}" for error in watch.errors if error.identity in watch.reasons
    ]
    if len(by) < len(watch.reasons):
        by.append(f"{watch.failed:,} of {_counted(watch.runs, 'run')} failed")
    return f"🔴 REGRESSED in {shown_job(watch.job)}: {', '.join(by[:_MOST_NAMED])}."


def once_lines(watch: Watch, error: SeenError, *, more: int = 0) -> list[str]:
    """Return the quiet reply about a new error in one run, which so many more came with."""
    return [
        f"👀 Seen once, in run {error.run:,} of {watch.runs:,} since {watch_subject(watch)}: {_name(error.name)}",
        f"{_capital(_before(watch, error))}; its run succeeded. It is told again where another run has it, or fails.",
        *_more(more, "verifier status --json names each"),
    ]


def recovered_lines(watch: Watch, reds: Sequence[Red]) -> list[str]:
    """Return that what was wrong before is over."""
    names = list(dict.fromkeys(name for red in reds for name in red.names))
    what = f"{', '.join(_name(name) for name in names[:_MOST_NAMED])}: gone" if names else "gone"
    was = " and ".join(dict.fromkeys(excerpt(red.what, _MOST_NAME) for red in reds))
    return [
        f"✅ recovered · {shown_job(watch.job)}",
        f"{_capital(what)} since {watch_subject(watch)} ({_counted(watch.runs, 'run')}). It was {was}.",
    ]


def _worse_by(watch: Watch, error: SeenError) -> Iterator[str]:
    rule = f" (rule {one_line(error.rule, _MOST_NAME)})" if error.rule else ""
    back = "Back" if error.state is ErrorState.BACK else "New error"
    entries = "" if error.entries <= error.runs else f", logged {error.entries:,} times"
    yield f"{back}{rule}: {_name(error.name)}"
    failed = f", of which {error.failed_runs:,} failed" if error.failed_runs else ""
    first = f"first at {show_minute(error.first)} in run {error.run:,}"
    yield f"In {_of_runs(watch, error)}{failed}{entries}, {first}; {_before(watch, error)}."


def _of_runs(watch: Watch, error: SeenError) -> str:
    return f"{error.runs:,} of {_counted(watch.runs, 'run')} since {watch_subject(watch)}"


def _before(watch: Watch, error: SeenError) -> str:
    match error.state:
        case ErrorState.BACK:
            return f"it had gone, and was first seen {_counted(error.deployments, 'deployment')} ago"
        case ErrorState.FIRST_SEEN:
            return f"there is no record to compare with yet: {_counted(watch.baseline, 'run')} of before could be read"
        case _:
            return f"not in the {watch.baseline:,} runs before"


def _more_failures(watch: Watch, now: datetime) -> str:
    before = counts_before(watch, now)
    return (
        f"Failures are up: {_share(RunCounts(watch.runs, watch.failed))} failed since {watch_subject(watch)}; "
        f"{_share(before)} in as many days before."
    )


def _share(counts: RunCounts) -> str:
    return f"{counts.failed:,} of {_counted(counts.runs, 'run')}"


def _back(way: WayBack, *, image_checked: bool | None) -> Iterator[str]:
    good = way.good
    commit = excerpt(good.commit, _MOST_NAME)[:7] or f"build {short_build(good.build)}"
    yield f"Way back to {commit}, VERIFIED, {_counted(good.runs, 'run')} without a new error: {way.back}"
    then = "to follow its tag again" if way.undo_follows_tag else "to run what it runs now again"
    yield f"Afterwards, {then}: {way.undo}"
    exists = {True: "Its image still exists.", False: "Its image does not exist any more.", None: _NOT_CHECKED}
    yield (
        "Until then the job is pinned: later pushes of its tag are not run. "
        f"Neither command takes back a migration, or messages that were consumed. {exists[image_checked]}"
    )


_NOT_CHECKED = "Whether its image still exists was not checked."


def _to_accept(watch: Watch, error: SeenError) -> str:
    job = excerpt(f"{watch.job.location}/{watch.job.job}", _MOST_NAME)
    keys = f'job = "{job}", error = "{excerpt(error.identity, 40)}", reason and until'
    return f"To accept it for a while, in policy.toml: [[accept]] with {keys}."


# The end


def ended_sentence(watch: Watch, successor: str) -> str:
    """Return how a watch ended. `successor`: what people know the digest by that took its place, or empty."""
    span = show_span((watch.ended or watch.since) - watch.since)
    seen = ", ".join([_runs(watch), *_errors(watch)])
    how = {
        WatchOutcome.REPLACED: f"replaced by {successor or 'another build'}",
        WatchOutcome.ROLLED_BACK: f"gone back to {successor or 'an older build'}",
    }.get(watch.outcome, watch.outcome.value)
    return f"Watched {span} in {shown_job(watch.job)}: {seen}; {how}."


def _names(errors: Sequence[SeenError]) -> str:
    named = [f"{_name(error.name)}, {_seen(error)}" for error in errors[:_MOST_NAMED]]
    if len(errors) > _MOST_NAMED:
        named.append(f"and {len(errors) - _MOST_NAMED:,} more")
    return "; ".join(named)


def _seen(error: SeenError) -> str:
    return "seen once" if error.runs == 1 else f"in {error.runs:,} runs"


def _name(name: str) -> str:
    """Return an error's name so that no part of it can be taken for a command of ours."""
    return f"“{one_line(name, _MOST_NAME).replace(';', ',')}”"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
