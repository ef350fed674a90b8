"""What must be true of watches when nothing is left to be done: all is counted, compared as it was, and told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from tests.simulation.watch_oracle import DAY, ENOUGH, ENOUGH_OF_RARE, SeenWatch, WatchOracle, named
from tests.simulation.watch_states import TrueRun, is_in_order, true_state
from tests.simulation.world_model import JOB
from verifier.checks.watch.watching import Watch
from verifier.controller.runs.job_runs import JOBS, name_of_job, parse_job
from verifier.controller.watch.watch_document import KeptWatch

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WatchesAtTheEnd:
    """Looks at what is left, beside what was seen."""

    _seen: WatchOracle

    def check(self) -> None:
        """Check that nothing is left to be done, and that everything was counted, compared and told."""
        ran = {run.digest for run in self._ran()}
        self._seen.require(
            ran == self._seen.watches.keys(), f"watched {sorted(self._seen.watches)}, expected {sorted(ran)}"
        )
        waiting = [short for short, document in self._seen.documents() if document.get("reading")]
        self._seen.require(not waiting, f"still to be read: {waiting}")
        for name, record in self._seen.simulation.invariants.records.items():
            is_shown = not record["ts"] or record["uneditable"] or record["shown"] == record["revision"]
            self._seen.require(is_shown, f"{name}: its message does not show what became of its watch")
        for kept in self._seen.kept():
            self._at_its_end(kept, self._seen.watches[kept.watch.digest])

    def _at_its_end(self, kept: KeptWatch, seen: SeenWatch) -> None:
        watch, name = kept.watch, named(kept.watch)
        ran = {run.name for run in self._ran() if run.digest == watch.digest}
        self._seen.require(ran == {*seen.counted}, f"{name} counts {sorted(seen.counted)}, expected {sorted(ran)}")
        self._seen.require(not kept.outbox, f"{name}: still to be told: {[item['key'] for item in kept.outbox]}")
        self._told_once(watch, seen)
        for identity, state, had, known in seen.states:
            self._as_it_is(watch, identity, state, had, known)
        for error in watch.errors:
            runs = [self._seen.runs[short] for short in seen.live]
            most = sum(error.identity in run.errors for run in runs)
            least = sum(error.identity in run.errors for run in runs if run.name in seen.whole)
            self._seen.require(
                least <= error.runs <= most, f"{name}: {error.name} in {error.runs} runs, not {least}-{most}"
            )
        self._over_at_last(watch, name)

    def _told_once(self, watch: Watch, seen: SeenWatch) -> None:
        keys = Counter((item["kind"], item["key"]) for item in seen.decided if item["kind"] != "watch-ended")
        twice = [key for key, count in keys.items() if count > 1]
        self._seen.require(not twice, f"{named(watch)}: decided twice: {twice}")
        for item in seen.decided:
            if item["payload"] is not None:
                kind, event = item["kind"], item["payload"]["event"]
                count, expected = self._seen.entries(kind, watch.digest, event), seen.ends if event == "ended" else 1
                said = f"{named(watch)}: {kind} {event} is {count} times in the audit trail"
                self._seen.require(count == expected, f"{said}, not {expected}")
        worse = {item["key"].removeprefix("regressed-") for item in seen.decided if item["kind"] == "regressed"}
        self._seen.require(worse == {*watch.reasons}, f"{named(watch)}: told of {worse}, regressed by {watch.reasons}")

    def _as_it_is(self, watch: Watch, identity: str, state: str, had: Sequence[TrueRun], known: int) -> None:
        run = min((one for one in had), key=lambda one: (one.ended, one.name))
        whole = {name for seen in self._seen.watches.values() for name in seen.whole}
        firm = [one if one.name in whole else replace(one, errors=frozenset()) for one in self._seen.read]
        every, allowed = [*self._seen.runs.values()], set[str]()
        for number in range(min(self._seen.booked.get(run.name, known), known), known + 1):
            in_order = is_in_order([*self._seen.read[:number], run])
            for read in (self._seen.read[:number], firm[:number]):
                allowed |= {true_state(run, identity, read, every, whenever=late) for late in {False, not in_order}}
            # Which errors of a run were seen that was read in part is not known here.
            if (not in_order or firm[:number] != self._seen.read[:number]) and allowed & {"known", "back"}:
                allowed |= {"known", "back"}
        self._seen.require(state in allowed, f"{named(watch)}: {identity} in {run.name} is {state}, expected {allowed}")

    def _over_at_last(self, watch: Watch, name: str) -> None:
        job = parse_job(self._seen.simulation.services.store.held[JOBS, name_of_job(JOB)].document)
        is_now = job.digest == watch.digest
        if watch.successor:
            self._seen.require(not is_now, f"{name} is {watch.outcome}, and runs again")
        elif watch.ended is None:
            self._seen.require(is_now, f"{name} goes on, and something else runs")
            few = watch.runs < (ENOUGH_OF_RARE if watch.rare else ENOUGH)
            young = self._seen.simulation.kernel.clock() < watch.since + DAY + _HOUR
            self._seen.require(few or young, f"{name} goes on after {watch.runs} runs, since {watch.since}")
        elif not watch.found:
            self._seen.require(bool(watch.told), f"{name} ended without a checkpoint")

    def _ran(self) -> list[TrueRun]:
        now = self._seen.simulation.kernel.seconds
        return [run for run in self._seen.runs.values() if run.ended <= now]
