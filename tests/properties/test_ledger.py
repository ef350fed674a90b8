"""The rules of the ledger, held while anything happens in any order, on both storages."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.properties.effort import EXAMPLES, SLOW
from tests.properties.fickle import GONE, MOODS, SILENT, SOUND, FickleStore
from verifier.adapters.sqlite import SqliteStore
from verifier.checks.judgement import Judgement
from verifier.checks.verdict import Verdict
from verifier.controller.ledger import (
    BUILDS,
    Lease,
    Ledger,
    Record,
    State,
    after_failure,
    is_leased,
    parse_record,
    queued,
    released,
    settled,
)
from verifier.errors import LostLease, Unavailable
from verifier.facts.build import BuildKey
from verifier.services import Store, Stored
from verifier.standin.clock import ManualClock
from verifier.times import show_time

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LEASE = timedelta(seconds=120)
SOON = 20.0
NUMBERS = itertools.count(1)
MOOD = st.sampled_from([*[SOUND] * 8, *MOODS])
WAITS = st.integers(0, 600).map(lambda seconds: timedelta(seconds=seconds))
STEPS = st.sampled_from(
    [
        {"build": {"id": "any"}},
        {"execution": "an-execution"},
        {"intent": START},
        {"recorded": True},
        {"judgement": Judgement(Verdict.LOCAL_SOURCE, (), START)},
        {},
    ]
)


class LedgerMachine(RuleBasedStateMachine):
    """One build's record, and the invocations that come across it: `leases` are all that there ever were.

    The model is small: who has the stored lease may write it, until somebody does.
    """

    backing: Store

    def __init__(self) -> None:
        super().__init__()
        number = next(NUMBERS)
        self.store, self.clock = FickleStore(self.backing), ManualClock(START)
        self.ledger = Ledger(self.store, self.clock, LEASE, lambda: f"nonce-{next(NUMBERS)}")
        self.key = BuildKey("vividly-dev", "us-central1", f"4e841fcb-0000-4000-8000-{number:012d}")
        self.leases: list[Lease] = []
        self.seen: list[Stored] = []
        """What sweeps have read, at any time."""
        self.fence = 0
        self.done: Stored | None = None

    def stored(self) -> Stored | None:
        self.store.be(SOUND)
        return self.store.read(BUILDS, self.key.digest, timeout=SOON)

    def record(self) -> Record | None:
        found = self.stored()
        return parse_record(found.document) if found else None

    @rule(mood=MOOD, only_if_due=st.booleans())
    def claim(self, mood: str, only_if_due: bool) -> None:
        before = self.record()
        waits = before is not None and before.build is not None and self._waits(before)
        free = self._free(before) and not (only_if_due and waits and not self._is_nobodys(before))
        self._take(
            mood, free, lambda: self.ledger.claim(self.key, announced=True, only_if_due=only_if_due, timeout=SOON)
        )

    @rule(mood=MOOD)
    def claim_running(self, mood: str) -> None:
        before = self.record()
        on_trial = before is not None and before.intent is not None and before.judgement is None
        self._take(mood, on_trial and self._free(before), lambda: self.ledger.claim_running(self.key, timeout=SOON))

    @precondition(lambda self: self.stored() is not None)
    @rule()
    def look(self) -> None:
        found = self.stored()
        assert found is not None
        self.seen.append(found)

    @precondition(lambda self: self.seen)
    @rule(mood=MOOD, data=st.data())
    def take_what_was_seen(self, mood: str, data: st.DataObject) -> None:
        seen = data.draw(st.sampled_from(self.seen))
        now = self.stored()
        assert now is not None
        free = seen.revision == now.revision and self._free(parse_record(seen.document))
        self._take(mood, free, lambda: self.ledger.take(seen, timeout=SOON))

    @precondition(lambda self: self.leases)
    @rule(mood=MOOD, changes=STEPS, data=st.data())
    def save(self, mood: str, changes: dict[str, object], data: st.DataObject) -> None:
        lease = self._one_of_them(data)
        mine = self._write(mood, lease, replace(lease.record, **changes))  # type: ignore[arg-type]  # any of its fields
        if mine is not None:
            self.leases.append(mine)

    @precondition(lambda self: self.leases)
    @rule(mood=MOOD, wait=WAITS, data=st.data())
    def release(self, mood: str, wait: timedelta, data: st.DataObject) -> None:
        lease = self._one_of_them(data)
        self._write(mood, lease, released(lease.record, self.clock() + wait))

    @precondition(lambda self: self.leases)
    @rule(mood=MOOD, wait=WAITS, data=st.data())
    def fail(self, mood: str, wait: timedelta, data: st.DataObject) -> None:
        lease = self._one_of_them(data)
        self._write(mood, lease, after_failure(lease.record, "no answer", self.clock(), wait.total_seconds()))

    @precondition(lambda self: self.leases)
    @rule(mood=MOOD, data=st.data())
    def queue(self, mood: str, data: st.DataObject) -> None:
        lease = self._one_of_them(data)
        self._write(mood, lease, queued(lease.record, "Slack is away"))

    @precondition(lambda self: self.leases)
    @rule(mood=MOOD, data=st.data(), state=st.sampled_from([State.UNCONFIRMED, State.DONE]))
    def settle(self, mood: str, data: st.DataObject, state: State) -> None:
        lease = self._one_of_them(data)
        self._write(mood, lease, settled(lease.record, state))

    @rule(seconds=st.sampled_from([1, 119, 120, 121, 600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def whatever_is_open_is_found_when_its_time_comes(self) -> None:
        record = self.record()
        later = show_time(self.clock() + timedelta(days=1))
        fields = {"due", "unsaid"}
        listed = [f for f in fields for name, _ in self._listed(f, later) if name == self.key.digest]
        assert len(listed) == (record is not None and record.state is State.OPEN)

    @invariant()
    def the_fence_never_goes_back(self) -> None:
        record = self.record()
        fence = record.fence if record else 0
        assert fence >= self.fence
        self.fence = fence

    @invariant()
    def what_is_open_waits_in_exactly_one_place_and_what_is_not_in_none(self) -> None:
        record = self.record()
        if record is not None:
            places = [record.due, record.unsaid]
            assert places.count(None) == (1 if record.state is State.OPEN else 2)

    @invariant()
    def what_is_done_stays_as_it_is(self) -> None:
        found = self.stored()
        if self.done is None and found is not None and found.document["state"] == State.DONE:
            self.done = found
        if self.done is not None:
            assert found == self.done

    def _one_of_them(self, data: st.DataObject) -> Lease:
        """Return any lease that there ever was; most often the last one."""
        return data.draw(st.sampled_from(self.leases)) if data.draw(st.integers(0, 4)) == 4 else self.leases[-1]

    def _listed(self, field: str, now: str) -> list[tuple[str, Stored]]:
        return self.store.due("builds", now, 10_000, field=field, timeout=SOON)

    def _free(self, record: Record | None) -> bool:
        """Return whether it may be taken; a claim that this process gave up and that landed is nobody's."""
        if record is None:
            return True
        is_held = is_leased(record, self.clock()) and not self._is_nobodys(record)
        return record.state is not State.DONE and not is_held

    def _is_nobodys(self, record: Record | None) -> bool:
        return record is not None and record.owner in self.ledger.contact.given_up

    def _waits(self, record: Record) -> bool:
        return record.unsaid is not None or (record.due is not None and self.clock() < record.due)

    def _take(self, mood: str, free: bool, take: Callable[[], Lease | None]) -> None:
        """Take the record: it is leased exactly when it is free and the write is known to be done."""
        before = self.stored()
        self.store.be(mood)
        try:
            lease = take()
        except Unavailable:
            assert mood != SOUND
            assert (self.stored() != before) == (free and mood == GONE)
            return
        after = self.record()
        if lease is None:
            assert not free
            assert self.stored() == before
            return
        assert free
        assert mood in (SOUND, SILENT)
        assert lease.record == after
        assert after is not None
        assert after.fence == self.fence + 1
        assert after.owner not in {other.record.owner for other in self.leases}
        assert after.due == after.lease_until == self.clock() + LEASE
        assert lease.revision not in {other.revision for other in self.leases}, "nobody else may write any more"
        self.leases.append(lease)

    def _write(self, mood: str, lease: Lease, record: Record) -> Lease | None:
        """Write as a holder: it goes through exactly when nobody wrote since; else it is told, and nothing changes."""
        before = self.stored()
        assert before is not None
        rightful = lease.revision == before.revision
        self.store.be(mood)
        try:
            mine = self.ledger.save(lease, record, timeout=SOON)
        except LostLease:
            assert not rightful
            assert self.stored() == before
            return None
        except Unavailable:
            assert mood != SOUND
            assert self.stored() == before or (rightful and mood == GONE)
            return None
        after = self.stored()
        assert after is not None
        assert mine.record == record == parse_record(after.document)
        assert rightful or after == before
        return mine if rightful else None


def test_anything_in_any_order_keeps_the_ledgers_rules(store: Store) -> None:
    class Here(LedgerMachine):
        backing = store

    few = SLOW if isinstance(store, SqliteStore) else settings(SLOW, max_examples=max(EXAMPLES // 5, 1))
    run_state_machine_as_test(Here, settings=few)
