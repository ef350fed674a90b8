"""What must be true of watches, whatever happens: checked at each write.

It knows what truly ran and logged. Of the verifier it knows how documents are stored, and none of its rules.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.simulation.watch_states import TrueRun
from verifier.checks.watch.watching import Watch, WatchOutcome
from verifier.controller.error_book import parse_book
from verifier.controller.runs.job_runs import RUNS, parse_job
from verifier.controller.says import SAYINGS, name_of_saying
from verifier.controller.watch.watch_document import WATCHES, KeptWatch, parse_watch
from verifier.services import Document
from verifier.times import parse_time

if TYPE_CHECKING:
    from tests.simulation.simulator import Simulation

_READABLE = timedelta(minutes=6)
"""So long after its end a run is read, where nothing is in the way."""
ENOUGH, ENOUGH_OF_RARE, _RARE_A_DAY = 8, 3, 6
DAY = timedelta(days=1)
_NEW = ("new", "back")
_NO_ERRORS = ("failures", "twice")
"""Reasons of a regression that are no error."""


@dataclass
class SeenWatch:
    """What was seen of one watch."""

    counted: Counter[str] = field(default_factory=Counter)
    live: list[str] = field(default_factory=list)
    """Those that were counted while it had not ended."""
    whole: set[str] = field(default_factory=set)
    """Of these, those that were certainly read whole when they were counted: they may be read once more later."""
    ends: int = 0
    decided: list[Document] = field(default_factory=list)
    """What was to be told."""
    states: list[tuple[str, str, list[TrueRun], int]] = field(default_factory=list)
    """Of each error its state, the runs of which one had it first, and how many runs were in the book by then."""


class WatchOracle:
    """Sees each write, and the world."""

    def __init__(self, simulation: Simulation) -> None:
        self.runs: dict[str, TrueRun] = {}
        self.read: list[TrueRun] = []
        """Those that are in the job's book of errors, in the order of their coming."""
        self.watches: dict[str, SeenWatch] = {}
        self.simulation, self._world = simulation, simulation.world
        self.require = simulation.invariants.require
        self.booked: dict[str, int] = {}
        """How many runs were in the book when this one came."""
        self._kept_since: dict[str, float] = {}
        self._job_runs = ("", 0.0)
        """The digest that the job runs as far as that is known, and since when it is."""
        self._since: tuple[dict[str, datetime], float] = ({}, 0.0)
        """When each digest ran first as far as that is known, and since when it is."""

    def written(self, collection: str, before: Document | None, after: Document) -> None:
        """Check a document that is written."""
        match collection:
            case "jobs":
                if before is None or before["digest"] != after["digest"]:
                    self._job_runs = (after["digest"], self.simulation.kernel.seconds)
                since = {known.digest: known.since for known in parse_job(after).digests}
                if since != self._since[0]:
                    self._since = (since, self.simulation.kernel.seconds)
            case "runs":
                self._run(before, after)
            case "errors":
                self._book(before, after)
            case "watches":
                self._watch(parse_watch(before) if before else None, parse_watch(after))

    # What was read

    def _run(self, before: Document | None, after: Document) -> None:
        short = after["execution"].rpartition("/")[2]
        self._kept_since.setdefault(short, self.simulation.kernel.seconds)
        if before is None or before.get("read") or not after.get("read"):
            return
        run, seen = self.runs[short], self.watches.get(after["digest"])
        is_counted = seen is not None and seen.counted[short] > 0
        self.require(is_counted, f"{short} is marked as read before it was counted")
        if after["read"] == "whole":
            model, now = self._world.runs[after["execution"]], self.simulation.kernel.seconds
            is_there = all(visible <= now for visible, _ in model.entries)
            self.require(is_there, f"{short} was read whole before its logs were there")
            same = {*after["errors"]} == run.errors
            self.require(same, f"{short} was read with the errors {after['errors']}, and had {run.errors}")

    def _book(self, before: Document | None, after: Document) -> None:
        old, book = parse_book(before) if before else None, parse_book(after)
        known = {one.name for one in self.read}
        fresh = [self.runs[short] for short in book.counted if short not in known]
        runs = Counter({ran.digest: 0 for ran in book.digests})
        for ran in book.digests:
            runs[ran.digest] += ran.runs
        for ran in old.digests if old else ():
            runs[ran.digest] -= ran.runs
        as_they_ran = Counter(run.digest for run in fresh)
        self.require(+runs == as_they_ran, f"the book has runs of {dict(+runs)}, expected {dict(as_they_ran)}")
        for run in fresh:
            self.booked[run.name] = len(self.read)
        self.read += fresh

    # What was counted and decided

    def _watch(self, before: KeptWatch | None, after: KeptWatch) -> None:
        watch, old = after.watch, before.watch if before else None
        seen = self.watches.setdefault(watch.digest, SeenWatch())
        self._counts(seen, old, watch)
        self.require(old is None or old.since == watch.since, f"{named(watch)} began anew")
        self.require(watch.ended is not None or after.due is not None, f"{named(watch)} is never due")
        told = [*(old.told if old else ())]
        for name in [name for name in watch.told if name not in told]:
            self._checkpoint(watch, name)
        if watch.ended is not None and (old is None or old.ended is None):
            seen.ends += 1
            self._ended(watch)
        self._outbox(seen, before, after)

    def _counts(self, seen: SeenWatch, old: Watch | None, watch: Watch) -> None:
        name, is_live = named(watch), watch.ended is None
        fresh = [short for short in watch.counted if not seen.counted[short]]
        twice = [short for short, count in Counter(watch.counted).items() if count > 1]
        self.require(not twice, f"{name}: {twice} are counted twice")
        seen.counted.update(fresh)
        runs = [self.runs[short] for short in fresh]
        self.require(all(run.digest == watch.digest for run in runs), f"{name} counts runs of another digest")
        known = (old.runs, old.failed, old.read + old.unread) if old else (0, 0, 0)
        live = runs if is_live else []
        self.require(is_live or not runs or not self._runs_again(watch), f"{name} leaves out {fresh}: it runs again")
        now = (known[0] + len(live), known[1] + sum(run.failed for run in live), known[2] + len(live))
        is_right = (watch.runs, watch.failed, watch.read + watch.unread) == now
        self.require(is_right, f"{name} counts {watch.runs}, {watch.failed} failed; expected {now[0]}, {now[1]}")
        hours = sum(hour.counts.runs for hour in watch.hours)
        self.require(hours == len(seen.counted), f"{name}: {hours} runs by hours, and {len(seen.counted)} ran")
        seen.live += [run.name for run in live]
        if watch.read == len(live) + (old.read if old else 0):
            seen.whole |= {run.name for run in live}
        there = {error.identity for error in old.errors} if old else set()
        for error in watch.errors:
            if error.identity not in there:
                had = [run for run in runs if error.identity in run.errors]
                self.require(bool(had), f"{name} has {error.name}, which none of its runs had")
                seen.states.append((error.identity, str(error.state), had, len(self.read)))
        if live and not watch.found:
            self._regressions(watch)

    def _runs_again(self, watch: Watch) -> bool:
        """Return whether the job ran this digest again already when this invocation began."""
        digest, since = self._job_runs
        return bool(watch.successor) and digest == watch.digest and since < self._began()

    def _regressions(self, watch: Watch) -> None:
        for error in watch.errors:
            is_new = error.state in _NEW and (error.runs > 1 or watch.rare)
            is_worse = is_new or (error.state in (*_NEW, "first-seen") and error.failed_runs > 0)
            is_told = watch.reasons.count(error.identity)
            said = f"{error.name} is {error.state}, in {error.failed_runs} failed runs of {error.runs}"
            self.require(is_told == int(is_worse), f"{named(watch)}: {said}, and is {is_told} times a regression")

    def _checkpoint(self, watch: Watch, name: str) -> None:
        kind, _, count = name.partition("-")
        now = self._now()
        if kind == "runs":
            self.require(watch.rare and watch.runs >= int(count), f"{named(watch)}: checkpoint {name} too early")
            return
        since = watch.since + timedelta(seconds=int(count.removesuffix("s")))
        self.require(now >= since, f"{named(watch)}: checkpoint {name} too early")
        self.require(watch.runs > 0, f"{named(watch)}: checkpoint {name} without a run")
        self._settled(watch, f"checkpoint {name}", since)

    def _settled(self, watch: Watch, what: str, until: datetime) -> None:
        """Check that every run that ended until then, and some minutes ago, is counted."""
        now, since = self._now(), self._began()
        waiting = [
            short
            for short, document in self.documents()
            if document["digest"] == watch.digest and document.get("reading") and self._kept_since[short] < since
            if parse_time(document["ended"]) <= min(until, now - _READABLE)
            and not self.watches[watch.digest].counted[short]
        ]
        self.require(not waiting, f"{named(watch)}: {what}, and the logs of {waiting} are still to be read")

    def _ended(self, watch: Watch) -> None:
        name, now = named(watch), self._now()
        self._settled(watch, f"it is {watch.outcome}", now if watch.successor else watch.since + DAY)
        if watch.outcome is WatchOutcome.CLEAN:
            self.require(not watch.unread, f"{name} is CLEAN, and {watch.unread} runs could not be read")
            is_seldom = watch.rare or watch.runs * DAY < _RARE_A_DAY * (now - watch.since)
            enough = ENOUGH_OF_RARE if is_seldom else ENOUGH
            self.require(watch.runs >= enough, f"{name} is CLEAN after {watch.runs} runs")
            new = [error.name for error in watch.errors if error.state in (*_NEW, "first-seen")]
            self.require(watch.found or not new, f"{name} is CLEAN with {new}")
        since, known = self._since
        if {watch.successor, watch.digest} <= since.keys() and not watch.reasons and known < self._began():
            is_older = since[watch.successor] < since[watch.digest]
            right = WatchOutcome.ROLLED_BACK if is_older else WatchOutcome.REPLACED
            self.require(watch.outcome is right, f"{name} is {watch.outcome}, expected {right}")
        is_right = (watch.outcome is WatchOutcome.REGRESSED) == bool(watch.reasons)
        self.require(is_right, f"{name} is {watch.outcome}, and its reasons are {watch.reasons}")

    # What was told

    def _outbox(self, seen: SeenWatch, before: KeptWatch | None, after: KeptWatch) -> None:
        old, name = _items(before) if before else [], named(after.watch)
        kept = _items(after)
        for item in kept:
            if item not in old:
                goes_on = before is not None and before.watch.ended is not None and after.watch.ended is not None
                self.require(not goes_on, f"{name} is over, and says {item['key']}")
                seen.decided.append(item)
        for item in old:
            if item not in kept:
                self.require(self._is_told(after.watch, item), f"{name}: {item['key']} was never told")

    def _is_told(self, watch: Watch, item: Document) -> bool:
        if item["payload"] is not None and not self.entries(item["kind"], watch.digest, item["payload"]["event"]):
            return False
        key = f"{watch.job.resource}@{watch.digest}/{item['key']}"
        return not item["lines"] or (SAYINGS, name_of_saying(key)) in self.simulation.services.store.held

    def entries(self, kind: str, digest: str, event: str) -> int:
        """Return how many such entries the audit trail has."""
        return sum(
            labels["kind"] == kind and payload["digest"] == digest and payload["event"] == event
            for labels, payload in self._world.audit.values()
        )

    def outcomes(self) -> list[WatchOutcome]:
        """Return what came of each watch so far."""
        return [kept.watch.outcome for kept in self.kept()]

    def kept(self) -> list[KeptWatch]:
        """Return the watches as they are stored."""
        held = self.simulation.services.store.held.items()
        return [parse_watch(stored.document) for (collection, _), stored in held if collection == WATCHES]

    def documents(self) -> list[tuple[str, Document]]:
        """Return what is stored of each run, with its short name."""
        held = self.simulation.services.store.held.items()
        found = [stored.document for (collection, _), stored in held if collection == RUNS]
        return [(document["execution"].rpartition("/")[2], document) for document in found]

    def _began(self) -> float:
        """Return when the invocation began that writes: it may have stood still since."""
        return self.simulation.kernel.process().begun

    def _now(self) -> datetime:
        return self.simulation.kernel.clock()


def _items(kept: KeptWatch) -> list[Document]:
    """Return what is to be told, without whether only its publication waits."""
    return [{word: said for word, said in item.items() if word != "said"} for item in kept.outbox]


def named(watch: Watch) -> str:
    """Return what a watch is called here."""
    return f"the watch of {watch.digest[:14]}…{watch.digest[-2:]}"
