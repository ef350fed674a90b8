"""What must hold, whatever happens. Each is looked at when it could be broken, and all once more at the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.simulation.planet import GOOD, TRULY
from verifier.build import TERMINAL
from verifier.services import Document
from verifier.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulation.kernel import Kernel, Process
    from tests.simulation.planet import Made, Planet

LEASE = timedelta(seconds=120)
UNREADABLE_ENTRY = "quarantined"
"""What a message that can't be read is about: its entry in the audit trail."""
_NEVER_CHANGE = ("judgement", "execution", "build", "created", "key")
"""What a record keeps once it has it."""


class Broken(BaseException):
    """A law was broken. The code under test must not be able to catch it."""


@dataclass
class Laws:
    """The laws, and what they have seen."""

    kernel: Kernel
    planet: Planet
    records: dict[str, Document] = field(default_factory=dict)
    """The record of each build, by the build's name, as it was last written."""
    executions: Counter[str] = field(default_factory=Counter)
    posts: Counter[str] = field(default_factory=Counter)
    verdicts: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    """Of each build, the insert ids and times of its entries in the audit trail."""
    doubles: int = 0
    """Messages that stand in Slack twice, because its history could not be read."""
    _blind: set[str] = field(default_factory=set)
    _published: set[str] = field(default_factory=set)
    _notices: list[float] = field(default_factory=list)

    def nonce(self) -> str:
        """A nonce that tells whose it is."""
        process = self.kernel.process()
        process.claims += 1
        return f"{process.name}#{process.claims}"

    def asked(self, process: Process, name: str, timeout: float) -> None:
        """A call begins: none may outlast the lease, but for those to the ledger, which its fences guard."""
        self._must(timeout > 0, f"{name} got {timeout} seconds")
        if name.startswith("store."):
            return
        end = self.kernel.seconds + timeout - process.begun
        self._must(end <= LEASE.total_seconds(), f"{name} may end {end:g} s after its invocation began")
        for record in self._held_by(process):
            lease_until = parse_time(record["lease_until"])
            is_late = self.kernel.clock() + timedelta(seconds=timeout) > lease_until
            self._must(not is_late, f"{name} may outlast the lease of its process")

    def wrote(self, before: Document | None, after: Document) -> None:
        """A record was written."""
        name = _name(after)
        if before is not None:
            self._went_on(name, before, after)
        self._must(after["state"] != "open" or bool(after["due"] or after.get("unsaid")), f"{name} is open, never due")
        if after["judgement"] and not (before and before["judgement"]):
            self._judged(name, after)
        made = self._made(after)
        if after["state"] == "done":
            self._must(after["judgement"] is not None, f"{name} is done without a judgement")
            self._must(made is not None and self._is_over(made), f"{name} is done, and Cloud Build has not finished it")
        self.records[name] = after

    def _went_on(self, name: str, before: Document, after: Document) -> None:
        self._must(after["fence"] >= before["fence"], f"{name}: its fence went back")
        self._must(before["state"] != "done", f"{name} was done, and was written again")
        for word in _NEVER_CHANGE:
            self._must(before[word] in (None, "") or before[word] == after[word], f"{name}: {word} changed")
        if after["owner"] and after["owner"] != before["owner"]:
            free = not before["owner"] or self.kernel.clock() >= parse_time(before["lease_until"])
            self._must(free, f"{name} was taken from {before['owner']}, whose lease still runs")
            self._must(after["fence"] > before["fence"], f"{name} was taken over without a new fence")
        elif not after["owner"]:
            mine = before["owner"].startswith(f"{self.kernel.process().name}#")
            self._must(mine, f"{name} was let go by another than its holder, {before['owner']}")

    def _judged(self, name: str, record: Document) -> None:
        made = self._made(record)
        self._must(made is not None and self._is_over(made), f"{name} is judged before Cloud Build has finished it")
        if record["judgement"]["verdict"] != "VERIFIED":
            return
        assert made is not None
        run = self.planet.runs.get(record["execution"])
        self._must(made.nature == GOOD, f"{name} is VERIFIED, and is {made.nature or 'local source'}")
        proven = (
            run is not None and run.build == name and run.digest == made.digest and run.ended <= self.kernel.seconds
        )
        self._must(proven, f"{name} is VERIFIED without a run that shows it")
        assert run is not None
        readable = all(visible <= self.kernel.seconds for visible, _ in run.entries)
        self._must(readable, f"{name} is VERIFIED before all of its logs can be read")

    def may_start(self, build: str) -> None:
        """An execution is to be started."""
        record = self.records.get(build)
        self._must(record is not None and record["intent"] is not None, f"{build}: started without a saved intent")
        self._must(self._is_holder(record), f"{build}: started by a process that does not hold it")

    def started(self, build: str) -> None:
        """An execution is started."""
        self.executions[build] += 1
        self._must(self.executions[build] == 1, f"{build}: {self.executions[build]} executions were started")

    def recorded(self, insert_id: str, time: str, labels: Mapping[str, str], payload: Document) -> None:
        """An entry is written to the audit trail."""
        if "project" not in labels or labels["kind"] not in ("verdict", "build-did-not-succeed"):
            return
        build = f"projects/{labels['project']}/locations/{labels['location']}/builds/{labels['build']}"
        self.verdicts[build].add((insert_id, time))
        self._must(len(self.verdicts[build]) == 1, f"{build} has two verdicts in the audit trail")
        same = self.planet.audit.get((insert_id, time))
        self._must(same is None or same[1] == payload, f"{build}: its entry changed")
        self._must_be_decided(build, payload, "recorded")

    def published(self, payload: Document) -> None:
        """A verdict is published to whoever wants to act on it."""
        build = payload["resourceUri"].partition("googleapis.com/")[2]
        self._must_be_decided(build, payload, "published")
        self._published.add(build)

    def may_post(self, key: str) -> None:
        """A message is to be posted."""
        build, _, verdict = key.rpartition("@")
        if build == "unconfirmed":
            return
        record = self.records.get(build)
        self._must(record is not None and record["posting"] is not None, f"{key}: posted before the intent was saved")
        self._must(self._is_holder(record), f"{key}: posted by a process that does not hold it")
        self._must(verdict != "VERIFIED" or bool(self.verdicts[build]), f"{key}: told before it is in the audit trail")
        told = record["judgement"]["verdict"] if record and record["judgement"] else None
        self._must(verdict == (told or verdict), f"{key}: told, and {told} was decided")

    def posted(self, key: str, now: float) -> None:
        """A message appears in Slack."""
        if key.startswith("unconfirmed@"):
            self._must(not self._notices or now - self._notices[-1] >= 3599, "two notices within an hour")
            self._notices.append(now)
            return
        self.posts[key] += 1
        if self.posts[key] > 1:
            self._must(key in self._blind, f"{key}: posted {self.posts[key]} times, and its history could be read")
            self.doubles += 1
        self._blind.discard(key)

    def saw_nothing(self, key: str) -> None:
        """Slack's history could not be read when this message was looked for."""
        self._blind.add(key)

    def acknowledged(self, process: Process, about: str | None) -> None:
        """A message about this build is acknowledged: something durable must be there, and nothing held."""
        if about == UNREADABLE_ENTRY:
            self._must(self._has_entry(about), "a message that can't be read was acknowledged, and nothing was written")
        elif about is not None:
            self._must(about in self.records, f"a message about {about} was acknowledged, and nothing was written")
            self._must(not self._held_by(process), f"{process.name} acknowledged {about}, and still holds it")

    def at_last(self, *, exactly: bool, dead_letters: int) -> None:
        """Everything has settled. `exactly`: nothing went wrong that could excuse an INCONCLUSIVE verdict."""
        self._must(not dead_letters, f"{dead_letters} messages were given up")
        for made in self.planet.builds.values():
            name, record = made.key.name, self.records.get(made.key.name)
            self._must(record is not None and record["state"] == "done", f"{name} was lost")
            assert record is not None
            verdict = record["judgement"]["verdict"]
            self._must(verdict in self._deserved(made, record, exactly=exactly), f"{name} is {made.nature}: {verdict}")
            self._must(
                len(self.verdicts[name]) == 1, f"{name} has {len(self.verdicts[name])} entries in the audit trail"
            )
            self._must(name in self._published, f"{name} was never published")
            told = sum(count for key, count in self.posts.items() if key.startswith(f"{name}@"))
            is_told = made.done.status == "SUCCESS" or bool(made.nature)
            self._must(told == is_told or (is_told and self.doubles > 0 < told), f"{name} was told {told} times")
        for name, record in self.records.items():
            self._must(record["state"] != "open", f"{name} never settled: {record['error']}")
            is_known = record["state"] != "unconfirmed" or self._has_entry("unconfirmed", name)
            self._must(is_known, f"{name} was given up, and the audit trail does not say so")

    def _deserved(self, made: Made, record: Document, *, exactly: bool) -> set[str | None]:
        if made.done.status != "SUCCESS":
            return {None}
        if not made.nature:
            return {"LOCAL_SOURCE"}
        truth, run = TRULY[made.nature], self.planet.runs.get(record["execution"])
        if exactly and run is None:
            return set()  # its worker was never started
        if exactly and run is not None and run.digest == made.digest:
            return {truth}
        # Another image may have run in its place, and what can't be seen in time is not decided.
        others = {TRULY[run.nature]} - {"VERIFIED"} if run else set()
        return {truth, "INCONCLUSIVE", *others}

    def _made(self, record: Document) -> Made | None:
        return next((made for made in self.planet.builds.values() if made.key.name == _name(record)), None)

    def _has_entry(self, kind: str, build: str = "") -> bool:
        """Whether the audit trail has an entry of this kind, about this build if one is named."""
        return any(
            labels["kind"] == kind and (not build or payload["build"] == build)
            for labels, payload in self.planet.audit.values()
        )

    def _must_be_decided(self, build: str, payload: Document, done: str) -> None:
        record = self.records.get(build)
        self._must(record is not None and record["judgement"] is not None, f"{build} is {done} before it is decided")
        assert record is not None
        decided = record["judgement"]["verdict"]
        self._must(payload["verdict"] == decided, f"{build} is {done} as {payload['verdict']}, and is {decided}")

    def _is_over(self, made: Made) -> bool:
        return made.done.status in TERMINAL and self.kernel.seconds >= made.finishes

    def _held_by(self, process: Process) -> list[Document]:
        return [r for r in self.records.values() if r["owner"] and r["owner"].startswith(f"{process.name}#")]

    def _is_holder(self, record: Document | None) -> bool:
        process = self.kernel.process()
        return record is not None and record["owner"].startswith(f"{process.name}#")

    def _must(self, holds: bool, law: str) -> None:
        if not holds:
            raise Broken(law)


def _name(record: Document) -> str:
    key: Mapping[str, Any] = record["key"]
    return f"projects/{key['project']}/locations/{key['location']}/builds/{key['id']}"
