"""One simulation of the verifier: builds and faults by one seed, then none, and everything must settle."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import NamedTuple

from tests.simulation.entry import EntryPoint, entry
from tests.simulation.fault_plan import FaultPlan, NoFaults
from tests.simulation.injector import FaultInjector
from tests.simulation.invariants import LEASE, NOTE, UNREADABLE_ENTRY, InvariantBroken, Invariants
from tests.simulation.kernel import Kernel
from tests.simulation.ports import SimulatedServices, SimulatedUploads
from tests.simulation.push import (
    UNKNOWN,
    UNKNOWN_BUILD,
    UNREADABLE,
    SimulatedPubSub,
    completion_message,
    push,
    status_message,
)
from tests.simulation.random_faults import RandomFaultPlan
from tests.simulation.world_model import (
    CHANNEL,
    EXIT,
    FLAKY,
    GOOD,
    IDLE,
    JOB,
    MAPPER,
    OUT_OF_MEMORY,
    PROJECT,
    STUCK,
    ModelBuild,
    ModelExecution,
    WorldModel,
)
from verifier.checks.watch.rules import WatchRules
from verifier.controller.budget import Budget, Deployment
from verifier.controller.ledger import MARKS, Ledger
from verifier.controller.notes import note_on
from verifier.controller.quota.metered import MeteredServices
from verifier.controller.quota.quota import Quota
from verifier.controller.says import Saying, say
from verifier.controller.uploads import UPLOADS
from verifier.errors import ServiceError, Stopping
from verifier.facts.build import BuildKey
from verifier.services import Document
from verifier.times import show_time

_BEHAVIOURS = ("", "", GOOD, GOOD, MAPPER, EXIT, OUT_OF_MEMORY, IDLE, FLAKY, STUCK)
_TROUBLED_SECONDS = 3000.0
_MOST_SECONDS = 3 * 86_400.0
_SWEEP_EVERY = 60.0
_A_MINUTE = 20
"""Calls of an API: few enough to be waited for now and then."""
_MOST_LISTING_LAG = 1150.0
"""Below the grace and the overlap of a listing together."""
_SHOWN = 60
_ASKED_SECONDS = 60.0
"""For so long a process may live."""
UNEXPECTED = "an exception that nobody expected"


class ViolationFound(AssertionError):
    """An invariant was broken in a simulation; the message says how to see it again."""


class SimulationFigures(NamedTuple):
    """What happened in one simulation."""

    builds: int
    deliveries: int
    calls: int
    faults: int
    crashes: int
    doubles: int
    seconds: float
    """Of virtual time."""


@dataclass
class Simulation:
    """All of one simulation. Tests put into it what they want to see; `run_seed` fills it by chance."""

    random: Random
    plan: FaultPlan
    name: str
    """How to see it again."""
    kernel: Kernel = field(default_factory=Kernel)
    log: Callable[..., None] | None = None
    """Takes the lines of the function's log in place of the invariant about them."""
    watches: bool = False
    """The runs of the worker's job are seen, whoever started them."""
    rules: WatchRules = field(default_factory=WatchRules)
    """By which they are watched."""

    def __post_init__(self) -> None:
        self.world = WorldModel(self.kernel, self.random)
        self.invariants = Invariants(self.kernel, self.world)
        self.injector = FaultInjector(self.kernel, self.plan, self.invariants)
        self.services = SimulatedServices.of(self.injector, self.world)
        self.world.ended = self._completion
        self.events_lost = 0.0
        """The share of completion events that get lost."""
        self.work_lost = 0.0
        """The share of work messages that get lost."""
        self.work_delays: tuple[float, ...] = (0.1,)
        """How late the others come; each is as likely."""
        if self.services.work_topic is not None:
            self.services.work_topic.send = self._work
        here = self.kernel.process
        ledger = Ledger(self.services.store, self.services.clock, LEASE, self.invariants.nonce)
        self.invariants.given_up = ledger.contact.given_up
        quota = Quota(self.services, lambda *_: _A_MINUTE, stopping=lambda: here().stopping)
        metered = MeteredServices(self.services, quota, lambda _: PROJECT)
        policy = replace(entry().POLICY, watch=self.rules)
        if not self.watches:
            policy = replace(policy, workers=tuple(replace(worker, watch=False) for worker in policy.workers))
        self.deployment = deployment = Deployment(metered, policy, ledger, "simulated")
        self.asked = 0
        """Things that are to be known or said, and are not kept yet."""
        self._numbers = itertools.count(1)
        entry_point = EntryPoint(deployment, self.log or self.invariants.logged, lambda: here().stopping)
        self.pubsub = SimulatedPubSub(self.kernel, self.invariants, entry_point)

    def announce(self, made: ModelBuild, *, delay: float = 0.0, status: str = "") -> None:
        """Send a message about the build, when it has finished and this much later."""
        body = status_message(made, status or made.done.status)
        self.pubsub.send("/builds", body, made.key.name, max(made.finishes - self.kernel.seconds, 0) + delay)

    def _work(self, item: Document) -> None:
        """Bring a work message: perhaps twice, perhaps never, and not again when it is not taken."""
        if self.random.random() < self.work_lost:
            return
        for _ in range(self.random.choice((1, 1, 1, 2))):
            delay = self.random.choice(self.work_delays)
            self.pubsub.send("/work", push(json.dumps(item).encode()), delay=delay, once=True)

    def note(self, key: BuildKey) -> None:
        """Let more become known of a build, until that is kept."""
        number, since = next(self._numbers), show_time(self.kernel.clock())
        note = {"kind": "runs", "key": "runs/x", "job": f"{NOTE}{number}", "since": since}
        self._ask(lambda budget: note_on(self.deployment, key, note, budget))

    def say(self, about: BuildKey | None = None, mention: str = "") -> None:
        """Have something said in Slack, until that is kept."""
        key = f"said/{next(self._numbers)}"
        saying = Saying(key, CHANNEL, ("its image is pinned",), about=about, mention=mention)
        self._ask(lambda budget: say(self.deployment, saying, budget))

    def _ask(self, act: Callable[[Budget], object]) -> None:
        """Do it in a process of its own; and again, where that dies or fails, as work that is due comes again."""
        self.asked += 1
        done: list[bool] = []

        def body() -> None:
            process = self.kernel.process()
            until = self.kernel.clock() + timedelta(seconds=50)
            with suppress(ServiceError, Stopping):
                act(Budget(self.kernel.clock, until, lambda: process.stopping))
                done.append(True)

        def over() -> None:
            self.asked -= 1
            if not done:
                self._ask(act)

        self.kernel.spawn(f"/asked-{next(self._numbers)}", body)
        self.kernel.after(_ASKED_SECONDS, over)

    def install(self) -> None:
        """Sweep once, undisturbed: what finished before that is none of the verifier's business."""
        self.injector.plan = NoFaults()
        self.pubsub.send("/sweep", push(b"{}"), once=True)
        self.run(1.0)
        self.injector.plan = self.plan

    def sweeps(self, every: float = _SWEEP_EVERY) -> None:
        """Send the sweep from now on every minute, or as often as is said."""
        self.pubsub.send("/sweep", push(b"{}"), once=True)
        self.kernel.after(every, partial(self.sweeps, every))

    def run(self, until: float) -> None:
        """Let time pass. Raises ViolationFound when an invariant is broken, whatever becomes of that exception."""
        with self.checked():
            self.kernel.run(until)

    @contextmanager
    def checked(self) -> Iterator[None]:
        """Raise ViolationFound when an invariant is broken meanwhile, whatever becomes of that exception."""
        try:
            yield
        except InvariantBroken:
            pass
        except Exception as error:
            raise self._violation(error) from error
        if self.invariants.broken:
            raise self._violation(self.invariants.broken) from None

    def settle(self, *, exactly: bool) -> SimulationFigures:
        """Let time pass without faults until nothing is open, and check every invariant once more."""
        while not self._is_settled():
            if self.kernel.seconds > _MOST_SECONDS:
                raise self._violation(
                    InvariantBroken(f"three days without faults, and these have not settled: {self._open()}")
                )
            self.run(self.kernel.seconds + _SWEEP_EVERY)
        with self.checked():
            self.invariants.check_at_the_end(exactly=exactly, dead_letters=self.pubsub.dead_letters)
        outcomes = [outcome for _, _, _, outcome in self.injector.trace]
        return SimulationFigures(
            builds=len(self.world.builds),
            deliveries=self.pubsub.deliveries,
            calls=len(outcomes),
            faults=sum(bool(outcome.error or outcome.frozen or outcome.blind) for outcome in outcomes),
            crashes=sum(bool(outcome.crash) for outcome in outcomes),
            doubles=self.invariants.doubles.total(),
            seconds=self.kernel.seconds,
        )

    def _is_settled(self) -> bool:
        records, held = self.invariants.records, self.services.store.held.items()
        to_read = [name for (collection, name), stored in held if collection == UPLOADS and stored.document["due"]]
        sayings = [saying for saying in self.invariants.sayings.values() if saying["queue"]]
        edits = [record for record in records.values() if record["queue"]]
        return not (self.pubsub.on_the_way or to_read or self.asked or sayings or edits) and (
            all(records.get(made.key.name, {}).get("state") == "done" for made in self.world.builds.values())
            and all(record["state"] != "open" for record in records.values())
        )

    def _open(self) -> list[str]:
        told = {name: f"{record['state']} {record['error']}" for name, record in self.invariants.records.items()}
        made = {made.key.name: "" for made in self.world.builds.values()}
        waiting = [f"{name} is to be edited" for name, record in self.invariants.records.items() if record["queue"]]
        waiting += [f"{saying['key']} is to be said" for saying in self.invariants.sayings.values() if saying["queue"]]
        return [f"{name} {state}" for name, state in (made | told).items() if not state.startswith("done")] + waiting

    def _completion(self, run: ModelExecution) -> None:
        if self.random.random() >= self.events_lost:
            for _ in range(self.random.choice((1, 1, 2))):
                delay = self.random.choice((0.1, 3.0, 200.0))
                self.pubsub.send("/executions", completion_message(run.build, run.name), run.build, delay)

    def _violation(self, broken: BaseException) -> ViolationFound:
        told = [
            f"{seconds:10.3f} {process:<18} {call:<20} {'' if outcome.effect else 'no effect '}"
            f"{outcome.trouble} {outcome.error!r:.60} {outcome.crash}"
            f"{f' frozen {outcome.frozen:g} s' if outcome.frozen else ''}"
            for seconds, process, call, outcome in self.injector.trace[-_SHOWN:]
        ]
        invariant = str(broken) if isinstance(broken, InvariantBroken) else f"{UNEXPECTED}: {broken!r}"
        return ViolationFound("\n".join([invariant, f"To see it again: {self.name}", "The last calls:", *told]))


def run_seed(
    seed: int,
    watch: Callable[[Simulation], object] = lambda _: None,
) -> SimulationFigures:
    """Run one seed, and show its simulation to who watches.

    Raises ViolationFound when an invariant is broken, and for whatever else goes wrong.
    """
    name = f"python -m tests.simulation --seed {seed}"
    try:
        return _run_seed(Random(seed), name, watch, reads_uploads=seed % 2 == 0)
    except ViolationFound:
        raise
    except Exception as error:
        raise ViolationFound(f"{UNEXPECTED}: {error!r}\nTo see it again: {name}") from error


def _run_seed(
    random: Random, name: str, watch: Callable[[Simulation], object], *, reads_uploads: bool
) -> SimulationFigures:
    plan = RandomFaultPlan.of(random) if random.random() < 0.85 else NoFaults()
    simulation = Simulation(random, plan, name)
    if reads_uploads:
        simulation.services.uploads = SimulatedUploads(simulation.injector)
    watch(simulation)
    is_harmless = isinstance(plan, NoFaults) or plan.is_harmless
    simulation.install()
    _populate(simulation, random)
    simulation.kernel.at(_SWEEP_EVERY, simulation.sweeps)
    _trouble_instances(simulation, random, harmless=is_harmless)
    simulation.run(_TROUBLED_SECONDS)
    if isinstance(plan, RandomFaultPlan):
        plan.stop_faults()
    return simulation.settle(exactly=is_harmless and simulation.world.delay < 60)


def _populate(simulation: Simulation, random: Random) -> None:
    """Add builds, and what is said about them: truly or not, once or often, early, late or never."""
    simulation.world.lag = random.choice((0.0, 5.0, 25.0))
    simulation.world.delay = random.choice((0.0, 0.0, 2.0, 45.0, 300.0, 900.0))
    simulation.world.listing_lag = random.choice((0.0, 0.0, 60.0, _MOST_LISTING_LAG))
    simulation.events_lost = random.choice((0.0, 0.3, 1.0))
    _populate_work(simulation, random)
    for number in range(1, random.choice((2, 3, 5, 8))):
        begins = random.uniform(2.0, 1500.0)
        behaviour = random.choice(_BEHAVIOURS)
        status = "SUCCESS" if random.random() < 0.85 else random.choice(("FAILURE", "TIMEOUT", "CANCELLED"))
        made = simulation.world.build(number, begins, begins + random.uniform(5.0, 600.0), behaviour, status)
        _say(simulation, random, made)
    _populate_afterwards(simulation, random)
    for _ in range(random.choice((0, 0, 3, 10))):
        simulation.pubsub.send("/sweep", push(b"{}"), delay=random.uniform(0, _TROUBLED_SECONDS), once=True)
    if random.random() < 0.5:
        simulation.pubsub.send("/builds", UNREADABLE, UNREADABLE_ENTRY, delay=random.uniform(0, 900))
    if random.random() < 0.3:
        simulation.pubsub.send("/builds", UNKNOWN, UNKNOWN_BUILD, delay=random.uniform(0, 900))


def _populate_afterwards(simulation: Simulation, random: Random) -> None:
    """Let more become known of builds after their verdicts, and have other things said, about one or about none."""
    keys = [None, *(made.key for made in simulation.world.builds.values())]
    for _ in range(random.choice((0, 0, 4, 12))):
        key, moment = random.choice(keys), random.uniform(600, _TROUBLED_SECONDS)
        if key is not None and random.random() < 0.7:
            simulation.kernel.at(moment, partial(simulation.note, key))
        else:
            simulation.kernel.at(moment, partial(simulation.say, key, random.choice(("", "here"))))


def _populate_work(simulation: Simulation, random: Random) -> None:
    """Say what becomes of work messages, whether there is a topic at all, and send some that nobody handed out."""
    simulation.work_lost = random.choice((0.0, 0.0, 0.3, 1.0))
    simulation.work_delays = random.choice(((0.1,), (0.1, 3.0), (0.1, 20.0, 150.0)))
    if random.random() < 0.2:
        simulation.services.work_topic = None
    if random.random() < 0.3:
        simulation.world.doom = random.uniform(0, _TROUBLED_SECONDS)
    held = simulation.services.store.held
    for _ in range(random.choice((0, 0, 1, 3))):
        simulation.kernel.at(random.uniform(0, _TROUBLED_SECONDS), lambda: held.pop((MARKS, "handed-out"), None))
    for _ in range(random.choice((0, 3, 10))):
        simulation.kernel.at(random.uniform(0, _TROUBLED_SECONDS), partial(_forge_work, simulation, random))


def _forge_work(simulation: Simulation, random: Random) -> None:
    """Send a work message about a document that is due, early, leased, done, of another kind or none."""
    names = [name for _, name in sorted(simulation.services.store.held)]
    item = {"kind": random.choice(("record", "place", "of-tomorrow")), "name": random.choice([*names, "nobody"])}
    simulation.pubsub.send("/work", push(json.dumps(item).encode()), once=True)


def _say(simulation: Simulation, random: Random, made: ModelBuild) -> None:
    if random.random() < 0.3:  # forged, or early: Cloud Build has not finished it, or does not know it yet
        forged = random.choice(list(simulation.world.builds.values())).document  # what another build is made of
        body = status_message(made, random.choice(("SUCCESS", "FAILURE")), random.choice((None, forged)))
        simulation.pubsub.send("/builds", body, made.key.name, random.uniform(0.0, made.finishes + 600.0))
    if random.random() < 0.2:
        execution = f"{JOB.resource}/executions/run-{random.randint(1, 3)}"
        body = completion_message(made.key.name, execution)
        simulation.pubsub.send("/executions", body, made.key.name, random.uniform(0.0, made.finishes + 600.0))
    if random.random() < 0.2 and made.done.status == "SUCCESS":
        return  # its notifications go elsewhere
    for status in ("QUEUED", "WORKING"):
        simulation.pubsub.send("/builds", status_message(made, status), None, made.begins + random.uniform(0, 700))
    burst = random.choice((1, 1, 1, 1, 6))
    for _ in range(random.choice((1, 1, 2, 4))):
        delay = random.choice((0.0, 0.5, 5.0, 90.0, 900.0)) * random.random()
        for _ in range(burst):
            simulation.announce(made, delay=delay)


def _trouble_instances(simulation: Simulation, random: Random, *, harmless: bool) -> None:
    """Take instances away: at once, or as the platform does, which asks them to end before it kills them."""
    if not harmless and random.random() < 0.5:
        for _ in range(random.choice((1, 3))):
            end = random.choice((simulation.kernel.kill_all, simulation.kernel.stop_all))
            simulation.kernel.at(random.uniform(0, _TROUBLED_SECONDS), end)
