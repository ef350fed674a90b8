"""What must be true, whatever happens. Each is checked when it could be broken, and all once more at the end."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.simulation.oracle import LEASE_SECONDS, may_differ, objection
from tests.simulation.world_model import TRUE_VERDICT
from verifier.controller.says import name_of_saying
from verifier.facts.build import TERMINAL
from verifier.services import Document, Message, Posted
from verifier.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tests.simulation.kernel import Kernel, Process
    from tests.simulation.world_model import ModelBuild, WorldModel
    from verifier.errors import ServiceError

LEASE = timedelta(seconds=LEASE_SECONDS)
_BUDGET_SECONDS = 50.0
"""Of an invocation: ten are kept back, to release the lease."""
AWAY = "away"
"""What the line about all messages that Slack missed is about."""
NOTE = "note-"
"""With which the jobs begin that notes name; each note has a number, and a later one a larger one."""
UNREADABLE_ENTRY = "quarantined"
"""What a message that can't be read is about: its entry in the audit trail."""
_NEVER_CHANGE = ("judgement", "execution", "build", "created", "key", "images", "tried", "ended", "whole")
"""What a record keeps once it has it."""
_NEVER_UNSAID = ("recorded", "published", "told", "warned", "refused", "summed_up", "upload")
"""What a record says of what was done: it stays done."""
_STEPS = {
    "jobs.start": "start",
    "jobs.started_for": "start",
    "jobs.observe": "observe",
    "logs.read": "logs",
    "store.holding": "image",
}
"""What a worker's run is at when it makes a call."""
_OF_NOTES = frozenset({"notes", "revision", "shown", "noted", "editing", "uneditable", "queue"})
"""What becomes of a record after its verdict was told."""
_DEFECT = "Traceback (most recent call last)"
"""How a sweep tells of an exception that nobody expected."""


class InvariantBroken(BaseException):
    """An invariant was broken. The code under test must not be able to catch it."""


@dataclass
class Invariants:
    """The invariants, and what they have seen."""

    kernel: Kernel
    world: WorldModel
    records: dict[str, Document] = field(default_factory=dict)
    """The record of each build, by the build's name, as it was last written."""
    executions: Counter[str] = field(default_factory=Counter)
    posts: Counter[str] = field(default_factory=Counter)
    verdicts: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    """Of each build, the insert ids and times of its entries in the audit trail."""
    doubles: Counter[str] = field(default_factory=Counter)
    """Of each build, the messages that stand in Slack once more, because its history could not be read."""
    given_up: Collection[str] = ()
    """The nonces of claims that were given up, and may have arrived all the same: they are nobody's."""
    channels: dict[str, Document] = field(default_factory=dict)
    """What is known of Slack's channels, as it was last written."""
    sayings: dict[str, Document] = field(default_factory=dict)
    """What is to be said in Slack beside verdicts, by the names of the documents, as it was last written."""
    shown: dict[Posted, int] = field(default_factory=dict)
    """The number of the note that each message shows."""
    broken: InvariantBroken | None = None
    """The first invariant that was broken: whatever the code under test makes of it, it stays broken."""
    _blind: set[str] = field(default_factory=set)
    _answered: dict[str, str] = field(default_factory=dict)
    """Processes that Slack has answered, each with the build that it posted about."""
    _known: dict[str, float] = field(default_factory=dict)
    """Since when the ledger knows who made an image, by its digest."""
    _failures: dict[str, tuple[str, list[ServiceError]]] = field(default_factory=dict)
    """Of each build, the step of its worker's run at which the last attempts failed, and why each of them did."""
    _entries: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """The insert id and the time of what the audit trail says."""
    _published: set[str] = field(default_factory=set)
    _notices: list[float] = field(default_factory=list)

    def nonce(self) -> str:
        """Return a nonce that tells whose it is."""
        process = self.kernel.process()
        process.claims += 1
        return f"{process.name}#{process.claims}"

    def asked(self, process: Process, name: str, timeout: float) -> None:
        """Check a call that begins: none may outlast the lease, but for those to the ledger, which its fences guard."""
        self._require(timeout > 0, f"{name} got {timeout} seconds")
        if name.startswith("store."):
            return
        end = self.kernel.seconds + timeout - process.begun
        self._require(end <= _BUDGET_SECONDS + 0.001, f"{name} may end {end:g} s after its invocation began")
        self._require(not process.stopping, f"{name} was called by a process that is asked to end")
        for record in self._held_by(process):
            lease_until = parse_time(record["lease_until"])
            ends = self.kernel.clock() + timedelta(seconds=timeout)
            self._require(ends <= lease_until, f"{name} may outlast the lease of its process")

    def ended(self, process: Process, name: str, error: ServiceError | None) -> None:
        """Note that a call has ended."""
        if error and (step := _STEPS.get(name)):
            for record in self._held_by(process):
                build = _name(record)
                before = self._failures.get(build)
                same = before[1] if before and before[0] == step else []
                self._failures[build] = (step, [*same, error])

    def wrote(self, before: Document | None, after: Document) -> None:
        """Check a record that was written."""
        name = _name(after)
        if before is not None:
            self._went_on(name, before, after)
            holder = before["owner"].partition("#")[0]
            if self._answered.pop(holder, None) == name and holder == self.kernel.process().name:
                self._require(after["told"], f"{name}: Slack took the message, and the next write does not say so")
        is_queued = bool(after["due"] or after.get("unsaid"))
        self._require(after["state"] != "open" or is_queued, f"{name} is open, never due")
        if after["judgement"] and not (before and before["judgement"]):
            self._judged(name, after)
        if not after["attempts"]:
            self._failures.pop(name, None)
        made = self._made(after)
        if made is not None and (after["judgement"] or after["images"]):
            self._known.setdefault(made.digest, self.kernel.seconds)
        self._require(
            after["build"] is None or json.loads(after["build"])["id"] == after["key"]["id"],
            f"{name} has another build's document",
        )
        if after["state"] == "done":
            self._require(after["judgement"] is not None, f"{name} is done without a judgement")
            is_over = made is not None and self._is_over(made)
            self._require(is_over, f"{name} is done, and Cloud Build has not finished it")
        self.records[name] = after

    def _went_on(self, name: str, before: Document, after: Document) -> None:
        self._require(after["fence"] >= before["fence"], f"{name}: its fence went back")
        if before["state"] == "done" or (not before["owner"] and not after["owner"]):
            changed = {word for word in after if before.get(word) != after[word]}
            if before["state"] == "done" or not changed - _OF_NOTES:
                self._require(not changed - _OF_NOTES, f"{name} was done, and its {sorted(changed)} were written again")
                is_later = after["revision"] >= before["revision"] and after["shown"] >= before["shown"]
                self._require(is_later, f"{name}: what its message shows went back")
                return
        for word in _NEVER_CHANGE:
            self._require(not before[word] or before[word] == after[word], f"{name}: {word} changed")
        for word in _NEVER_UNSAID:
            self._require(not before[word] or after[word], f"{name}: was {word}, and is not any more")
        self._require(set(before["extras"]) <= set(after["extras"]), f"{name}: other executions were forgotten")
        if after["owner"] and after["owner"] != before["owner"]:
            holder = before["owner"].partition("#")[0]
            free = not holder or holder in self.kernel.ended or self.kernel.clock() >= parse_time(before["lease_until"])
            free = free or before["owner"] in self.given_up
            self._require(free, f"{name} was taken from {before['owner']}, whose lease still runs")
            self._require(after["fence"] > before["fence"], f"{name} was taken over without a new fence")
        elif not before["owner"] and before["state"] == "unconfirmed":
            changed = {word for word in after if before.get(word) != after[word]}
            self._require(changed == {"state", "due"}, f"{name} was opened again, and {changed} changed")
        elif not after["owner"]:
            mine = before["owner"].startswith(f"{self.kernel.process().name}#")
            self._require(mine, f"{name} was released by another than its holder, {before['owner']}")

    def _judged(self, name: str, record: Document) -> None:
        made = self._made(record)
        self._require(made is not None, f"{name} is judged, and does not exist")
        assert made is not None
        _, failures = self._failures.get(name, ("", []))
        against = objection(made, record, self.world, self._known, failures)
        self._require(not against, f"{name} {against}")

    def may_start(self, build: str) -> None:
        """Check that an execution may be started."""
        record = self.records.get(build)
        self._require(record is not None and record["intent"] is not None, f"{build}: started without a saved intent")
        self._require(self._is_holder(record), f"{build}: started by a process without its lease")

    def started(self, build: str) -> None:
        """Check that no other execution was started for the build."""
        self.executions[build] += 1
        self._require(self.executions[build] == 1, f"{build}: {self.executions[build]} executions were started")

    def recorded(self, insert_id: str, time: str, labels: Mapping[str, str], payload: Document) -> None:
        """Check an entry that is written to the audit trail."""
        said = (labels["kind"], json.dumps(payload, sort_keys=True))
        entry = self._entries.setdefault(said, (insert_id, time))
        self._require(entry == (insert_id, time), f"two entries say the same {labels['kind']}")
        if "project" not in labels or labels["kind"] not in ("verdict", "build-did-not-succeed"):
            return
        build = f"projects/{labels['project']}/locations/{labels['location']}/builds/{labels['build']}"
        self.verdicts[build].add((insert_id, time))
        self._require(len(self.verdicts[build]) == 1, f"{build} has two verdicts in the audit trail")
        same = self.world.audit.get((insert_id, time))
        self._require(same is None or same[1] == payload, f"{build}: its entry changed")
        self._require_decided(build, payload, "recorded")

    def published(self, payload: Document) -> None:
        """Check a verdict that is published to whoever wants to act on it."""
        build = payload["resourceUri"].partition("googleapis.com/")[2]
        self._require_decided(build, payload, "published")
        self._published.add(build)

    def may_post(self, key: str) -> None:
        """Check that a message may be posted."""
        build, _, verdict = key.rpartition("@")
        if build in ("unconfirmed", "unwatched"):
            return
        if build == AWAY:
            is_intended = any(each["summed_up"] and not each["is_told"] for each in self.channels.values())
            self._require(is_intended, f"{key}: posted before it was saved what it tells of")
            return
        if (saying := self.sayings.get(name_of_saying(key))) is not None:
            self._require(saying["posting"] is not None, f"{key}: said before the intent was saved")
            self._require(saying["queue"] is not None, f"{key}: said, and it was done with already")
            self._require(self._has_a_channel(), f"{key}: said by a process without its channel's lease")
            return
        record = self.records.get(build)
        self._require(
            record is not None and record["posting"] is not None, f"{key}: posted before the intent was saved"
        )
        assert record is not None
        self._require(self._is_holder(record), f"{key}: posted by a process without its lease")
        self._require(not record["told"], f"{key}: posted, and it was told already")
        self._require(
            verdict != "VERIFIED" or bool(self.verdicts[build]), f"{key}: told before it is in the audit trail"
        )
        told = record["judgement"]["verdict"] if record["judgement"] else None
        self._require(verdict == (told or verdict), f"{key}: told, and {told} was decided")

    def posted(self, key: str, now: float) -> None:
        """Check a message that appears in Slack."""
        if key.startswith(("unconfirmed@", "unwatched@")):
            self._require(not self._notices or now - self._notices[-1] >= 3599, "two notices within an hour")
            self._notices.append(now)
            return
        self.posts[key] += 1
        if self.posts[key] > 1:
            self._require(key in self._blind, f"{key}: posted {self.posts[key]} times, and its history could be read")
            self.doubles[key if name_of_saying(key) in self.sayings else key.rpartition("@")[0]] += 1
        self._blind.discard(key)

    def answered(self, process: Process, key: str) -> None:
        """Note that Slack's answer has reached its caller: the next write must say that it was told."""
        build = key.rpartition("@")[0]
        if build != AWAY and name_of_saying(key) not in self.sayings:
            self._answered[process.name] = build

    def may_edit(self, key: str, posted: Posted) -> None:
        """Check that the message with this key may be edited, which stands there."""
        record = self.records.get(key.rpartition("@")[0])
        is_there = record is not None and record["told"] and (record["channel"], record["ts"]) == posted
        self._require(is_there, f"{key}: edited where no message stands")
        assert record is not None
        self._require(record["editing"] is not None, f"{key}: edited before the intent was saved")
        self._require(self._has_a_channel(), f"{key}: edited by a process without its channel's lease")

    def shows(self, message: Message, posted: Posted) -> None:
        """Check what a message shows from now on: of several notes of one key, never an older one than before."""
        found = re.search(rf"{NOTE}(\d+)", message.text)
        number = int(found.group(1)) if found else 0
        before = self.shown.get(posted, 0)
        self._require(number >= before, f"{message.key}: an older revision, {number}, overwrote a newer one, {before}")
        self.shown[posted] = number

    def logged(self, severity: str, message: str, **fields: Any) -> None:
        """Check a line of the function's own log: no exception may be in it that nobody expected."""
        defects = [fields["stack_trace"]] if "stack_trace" in fields else []
        defects += [text for text in (message, *fields.get("problems", ())) if _DEFECT in text]
        self._require(not defects, f"an exception that nobody expected: {message}\n{''.join(defects[:1])}")

    def saw_nothing(self, key: str) -> None:
        """Note that Slack's history could not be read when this message was looked for."""
        self._blind.add(key)

    def acknowledged(self, process: Process, path: str, about: str | None) -> None:
        """Check that something durable is there and nothing leased when a message about this build is acknowledged."""
        if about == UNREADABLE_ENTRY:
            is_written = self._has_entry(about)
            self._require(is_written, "a message that can't be read was acknowledged, and nothing was written")
        elif about is not None:
            is_known = about in self.records or path != "/builds"
            self._require(is_known, f"a message about {about} was acknowledged, and nothing was written")
            self._require(not self._held_by(process), f"{process.name} acknowledged {about}, and its lease still runs")

    def check_at_the_end(self, *, exactly: bool, dead_letters: int) -> None:
        """Check that all is settled. `exactly`: nothing went wrong that could excuse an INCONCLUSIVE verdict."""
        self._require(not dead_letters, f"{dead_letters} messages were given up")
        for made in self.world.builds.values():
            name, record = made.key.name, self.records.get(made.key.name)
            self._require(record is not None and record["state"] == "done", f"{name} was lost")
            assert record is not None
            if exactly and made.behaviour and made.done.status == "SUCCESS":
                verdict = record["judgement"]["verdict"]
                as_it_is = verdict == TRUE_VERDICT[made.behaviour] or may_differ(made, record, self.world)
                self._require(as_it_is and record["execution"], f"{name} is {made.behaviour}: {verdict}")
            entries = len(self.verdicts[name])
            self._require(entries == 1, f"{name} has {entries} entries in the audit trail")
            self._require(name in self._published, f"{name} was never published")
            told = sum(count for key, count in self.posts.items() if key.startswith(f"{name}@"))
            is_told = int(made.done.status == "SUCCESS" or bool(made.behaviour))
            if record["summed_up"]:
                # Slack may have it as well, where only its answer was lost.
                is_in_a_line = any(key.startswith(f"{AWAY}@") for key in self.posts)
                self._require(is_in_a_line, f"{name} was told neither by itself nor in a line about many")
                is_told = min(told, 1)
            self._require(told == is_told + self.doubles[name], f"{name} was told {told} times")
        for saying in self.sayings.values():
            said = self.posts[saying["key"]]
            is_told = saying["ts"] != "" or saying["why"] != ""
            self._require(is_told and said <= 1 + self.doubles[saying["key"]], f"{saying['key']} was said {said} times")
            self._require(said >= 1 or saying["why"] != "", f"{saying['key']} is done, and was never said")
        for name, record in self.records.items():
            self._require(record["state"] != "open", f"{name} never settled: {record['error']}")
            self._require(self._shows_what_is_known(record), f"{name}: its message does not show what is known")
            is_known = record["state"] != "unconfirmed" or self._has_entry("unconfirmed", name)
            self._require(is_known, f"{name} was given up, and the audit trail does not say so")

    def require(self, holds: bool, invariant: str) -> None:
        """Raise InvariantBroken unless this holds."""
        self._require(holds, invariant)

    def _shows_what_is_known(self, record: Document) -> bool:
        if not record["told"] or not record["ts"] or record["uneditable"]:
            return True
        jobs = [str(note["job"]) for note in record["notes"] if note["kind"] == "runs"]
        known = [int(job.removeprefix(NOTE)) for job in jobs if job.startswith(NOTE)]
        return self.shown.get(Posted(record["channel"], record["ts"]), 0) == max(known, default=0)

    def _has_a_channel(self) -> bool:
        """Return whether the process that runs now has a channel's lease."""
        mine = f"{self.kernel.process().name}#"
        return any(document["owner"].startswith(mine) for document in self.channels.values())

    def _made(self, record: Document) -> ModelBuild | None:
        return next((made for made in self.world.builds.values() if made.key.name == _name(record)), None)

    def _has_entry(self, kind: str, build: str = "") -> bool:
        """Return whether the audit trail has an entry of this kind, about this build if one is named."""
        return any(
            labels["kind"] == kind and (not build or payload["build"] == build)
            for labels, payload in self.world.audit.values()
        )

    def _require_decided(self, build: str, payload: Document, done: str) -> None:
        record = self.records.get(build)
        self._require(record is not None and record["judgement"] is not None, f"{build} is {done} before it is decided")
        assert record is not None
        decided = record["judgement"]["verdict"]
        self._require(payload["verdict"] == decided, f"{build} is {done} as {payload['verdict']}, and is {decided}")

    def _is_over(self, made: ModelBuild) -> bool:
        return made.done.status in TERMINAL and self.kernel.seconds >= made.finishes

    def _held_by(self, process: Process) -> list[Document]:
        return [r for r in self.records.values() if r["owner"] and r["owner"].startswith(f"{process.name}#")]

    def _is_holder(self, record: Document | None) -> bool:
        process = self.kernel.process()
        return record is not None and record["owner"].startswith(f"{process.name}#")

    def _require(self, holds: bool, invariant: str) -> None:
        if not holds:
            self.broken = self.broken or InvariantBroken(invariant)
            raise self.broken


def _name(record: Document) -> str:
    return "projects/{project}/locations/{location}/builds/{id}".format(**record["key"])
