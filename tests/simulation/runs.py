"""Seeds of a job that runs by itself, with everything that may become of the messages about it and of our own calls.

The one invariant: in the end each of its runs is counted once, for the digest that it ran, and kept in a document.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from tests.simulation.fault_plan import Call, CallOutcome, NoFaults, unavailable
from tests.simulation.invariants import Invariants
from tests.simulation.push import push
from tests.simulation.random_faults import RandomFaultPlan
from tests.simulation.simulator import Simulation, ViolationFound
from tests.simulation.world_model import JOB, NUMBER, PROJECT, ModelExecution
from verifier.checks.job_runs import JobRuns
from verifier.controller.events import COMPLETION
from verifier.controller.runs.job_runs import JOBS, RUNS, name_of_job, name_of_run, parse_job
from verifier.errors import Missing
from verifier.facts.logs import EXECUTION_LABEL
from verifier.services import Document

_TROUBLED_SECONDS = 3 * 3600.0
_CALM_SECONDS = 2.2 * 3600.0
"""After the last fault and the last run's end: two looks and more."""
_SWEEP_EVERY = 60.0
_DIGESTS = tuple(f"sha256:{number:064x}" for number in (1, 2, 3))


@dataclass
class RunInvariants(Invariants):
    """Those about calls and leases; there are no builds here, and what is told of runs is not looked at."""

    def may_post(self, key: str) -> None:
        """Let anything be posted."""

    def posted(self, key: str, now: float) -> None:
        """Let it."""

    def recorded(self, insert_id: str, time: str, labels: Mapping[str, str], payload: Document) -> None:
        """Let it."""


class RunFaultPlan(RandomFaultPlan):
    """As by chance, but for an execution that exists: Cloud Run never says that there is none."""

    def outcome(self, call: Call) -> CallOutcome:
        """Return what becomes of this call by chance."""
        found = super().outcome(call)
        if call.name in ("jobs.observe", "jobs.describe") and isinstance(found.error, Missing):
            return CallOutcome(effect=False, error=unavailable(), seconds=found.seconds, trouble=found.trouble)
        return found


def run_message(execution: str, **said: Any) -> bytes:
    """Return what Cloud Run says when an execution has ended that nobody started for a build; or somebody else says."""
    entry = {
        "labels": {EXECUTION_LABEL: execution.rpartition("/")[2]},
        "resource": {
            "labels": {
                "project_id": said.pop("project", PROJECT),
                "location": JOB.location,
                "job_name": said.pop("job", JOB.job),
            }
        },
        "protoPayload": {"methodName": COMPLETION, "response": said},
    }
    return push(json.dumps(entry).encode())


_FORGED = {
    "metadata": {"labels": {"run.googleapis.com/jobGeneration": "999"}},
    "status": {"succeededCount": 1_000, "failedCount": 1_000},
    "spec": {"template": {"spec": {"containers": [{"image": "evil@sha256:" + "66" * 32}]}}},
}
"""What somebody says of an execution that ran something else."""


def run_seed_of_runs(seed: int, watch: Callable[[Simulation], object] = lambda _: None) -> Simulation:
    """Run one seed to its end, and return its simulation. Raises ViolationFound where a run is lost or counts twice."""
    random = Random(seed)
    plan = _plan(random)
    simulation = Simulation(random, plan, f"run_seed_of_runs({seed})", watches=True)
    simulation.invariants.__class__ = RunInvariants
    watch(simulation)
    simulation.install()
    _populate(simulation, random)
    simulation.kernel.at(_SWEEP_EVERY, simulation.sweeps)
    simulation.run(_TROUBLED_SECONDS)
    if isinstance(plan, RandomFaultPlan):
        plan.stop_faults()
    last = max((run.ended for run in simulation.world.runs.values()), default=0.0)
    simulation.run(max(_TROUBLED_SECONDS, last) + _CALM_SECONDS)
    if said := counted_wrongly(simulation):
        raise ViolationFound(f"{said}\nTo see it again: {simulation.name}")
    return simulation


def _plan(random: Random) -> NoFaults | RandomFaultPlan:
    if random.random() < 0.15:
        return NoFaults()
    drawn = RandomFaultPlan.of(random)
    return RunFaultPlan(random, drawn.rate, drawn.kinds, drawn.latencies)


def _populate(simulation: Simulation, random: Random) -> None:
    world = simulation.world
    world.lag = random.choice((0.0, 5.0, 25.0))
    world.lasts = random.choice(((2.0, 30.0), (2.0, 300.0, 4000.0)))
    world.executions_a_page = random.choice((2, 7, 100))
    world.ended = partial(_tell, simulation, random, random.choice((0.0, 0.0, 0.3, 1.0)))
    simulation.work_lost = random.choice((0.0, 0.0, 0.3, 1.0))
    if random.random() < 0.2:
        simulation.services.work_topic = None
    at, every = 30.0, random.choice((60.0, 300.0, 1800.0))
    while at < _TROUBLED_SECONDS:
        for _ in range(random.choice((1, 1, 1, 3))):
            simulation.kernel.at(at, partial(_run, simulation, random))
        at += every * random.uniform(0.5, 1.5)
    for _ in range(random.choice((0, 3))):
        end = random.choice((simulation.kernel.kill_all, simulation.kernel.stop_all))
        simulation.kernel.at(random.uniform(0, _TROUBLED_SECONDS), end)


def _run(simulation: Simulation, random: Random) -> None:
    """Let the job run; its tag is moved now and then, and some say of a run what is not so."""
    if random.random() < 0.15:
        simulation.world.tag = random.choice(_DIGESTS)
    run = simulation.world.start("", "")
    if random.random() < 0.1:
        simulation.pubsub.send("/executions", run_message(run.name, **_FORGED), delay=random.uniform(0.0, 400.0))
    if random.random() < 0.05:
        other = run.name + random.choice(("-gone", ""))
        forged = run_message(
            other, job=random.choice((JOB.job, "another")), project=random.choice((PROJECT, "foreign"))
        )
        simulation.pubsub.send("/executions", forged)


def _tell(simulation: Simulation, random: Random, lost: float, run: ModelExecution) -> None:
    """Say that a run has ended: soon or late, once or often, by the project's name or number, or never."""
    if random.random() < lost:
        return
    for _ in range(random.choice((1, 1, 2, 4))):
        body = run_message(run.name, project=random.choice((PROJECT, NUMBER)))
        simulation.pubsub.send("/executions", body, delay=random.choice((0.1, 3.0, 200.0, 5000.0)))


def counted_wrongly(simulation: Simulation) -> str:
    """Return which run is lost or counted twice, in words; empty where all is as it is."""
    held = simulation.services.store.held
    job = parse_job(held[JOBS, name_of_job(JOB)].document)
    runs = [run for run in simulation.world.runs.values() if run.ended < float("inf")]
    truly = Counter(run.digest for run in runs)
    counted = Counter({one.digest: one.runs + one.apart for one in job.digests})
    if +counted != truly or job.uncertain:
        return f"counted {dict(counted)} and {job.uncertain} uncertain, expected {dict(truly)}"
    lost = [run.name for run in runs if (RUNS, name_of_run(run.name)) not in held]
    if lost:
        return f"no document of {lost}"
    if job.open or simulation.pubsub.dead_letters:
        return f"still to be counted: {job.open}; {simulation.pubsub.dead_letters} messages given up"
    return _unlike_the_newest(job, runs)


def _unlike_the_newest(job: JobRuns, runs: list[ModelExecution]) -> str:
    newest = max(runs, key=lambda run: (run.created, run.name), default=None)
    if newest is not None and (job.execution, job.digest) != (newest.name, newest.digest):
        return f"runs {job.digest} by {job.execution}, expected {newest.digest} by {newest.name}"
    return ""
