"""What becomes of an outward call, and who decides that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from verifier.errors import ServiceError, Unavailable

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
class CallOutcome:
    """What becomes of a call. The effect, if any, happens halfway through `seconds`."""

    effect: bool = True
    error: ServiceError | None = None
    """Raised in place of the answer."""
    seconds: float = 0.02
    """How long the caller waits; `inf`: until it gives up."""
    frozen: float = 0.0
    """For how long the process stands still before it gets what it waits for."""
    crash: str = ""
    """`now`: the process is killed instead of getting its answer; `write`: before the next thing that it would save."""
    late: float = 0.0
    """It takes effect all the same, so long after the caller was told that it had not been answered."""
    blind: bool = False
    """A look into Slack's history sees nothing, as without the scope for it."""
    mixed_up: bool = False
    """The answer is about something else than what was asked for."""
    trouble: str = ""
    """The name of what happens."""


WORKS = CallOutcome()


class FaultPlan(Protocol):
    """Who decides."""

    def outcome(self, call: Call) -> CallOutcome:
        """Return what becomes of this call."""


class NoFaults(FaultPlan):
    """Nothing ever goes wrong."""

    def outcome(self, call: Call) -> CallOutcome:
        """Return that it works."""
        return WORKS


@dataclass(slots=True)
class ScriptedFaults(FaultPlan):
    """Named calls have an outcome of their own; all others work."""

    numbers: Mapping[int, CallOutcome] = field(default_factory=dict)
    """By the number of the call."""
    names: Mapping[str, Mapping[int, CallOutcome]] = field(default_factory=dict)
    """By the name of the call and its ordinal; ordinal 0 is every one that has no outcome of its own."""

    def outcome(self, call: Call) -> CallOutcome:
        """Return what is planned for this call."""
        if call.number in self.numbers:
            return self.numbers[call.number]
        named = self.names.get(call.name, {})
        return named.get(call.ordinal) or named.get(0) or WORKS


BEFORE = CallOutcome(effect=False, crash="now")
AFTER = CallOutcome(effect=True, crash="now")
REPLIED = CallOutcome(effect=True, crash="write")
CRASHES = {"before": BEFORE, "after its effect": AFTER, "before the next write": REPLIED}


def unavailable(*, ambiguous: bool = False, retry_after: float | None = None) -> Unavailable:
    """Return the error of a service that could not be reached."""
    return Unavailable("expected an answer, got none: try again", ambiguous=ambiguous, retry_after=retry_after)
