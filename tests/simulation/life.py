"""One life of the verifier: builds and troubles by one seed, then calm, in which everything must settle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import NamedTuple

from tests.simulation.chance import Chance
from tests.simulation.entry import EntryPoint, entry
from tests.simulation.fate import Destiny, Kind
from tests.simulation.kernel import Kernel
from tests.simulation.laws import LEASE, UNREADABLE_ENTRY, Broken, Laws
from tests.simulation.planet import EXIT, FLAKY, GOOD, IDLE, JOB, MAPPER, OUT_OF_MEMORY, STUCK, Made, Planet, Run
from tests.simulation.ports import Ports, Wire
from tests.simulation.post import UNKNOWN, UNKNOWN_BUILD, UNREADABLE, Post, completion_message, push, status_message
from verifier.controller.budget import Deployment
from verifier.controller.ledger import Ledger

_NATURES = ("", "", GOOD, GOOD, MAPPER, EXIT, OUT_OF_MEMORY, IDLE, FLAKY, STUCK)
_TROUBLED_SECONDS = 3000.0
_MOST_SECONDS = 3 * 86_400.0
_SWEEP_EVERY = 60.0
_MOST_LISTING_LAG = 1150.0
"""Below the grace and the overlap of a listing together."""
_SHOWN = 60
UNEXPECTED = "an exception that nobody expected"


class Unlawful(AssertionError):
    """A seed in which a law was broken; the message says how to see it again."""


class Figures(NamedTuple):
    """What happened in one life."""

    builds: int
    deliveries: int
    calls: int
    faults: int
    deaths: int
    doubles: int
    seconds: float
    """Of virtual time."""


@dataclass
class Life:
    """The world of one seed. Tests put into it what they want to see; `play` fills it by chance."""

    random: Random
    destiny: Destiny
    name: str
    """How to see it again."""
    kernel: Kernel = field(default_factory=Kernel)
    log: Callable[..., None] | None = None
    """Takes the lines of the function's log in place of the law about them."""

    def __post_init__(self) -> None:
        self.planet = Planet(self.kernel, self.random)
        self.laws = Laws(self.kernel, self.planet)
        self.wire = Wire(self.kernel, self.destiny, self.laws)
        self.ports = Ports.of(self.wire, self.planet)
        self.planet.ended = self._completion
        self.events_lost = 0.0
        """The share of completion events that get lost."""
        here = self.kernel.process
        ledger = Ledger(self.ports.store, self.ports.clock, LEASE, self.laws.nonce)
        deployment = Deployment(self.ports, entry().POLICY, ledger, "simulated")
        entry_point = EntryPoint(deployment, self.log or self.laws.logged, lambda: here().stopping)
        self.post = Post(self.kernel, self.laws, entry_point)

    def announce(self, made: Made, *, delay: float = 0.0, status: str = "") -> None:
        """A message about the build, when it has finished and this much later."""
        body = status_message(made, status or made.done.status)
        self.post.send("/builds", body, made.key.name, max(made.finishes - self.kernel.seconds, 0) + delay)

    def install(self) -> None:
        """The first sweep, undisturbed: what finished before it is none of the verifier's business."""
        self.wire.destiny = Kind()
        self.post.send("/sweep", push(b"{}"), once=True)
        self.live(1.0)
        self.wire.destiny = self.destiny

    def sweeps(self, every: float = _SWEEP_EVERY) -> None:
        """From now on the sweep comes every minute, or as often as is said."""
        self.post.send("/sweep", push(b"{}"), once=True)
        self.kernel.after(every, partial(self.sweeps, every))

    def live(self, until: float) -> None:
        """Let time pass. Raises Unlawful when a law is broken, whatever has become of the exception that said so."""
        with self._lawful():
            self.kernel.run(until)

    @contextmanager
    def _lawful(self) -> Iterator[None]:
        try:
            yield
        except Broken:
            pass
        except Exception as error:
            raise self._unlawful(error) from error
        if self.laws.broken:
            raise self._unlawful(self.laws.broken) from None

    def settle(self, *, exactly: bool) -> Figures:
        """Calm: let time pass until nothing is open, and look at every law once more."""
        while not self._is_settled():
            if self.kernel.seconds > _MOST_SECONDS:
                raise self._unlawful(Broken(f"three days of calm, and these have not settled: {self._open()}"))
            self.live(self.kernel.seconds + _SWEEP_EVERY)
        with self._lawful():
            self.laws.at_last(exactly=exactly, dead_letters=self.post.dead_letters)
        fates = [fate for _, _, _, fate in self.wire.trace]
        return Figures(
            builds=len(self.planet.builds),
            deliveries=self.post.deliveries,
            calls=len(fates),
            faults=sum(bool(fate.error or fate.frozen or fate.blind) for fate in fates),
            deaths=sum(bool(fate.death) for fate in fates),
            doubles=self.laws.doubles.total(),
            seconds=self.kernel.seconds,
        )

    def _is_settled(self) -> bool:
        records = self.laws.records
        return not self.post.on_the_way and (
            all(records.get(made.key.name, {}).get("state") == "done" for made in self.planet.builds.values())
            and all(record["state"] != "open" for record in records.values())
        )

    def _open(self) -> list[str]:
        told = {name: f"{record['state']} {record['error']}" for name, record in self.laws.records.items()}
        made = {made.key.name: "" for made in self.planet.builds.values()}
        return [f"{name} {state}" for name, state in (made | told).items() if not state.startswith("done")]

    def _completion(self, run: Run) -> None:
        if self.random.random() >= self.events_lost:
            for _ in range(self.random.choice((1, 1, 2))):
                delay = self.random.choice((0.1, 3.0, 200.0))
                self.post.send("/executions", completion_message(run.build, run.name), run.build, delay)

    def _unlawful(self, broken: BaseException) -> Unlawful:
        told = [
            f"{seconds:10.3f} {process:<18} {call:<20} {'' if fate.effect else 'no effect '}"
            f"{fate.trouble} {fate.error!r:.60} {fate.death} {f'frozen {fate.frozen:g} s' if fate.frozen else ''}"
            for seconds, process, call, fate in self.wire.trace[-_SHOWN:]
        ]
        law = str(broken) if isinstance(broken, Broken) else f"{UNEXPECTED}: {broken!r}"
        return Unlawful("\n".join([law, f"To see it again: {self.name}", "The last calls:", *told]))


def play(
    seed: int,
    watch: Callable[[Life], object] = lambda _: None,
) -> Figures:
    """One seed, and its life shown to who watches.

    Raises Unlawful when a law is broken, and for whatever else goes wrong.
    """
    name = f"python -m tests.simulation --seed {seed}"
    try:
        return _played(Random(seed), name, watch)
    except Unlawful:
        raise
    except Exception as error:
        raise Unlawful(f"{UNEXPECTED}: {error!r}\nTo see it again: {name}") from error


def _played(random: Random, name: str, watch: Callable[[Life], object]) -> Figures:
    chance = Chance.of(random) if random.random() < 0.85 else Kind()
    life = Life(random, chance, name)
    watch(life)
    is_calm = isinstance(chance, Kind) or chance.is_calm
    life.install()
    _populate(life, random)
    life.kernel.at(_SWEEP_EVERY, life.sweeps)
    _trouble_instances(life, random, calm=is_calm)
    life.live(_TROUBLED_SECONDS)
    if isinstance(chance, Chance):
        chance.calm()
    return life.settle(exactly=is_calm and life.planet.delay < 60)


def _populate(life: Life, random: Random) -> None:
    """Builds, and what is said about them: truly or not, once or often, early, late or never."""
    life.planet.lag = random.choice((0.0, 5.0, 25.0))
    life.planet.delay = random.choice((0.0, 0.0, 2.0, 45.0, 300.0, 900.0))
    life.planet.listing_lag = random.choice((0.0, 0.0, 60.0, _MOST_LISTING_LAG))
    life.events_lost = random.choice((0.0, 0.3, 1.0))
    for number in range(1, random.choice((2, 3, 5, 8))):
        begins = random.uniform(2.0, 1500.0)
        nature = random.choice(_NATURES)
        status = "SUCCESS" if random.random() < 0.85 else random.choice(("FAILURE", "TIMEOUT", "CANCELLED"))
        made = life.planet.build(number, begins, begins + random.uniform(5.0, 600.0), nature, status)
        _say(life, random, made)
    for _ in range(random.choice((0, 0, 3, 10))):
        life.post.send("/sweep", push(b"{}"), delay=random.uniform(0, _TROUBLED_SECONDS), once=True)
    if random.random() < 0.5:
        life.post.send("/builds", UNREADABLE, UNREADABLE_ENTRY, delay=random.uniform(0, 900))
    if random.random() < 0.3:
        life.post.send("/builds", UNKNOWN, UNKNOWN_BUILD, delay=random.uniform(0, 900))


def _say(life: Life, random: Random, made: Made) -> None:
    if random.random() < 0.3:  # forged, or early: Cloud Build has not finished it, or does not know it yet
        forged = random.choice(list(life.planet.builds.values())).document  # what another build is made of
        body = status_message(made, random.choice(("SUCCESS", "FAILURE")), random.choice((None, forged)))
        life.post.send("/builds", body, made.key.name, random.uniform(0.0, made.finishes + 600.0))
    if random.random() < 0.2:
        execution = f"{JOB.resource}/executions/run-{random.randint(1, 3)}"
        body = completion_message(made.key.name, execution)
        life.post.send("/executions", body, made.key.name, random.uniform(0.0, made.finishes + 600.0))
    if random.random() < 0.2 and made.done.status == "SUCCESS":
        return  # its notifications go elsewhere
    for status in ("QUEUED", "WORKING"):
        life.post.send("/builds", status_message(made, status), None, made.begins + random.uniform(0, 700))
    burst = random.choice((1, 1, 1, 1, 6))
    for _ in range(random.choice((1, 1, 2, 4))):
        delay = random.choice((0.0, 0.5, 5.0, 90.0, 900.0)) * random.random()
        for _ in range(burst):
            life.announce(made, delay=delay)


def _trouble_instances(life: Life, random: Random, *, calm: bool) -> None:
    """Take instances away: at once, or as the platform does, which asks them to end before it kills them."""
    if not calm and random.random() < 0.5:
        for _ in range(random.choice((1, 3))):
            end = random.choice((life.kernel.kill_all, life.kernel.stop_all))
            life.kernel.at(random.uniform(0, _TROUBLED_SECONDS), end)
