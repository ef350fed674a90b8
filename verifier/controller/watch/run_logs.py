"""What the logs of ended runs say: all runs of one place in one question, judged each by its own job's rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from verifier.checks.accept import with_acceptance
from verifier.checks.policy import Policy
from verifier.checks.run_count import short_name
from verifier.controller.budget import Budget, Deployment
from verifier.facts.execution import JobName
from verifier.facts.logs import LogFacts, LogRules, Repeated
from verifier.facts.run import EndedRun, RunOutcome
from verifier.redact import excerpt

if TYPE_CHECKING:
    from verifier.facts.logs import LogEntry, LogReading

LOG_SECONDS = 20.0
"""For all pages together."""
MOST_PAGES = 5
"""Pages with entries, of a thousand each: what is beyond is not known."""
_MOST_EMPTY_PAGES = 25
_MOST_EMPTY_OF_PAST = 5
_WRITTEN_LATE = timedelta(minutes=10)
"""After its end a run's last lines are written at the latest."""


@dataclass(frozen=True, slots=True)
class JobRules:
    """By what the logs of a job are judged."""

    rules: LogRules
    trigger: str = ""
    """Of the worker whose job it is, by which errors may be accepted."""
    container: str = ""


def rules_of(job: JobName, policy: Policy) -> JobRules:
    """Return what policy says about the logs of a job: its worker's rules, else those for all."""
    mine = (job, replace(job, project=""))
    worker = next((worker for worker in policy.workers if worker.job in mine), None)
    return JobRules(worker.logs, worker.trigger, worker.container) if worker else JobRules(policy.logs)


@dataclass(slots=True)
class ReadOfThePast:
    """A reading of what was before a job was watched, which goes after all others; and how many pages it has read."""

    most_pages: int
    """With entries, of one question."""
    pages: int = 0


def read_runs(
    runs: Sequence[EndedRun], deployment: Deployment, budget: Budget, past: ReadOfThePast | None = None
) -> dict[str, LogFacts]:
    """Return what the logs of these runs of one place said, by the runs' full names. Raises ServiceError and Stopping.

    Stack traces that came without a level are looked at once more, with what stands right before them.
    """
    found = _read_once(runs, (), deployment, budget, past)
    unled = sorted({moment for facts in found.values() for moment in facts.unled})
    if not unled:
        return found
    from verifier.facts.logs import MOST_UNLED

    return _read_once(runs, unled[:MOST_UNLED], deployment, budget, past)


def is_whole(run: EndedRun, facts: LogFacts) -> bool:
    """Return whether every attempt's end was seen and nothing was left out: only then does silence mean anything."""
    if facts.truncated or facts.more_errors:
        return False
    ended = facts.exits | {(end.task, end.attempt) for end in facts.endings}
    if run.outcome is RunOutcome.SUCCEEDED:
        return len({task for task, _ in ended}) >= max(run.tasks, 1)
    return len(ended) >= max(run.attempts, 1)


def _read_once(
    runs: Sequence[EndedRun],
    around: Sequence[datetime],
    deployment: Deployment,
    budget: Budget,
    past: ReadOfThePast | None,
) -> dict[str, LogFacts]:
    from verifier.facts.logs import runs_filter

    place = runs[0].job
    rules = {run.job: rules_of(run.job, deployment.policy) for run in runs}
    readings = {short_name(run.execution): _reading(run, rules[run.job], around) for run in runs}
    query = runs_filter(
        place.location,
        [short_name(run.execution) for run in runs],
        min(run.created for run in runs),
        [one.rules for one in rules.values()],
        around,
        max(run.ended for run in runs) + _WRITTEN_LATE if past else None,
    )
    pages = deployment.services.logs.read(
        place.project, query, waits=True, last=past is not None, timeout=budget.seconds(LOG_SECONDS)
    )
    more, full = True, 0
    most, most_empty = (past.most_pages, _MOST_EMPTY_OF_PAST) if past else (MOST_PAGES, _MOST_EMPTY_PAGES)
    for number, page in enumerate(pages, start=1):
        full += _feed(readings, page.entries) > 0
        more = page.more
        if past:
            past.pages += 1
        if full >= most or number >= most_empty:
            break
        budget.seconds(LOG_SECONDS)  # raises where the next page is not to be asked for
    today = deployment.services.clock().date()
    found = {}
    for run in runs:
        facts, by = readings[short_name(run.execution)].facts(truncated=more), rules[run.job]
        errors = with_acceptance(
            deployment.policy.accepts, map(_shown, facts.errors), job=run.job, worker=by.trigger, today=today
        )
        found[run.execution] = replace(facts, errors=errors)
    return found


def _reading(run: EndedRun, by: JobRules, around: Sequence[datetime]) -> LogReading:
    from verifier.facts.logs import LogReading

    ran = (run.created, run.ended)
    return LogReading(by.rules, short_name(run.execution), container=by.container, ran=ran, around=around)


def _feed(readings: Mapping[str, LogReading], entries: Iterable[LogEntry]) -> int:
    """Have each reading judge its run's entries, and return how many entries there were."""
    own: dict[str, list[LogEntry]] = {}
    count = 0
    for entry in entries:
        count += 1
        own.setdefault(entry.execution, []).append(entry)
    for name, mine in own.items():
        if name in readings:
            readings[name].feed(mine)
    return count


def _shown(error: Repeated) -> Repeated:
    return replace(error, name=excerpt(error.name, 200), excerpt="")
