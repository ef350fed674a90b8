"""Runs of many jobs on one cron minute are each counted once and read, within the quotas of Cloud Run and of logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from tests.scale.effort import Size
from tests.scale.goals import GoalRow
from tests.scale.load_model import LoadModel
from tests.simulation.runs import run_message
from tests.simulation.world_model import CRON, JOB, ModelExecution
from verifier.controller.quota.held_calls import Api
from verifier.controller.runs.job_runs import JOBS, RUNS, name_of_job, parse_job
from verifier.facts.execution import JobName, parse_execution_name

RUNS_A_DAY = 10_000
"""Of all jobs."""
READS_A_MINUTE = 600
"""Of Cloud Run, assumed: an old page said 1,000 in 100 seconds, and the present number is not published."""
LOG_READS_A_MINUTE = 60
"""Of Cloud Logging, for a whole project."""
_DAY = 86_400.0
_CALM = 2 * 3600.0
_ASKED = ("jobs.observe", "jobs.listed", "jobs.describe")
_MOST_CALLS = 1.5
_LOST, _TWICE = 0.02, 0.1
"""The share of messages that get lost, and that come twice."""


def jobs_of(number: int) -> list[JobName]:
    """Return so many jobs."""
    return [JobName(JOB.project, JOB.location, f"{CRON}{index}") for index in range(number)]


def measure(size: Size) -> Iterator[GoalRow]:
    """Play a day, or some hours of it, of jobs that all run at the same moments; their tags move at times."""
    model = _played(size)
    made = Counter(parse_execution_name(name)[0] for name in model.world.runs)
    held = model.services.store.held
    known = {job: parse_job(held[JOBS, name_of_job(job)].document) for job in jobs_of(size.jobs)}
    counted = {job: sum(one.runs + one.apart for one in one_job.digests) for job, one_job in known.items()}
    wrong = [job for job in known if counted[job] != made[job]]
    kept = sum(collection == RUNS for collection, _ in held)
    runs = made.total()
    yield GoalRow(
        f"runs of {size.jobs} jobs in {size.run_hours:g} h, {_LOST:.0%} of the messages lost, {_TWICE:.0%} doubled",
        "not seen",
        "each counted once",
        f"{sum(counted.values()):,} of {runs:,}, {len(wrong)} jobs are wrong, {kept:,} documents",
        not wrong and kept == runs > 0,
    )
    calls = sum(model.calls.counts[call] for call in _ASKED)
    yield GoalRow(
        "reads of Cloud Run a run, and in the busiest minute",
        "none",
        f"≤ {_MOST_CALLS:g}, none refused at {READS_A_MINUTE} a minute",
        f"{calls / runs:.2f}, {model.services.jobs.quota.refused} refused",
        calls / runs <= _MOST_CALLS and not model.services.jobs.quota.refused,
    )
    logs = model.services.logs.quota
    read = [document.document.get("read") for (collection, _), document in held.items() if collection == RUNS]
    yield GoalRow(
        "reads of logs for them, all runs of a place in one",
        "none",
        f"each run is read, none refused at {logs.per_minute} a minute",
        f"{read.count('whole'):,} of {kept:,} read in {model.calls.counts['logs.read']:,}, {logs.refused} refused",
        read.count("whole") == kept and not logs.refused and model.calls.counts["logs.read"] < kept,
    )


def _played(size: Size) -> LoadModel:
    """Return the model after those hours, and two looks more."""
    model = LoadModel(jobs=jobs_of(size.jobs), quotas={Api.LOGGING: LOG_READS_A_MINUTE})
    model.services.jobs.quota.per_minute = READS_A_MINUTE
    model.world.ended = partial(_tell, model)
    model.install()
    begin, end = model.kernel.seconds, model.kernel.seconds + 3600.0 * size.run_hours
    every, at, number = _DAY * size.jobs / RUNS_A_DAY, model.kernel.seconds + 60.0, 0
    while at < end:
        for job in jobs_of(size.jobs):
            model.kernel.at(at, partial(model.world.start, "", job=job))
        number += 1
        if number % 40 == 0:
            model.kernel.at(at - 1.0, partial(setattr, model.world, "tag", f"sha256:{number:064x}"))
        at += every
    model.sweep_until(end + _CALM)
    model.kernel.run(end + _CALM)
    assert model.kernel.seconds > begin
    return model


def _tell(model: LoadModel, run: ModelExecution) -> None:
    """Send the message that a run has ended, some seconds later: once, twice or never."""
    chance = model.random.random()
    if chance < _LOST:
        return
    body = run_message(run.name, job=parse_execution_name(run.name)[0].job)
    for delay in (10.0, 40.0)[: 1 + (chance > 1.0 - _TWICE)]:
        model.platform.send("/executions", body, delay)
