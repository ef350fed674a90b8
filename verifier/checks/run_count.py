"""How runs are counted, as pure rules: each once, for the digest that it ran itself.

`recent` and `floor` make that certain. An execution created after `floor` is counted if it is in `recent`, and only
then. One created before is counted if it has a document of its own, and is not in `open`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from verifier.checks.job_runs import MOST_OPEN, MOST_RECENT, MOST_STARTS, DigestRuns, JobRuns
from verifier.facts.execution import Execution, JobSetup, hash_of_arguments, parse_execution_name
from verifier.facts.run import EndedRun, RunKind, RunOutcome
from verifier.times import parse_time, show_time

KEPT_FOR = timedelta(days=35)
"""How long a run is kept after its end; what was created longer ago is never counted."""
OVERLAP = timedelta(minutes=10)
"""How far each look reaches behind the newest execution of the one before: new ones may become visible out of order."""

_COUNTED = frozenset({RunKind.OWN, RunKind.NOT_COMPARED})


def short_name(execution: str) -> str:
    """Return the short name of an execution. Raises Malformed."""
    return parse_execution_name(execution)[1]


def is_recent(job: JobRuns, short: str) -> bool:
    """Whether the execution of this short name is known to be counted."""
    return any(counted.endswith(f" {short}") for counted in job.recent)


def is_of_age(job: JobRuns, created: datetime, now: datetime) -> bool:
    """Whether an execution created then may be counted: not before the job was watched, nor too long ago."""
    return created >= max(job.begun, now - KEPT_FOR)


def is_below(job: JobRuns, short: str, created: datetime) -> bool:
    """Whether its own document alone says if it is counted."""
    return job.floor is not None and created <= job.floor and short not in job.open


def kind_of(execution: Execution, job: JobRuns, generation: int | None, fresh: JobSetup | None) -> RunKind:
    """Return whether an execution that nobody tried a build with ran with the job's own arguments.

    `generation` is the job's when it ran, as somebody says; `fresh` is how the job was set up after it was created.
    Other arguments than today's are somebody's own only where the job has not been changed since.
    """
    if job.args is None:
        return RunKind.NOT_COMPARED
    if hash_of_arguments(execution.containers) == job.args:
        return RunKind.OWN
    is_same_generation = generation is not None and generation == job.generation
    is_unchanged = fresh is not None and fresh.updated is not None and execution.created >= fresh.updated
    return RunKind.OTHER_ARGUMENTS if is_same_generation or is_unchanged else RunKind.NOT_COMPARED


def with_setup(job: JobRuns, setup: JobSetup | None, generation: int | None = None) -> JobRuns:
    """Return the job as it is known to be set up; `generation`: the one whose arguments could not be read."""
    if setup is not None:
        images = tuple(one.image for one in setup.containers if one.is_by_tag)
        return replace(job, generation=setup.generation, args=hash_of_arguments(setup.containers), images=images)
    if generation is not None and generation > (job.generation or 0):
        return replace(job, generation=generation, args=None, images=())
    return job


def counted(job: JobRuns, run: EndedRun) -> JobRuns:
    """Return the job with this run counted; as it is where that was counted before."""
    short = short_name(run.execution)
    if is_recent(job, short) or is_below(job, short, run.created):
        return job
    marks = sorted([*job.recent, f"{show_time(run.created)} {short}"])
    others = tuple(name for name in job.open if name != short)
    known = replace(_with_run(job, run), recent=tuple(marks), open=others)
    return _pruned(known, _moment(marks[-MOST_RECENT - 1])) if len(marks) > MOST_RECENT else known


def _with_run(job: JobRuns, run: EndedRun) -> JobRuns:
    """Return the job with the run in its numbers."""
    if run.kind in _COUNTED:
        job = replace(job, starts=tuple(sorted([*job.starts, run.created])[-MOST_STARTS:]))
    if not run.digest:
        return replace(job, uncertain=job.uncertain + 1, unclear=run.unclear)
    job = job.with_digest(_with_run_of(job.of(run.digest), run))
    is_newest = job.newest is None or (run.created, run.execution) > (job.newest, job.execution)
    if run.kind is RunKind.TRIAL or not is_newest:
        return job
    return replace(job, digest=run.digest, newest=run.created, execution=run.execution)


def _with_run_of(known: DigestRuns | None, run: EndedRun) -> DigestRuns:
    """Return the runs of the run's digest with this one among them. Where others ran, trials say nothing of when."""
    runs = known or DigestRuns(run.digest, run.repository, run.created, run.created)
    is_trial = run.kind is RunKind.TRIAL
    if not runs.has_run and not is_trial:
        runs = replace(runs, since=run.created, last=run.created)
    if not (runs.has_run and is_trial):
        runs = replace(runs, since=min(runs.since, run.created), last=max(runs.last, run.created))
    if is_trial:
        return replace(runs, apart=runs.apart + 1, trials=runs.trials + 1)
    if run.kind is RunKind.OTHER_ARGUMENTS:
        return replace(runs, apart=runs.apart + 1)
    return replace(runs, runs=runs.runs + 1, failed=runs.failed + (run.outcome is RunOutcome.FAILED))


def with_open(job: JobRuns, going: Iterable[tuple[str, datetime]]) -> JobRuns:
    """Return the job with these executions to be counted later; a look goes back to those that find no room."""
    names, held = list(job.open), job.held
    for short, created in going:
        if short in names:
            continue
        if len(names) < MOST_OPEN:
            names.append(short)
        else:
            held = created if held is None else min(held, created)
    return replace(job, open=tuple(names), held=held)


def without_open(job: JobRuns, gone: Iterable[str]) -> JobRuns:
    """Return the job without these executions among those to be counted."""
    lost = frozenset(gone)
    return replace(job, open=tuple(name for name in job.open if name not in lost))


def looked_through(job: JobRuns) -> JobRuns:
    """Return the job at the end of a look: the next one begins where this one did not have to look any more."""
    known = replace(job, page="", top=None, held=None)
    reach = job.reach
    if job.top is not None:
        reach = max(job.top - OVERLAP, reach or job.top - OVERLAP)
        known = replace(known, looked=max(job.top, job.looked or job.top))
    if job.held is not None:
        reach = min(job.held - timedelta(microseconds=1), reach or job.held)
    return known if reach is None else _pruned(replace(known, reach=reach), reach)


def _pruned(job: JobRuns, floor: datetime) -> JobRuns:
    """Return the job with this floor, if that is higher, and without what `recent` need not hold any more."""
    if job.floor is not None and floor <= job.floor:
        return job
    return replace(job, floor=floor, recent=tuple(mark for mark in job.recent if _moment(mark) > floor))


def _moment(mark: str) -> datetime:
    return parse_time(mark.partition(" ")[0])
