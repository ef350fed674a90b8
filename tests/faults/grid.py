"""The scenarios in which each external call is made, in virtual time, and what is promised when a call never works."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import NamedTuple

from tests.faults.table import TAKES_EFFECT, TIMES_OUT, FaultKind, adapter_outcome
from tests.simulation.fault_plan import WORKS, Call, CallOutcome, FaultPlan, unavailable
from tests.simulation.injector import FaultInjector, T
from tests.simulation.kernel import Kernel, Process
from tests.simulation.ports import SimulatedUploads
from tests.simulation.simulator import Simulation
from tests.simulation.world_model import GOOD, ModelBuild
from verifier.checks.verdict import Check, Outcome
from verifier.controller.ledger import Record, parse_record
from verifier.errors import ServiceError

REQUEST_LOST = CallOutcome(effect=False, error=unavailable(ambiguous=True))
REPLY_LOST = CallOutcome(effect=True, error=unavailable(ambiguous=True))


class When(Enum):
    """Which calls are hit."""

    FIRST = "first"
    SECOND = "second"
    ALWAYS = "always"

    def hits(self, ordinal: int) -> bool:
        """Return whether the call with this number is hit."""
        return self is When.ALWAYS or ordinal == (1 if self is When.FIRST else 2)


@dataclass
class GridFaultPlan(FaultPlan):
    """One cell of the grid: calls of this name have this fault, what the scenario needs happens, all else works."""

    call: str
    fault: FaultKind
    when: When
    needs: Mapping[str, Mapping[int, CallOutcome]]
    hits: int = 0
    _seen: Counter[str] = field(default_factory=Counter)

    def outcome(self, call: Call) -> CallOutcome:
        """Return what becomes of this call."""
        self._seen[call.name] += 1
        ordinal = self._seen[call.name]
        if call.name == self.call and self.when.hits(ordinal):
            self.hits += 1
            return self._fault(call)
        return self.needs.get(call.name, {}).get(ordinal, WORKS)

    def _fault(self, call: Call) -> CallOutcome:
        error = adapter_outcome(self.call, self.fault).raised(self.call)
        assert error is None or isinstance(error, ServiceError)
        return CallOutcome(self.fault in TAKES_EFFECT, error, call.timeout if self.fault in TIMES_OUT else 0.02)


class EmptyAnswerInjector(FaultInjector):
    """A call without effect or error has the answer of nothing: None."""

    def call(self, name: str, timeout: float, effect: Callable[[CallOutcome], T]) -> T:
        """Make the call: see `FaultInjector.call`."""
        answer = super().call(name, timeout, effect)
        return None if type(answer) is object else answer  # type: ignore[return-value]  # as the adapter answers


class Invocation(NamedTuple):
    """One invocation."""

    name: str
    seconds: float
    """For how long it ran."""


class TimedKernel(Kernel):
    """Virtual time in which it is noted how long each process ran."""

    def __init__(self) -> None:
        super().__init__()
        self.invocations: list[Invocation] = []

    def spawn(self, name: str, body: Callable[[], None]) -> Process:
        """Start a process now."""

        def timed() -> None:
            begun = self.seconds
            try:
                body()
            finally:
                self.invocations.append(Invocation(name, self.seconds - begun))

        return super().spawn(name, timed)


class PlannedBuild(NamedTuple):
    """A build that is to come."""

    finishes: float
    behaviour: str
    """How its image behaves; empty: it has no commit."""
    late: float = 0.0
    """So late comes its message; less than 0: never."""


@dataclass(frozen=True, slots=True)
class FaultScenario:
    """What happens, so that a call is made for two builds at least."""

    builds: tuple[PlannedBuild, ...]
    needs: Mapping[str, Mapping[int, CallOutcome]] = field(default_factory=dict)
    """What must become of other calls, by name and number."""
    completions: bool = True
    """Cloud Run's messages arrive."""
    reads_uploads: bool = False
    """What was uploaded is read."""
    untouched: int = 0
    """So many of the builds, the last ones, never make the call."""


NO_BUILD = FaultScenario(())
"""No build at all."""
_WORKER = FaultScenario((PlannedBuild(10.0, GOOD), PlannedBuild(1800.0, GOOD)))
_SILENT = FaultScenario((PlannedBuild(70.0, GOOD, -1.0), PlannedBuild(2000.0, GOOD, -1.0)), completions=False)
SCENARIOS = {
    "store.replace": FaultScenario(_WORKER.builds, completions=False),
    "store.due": _SILENT,
    "store.present": _SILENT,
    "store.holding": FaultScenario(
        (PlannedBuild(10.0, GOOD, 5.0), PlannedBuild(11.0, GOOD, 5.0), PlannedBuild(12.0, GOOD)), untouched=1
    ),
    "builds.finished": _SILENT,
    "jobs.started_for": FaultScenario(_WORKER.builds, {"jobs.start": {1: REQUEST_LOST, 2: REQUEST_LOST}}),
    "work_topic.hand_out": _SILENT,
    "submitters.submitter": FaultScenario((PlannedBuild(10.0, ""), PlannedBuild(1800.0, ""))),
    **dict.fromkeys(
        ("uploads.list_files", "chat.edit"),
        FaultScenario((PlannedBuild(10.0, ""), PlannedBuild(1800.0, "")), reads_uploads=True),
    ),
    # The answers to both messages are lost.
    "chat.find": FaultScenario(_WORKER.builds, {"chat.post": {1: REPLY_LOST, 2: REPLY_LOST}}, untouched=1),
}
"""The scenario for a call; the others are made for any build with a worker."""


class FinalState(NamedTuple):
    """How far a build has come."""

    state: str
    """Of the record; empty: there is none."""
    verdict: str = ""
    audited: bool = False
    """The audit trail has the verdict."""
    told: bool = False
    """Slack has the message."""
    check: Check | None = None
    """The check that could not be made."""
    beside: str = ""
    """The kinds of other entries about it in the audit trail."""


@dataclass
class GridRun:
    """One cell of the grid, run."""

    simulation: Simulation
    kernel: TimedKernel
    plan: GridFaultPlan
    scenario: FaultScenario
    made: list[ModelBuild]
    log: list[tuple[str, str]]
    """Each line of the function's log, after the process that wrote it."""

    def record(self, made: ModelBuild) -> Record | None:
        """Return the build's record as it was last written."""
        document = self.simulation.invariants.records.get(made.key.name)
        return parse_record(document) if document else None

    @property
    def affected(self) -> list[ModelBuild]:
        """The builds in whose processing the call is made."""
        return self.made[: len(self.made) - self.scenario.untouched]

    def refused(self) -> list[Invocation]:
        """Return the invocations about builds that were not acknowledged."""
        names = {name for name, line in self.log if line.startswith("not acknowledged")}
        return [
            invocation
            for invocation in self.kernel.invocations
            if invocation.name in names and not invocation.name.startswith("/sweep")
        ]

    def final_state(self, made: ModelBuild) -> FinalState:
        """Return how far the build has come."""
        record, world = self.record(made), self.simulation.world
        judgement = record.judgement if record else None
        unmade = [f for f in judgement.findings if f.outcome is Outcome.COULD_NOT_CHECK] if judgement else []
        kinds = [labels["kind"] for labels, _ in world.audit.values() if labels["build"] == made.key.id]
        return FinalState(
            state=str(record.state) if record else "",
            verdict=str(judgement.verdict) if judgement else "",
            audited="verdict" in kinds,
            told=any(key.startswith(f"{made.key.name}@") for _, _, key in world.messages),
            check=unmade[0].check if unmade else None,
            beside=" ".join(kind for kind in kinds if kind != "verdict"),
        )

    def told(self, made: ModelBuild) -> str:
        """Return what a person reads of it: in the verdict, else the audit trail, else the record or the log."""
        record, final_state = self.record(made), self.final_state(made)
        if record and record.judgement and final_state.check:
            return "\n".join(f.remedy for f in record.judgement.findings if f.check is final_state.check)
        if final_state.beside:
            entries = self.simulation.world.audit.values()
            kinds = final_state.beside.split()
            return "\n".join(str(payload) for labels, payload in entries if labels["kind"] in kinds)
        return record.error if record and record.error else "\n".join(line for _, line in self.log)


@contextmanager
def grid_run(call: str, fault: FaultKind, when: When, scenario: FaultScenario | None = None) -> Iterator[GridRun]:
    """Yield a run of a call's scenario, or of another one: installed, the builds to come, a sweep each minute."""
    scenario = scenario or SCENARIOS.get(call, _WORKER)
    plan, kernel, log = GridFaultPlan(call, fault, when, scenario.needs), TimedKernel(), list[tuple[str, str]]()

    def note(severity: str, message: str, **fields: object) -> None:
        log.append((kernel.process().name, f"{message} {fields}"))

    simulation = Simulation(Random(7), plan, f"the cell {call} × {fault} × {when.value}", kernel, note)
    simulation.injector.__class__ = EmptyAnswerInjector
    if scenario.reads_uploads:
        simulation.services.uploads = SimulatedUploads(simulation.injector)
    simulation.events_lost = 0.0 if scenario.completions else 1.0
    try:
        simulation.install()
        made = [
            simulation.world.build(number, planned.finishes - 8.0, planned.finishes, planned.behaviour)
            for number, planned in enumerate(scenario.builds, start=1)
        ]
        for one, planned in zip(made, scenario.builds, strict=True):
            if planned.late >= 0:
                simulation.announce(one, delay=planned.late)
        simulation.kernel.at(60.0, simulation.sweeps)
        yield GridRun(simulation, kernel, plan, scenario, made, log)
    finally:
        logging.disable(logging.NOTSET)


NOTHING = FinalState("")
"""No record, and no effect: the message is not acknowledged, or it is the sweep that fails and says so."""
_UNJUDGED = FinalState("open")
_UNTOLD = FinalState("open", "VERIFIED", audited=True)
_REFUSED = (FaultKind.FORBIDDEN, FaultKind.ABSENT)
_COUNTED = ("builds.fetch", "logs.read")


def _inconclusive(check: Check) -> FinalState:
    return FinalState("done", "INCONCLUSIVE", audited=True, told=True, check=check)


def promised_state(call: str, fault: FaultKind) -> FinalState | None:
    """Return what is promised when a call has this fault always; None: the same as if nothing had happened."""
    landed, refused = fault in TAKES_EFFECT, fault in _REFUSED
    if call in _COUNTED and fault in (FaultKind.BUSY, FaultKind.BUSY_FOR):
        return _UNJUDGED  # a quota that is used up is waited for, however long that takes
    match call:
        case "store.read" | "store.due" | "store.present" | "builds.finished":
            return NOTHING
        case "store.create":
            return None if landed else NOTHING
        case "store.replace" if landed:
            return None
        case "store.replace":
            return _UNJUDGED
        case "store.holding":
            return _inconclusive(Check.WORKER_RAN_THE_BUILT_IMAGE)
        case "builds.fetch" if fault is FaultKind.ABSENT:
            return FinalState("unconfirmed", beside="unconfirmed")
        case "builds.fetch":
            return FinalState("open", beside="unconfirmed")
        case "jobs.start":
            return None if landed else _inconclusive(Check.WORKER_STARTED)
        case "jobs.started_for":
            return _inconclusive(Check.WORKER_STARTED)
        case "jobs.observe":
            return _inconclusive(Check.WORKER_SUCCEEDED)
        case "logs.read":
            return _inconclusive(Check.LOGS_ARE_COMPLETE)
        case "audit.write":
            return _UNTOLD._replace(audited=landed)
        case "chat.post" if landed:
            return None
        case "chat.post":
            return _UNTOLD._replace(beside="undelivered" if refused else "")
        case "chat.find" if not refused:
            return None  # after a quarter of an hour, a line tells of both messages that may stand in Slack
        case "chat.find":
            return _UNTOLD._replace(told=True, beside="undelivered" if refused else "")
        case "chat.edit" if refused:
            return FinalState("done", "LOCAL_SOURCE", audited=True, told=True, beside="upload unedited")
        case "uploads.list_files" | "chat.edit":
            return FinalState("done", "LOCAL_SOURCE", audited=True, told=True, beside="upload")
        case "announcer.publish":
            return _UNTOLD._replace(told=True)
    return None
