"""A cell of the grid about watches: a deployment gets worse, the next one mends it, and a call has a fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from tests.crashes.intercepted import intercepted
from tests.faults.table import TAKES_EFFECT, TIMES_OUT, FaultKind, adapter_outcome
from tests.unit.builders import POLICY
from tests.unit.controller.watch.deployed import HOUR, JOB, WatchedTeam, digest
from tests.unit.controller.world import NOW, SOON, World
from verifier.adapters.sqlite import SqliteStore
from verifier.checks.policy import Published
from verifier.controller.budget import Deployment
from verifier.controller.ledger import Record
from verifier.controller.quota.metered import MeteredServices
from verifier.controller.quota.quota import Quota
from verifier.controller.watch.watch_document import WATCHES, name_of_watch
from verifier.services import Document
from verifier.standin.clock import ManualClock

LESSON = "KeyError: 'lesson'"
HALF = timedelta(minutes=30)
_TEN = timedelta(minutes=10)
_A_MINUTE = 60


@dataclass
class FaultedCalls:
    """Some calls of one name have a fault, from the moment on at which it is armed."""

    clock: ManualClock
    call: str
    fault: FaultKind
    hits_at: Callable[[int], bool]
    """Whether the call with this number, of this name, has it."""
    is_armed: bool = False
    hits: int = 0
    made: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0
    """Seconds until the end of the last call, of the piece of work that took longest."""

    def begin(self) -> None:
        """Begin a piece of work."""
        self.begun = self.clock()

    def around(self, name: str, timeout: float, call: Callable[[], Any]) -> Any:
        """Make the call, or have it fail."""
        try:
            return self._made(name, timeout, call) if self.is_armed else call()
        finally:
            self.longest = max(self.longest, (self.clock() - self.begun).total_seconds())

    def _made(self, name: str, timeout: float, call: Callable[[], Any]) -> Any:
        self.made[name] += 1
        if name != self.call or not self.hits_at(self.made[name]):
            return call()
        self.hits += 1
        if self.fault in TIMES_OUT:
            self.clock.advance(timeout)
        if self.fault in TAKES_EFFECT:
            call()
        error = adapter_outcome(name, self.fault).raised(name)
        if error is not None:
            raise error
        return None

    def before_answer(self) -> None:
        """Let the delivery be answered."""

    def account(self) -> dict[str, Any]:
        """Return nothing."""
        return {}


@dataclass
class PublishedWatches:
    """A topic for what becomes of watches."""

    events: Counter[str] = field(default_factory=Counter)

    def publish(self, payload: Document, attributes: Mapping[str, str], *, timeout: float) -> None:
        self.events[str(payload["event"])] += 1


@dataclass
class WatchCell:
    """A team, of which one digest ran well, the next one fails, and the last one is well again."""

    team: WatchedTeam
    calls: FaultedCalls
    published: PublishedWatches
    troubles: list[str] = field(default_factory=list)

    def play(self) -> tuple[Record, Record]:
        """Let it all happen, and return the records of the two later builds."""
        team = self.team
        team.build("a")
        team.every(_TEN, 8, "a")
        worse, better = team.build("b"), team.build("c")
        self.calls.is_armed = True
        for name, errors in (("b", [LESSON]), ("b", [LESSON]), ("c", [])):
            team.run(name, *errors, failed=bool(errors))
            self.troubles += team.go_on(HALF)
        self.troubles += team.go_on(5 * HOUR)
        self.calls.is_armed = False
        return worse, better

    def known(self) -> list[str]:
        """Return the names of the digests that have a watch."""
        names = {name: name_of_watch(JOB, digest(name)) for name in "abc"}
        return [name for name, stored in names.items() if self.team.world.store.read(WATCHES, stored, timeout=SOON)]

    def waiting(self) -> int:
        """Return how many things are still to be told."""
        return sum(len(self.team.kept(name).outbox) for name in self.known())


@contextmanager
def a_watch_cell(call: str, fault: FaultKind, hits_at: Callable[[int], bool]) -> Iterator[WatchCell]:
    """Yield a cell in which these calls of this name have the fault."""
    with closing(SqliteStore(":memory:")) as store:
        published = PublishedWatches()
        world = World(store, ManualClock(NOW), announcer=published)
        calls = FaultedCalls(world.clock, call, fault, hits_at)

        def through(deployment: Deployment) -> Deployment:
            quota = Quota(world, lambda *_: _A_MINUTE)
            metered = replace(deployment, services=MeteredServices(world, quota, lambda project: project))
            calls.begin()
            return intercepted(metered, world.clock, calls)

        policy = replace(POLICY, publishes=frozenset({Published.VERDICT, Published.WATCH}))
        yield WatchCell(WatchedTeam(world, policy, through), calls, published)
