"""Seeds of watched digests: builds, ways back, runs that fail, logs that come late or never, and a clock that is wrong.

What must be so is in `watch_oracle.py` and `watches_over.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random

from tests.simulation.fault_plan import Call, CallOutcome, FaultPlan, NoFaults, unavailable
from tests.simulation.kernel import BEGINNING, Kernel
from tests.simulation.push import push
from tests.simulation.random_faults import RandomFaultPlan
from tests.simulation.runs import RunFaultPlan, run_message
from tests.simulation.simulator import Simulation
from tests.simulation.watch_oracle import WatchOracle
from tests.simulation.watch_states import TrueRun
from tests.simulation.watches_over import WatchesAtTheEnd
from tests.simulation.world_model import EXIT, GOOD, ModelExecution
from verifier.checks.watch.rules import WatchRules
from verifier.errors import Denied
from verifier.facts.logs import SYSTEM_LOG, LogEntry, describe

_HOUR = 3600.0
_TROUBLED_SECONDS = 3 * _HOUR
_CALM_SECONDS = 27 * _HOUR
"""After the last fault: longer than a watch lasts where enough runs."""
_RARE_SECONDS = 60 * _HOUR
_RULES = WatchRules(checkpoints=(timedelta(minutes=20), timedelta(minutes=90)))
_NEVER = float("inf")
_NOBODYS = f"sha256:{'dd' * 32}"
_ERRORS = (
    "ValueError: no clip",
    "KeyError: 'lesson'",
    "TimeoutError: no answer from the queue",
    "RuntimeError: out of frames",
)


@dataclass(slots=True)
class AwayPlan(FaultPlan):
    """One service does not answer for a while; for the rest another plan decides."""

    inner: FaultPlan
    kernel: Kernel
    service: str
    since: float
    until: float
    denied: bool = False

    def outcome(self, call: Call) -> CallOutcome:
        """Return what becomes of this call."""
        if call.name.startswith(f"{self.service}.") and self.since <= self.kernel.seconds < self.until:
            error = Denied("grant it") if self.denied else unavailable()
            return CallOutcome(effect=False, error=error, seconds=0.01, trouble="away")
        return self.inner.outcome(call)


def run_seed_of_watches(seed: int, watch: Callable[[Simulation], object] = lambda _: None) -> WatchOracle:
    """Run one seed to its end, and return what its oracle has seen. Raises ViolationFound where a watch is wrong."""
    random = Random(seed)
    is_rare, is_mistimed = random.random() < 0.1, random.random() < 0.15
    plan: NoFaults | RandomFaultPlan = NoFaults()
    if not is_mistimed and random.random() > 0.15:
        drawn = RandomFaultPlan.of(random)
        plan = RunFaultPlan(random, drawn.rate, drawn.kinds, drawn.latencies)
    rules = WatchRules() if is_rare else _RULES
    simulation = Simulation(random, plan, f"run_seed_of_watches({seed})", watches=True, rules=rules)
    watch(simulation)
    oracle = WatchOracle(simulation)
    simulation.services.store.written = oracle.written
    until = _RARE_SECONDS if is_rare else _TROUBLED_SECONDS
    _trouble(simulation, random, until)
    simulation.install()
    _Team(simulation, random, oracle, until, is_rare=is_rare, has_builds=not is_mistimed).populate()
    if is_mistimed:
        _mistime(simulation, random, until)
    _sweep(simulation, until if not is_rare else 0.0)
    simulation.run(until)
    if isinstance(plan, RandomFaultPlan):
        plan.stop_faults()
    simulation.work_lost = 0.0  # there are too few sweeps by now to make up for that
    simulation.run(until + _CALM_SECONDS)
    simulation.settle(exactly=False)
    with simulation.checked():
        WatchesAtTheEnd(oracle).check()
    return oracle


def _sweep(simulation: Simulation, often_until: float) -> None:
    """Sweep every minute until an hour after that, then every ten."""
    simulation.pubsub.send("/sweep", push(b"{}"), once=True)
    every = 60.0 if simulation.kernel.seconds < often_until + _HOUR else 600.0
    simulation.kernel.after(every, partial(_sweep, simulation, often_until))


def _trouble(simulation: Simulation, random: Random, until: float) -> None:
    is_faultless = isinstance(simulation.plan, NoFaults)
    # The line about all that Slack missed is looked for within a quarter of an hour: a crash after that says it twice.
    shares = {"chat": 0.6 if is_faultless else 0.0, "logs": 0.3}
    for service, share in shares.items():
        if random.random() < share:
            since = random.uniform(0.0, until)
            end = min(since + random.choice((1_000.0, 3_000.0, 6_000.0)), until)
            denied = service == "logs" and random.random() < 0.5
            simulation.plan = AwayPlan(simulation.plan, simulation.kernel, service, since, end, denied)
    for _ in range(random.choice((0, 0, 3))):
        end_all = random.choice((simulation.kernel.kill_all, simulation.kernel.stop_all))
        if not is_faultless:
            simulation.kernel.at(random.uniform(0, until), end_all)


def _mistime(simulation: Simulation, random: Random, until: float) -> None:
    """Let our own clock jump, forward or back, and be right again at last."""
    for moment in sorted(random.uniform(0.0, until) for _ in range(random.choice((1, 2, 4)))):
        skew = random.choice((-3.0, -0.2, 0.1, 2.0, 7.0)) * _HOUR
        simulation.kernel.at(moment, partial(_jump, simulation, skew))
    simulation.kernel.at(until, partial(_jump, simulation, 0.0))


def _jump(simulation: Simulation, skew: float) -> None:
    """Let the clock jump as soon as no process holds a time of before."""
    if simulation.kernel.is_idle():
        simulation.kernel.skew = skew
    else:
        simulation.kernel.after(1.0, partial(_jump, simulation, skew))


class _Team:
    """What is built, deployed and run."""

    def __init__(
        self,
        simulation: Simulation,
        random: Random,
        oracle: WatchOracle,
        until: float,
        *,
        is_rare: bool,
        has_builds: bool,
    ) -> None:
        self.simulation, self.world, self.random, self.oracle = simulation, simulation.world, random, oracle
        self.until, self.is_rare, self.has_builds = until, is_rare, has_builds
        self.shares: dict[str, dict[str, float]] = {}
        """Of each digest, how likely each error is in a run."""
        self.lost = random.choice((0.0, 0.0, 0.2, 1.0))
        self.late = random.choice((0.0, 0.0, 0.1, 0.4))
        self.failing = random.choice((0.0, 0.1, 0.5))
        self.common = random.choice((0.0, 0.3, 0.9))

    def populate(self) -> None:
        """Schedule everything."""
        world, random, kernel = self.world, self.random, self.simulation.kernel
        world.lag = random.choice((0.0, 5.0, 25.0))
        world.lasts = random.choice(((2.0, 30.0), (30.0, 300.0, 1_500.0)))
        world.entries_a_page = random.choice((5, 100, 100, 100))
        world.is_own_image = True
        world.ended = partial(self._tell, world.ended)
        self.simulation.work_lost = random.choice((0.0, 0.0, 0.3, 1.0))
        if random.random() < 0.2:
            self.simulation.services.work_topic = None
        self._deploy()
        every = 5.0 * _HOUR if self.is_rare else random.choice((120.0, 300.0, 900.0))
        at = 30.0
        while at < self.until:
            kernel.at(at, self._run)
            at += every * random.uniform(0.8, 1.2)
        calmly = random.choice((0.0, 1_800.0, 7_200.0))
        calmly = 5.0 * _HOUR if self.is_rare and calmly else calmly
        while calmly and at + calmly < self.until + _CALM_SECONDS - 3 * _HOUR:
            at += calmly
            kernel.at(at, self._run)

    def _deploy(self) -> None:
        """Build, and move the tag: forward by each build that ends, back and forward again at other moments."""
        world, random = self.world, self.random
        for number in range(1, random.choice((2, 3, 4, 5))):
            begins = random.uniform(0.1, 0.9) * self.until
            if not self.has_builds:
                self.simulation.kernel.at(begins, partial(setattr, world, "tag", f"sha256:{number:064x}"))
                continue
            made = world.build(number, begins, begins + random.uniform(5.0, 300.0), random.choice(("", GOOD)))
            if random.random() < 0.9:
                self.simulation.announce(made, delay=random.choice((0.0, 5.0, 200.0)))
        for _ in range(random.choice((0, 1, 3))):
            moment = random.uniform(0.2, 1.0) * self.until
            self.simulation.kernel.at(moment, self._move)
            if random.random() < 0.5:
                self.simulation.kernel.at(moment + random.uniform(60.0, 900.0), self._move)  # back at once, perhaps
        if random.random() < 0.2:
            self.simulation.kernel.at(random.uniform(0.1, 1.0) * self.until, partial(setattr, world, "tag", _NOBODYS))

    def _move(self) -> None:
        """Let the tag point to what ran before, or to what a build pushed."""
        self.world.tag = self.random.choice(
            sorted({run.digest for run in self.world.runs.values()} or {self.world.tag})
        )

    def _run(self) -> None:
        """Let the job run whatever its tag points to, with that digest's errors."""
        random, run = self.random, self.world.start("", "")
        shares = self.shares.setdefault(run.digest, self._drawn())
        texts = [text for text in _ERRORS if random.random() < shares.get(text, 0.0)]
        failed = random.random() < (self.failing if texts else 0.01)
        run.behaviour = EXIT if failed else GOOD
        run.entries = self._entries(run, texts, failed=failed)
        errors = frozenset(describe(_stack(text)).identity for text in texts)
        short = run.name.rpartition("/")[2]
        self.oracle.runs[short] = TrueRun(short, run.digest, run.created, run.ended, failed, errors)

    def _drawn(self) -> dict[str, float]:
        random = self.random
        return {_ERRORS[0]: self.common, **{text: random.choice((0.0, 0.0, 0.0, 0.1, 0.5)) for text in _ERRORS[1:]}}

    def _entries(self, run: ModelExecution, texts: list[str], *, failed: bool) -> list[tuple[float, LogEntry]]:
        """Return what it logs: the last line becomes readable last, and sometimes late, or never."""
        random, short = self.random, run.name.rpartition("/")[2]
        late = random.choice((400.0, 800.0, 5_000.0, _NEVER)) if random.random() < self.late else 0.0
        many = random.choice((1, 1, 1, 30))
        step = (run.ended - run.started) / 40
        lines = [
            (run.started + step * number, "run.googleapis.com/stderr", 500, _stack(text))
            for number, text in enumerate(text for text in texts for _ in range(many if text == texts[0] else 1))
        ]
        lines.append((run.ended, SYSTEM_LOG, 400 if failed else 200, f"Container called exit({int(failed)})."))
        seen = sorted(time + random.uniform(0.0, self.world.lag) for time, *_ in lines)
        last = max(seen[-1], run.ended) + late
        moments = [*(moment + (late if late < _NEVER else 0.0) for moment in seen[:-1]), last]
        return [
            (moment, LogEntry(BEGINNING + timedelta(seconds=time), severity, log, text, short, "0", "0"))
            for moment, (time, log, severity, text) in zip(moments, lines, strict=True)
        ]

    def _tell(self, of_a_build: Callable[[ModelExecution], None], run: ModelExecution) -> None:
        """Say that an execution has ended: early, late, once, twice or never."""
        if run.build:
            of_a_build(run)
        elif self.random.random() >= self.lost:
            for _ in range(self.random.choice((1, 1, 2))):
                delay = self.random.choice((0.1, 3.0, 200.0, 2_000.0))
                self.simulation.pubsub.send("/executions", run_message(run.name), delay=delay)
        if self.random.random() < 0.1:
            self.simulation.pubsub.send("/executions", run_message(run.name), delay=400.0)


def _stack(text: str) -> str:
    return f'Traceback (most recent call last):\n  File "/app/worker.py", line 3, in load\n{text}'
