"""Many builds, each told of many times over at once, to the real function over the real Firestore emulator."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc

from tests.busy import LONG_SECONDS
from tests.crashes.documents import a_triggered_build, pushed
from tests.story.harness import IMAGE, JOB, NUMBER, PROJECT, REGION
from verifier.adapters.firestore import FirestoreStore
from verifier.controller.ledger import BUILDS, State
from verifier.facts.build import BuildKey
from verifier.services import Store
from verifier.standin.clock import system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.function import Function, running_function
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.script import Line, Script
from verifier.standin.slack import TOKEN, SlackStandIn

_WORKERS, _THREADS = 8, 8
"""The function's processes, and each one's threads: as many instances that share nothing but the ledger."""
CONCURRENCY = _WORKERS * _THREADS
_CHANNELS = {f"C0FLOOD{number:03d}": f"flood-{number}" for number in range(50)}
"""A channel takes a message a second: with this many, Slack is not what the flood waits for."""
_DIGEST = f"sha256:{85:064x}"
"""Of every build's image. They are reproducible; else only the last one's worker would run what its build pushed."""
_SCRIPT = Script(start_after=0.1, runs=0.5, lines=(Line(0.1, "query ok"),))
_TIMEOUT = 10.0
_TICK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class FloodResult:
    """What came of a flood."""

    builds: int
    deliveries: int
    """Of build messages, redeliveries not counted."""
    redelivered: int
    """Deliveries that were not acknowledged, so that they were made again."""
    verdicts: Mapping[str, int]
    """How often each was given, by the audit trail."""
    entries: int
    """Entries in the audit trail, repeated ones included."""
    executions: int
    messages: int
    """In Slack."""
    told: int
    """Builds that Slack was told of."""
    done: int
    """Records in the ledger that say that all is done."""
    seconds: float


def _policy() -> str:
    lines = ['repositories = ["github.com/vividly/content-worker"]', 'branches = ["main"]']
    for number, channel in enumerate(_CHANNELS):
        lines += ["[[slack.route]]", f'channel = "{channel}"', f'triggers = ["{_trigger(number)}"]']
        lines += ["[[worker]]", f'trigger = "{_trigger(number)}"', f'job = "{REGION}/{JOB.job}"', f'image = "{IMAGE}"']
        lines += ['expect = ["query ok"]', 'settle = "1s"']
    return "\n".join(lines)


def _trigger(number: int) -> str:
    return f"5b3c1a52-6a0e-4f3f-9f3b-{number % len(_CHANNELS):012d}"


@dataclass
class _Flood:
    cloud: Cloud
    slack: SlackStandIn
    faults: Faults
    store: Store
    function: Function
    redelivered: int = 0
    names: list[str] = field(default_factory=list)
    """Of the builds' records."""
    _over: threading.Event = field(default_factory=threading.Event)

    def make(self, number: int) -> dict[str, Any]:
        """Let a build end now."""
        document = a_triggered_build(number, system_clock())
        image = {"name": f"{IMAGE}:latest", "digest": _DIGEST}
        document |= {"buildTriggerId": _trigger(number), "results": {"images": [image]}}
        document["substitutions"] |= {"TRIGGER_NAME": f"worker-{number % len(_CHANNELS)}"}
        self.cloud.put_build(document)
        self.names.append(BuildKey(PROJECT, REGION, document["id"]).digest)
        return document

    def deliver(self, path: str, body: bytes) -> None:
        """Push this message until it is acknowledged."""
        while not self._over.is_set():
            try:
                if self.function.post(path, body) in (200, 204):
                    return
            except OSError:
                pass  # no answer is no acknowledgement
            self.redelivered += 1
            self._over.wait(_TICK_SECONDS)

    def keep_going(self) -> None:
        """Send a sweep, and twice the messages about executions that have ended, again and again until the end."""
        told: Counter[str] = Counter()
        with ThreadPoolExecutor(8) as pool:
            while not self._over.wait(_TICK_SECONDS):
                for name in self.cloud.finished_executions():
                    if told[name] < 2:
                        told[name] += 1
                        pool.submit(self.deliver, "/executions", pushed(self.cloud.completion_entry(name)))
                self.deliver("/sweep", pushed({}))

    def wait(self, builds: int, patience: float) -> None:
        """Wait until every build has its entry and its message and nothing is due, or nothing has changed for long."""
        seen, until = (-1, -1), time.monotonic() + patience
        while time.monotonic() < until:
            now = (len(self.cloud.audit_entries()), len(self.slack.messages))
            if min(now) >= builds and not self._is_due():
                return
            if now != seen:
                seen, until = now, time.monotonic() + patience
            self._over.wait(_TICK_SECONDS)

    def _is_due(self) -> bool:
        return any(self.store.due(BUILDS, "9999", 1, field=name, timeout=_TIMEOUT) for name in ("due", "unsaid"))

    def done(self) -> int:
        """Return how many builds the ledger says to be done."""
        records = (self.store.read(BUILDS, name, timeout=_TIMEOUT) for name in self.names)
        return sum(record is not None and record.document["state"] == State.DONE for record in records)

    def end(self) -> None:
        """Stop what is going on."""
        self._over.set()


def flood(emulator: str, folder: Path, *, builds: int, copies: int, patience: float = LONG_SECONDS) -> FloodResult:
    """Deliver a message about each of so many builds so many times, in any order and many at once.

    `patience`: for how many seconds nothing may happen before it is taken for the end.
    """
    start = time.monotonic()
    with _a_flood(emulator, folder) as flood:
        bodies = [pushed(flood.make(number), status="SUCCESS") for number in range(1, builds + 1)] * copies
        random.Random(85).shuffle(bodies)
        with ThreadPoolExecutor(CONCURRENCY) as pool:
            list(pool.map(lambda body: flood.deliver("/builds", body), bodies))
        flood.wait(builds, patience)
        entries = [entry["labels"] for entry in flood.cloud.audit_entries()]
        keys = {(message.metadata or {})["event_payload"]["key"] for message in flood.slack.messages}
        return FloodResult(
            builds=builds,
            deliveries=len(bodies),
            redelivered=flood.redelivered,
            verdicts=Counter(label["verdict"] for label in entries if label["kind"] == "verdict"),
            entries=len(flood.cloud.raw_audit_entries()),
            executions=flood.faults.calls.count("RunJob"),
            messages=len(flood.slack.messages),
            told=len(keys),
            done=flood.done(),
            seconds=time.monotonic() - start,
        )


@contextmanager
def _a_flood(emulator: str, folder: Path) -> Iterator[_Flood]:
    faults, cloud, home = Faults(), Cloud(system_clock), f"test-{uuid4().hex[:12]}"
    cloud.quotas.put("logging", 1_000_000)
    cloud.put_job(PROJECT, REGION, JOB.job, image=f"{IMAGE}:latest", script=_SCRIPT)
    cloud.tag(f"{IMAGE}:latest", _DIGEST)
    policy = folder / "policy.toml"
    policy.write_text(_policy())
    with ExitStack() as stack:
        google = stack.enter_context(GoogleStandIn(cloud, faults))
        slack = stack.enter_context(SlackStandIn(faults, system_clock, channels=_CHANNELS, rate_limit=False))
        channel = stack.enter_context(grpc.insecure_channel(emulator))
        settings = {
            "VERIFIER_PROJECTS": f"{PROJECT}={NUMBER}",
            "VERIFIER_REGIONS": REGION,
            "VERIFIER_HOME_PROJECT": home,
            "VERIFIER_POLICY": str(policy),
            "VERIFIER_SLACK_TOKEN": TOKEN,
            "VERIFIER_SLACK_CHANNEL": next(iter(_CHANNELS)),
            "VERIFIER_GOOGLE_ENDPOINT": google.address,
            "VERIFIER_SLACK_ENDPOINT": slack.api_url,
            "FIRESTORE_EMULATOR_HOST": emulator,
            "WORKERS": str(_WORKERS),
            "THREADS": str(_THREADS),
        }
        function = stack.enter_context(running_function(settings, folder))
        flood = _Flood(cloud, slack, faults, FirestoreStore(home, channel=channel), function)
        around = threading.Thread(target=flood.keep_going)
        around.start()
        try:
            yield flood
        finally:
            flood.end()
            around.join()
