"""Seeds of builds that run: whatever becomes of messages and of our own calls, in the end it is told what ran, once.

Uploads and commits are built and move the tag; the job runs by itself on whatever the tag points to, now and then on an
image that no build pushed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

from tests.simulation.fault_plan import FaultPlan, NoFaults
from tests.simulation.random_faults import RandomFaultPlan
from tests.simulation.runs import RunFaultPlan, run_message
from tests.simulation.simulator import Simulation, ViolationFound
from tests.simulation.world_model import GOOD, JOB, ModelBuild, ModelExecution
from verifier.checks.job_runs import JobRuns, Tie
from verifier.controller.runs.job_runs import JOBS, name_of_job, parse_job
from verifier.controller.runs.past import PAST
from verifier.services import Document
from verifier.times import show_time

_TROUBLED_SECONDS = 4_000.0
_CALM_SECONDS = 2.2 * 3600.0
"""After the last fault: two looks and more, and the message about the beginning."""
_SWEEP_EVERY = 60.0
NOBODYS = f"sha256:{'dd' * 32}"


def run_seed_of_told_runs(seed: int, watch: Callable[[Simulation], object] = lambda _: None) -> Simulation:
    """Run one seed to its end, and return its simulation. Raises ViolationFound where what ran is not told, once."""
    random = Random(seed)
    plan: FaultPlan = NoFaults()
    if random.random() > 0.15:
        drawn = RandomFaultPlan.of(random)
        plan = RunFaultPlan(random, drawn.rate, drawn.kinds, drawn.latencies)
    simulation = Simulation(random, plan, f"run_seed_of_told_runs({seed})", watches=True)
    watch(simulation)
    simulation.install()
    _populate(simulation, random)
    simulation.kernel.at(_SWEEP_EVERY, simulation.sweeps)
    simulation.run(_TROUBLED_SECONDS)
    if isinstance(plan, RandomFaultPlan):
        plan.stop_faults()
    simulation.run(_TROUBLED_SECONDS + _CALM_SECONDS)
    simulation.settle(exactly=False)
    if said := told_wrongly(simulation):
        raise ViolationFound(f"{said}\nTo see it again: {simulation.name}")
    return simulation


def _populate(simulation: Simulation, random: Random) -> None:
    world = simulation.world
    world.lag = random.choice((0.0, 5.0, 25.0))
    world.lasts = (2.0, 30.0)
    world.ended = partial(_tell, simulation, random, random.choice((0.0, 0.0, 0.3, 1.0)), world.ended)
    simulation.work_lost = random.choice((0.0, 0.0, 0.3, 1.0))
    if random.random() < 0.2:
        simulation.services.work_topic = None
    for number in range(1, random.choice((2, 3, 4, 6))):
        begins = random.uniform(2.0, 2_000.0)
        made = world.build(number, begins, begins + random.uniform(5.0, 300.0), random.choice(("", GOOD)))
        if random.random() < 0.9:
            simulation.announce(made, delay=random.choice((0.0, 5.0, 200.0)))
    if random.random() < 0.3:
        simulation.kernel.at(random.uniform(0, 3_000.0), lambda: setattr(world, "tag", NOBODYS))
    at, every = 30.0, random.choice((60.0, 300.0, 900.0))
    while at < _TROUBLED_SECONDS:
        simulation.kernel.at(at, partial(world.start, "", ""))
        at += every * random.uniform(0.5, 1.5)
    for _ in range(random.choice((0, 0, 3))):
        end = random.choice((simulation.kernel.kill_all, simulation.kernel.stop_all))
        simulation.kernel.at(random.uniform(0, _TROUBLED_SECONDS), end)
    for _ in range(random.choice((0, 1, 4))):
        simulation.kernel.at(random.uniform(2_000.0, _TROUBLED_SECONDS), partial(_move_back, simulation, random))


def _move_back(simulation: Simulation, random: Random) -> None:
    """Let the tag point to what a build pushed that has ended, whichever it is; nowhere else where none has."""
    world = simulation.world
    ended = [made.digest for made in world.builds.values() if made.finishes <= simulation.kernel.seconds]
    if ended:
        world.tag = random.choice(ended)


def _tell(
    simulation: Simulation,
    random: Random,
    lost: float,
    of_a_build: Callable[[ModelExecution], None],
    run: ModelExecution,
) -> None:
    """Say that an execution has ended, once or twice, or never."""
    if run.build:
        of_a_build(run)
    elif random.random() >= lost:
        for _ in range(random.choice((1, 1, 2))):
            simulation.pubsub.send("/executions", run_message(run.name), delay=random.choice((0.1, 3.0, 200.0)))


def watched_job(simulation: Simulation) -> JobRuns:
    """Return what is known of the job."""
    return parse_job(simulation.services.store.held[JOBS, name_of_job(JOB)].document)


def told_wrongly(simulation: Simulation) -> str:
    """Return what is not told as it is, in words; empty where all is."""
    job = watched_job(simulation)
    ran = {run.digest for run in simulation.world.runs.values() if not run.build}
    by_digest = {made.digest: made for made in simulation.world.builds.values()}
    events_of = heard(simulation)
    if events_of.keys() != ran:
        return f"the audit trail says that {sorted(events_of)} ran, expected {sorted(ran)}"
    for digest, events in events_of.items():
        words = ["begun", "ceased"] * len(events)
        if events != words[: len(events)] or (events[-1] == "begun") != (digest == job.digest):
            return f"the audit trail says of {digest}: {events}"
        if said := _against_tie(job, digest, by_digest.get(digest)):
            return said
    for digest, made in by_digest.items():
        if not made.behaviour and (said := _against_notes(simulation, job, digest, made)):
            return said
    waiting = [name for (kind, name), held in simulation.services.store.held.items() if kind == PAST and _due(held)]
    return f"still listing {waiting}" if waiting else ""


def _due(held: object) -> bool:
    document: Document = getattr(held, "document", {})
    return document.get("due") is not None


def heard(simulation: Simulation) -> dict[str, list[str]]:
    """Return what the audit trail says of each digest, in the order in which it was first said."""
    found: dict[str, list[str]] = {}
    for labels, payload in simulation.world.audit.values():
        if labels["kind"] == "running":
            found.setdefault(payload["digest"], []).append(payload["event"])
    return found


def _against_tie(job: JobRuns, digest: str, made: ModelBuild | None) -> str:
    runs = job.of(digest)
    tie = runs.tie if runs else None
    if made is None and tie is not Tie.NONE:
        return f"{digest} is {tie}, and no build pushed it"
    if made is not None and (runs is None or runs.build != made.key.name):
        return f"{digest} is {runs}, and {made.key.name} pushed it"
    return ""


def _against_notes(simulation: Simulation, job: JobRuns, digest: str, made: ModelBuild) -> str:
    record = simulation.invariants.records[made.key.name]
    notes = [note for note in record["notes"] if note["kind"] == "runs"]
    is_over = any(note["kind"] == "over" for note in record["notes"])
    runs = job.of(digest)
    if digest != job.digest:
        return f"{made.key.name} does not run, and its notes are {notes}" if any(_goes_on(n) for n in notes) else ""
    begun = show_time(runs.begun) if runs and runs.begun else ""
    is_told = [(note["since"], note.get("until")) for note in notes] == [(begun, None)] and not is_over
    # Where the record came later, there is a message of its own, or it is in the one about the beginning.
    is_said = runs is not None and bool({"said", "start"} & set(runs.told))
    return (
        ""
        if is_told or (is_said and not notes)
        else f"{made.key.name} runs since {begun}, and its notes are {record['notes']}"
    )


def _goes_on(note: Document) -> bool:
    return not note.get("until")
