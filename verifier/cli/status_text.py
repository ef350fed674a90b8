"""What watched jobs run, as people and scripts read it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import pairwise
from statistics import median
from textwrap import wrap
from typing import Any

from verifier.checks.job_runs import DigestRuns
from verifier.checks.running import newer_build
from verifier.checks.verdict import Verdict
from verifier.cli.job_ledger import JobStatus, UnreadJob
from verifier.cli.terminal import visible
from verifier.history.watch_status import WatchStatus
from verifier.reporting.running_text import not_watched_sentence, short_build, what_runs
from verifier.times import show_span, show_time

_WIDTH = 80
_LABEL = 7
"""So wide that a whole digest stands in one line."""
_MOST = 600
_MOST_NEW = 3
_UNKNOWN = "CAN'T TELL"
_FEWEST_STARTS = 3
"""Two pauses at least, before one is called usual."""


class RunsAnswer(IntEnum):
    """What can be said of what runs, as the command's exit code."""

    VERIFIED = 0
    OTHER = 3
    """Other code runs."""
    UNKNOWN = 4


def unwatched_line(services: int | None) -> str:
    """Return what is not watched beside the jobs; `services` is None where they could not be counted."""
    return not_watched_sentence(services) if services else "Services of Cloud Run: not watched in this version."


def answer_of(status: JobStatus | UnreadJob) -> RunsAnswer:
    """Return whether verified code runs: what is not known for certain never counts as that."""
    if not isinstance(status, UnreadJob) and status.watched is not None and status.watched.watch.is_regressed:
        return RunsAnswer.OTHER
    if isinstance(status, UnreadJob) or status.made_by is None:
        return RunsAnswer.UNKNOWN
    return answer_of_verdict(status.made_by.verdict)


def answer_of_verdict(verdict: Verdict | None) -> RunsAnswer:
    """Return what it means that code with this verdict runs."""
    match verdict:
        case Verdict.VERIFIED:
            return RunsAnswer.VERIFIED
        case Verdict.INCONCLUSIVE | None:
            return RunsAnswer.UNKNOWN
        case _:
            return RunsAnswer.OTHER


def worst_answer(answers: Iterable[RunsAnswer]) -> RunsAnswer:
    """Return what can be said of all: other code is more than what can't be told; of nothing nothing can be."""
    known = set(answers) or {RunsAnswer.UNKNOWN}
    return next(one for one in (RunsAnswer.OTHER, RunsAnswer.UNKNOWN, RunsAnswer.VERIFIED) if one in known)


def status_document(status: JobStatus | UnreadJob) -> dict[str, Any]:
    """Return one job's line for scripts. How it goes is null where that is not watched yet."""
    if isinstance(status, UnreadJob):
        return _document(status.name, None, None)
    return _document(status.job.job.resource, status.job.now, status)


def _document(name: str, runs: DigestRuns | None, status: JobStatus | None) -> dict[str, Any]:
    made_by = status.made_by if status else None
    return {
        "job": name,
        "image": runs.repository if runs else None,
        "digest": (runs.digest or None) if runs else None,
        "build": (runs.build or None) if runs else None,
        "commit": (made_by.commit or None) if made_by else None,
        "verdict": made_by.verdict if made_by else None,
        "since": show_time(runs.begun or runs.since) if runs else None,
        "runs": runs.runs if runs else 0,
        "failed": runs.failed if runs else 0,
        **_watch(status.watched if status else None),
    }


def _watch(watched: WatchStatus | None) -> dict[str, Any]:
    if watched is None:
        return {"watch": None, "errors": None, "unread": 0, "next_checkpoint": None, "new_errors": None}
    return {
        "watch": str(watched.outcome),
        "errors": watched.counts(),
        "unread": watched.watch.unread,
        "next_checkpoint": show_time(watched.due) if watched.due else None,
        "new_errors": watched.new_errors,
    }


def status_lines(status: JobStatus | UnreadJob, now: datetime) -> Iterator[str]:
    """Yield one job's block of lines."""
    if isinstance(status, UnreadJob):
        yield from _heading(_UNKNOWN, status.name)
        yield from _row("why", status.why)
        return
    job, runs = status.job, status.job.now
    yield from _heading(_word(status), job.job.resource)
    if runs is None:
        waits = f"nothing yet that ended, since it is watched: {_moment(job.begun, now)}"
        yield from _row("code", waits)
    else:
        yield from _row("code", _code(runs, status))
        yield from _row("image", runs.repository or "not certain: see its execution")
        yield from _row("digest", runs.digest)
        yield from _row("since", _moment(runs.begun or runs.since, now))
        yield from _row("runs", _counts(runs))
        yield from _row("last", _last(status, now))
        yield from _row("watch", status.watched.text if status.watched else "")
        yield from _row("new", _new(status.watched))
        yield from _row("why", _exempt(status))
        yield from _row("newer", _newer(status))
        yield from _row("tree", _tree(status))
    yield from _row("look", f"failed last: {job.problem}" if job.problem else "")


def _word(status: JobStatus) -> str:
    if status.job.now is None:
        return "NOT RUN"
    verdict = status.made_by.verdict if status.made_by else None
    worse = ", REGRESSED" if status.watched and status.watched.watch.is_regressed else ""
    return f"{verdict or _UNKNOWN}{worse}"


def _heading(word: str, resource: str) -> Iterator[str]:
    parts = resource.split("/")
    named = f"{parts[3]}/{parts[5]} in {parts[1]}" if len(parts) == 6 else resource or "a job without a name"
    yield f"{word}  {visible(named, _WIDTH - len(word) - 2)}"


def _row(label: str, text: str) -> Iterator[str]:
    """Yield a labelled text in lines of 80 columns; nothing for no text."""
    room = _WIDTH - _LABEL - 2
    for number, line in enumerate(wrap(visible(text, _MOST), room, break_on_hyphens=False) if text else ()):
        yield f"  {'' if number else label:{_LABEL}}{line}"


def _code(runs: DigestRuns, status: JobStatus) -> str:
    made_by = status.made_by
    if made_by is None:
        return what_runs(runs)
    if made_by.is_open:
        return what_runs(replace(runs, verdict="", why=""))
    return what_runs(replace(runs, verdict=made_by.verdict or runs.verdict, commit=made_by.commit))


def _new(watched: WatchStatus | None) -> str:
    """Return the names of the errors that are new, as many as are worth a look; empty for none."""
    names = watched.new_errors if watched else []
    left = len(names) - _MOST_NEW
    return "; ".join(names[:_MOST_NEW]) + (f"; and {left:,} more" if left > 0 else "")


def _exempt(status: JobStatus) -> str:
    return f"exempt: {status.made_by.exception}" if status.made_by and status.made_by.exception else ""


def _newer(status: JobStatus) -> str:
    newer = newer_build(status.job)
    return (
        f"build {short_build(newer.build)} of commit {newer.commit[:7]} is VERIFIED, and does not run" if newer else ""
    )


def _counts(runs: DigestRuns) -> str:
    apart = f"; {runs.apart} more not counted (tried by this verifier, or with other arguments)" if runs.apart else ""
    return f"{runs.runs}, of which {runs.failed or 'none'} failed{apart}"


def _last(status: JobStatus, now: datetime) -> str:
    job = status.job
    usual = usual_pause(job.starts)
    return f"{_moment(job.newest, now)}{f'; usually every {show_span(usual)}' if usual else ''}" if job.newest else ""


def usual_pause(starts: Sequence[datetime]) -> timedelta | None:
    """Return the usual time between runs; None where too few are known."""
    if len(starts) < _FEWEST_STARTS:
        return None
    ordered = sorted(starts)
    return timedelta(seconds=median((later - earlier).total_seconds() for earlier, later in pairwise(ordered)))


def _tree(status: JobStatus) -> str:
    if status.made_by is None or not status.made_by.tree:
        return ""
    return f"{status.made_by.tree}, which `git rev-parse COMMIT:FOLDER` shows for a commit with these very files"


def _moment(moment: datetime, now: datetime) -> str:
    ago = f", {show_span(now - moment)} ago" if moment <= now else ""
    return f"{moment:%Y-%m-%d %H:%M} UTC{ago}"
