"""The line about a day. What was not counted is left out, or said: no number is a guess."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from verifier.checks.day import BuildsOfDay, CalendarDay, RunsOfDay


def day_line(
    day: CalendarDay, builds: BuildsOfDay, runs: RunsOfDay | None, now: datetime, since: datetime | None = None
) -> str:
    """Return the line; `since`: when it was begun to look at builds, where that was on this day.

    `runs`: None where no job is watched.
    """
    date = f"{day.date:%a} {day.date.day} {day.date:%b}"
    named = f"Yesterday, {date}" if day.is_yesterday(now) else date
    began = f", since {since.astimezone(day.zone):%H:%M}" if since else ""
    if not builds.count and builds.is_whole and (runs is None or _is_quiet(runs)):
        return f"{named}{began}: no builds{'' if runs is None else ', no runs'}."
    said = [_builds(builds), *([] if runs is None else [_runs(runs)])]
    return f"{named}{began}: {' '.join(said)}"


def _is_quiet(runs: RunsOfDay) -> bool:
    return not runs.by_code and not runs.unseen and runs.is_whole


def _builds(builds: BuildsOfDay) -> str:
    parts = [f"{builds.right:,} right", f"{builds.red:,} red{_over(builds)}", f"{builds.open:,} open"]
    parts += [f"{builds.exempt:,} exempt"] if builds.exempt else []
    parts += [f"{builds.unbuilt:,} not built"] if builds.unbuilt else []
    if not builds.is_whole:
        return f"at least {_so_many(builds.count, 'build')}, and of those that were counted {', '.join(parts)}."
    if not builds.count:
        return "no builds."
    return f"{_so_many(builds.count, 'build')}, {', '.join(parts)}."


def _over(builds: BuildsOfDay) -> str:
    if not builds.over:
        return ""
    return " (over)" if builds.over == builds.red else f" ({builds.over:,} over)"


def _runs(runs: RunsOfDay) -> str:
    said = "No runs"
    if runs.by_code:
        least = "" if runs.is_whole and not runs.unseen else "At least "
        said = f"{least}{', '.join(_by_code(runs))}, {runs.regressed:,} regressed"
    return "; ".join([said, *_gaps(runs)]) + "."


def _by_code(runs: RunsOfDay) -> Iterator[str]:
    for number, (code, counts) in enumerate(runs.by_code):
        jobs = _so_many(counts.jobs, "job") if number == 0 else f"{counts.jobs:,}"
        yield f"{jobs} ran {code} in {_so_many(counts.runs, 'run')}"


def _gaps(runs: RunsOfDay) -> Iterator[str]:
    """Yield why there may have been more."""
    if runs.partly:
        yield f"{_so_many(runs.partly, 'job')} {'was' if runs.partly == 1 else 'were'} not watched all day"
    if runs.unseen:
        yield f"{_so_many(runs.unseen, 'job')} could not be looked at"
    if not runs.is_whole:
        yield "not all could be counted in time"


def _so_many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
