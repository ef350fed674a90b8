"""What each job ran, in a line: how often, how it went, and what it runs now. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from verifier.checks.verdict import Verdict
from verifier.facts.build import BuildKey
from verifier.history.judged_build import Run
from verifier.history.watch_status import WatchStatus
from verifier.redact import excerpt
from verifier.times import show_time

_MOST_NAME = 80


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job's executions, and what the newest ones run."""

    resource: str
    """The job's full resource name."""
    executions: int
    failed: int
    """Those that did not succeed; one that goes on is none of them."""
    build: BuildKey | None
    """Whose image the newest execution runs that shows one; None where no listed build pushed it, or none shows one."""
    verdict: Verdict | None
    since: datetime | None
    """When the first of the newest executions in a row that run the same image began; None where none shows one."""
    in_a_row: int
    """How many these are."""
    digests: frozenset[str] = frozenset()
    """Of the image that they run; of several containers all."""
    watched: WatchStatus | None = None
    """How that goes; None where it is not known."""
    is_asked: bool = False
    """Whether the ledger was asked how it goes."""

    @property
    def text(self) -> str:
        """Return what ran, in words."""
        what = f"{_counted(self.executions)}, {self.failed or 'none'} failed"
        return f"{self.name}: {what}; {self._now}"

    @property
    def watch_text(self) -> str:
        """Return how what it runs goes, in words; empty where no ledger was asked."""
        if self.watched is not None:
            return f"watch: {self.watched.text}"
        return "watch: none that is known" if self.is_asked else ""

    @property
    def name(self) -> str:
        """Return the job's short name."""
        return excerpt(self.resource.rpartition("/")[2], _MOST_NAME).replace("\n", " ")

    @property
    def _now(self) -> str:
        if self.since is None:
            return "none shows its image"
        if self.build is None:
            runs = "an image of no listed build"
        else:
            build = excerpt(self.build.id, _MOST_NAME).partition("-")[0]
            runs = f"build {build}, {self.verdict or 'not judged'}"
        return f"it runs {runs}, since {self.since:%Y-%m-%d %H:%M} UTC ({_counted(self.in_a_row)})"


def job_lines(runs: Sequence[Run]) -> list[JobLine]:
    """Return a line for each job that ran, by name."""
    jobs: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.started, reverse=True):
        jobs.setdefault(run.name.partition("/executions/")[0], []).append(run)
    return [_line(job, jobs[job]) for job in sorted(jobs)]


def with_watches(lines: Sequence[JobLine], found: Mapping[str, WatchStatus | None]) -> list[JobLine]:
    """Return the lines with how each goes; `found` is what the ledger said, by the job's resource name."""
    return [
        replace(line, watched=found[line.resource], is_asked=True) if line.resource in found else line for line in lines
    ]


def job_line_document(line: JobLine) -> dict[str, Any]:
    """Return a line for scripts."""
    return {
        "job": excerpt(line.resource, 4 * _MOST_NAME),
        "executions": line.executions,
        "failed": line.failed,
        "build": excerpt(line.build.name, 4 * _MOST_NAME) if line.build else None,
        "verdict": line.verdict,
        "since": show_time(line.since) if line.since else None,
        "in_a_row": line.in_a_row,
        "watch": line.watched.document() if line.watched else None,
    }


def _line(job: str, newest_first: Sequence[Run]) -> JobLine:
    failed = sum(run.succeeded is False for run in newest_first)
    shown = [run for run in newest_first if run.digests]
    row = shown[:1]
    for run in shown[1:]:
        if run.digests != row[0].digests:
            break
        row.append(run)
    newest = row[0] if row else None
    return JobLine(
        resource=job,
        executions=len(newest_first),
        failed=failed,
        build=newest.build if newest else None,
        verdict=newest.verdict if newest else None,
        since=row[-1].started if row else None,
        in_a_row=len(row),
        digests=newest.digests if newest else frozenset(),
    )


def _counted(count: int) -> str:
    return f"{count:,} execution{'' if count == 1 else 's'}"
