"""The plays in which each external call is made, in virtual time, and what is promised when a call never works."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import NamedTuple

from tests.faults.table import GIVEN_UP, LANDS, Fault, outcome
from tests.simulation.fate import FINE, Call, Destiny, Fate, unavailable
from tests.simulation.kernel import Kernel, Process
from tests.simulation.life import Life
from tests.simulation.planet import GOOD, Made
from tests.simulation.ports import T, Wire
from verifier.checks.verdict import Check, Outcome
from verifier.controller.ledger import Record, parse_record
from verifier.errors import ServiceError

LOST = Fate(effect=False, error=unavailable(ambiguous=True))
UNHEARD = Fate(effect=True, error=unavailable(ambiguous=True))


class When(Enum):
    """Which calls are hit."""

    FIRST = "first"
    SECOND = "second"
    ALWAYS = "always"

    def hits(self, ordinal: int) -> bool:
        """Whether the call with this number is hit."""
        return self is When.ALWAYS or ordinal == (1 if self is When.FIRST else 2)


@dataclass
class Cell(Destiny):
    """One cell of the grid decides: calls of this name have this fault, what the play needs happens, all else works."""

    call: str
    fault: Fault
    when: When
    needs: Mapping[str, Mapping[int, Fate]]
    hits: int = 0
    _seen: Counter[str] = field(default_factory=Counter)

    def fate(self, call: Call) -> Fate:
        """What becomes of this call."""
        self._seen[call.name] += 1
        ordinal = self._seen[call.name]
        if call.name == self.call and self.when.hits(ordinal):
            self.hits += 1
            return self._fault(call)
        return self.needs.get(call.name, {}).get(ordinal, FINE)

    def _fault(self, call: Call) -> Fate:
        error = outcome(self.call, self.fault).raised(self.call)
        assert error is None or isinstance(error, ServiceError)
        return Fate(self.fault in LANDS, error, call.timeout if self.fault in GIVEN_UP else 0.02)


class Answers(Wire):
    """A call without effect or error has the answer of nothing: None."""

    def call(self, name: str, timeout: float, effect: Callable[[Fate], T]) -> T:
        """See `Wire.call`."""
        answer = super().call(name, timeout, effect)
        return None if type(answer) is object else answer  # type: ignore[return-value]  # as the adapter answers


class Visit(NamedTuple):
    """One invocation."""

    name: str
    seconds: float
    """For how long it ran."""


class TimedKernel(Kernel):
    """Virtual time in which it is noted how long each process ran."""

    def __init__(self) -> None:
        super().__init__()
        self.visits: list[Visit] = []

    def spawn(self, name: str, body: Callable[[], None]) -> Process:
        """Start a process now."""

        def timed() -> None:
            begun = self.seconds
            try:
                body()
            finally:
                self.visits.append(Visit(name, self.seconds - begun))

        return super().spawn(name, timed)


class Coming(NamedTuple):
    """A build that is to come."""

    finishes: float
    nature: str
    """How its image behaves; empty: it has no commit."""
    late: float = 0.0
    """So late comes its message; less than 0: never."""


@dataclass(frozen=True, slots=True)
class Play:
    """What happens, so that a call is made in two builds' stories at least."""

    builds: tuple[Coming, ...]
    needs: Mapping[str, Mapping[int, Fate]] = field(default_factory=dict)
    """What must become of other calls, by name and number."""
    completions: bool = True
    """Cloud Run's messages arrive."""
    untouched: int = 0
    """So many of the builds, the last ones, never make the call."""


NOBODY = Play(())
"""No build at all."""
_WORKER = Play((Coming(10.0, GOOD), Coming(1800.0, GOOD)))
_SILENT = Play((Coming(70.0, GOOD, -1.0), Coming(2000.0, GOOD, -1.0)), completions=False)
PLAYS = {
    "store.replace": Play(_WORKER.builds, completions=False),
    "store.due": _SILENT,
    "store.present": _SILENT,
    "store.holding": Play((Coming(10.0, GOOD, 5.0), Coming(11.0, GOOD, 5.0), Coming(12.0, GOOD)), untouched=1),
    "builds.finished": _SILENT,
    "jobs.started_for": Play(_WORKER.builds, {"jobs.start": {1: LOST, 2: LOST}}),
    "submitters.submitter": Play((Coming(10.0, ""), Coming(1800.0, ""))),
    "chat.find": Play(_WORKER.builds, {"chat.post": {1: UNHEARD, 2: UNHEARD}}),
}
"""The play for a call; the others are made in the story of any worker."""


class End(NamedTuple):
    """How a build's story stands."""

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
    """The kind of another entry about it in the audit trail."""


@dataclass
class Stage:
    """One cell, played."""

    life: Life
    kernel: TimedKernel
    cell: Cell
    play: Play
    made: list[Made]
    log: list[tuple[str, str]]
    """Each line of the function's log, after the process that wrote it."""

    def record(self, made: Made) -> Record | None:
        """The build's record as it was last written."""
        document = self.life.laws.records.get(made.key.name)
        return parse_record(document) if document else None

    @property
    def hit(self) -> list[Made]:
        """The builds in whose story the call is made."""
        return self.made[: len(self.made) - self.play.untouched]

    def turned_away(self) -> list[Visit]:
        """The invocations about builds that were not acknowledged."""
        names = {name for name, line in self.log if line.startswith("not acknowledged")}
        return [visit for visit in self.kernel.visits if visit.name in names and not visit.name.startswith("/sweep")]

    def end(self, made: Made) -> End:
        """How the build's story stands."""
        record, planet = self.record(made), self.life.planet
        judgement = record.judgement if record else None
        unmade = [f for f in judgement.findings if f.outcome is Outcome.COULD_NOT_CHECK] if judgement else []
        kinds = [labels["kind"] for labels, _ in planet.audit.values() if labels["build"] == made.key.id]
        return End(
            state=str(record.state) if record else "",
            verdict=str(judgement.verdict) if judgement else "",
            audited="verdict" in kinds,
            told=any(key.startswith(f"{made.key.name}@") for _, _, key in planet.messages),
            check=unmade[0].check if unmade else None,
            beside=" ".join(kind for kind in kinds if kind != "verdict"),
        )

    def said(self, made: Made) -> str:
        """Where a person reads what went wrong: the verdict, else the audit trail, else the record or the log."""
        record, end = self.record(made), self.end(made)
        if record and record.judgement and end.check:
            return "\n".join(f.remedy for f in record.judgement.findings if f.check is end.check)
        if end.beside:
            entries = self.life.planet.audit.values()
            return "\n".join(str(payload) for labels, payload in entries if labels["kind"] == end.beside)
        return record.error if record and record.error else "\n".join(line for _, line in self.log)


@contextmanager
def staged(call: str, fault: Fault, when: When, play: Play | None = None) -> Iterator[Stage]:
    """A cell's play, or another one, ready to go on: installed, the builds to come, a sweep each minute."""
    play = play or PLAYS.get(call, _WORKER)
    cell, kernel, log = Cell(call, fault, when, play.needs), TimedKernel(), list[tuple[str, str]]()

    def note(severity: str, message: str, **fields: object) -> None:
        log.append((kernel.process().name, f"{message} {fields}"))

    life = Life(Random(7), cell, f"the cell {call} × {fault} × {when.value}", kernel, note)
    life.wire.__class__ = Answers
    life.events_lost = 0.0 if play.completions else 1.0
    try:
        life.install()
        made = [
            life.planet.build(number, coming.finishes - 8.0, coming.finishes, coming.nature)
            for number, coming in enumerate(play.builds, start=1)
        ]
        for one, coming in zip(made, play.builds, strict=True):
            if coming.late >= 0:
                life.announce(one, delay=coming.late)
        life.kernel.at(60.0, life.sweeps)
        yield Stage(life, kernel, cell, play, made, log)
    finally:
        logging.disable(logging.NOTSET)


NOTHING = End("")
"""No record, and no effect: the message is not acknowledged, or it is the sweep that fails and says so."""
_UNJUDGED = End("open")
_UNTOLD = End("open", "VERIFIED", audited=True)
_REFUSED = (Fault.FORBIDDEN, Fault.ABSENT)


def _inconclusive(check: Check) -> End:
    return End("done", "INCONCLUSIVE", audited=True, told=True, check=check)


def end_of(call: str, fault: Fault) -> End | None:
    """What is promised when a call has this fault always; None: the same as if nothing had happened."""
    landed, refused = fault in LANDS, fault in _REFUSED
    match call:
        case "store.read" | "store.present" | "builds.finished":
            return NOTHING
        case "store.create":
            return None if landed else NOTHING
        case "store.replace" if landed:
            return None
        case "store.due" | "store.replace":
            return _UNJUDGED
        case "store.holding":
            return _inconclusive(Check.WORKER_RAN_THE_BUILT_IMAGE)
        case "builds.fetch" if fault is Fault.ABSENT:
            return End("unconfirmed", beside="unconfirmed")
        case "builds.fetch":
            return End("open", beside="unconfirmed")
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
        case "chat.find":
            return _UNTOLD._replace(told=True, beside="undelivered" if refused else "")
        case "announcer.publish":
            return _UNTOLD._replace(told=True)
    return None
