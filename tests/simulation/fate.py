"""What becomes of an outward call, and who decides that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple, Protocol

from tests.calls import WRITES
from verifier.errors import Denied, Missing, Refused, ServiceError, Unavailable

SAVES = frozenset({"store.create", "store.replace"})
"""The calls that write to the ledger."""


class Call(NamedTuple):
    """One outward call that is about to be made."""

    number: int
    """It is the so-many-th call of the simulation, counted from 1."""
    name: str
    """The service and the method: `store.read`."""
    ordinal: int
    """It is the so-many-th call of this name."""
    timeout: float


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a call. The effect, if any, happens halfway through `seconds`."""

    effect: bool = True
    error: ServiceError | None = None
    """Raised in place of the answer."""
    seconds: float = 0.02
    """How long the caller waits; `inf`: until it gives up."""
    frozen: float = 0.0
    """For how long the process stands still before it gets what it waits for."""
    death: str = ""
    """`now`: the process dies instead of getting its answer; `write`: before the next thing that it would save."""
    late: float = 0.0
    """It takes effect all the same, so long after the caller was told that it had not been answered."""
    blind: bool = False
    """A look into Slack's history sees nothing, as without the scope for it."""


FINE = Fate()
MOST_LATE = 30.0
"""The longest that a call which its caller gave up is on its way: below the verifier's own patience."""


class Destiny(Protocol):
    """Who decides."""

    def fate(self, call: Call) -> Fate:
        """What becomes of this call."""


class Kind(Destiny):
    """Nothing ever goes wrong."""

    def fate(self, call: Call) -> Fate:
        """It works."""
        return FINE


@dataclass(slots=True)
class Planned(Destiny):
    """Named calls have a fate of their own; all others work."""

    numbers: Mapping[int, Fate] = field(default_factory=dict)
    """By the number of the call."""
    names: Mapping[str, Mapping[int, Fate]] = field(default_factory=dict)
    """By the name of the call and its ordinal; ordinal 0 is every one that has no fate of its own."""

    def fate(self, call: Call) -> Fate:
        """As planned."""
        if call.number in self.numbers:
            return self.numbers[call.number]
        named = self.names.get(call.name, {})
        return named.get(call.ordinal) or named.get(0) or FINE


BEFORE = Fate(effect=False, death="now")
AFTER = Fate(effect=True, death="now")
REPLIED = Fate(effect=True, death="write")
CRASHES = {"before": BEFORE, "after its effect": AFTER, "before the next write": REPLIED}


def unavailable(*, ambiguous: bool = False, retry_after: float | None = None) -> Unavailable:
    """The error of a service that could not be reached."""
    return Unavailable("expected an answer, got none: try again", ambiguous=ambiguous, retry_after=retry_after)


@dataclass(slots=True)
class Chance(Destiny):
    """Everything goes wrong now and then, by this seed's own mixture of troubles (swarm testing)."""

    random: Random
    rate: float = 0.0
    """The share of calls that something happens to."""
    kinds: tuple[str, ...] = ()

    @staticmethod
    def of(random: Random) -> Chance:
        """A mixture: each kind of trouble is in it or not, at one of several rates."""
        kinds = tuple(kind for kind in TROUBLES if random.random() < 0.6)
        return Chance(random, random.choice((0.0, 0.02, 0.05, 0.1, 0.2)), kinds)

    def calm(self) -> None:
        """From now on nothing goes wrong."""
        self.rate = 0.0

    def fate(self, call: Call) -> Fate:
        """By chance."""
        random = self.random
        if not self.kinds or random.random() >= self.rate:
            return Fate(seconds=random.choice((0.002, 0.02, 0.02, 0.05, 0.3)))
        return self._trouble(random.choice(self.kinds), call)

    def _trouble(self, kind: str, call: Call) -> Fate:
        random = self.random
        effect = random.random() < 0.5
        error: ServiceError | None
        match kind:
            case "refused":
                return Fate(effect=False, error=unavailable(), seconds=0.01)
            case "busy":
                return Fate(effect=False, error=unavailable(retry_after=random.choice((None, 1.0, 30.0))), seconds=0.01)
            case "reply lost":
                return Fate(effect=effect, error=unavailable(ambiguous=True), seconds=random.uniform(0.0, call.timeout))
            case "no answer":
                return Fate(effect=effect, error=unavailable(ambiguous=True), seconds=call.timeout)
            case "slow":
                return Fate(seconds=random.uniform(0.1, call.timeout))
            case "frozen":
                error = unavailable(ambiguous=True) if random.random() < 0.5 else None
                return Fate(
                    effect=effect or error is None, error=error, frozen=random.choice((5.0, 61.0, 130.0, 400.0))
                )
            case "late" if call.name in WRITES:
                error = unavailable(ambiguous=True)
                return Fate(effect=False, error=error, seconds=call.timeout, late=random.uniform(0.5, MOST_LATE))
            case "killed":
                return random.choice(tuple(CRASHES.values()))
            case "blind" if call.name == "chat.find":
                return Fate(blind=True)
            case "denied" if call.name in _MAY_BE_DENIED:
                return Fate(
                    effect=False, error=random.choice((Denied("grant it"), Missing("none"), Refused("mend it")))
                )
        return FINE


TROUBLES = ("refused", "busy", "reply lost", "no answer", "slow", "late", "frozen", "killed", "blind", "denied")
_MAY_BE_DENIED = frozenset({"builds.finished", "chat.post", "audit.write", "announcer.publish", "submitters.submitter"})
"""Calls that a refusal only delays: elsewhere it is evidence, and changes the verdict."""
