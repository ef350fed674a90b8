"""What is between the verifier and the world: each call takes virtual time, and fails as planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tests.simulation.fault_plan import SAVES, Call, CallOutcome, FaultPlan
from tests.simulation.invariants import Invariants
from tests.simulation.kernel import Kernel, Killed
from verifier.errors import ServiceError

T = TypeVar("T")
_NEVER = object()


@dataclass
class FaultInjector:
    """Every call goes through it."""

    kernel: Kernel
    plan: FaultPlan
    invariants: Invariants
    calls: list[Call] = field(default_factory=list)
    trace: list[tuple[float, str, str, CallOutcome]] = field(default_factory=list)
    """When, which process, which call, what became of it."""
    _ordinals: Counter[str] = field(default_factory=Counter)

    def call(self, name: str, timeout: float, effect: Callable[[CallOutcome], T]) -> T:
        """Make the call. Raises what the plan says, or what the service itself says."""
        process = self.kernel.process()
        if self.invariants.broken:
            raise self.invariants.broken
        if process.killed or (process.dies_at_next_save and name in SAVES):
            process.killed = True
            raise Killed
        self._ordinals[name] += 1
        call = Call(len(self.calls) + 1, name, self._ordinals[name], timeout)
        outcome = self.plan.outcome(call)
        self.calls.append(call)
        self.trace.append((self.kernel.seconds, process.name, name, outcome))
        self.invariants.asked(process, name, timeout)
        seconds = min(outcome.seconds, timeout)
        self.kernel.sleep(seconds / 2)
        answer: object = _NEVER
        refusal: ServiceError | None = outcome.error
        if outcome.effect:
            try:
                answer = effect(outcome)
            except ServiceError as error:
                refusal = refusal or error
        if outcome.late:

            def arrive() -> None:
                effect(outcome)

            self.kernel.after(seconds / 2 + outcome.late, lambda: self.kernel.spawn(process.name, arrive))
        self.kernel.sleep(seconds / 2)
        if outcome.crash == "now":
            process.killed = True
            raise Killed
        process.dies_at_next_save = process.dies_at_next_save or outcome.crash == "write"
        if outcome.frozen:
            self.kernel.sleep(outcome.frozen)
        self.invariants.ended(process, name, refusal)
        if refusal is not None:
            raise refusal
        return answer  # type: ignore[return-value]  # the effect's own, for there is no refusal
