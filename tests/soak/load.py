"""Builds that end minute by minute in virtual time, while calls fail and processes are killed; then all works."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.crashes.documents import a_triggered_build, an_upload, pushed
from tests.crashes.processes import ForkServer, FunctionProcess
from tests.crashes.testbed import POLICY, Emulators, Testbed, a_testbed
from tests.soak.process_pool import THREADS, Delivery, LoadStatistics, ProcessPool, a_process_pool
from tests.story.harness import IMAGE, PROJECT, REGION
from verifier.controller.ledger import BUILDS
from verifier.facts.build import BuildKey
from verifier.standin.completion import completion_entry

_PROCESSES = 3
_MINUTE = 60.0
_DIGEST = f"sha256:{85:064x}"
"""Of every build's image. They are reproducible; else only the last one's worker would run what its build pushed."""
_PATIENT = POLICY.replace("expect", 'start_deadline = "6h"\nrun_deadline = "6h"\nlogs_deadline = "6h"\nexpect')
"""Whatever faults delay is still VERIFIED in the end."""
_COPIES = 5
_DELAYS = (0, 0, 0, 1, 3)
"""Minutes by which a copy of a message may be late."""
_SILENT = 0.02
_COMPLETION_LOST = 0.1
_MOST_QUIET_MINUTES = 600
_TIMEOUT = 10.0
_SWEEP = Delivery("/sweep", pushed({}))


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """How much fails, and for how many builds."""

    builds: int
    faults: float = 0.05
    """The share of the calls that fail."""
    kills: float = 0.01
    """The share of the deliveries in which the process is killed; whatever else it does ends with it."""
    per_minute: int = 30
    """Builds that end in a minute."""
    seed: int = 85


@dataclass
class SoakResult:
    """What came of it."""

    statistics: LoadStatistics
    verdicts: Counter[str]
    """How many builds have each verdict in the audit trail."""
    expected: Mapping[str, int]
    lost: int
    """Builds without a verdict, or with a record that is not done."""
    repeated: int
    """Builds with more than one verdict in the audit trail."""
    executions: int
    messages: int
    """In Slack, about builds."""
    notices: int
    """Messages that builds could not be fetched for long, which faults may bring."""
    untold: int
    """Builds that Slack was not told of."""
    doubles: int
    """Messages that stand in Slack twice."""
    minutes: int
    """Of virtual time."""
    seconds: float
    builds: int

    @property
    def is_sound(self) -> bool:
        """Whether nothing was lost or done twice, and every verdict is right."""
        wrong = self.lost + self.repeated + self.untold + self.doubles
        return not wrong and self.verdicts == self.expected and self.executions == self.expected["VERIFIED"]


@dataclass
class _SoakRun:
    testbed: Testbed
    profile: LoadProfile
    random: Random
    expected: dict[str, str] = field(default_factory=dict)
    """The verdict that each build must get, by its id."""
    statistics: LoadStatistics = field(default_factory=LoadStatistics)
    minute: int = 0
    _coming: dict[int, list[Delivery]] = field(default_factory=lambda: defaultdict(list))
    _completed: set[str] = field(default_factory=set)

    def start(self, faults: float, kills: float) -> FunctionProcess:
        random_faults = {"seed": self.random.getrandbits(32), "faults": faults, "kills": kills}
        return self.testbed.fork_server.process(
            {"environment": self.testbed.settings, "threads": THREADS, "random_faults": random_faults}
        )

    def build(self) -> None:
        """Let a build end; a few builds are silent about it."""
        number, now = len(self.expected) + 1, self.testbed.clock()
        is_upload = self.random.random() < 0.5
        document = an_upload(number, now) if is_upload else a_triggered_build(number, now)
        document |= {"results": {"images": [{"name": f"{IMAGE}:latest", "digest": _DIGEST}]}}
        self.testbed.cloud.put_build(document)
        self.expected[document["id"]] = "LOCAL_SOURCE" if is_upload else "VERIFIED"
        if not is_upload or self.random.random() >= _SILENT:
            for _ in range(_COPIES):
                self._send(Delivery("/builds", pushed(document, status="SUCCESS")))

    def pass_minute(self, pool: ProcessPool) -> None:
        """Deliver everything that is to be delivered this minute; what is not acknowledged comes again in the next."""
        for run in self.testbed.cloud.jobs.runs():
            if run.full_name not in self._completed and run.audited and run.audited <= self.testbed.clock():
                self._completed.add(run.full_name)
                if self.random.random() >= _COMPLETION_LOST:
                    self._send(Delivery("/executions", pushed(completion_entry(run))))
        deliveries = [*self._coming.pop(self.minute, ()), _SWEEP]
        self.random.shuffle(deliveries)
        acknowledged = pool.deliver_all(self.testbed.clock(), deliveries)
        self.minute += 1
        for place, delivery in enumerate(deliveries):
            if place not in acknowledged and delivery is not _SWEEP:
                self._coming[self.minute].append(delivery)
        self.testbed.clock.advance(_MINUTE)

    def _send(self, delivery: Delivery) -> None:
        self._coming[self.minute + self.random.choice(_DELAYS)].append(delivery)

    def is_settled(self) -> bool:
        """Return whether nothing is on its way or due, and every build has a record."""
        store = self.testbed.store
        if self._coming or any(
            store.due(BUILDS, "9999", 1, field=name, timeout=_TIMEOUT) for name in ("due", "unsaid")
        ):
            return False
        names = [BuildKey(PROJECT, REGION, build).digest for build in self.expected]
        return len(store.present(BUILDS, names, timeout=_TIMEOUT)) == len(names)


def soak(fork_server: ForkServer, firestore: str, folder: Path, profile: LoadProfile) -> SoakResult:
    """Let builds end under this load, then without faults until everything has settled; see what came of it."""
    start = time.monotonic()
    with a_testbed(fork_server, Emulators(firestore), folder, policy=_PATIENT) as testbed:
        testbed.cloud.empty_pages = 0
        testbed.cloud.quotas.put("logging", 1_000_000)
        testbed.cloud.tag(f"{IMAGE}:latest", _DIGEST)
        testbed.install()
        testbed.clock.advance(_MINUTE)
        run = _SoakRun(testbed, profile, Random(profile.seed))
        with a_process_pool(lambda: run.start(profile.faults, profile.kills), run.statistics, _PROCESSES) as pool:
            while len(run.expected) < profile.builds:
                for _ in range(min(profile.per_minute, profile.builds - len(run.expected))):
                    run.build()
                run.pass_minute(pool)
        with a_process_pool(lambda: run.start(0.0, 0.0), run.statistics, _PROCESSES) as pool:
            end = run.minute + _MOST_QUIET_MINUTES
            while run.minute < end and not run.is_settled():
                run.pass_minute(pool)
        return _result(run, time.monotonic() - start)


def _result(run: _SoakRun, seconds: float) -> SoakResult:
    testbed, expected = run.testbed, run.expected
    labels = [entry["labels"] for entry in testbed.cloud.audit_entries()]
    given = Counter(label["build"] for label in labels if label["kind"] == "verdict")
    everything = testbed.told()
    told = {key: times for key, times in everything.items() if "/builds/" in key}
    settled = expected.keys() & given.keys() if run.is_settled() else set[str]()
    return SoakResult(
        statistics=run.statistics,
        verdicts=testbed.verdicts(),
        expected=Counter(expected.values()),
        lost=len(expected) - len(settled),
        repeated=sum(count > 1 for count in given.values()),
        executions=sum(1 for _ in testbed.cloud.jobs.runs()),
        messages=sum(map(len, told.values())),
        notices=len(testbed.slack.messages) - sum(map(len, told.values())),
        untold=len(expected) - len(told),
        doubles=sum(len(times) - 1 for times in told.values()),
        minutes=run.minute,
        seconds=seconds,
        builds=len(expected),
    )
