"""Faults by chance: each simulation has a mixture and latencies of its own, and a rare call has more than its share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from tests.calls import CALLS, WRITES
from tests.simulation.fault_plan import CRASHES, Call, CallOutcome, FaultPlan, unavailable
from verifier.errors import Denied, Missing, NoSuchThread, Refused, ServiceError

MOST_LATE = 30.0
"""The longest that a call which its caller gave up is on its way: below the verifier's own patience."""
_FAST = (0.002, 0.02, 0.02, 0.05, 0.3)
_SLOW = (0.5, 1.1, 2.3, 3.9)
"""Seconds of a call. With slow ones an invocation's time is used up before it has done all that it would."""
_RARE = {
    "chat.find": 6.0,
    "chat.post": 3.0,
    "chat.edit": 18.0,
    "jobs.start": 4.0,
    "jobs.started_for": 6.0,
    "store.holding": 9.0,
    "submitters.submitter": 8.0,
    "announcer.publish": 3.0,
    "work_topic.hand_out": 3.0,
    "audit.write": 2.0,
    "uploads.list_files": 30.0,
}
"""By how much more often something happens to a call that is seldom made."""
_MOST_RATE = 0.6
_MISSING, _REFUSED, _DENIED = Missing("none"), Refused("fix it"), Denied("grant it")
_MAY_BE_DENIED: Mapping[str, tuple[ServiceError, ...]] = {
    **dict.fromkeys(("builds.finished", "audit.write"), (_DENIED, _MISSING, _REFUSED)),
    "chat.post": (_DENIED, _REFUSED, Refused("fix it", wide=True), NoSuchThread("it is gone")),
    "chat.edit": (_DENIED, _REFUSED, Refused("fix it", wide=True)),
    **dict.fromkeys(
        ("announcer.publish", "submitters.submitter", "work_topic.hand_out"), (_DENIED, _MISSING, _REFUSED)
    ),
    "uploads.list_files": (_DENIED, _MISSING, _REFUSED),
    **dict.fromkeys(("jobs.start", "jobs.started_for", "jobs.observe", "logs.read"), (_DENIED, _MISSING, _REFUSED)),
    "builds.fetch": (_DENIED,),
}
"""Calls that are refused now and then. A build that is missing is given up, so that no build may seem to be."""

TROUBLES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("refused", "busy", "reply lost", "request lost", "no answer", "slow", "frozen"), CALLS),
    "late": WRITES,
    "blind": frozenset({"chat.find"}),
    "mixed up": frozenset({"builds.fetch"}),
    "denied": frozenset(_MAY_BE_DENIED),
    "killed": CALLS,
}
"""The calls that each kind of trouble happens to."""

EVERY_TROUBLE: Mapping[str, frozenset[str]] = {
    **{kind: calls for kind, calls in TROUBLES.items() if kind != "killed"},
    **{f"killed {crash}": CALLS for crash in CRASHES},
}
"""The same, with each of the ways in which a process is killed."""


@dataclass(slots=True)
class RandomFaultPlan(FaultPlan):
    """Everything goes wrong now and then, by this seed's own mixture of troubles (swarm testing)."""

    random: Random
    rate: float = 0.0
    """The share of calls that something happens to."""
    kinds: tuple[str, ...] = ()
    latencies: tuple[float, ...] = _FAST

    @staticmethod
    def of(random: Random) -> RandomFaultPlan:
        """Draw a mixture: each kind of trouble is in it or not, at one of several rates, with fast or slow calls."""
        every = (*TROUBLES, "killed")  # twice, for there are three ways of it
        kinds = tuple(kind for kind in every if random.random() < 0.6)
        rate = random.choice((0.0, 0.02, 0.05, 0.1, 0.2))
        return RandomFaultPlan(random, rate, kinds, _SLOW if random.random() < 0.15 else _FAST)

    @property
    def is_harmless(self) -> bool:
        """Nothing goes wrong, and nothing is slow."""
        return self.latencies is _FAST and not (self.rate and self.kinds)

    def stop_faults(self) -> None:
        """Let nothing go wrong from now on."""
        self.rate, self.latencies = 0.0, _FAST

    def outcome(self, call: Call) -> CallOutcome:
        """Return what becomes of this call by chance."""
        random = self.random
        if random.random() < min(self.rate * _RARE.get(call.name, 1.0), _MOST_RATE):
            kinds = [kind for kind in self.kinds if call.name in TROUBLES[kind]]
            if kinds:
                kind = random.choice(kinds)
                return self._trouble(kind, call)
        seconds = random.choice(self.latencies)
        if seconds >= call.timeout:
            return CallOutcome(error=unavailable(ambiguous=True), seconds=call.timeout)
        return CallOutcome(seconds=seconds)

    def _trouble(self, kind: str, call: Call) -> CallOutcome:
        if kind == "killed":
            crash = self.random.choice(tuple(CRASHES))
            return replace(CRASHES[crash], trouble=f"{kind} {crash}")
        return replace(self._outcome_of(kind, call), trouble=kind)

    def _outcome_of(self, kind: str, call: Call) -> CallOutcome:
        random = self.random
        ambiguous = unavailable(ambiguous=True)
        match kind:
            case "refused":
                return CallOutcome(effect=False, error=unavailable(), seconds=0.01)
            case "busy":
                return CallOutcome(
                    effect=False, error=unavailable(retry_after=random.choice((None, 1.0, 30.0))), seconds=0.01
                )
            case "reply lost":
                return CallOutcome(error=ambiguous, seconds=random.uniform(0.0, call.timeout))
            case "request lost":
                return CallOutcome(effect=False, error=ambiguous, seconds=random.uniform(0.0, call.timeout))
            case "no answer":
                return CallOutcome(effect=random.random() < 0.5, error=ambiguous, seconds=call.timeout)
            case "slow":
                return CallOutcome(seconds=random.uniform(0.1, call.timeout))
            case "frozen":
                error = ambiguous if random.random() < 0.5 else None
                effect = error is None or random.random() < 0.5
                return CallOutcome(effect=effect, error=error, frozen=random.choice((5.0, 61.0, 130.0, 400.0)))
            case "late":
                late = random.uniform(0.5, MOST_LATE)
                return CallOutcome(effect=False, error=ambiguous, seconds=call.timeout, late=late)
            case "blind":
                return CallOutcome(blind=True)
            case "mixed up":
                return CallOutcome(mixed_up=True)
            case "denied":
                return CallOutcome(effect=False, error=random.choice(_MAY_BE_DENIED[call.name]))
        raise AssertionError(f"nobody knows what {kind} does")
