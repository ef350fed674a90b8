"""Records that were done before records had a time to be cut are given one, a page a sweep, and each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.fixtures.records import written
from tests.unit.builders import uploaded
from tests.unit.controller.test_cutting import DONE, LOCAL
from tests.unit.controller.test_sweep import CountedStore
from tests.unit.controller.world import NOW, SOON, World, world
from verifier.controller.budget import Budget
from verifier.controller.dating import date_old_records
from verifier.controller.ledger import BUILDS, KEPT_WHOLE_FOR, MARKS, Record, State, record_document
from verifier.facts.build import BuildKey
from verifier.times import parse_time, show_time

__all__ = ["world"]

DAY = 86_400.0


def old(world: World, number: int, **changes: Any) -> BuildKey:
    """Put a record as 0.1.0 left it: without the fields that came later."""
    key = replace(uploaded().key, id=f"4e841fcb-0000-4000-8000-{number:012d}")
    record = replace(DONE, key=key, created=NOW - timedelta(days=9) + timedelta(seconds=number), **changes)
    document = {name: value for name, value in record_document(record).items() if name not in ("cut_due", "cut")}
    assert world.store.create(BUILDS, key.digest, document, timeout=SOON) is not None
    return key


def swept(world: World) -> int:
    """Do this step of one sweep, a minute later."""
    world.clock.advance(60)
    return date_old_records(world.deployment(), world.clock(), world.budget())


def test_a_done_record_of_0_1_0_is_cut_400_days_after_its_verdict_too(world: World) -> None:
    document = written("0.1.0/done-failed")
    world.store.create(BUILDS, document.name, document.document, timeout=SOON)
    swept(world)
    assert swept(world) == 1
    stored = world.store.read(BUILDS, document.name, timeout=SOON)
    assert stored is not None
    decided = parse_time(document.document["judgement"]["decided"])
    assert dict(stored.document) == {**document.document, "cut_due": show_time(decided + KEPT_WHOLE_FOR)}


def test_every_old_record_is_dated_a_page_a_sweep_and_those_that_have_a_time_keep_it(world: World) -> None:
    keys = [old(world, number) for number in range(120)]
    new = replace(DONE, cut_due=NOW)
    world.put(new)
    swept(world)
    counts = [swept(world) for _ in range(4)]
    assert sum(counts) == len(keys)
    assert max(counts) <= 50
    assert all(world.record(key).cut_due == LOCAL.decided + KEPT_WHOLE_FOR for key in keys)
    assert world.record(new.key) == new


def test_what_is_not_done_is_dated_when_it_is(world: World) -> None:
    keys = [old(world, 1, state=State.OPEN, due=NOW), old(world, 2, state=State.UNCONFIRMED)]
    assert [swept(world), swept(world), swept(world)] == [0, 0, 0]
    assert all(world.record(key).cut_due is None for key in keys)


def test_very_many_records_of_one_moment_are_all_dated(world: World) -> None:
    keys = [old(world, number) for number in range(130)]
    for key in keys:
        stored = world.store.read(BUILDS, key.digest, timeout=SOON)
        assert stored is not None
        same = {**stored.document, "created": show_time(NOW)}
        world.store.replace(BUILDS, key.digest, same, stored.revision, timeout=SOON)
    for _ in range(8):
        swept(world)
    assert all(world.record(key).cut_due for key in keys)


def test_without_time_the_place_stays_where_it_got_to(world: World) -> None:
    keys = [old(world, number) for number in range(3)]
    swept(world)
    world.clock.advance(60)
    hurried = Budget(world.clock, world.clock() + timedelta(seconds=14))
    assert date_old_records(world.deployment(), world.clock(), hurried) == 0
    assert swept(world) == 3
    assert all(world.record(key).cut_due for key in keys)


def test_a_record_that_cannot_be_read_keeps_no_other_from_its_time(world: World) -> None:
    spoilt, sound = old(world, 1), old(world, 2)
    stored = world.store.read(BUILDS, spoilt.digest, timeout=SOON)
    assert stored is not None
    document = {**stored.document, "created": show_time(NOW - timedelta(days=9)), "key": 7}
    world.store.replace(BUILDS, spoilt.digest, document, stored.revision, timeout=SOON)
    swept(world)
    assert swept(world) == 1
    assert world.record(sound).cut_due


def test_what_an_instance_of_0_1_0_writes_during_the_upgrade_is_dated_too(world: World) -> None:
    swept(world)
    swept(world)
    key = old(world, 1)
    document = world.store.read(BUILDS, key.digest, timeout=SOON)
    assert document is not None
    late = {**document.document, "created": show_time(NOW + timedelta(hours=2))}
    world.store.replace(BUILDS, key.digest, late, document.revision, timeout=SOON)
    world.clock.advance(3 * 3600)
    assert swept(world) == 1


def test_after_a_day_the_walk_is_over_and_costs_one_read_a_process(world: World) -> None:
    old(world, 1)
    for _ in range(3):
        swept(world)
    world.clock.advance(DAY)
    swept(world)
    mark = world.store.read(MARKS, "dating", timeout=SOON)
    assert mark is not None
    assert mark.document["over"]
    counted = CountedStore(world.store)
    world.store = counted
    for _ in range(3):
        swept(world)
    assert counted.calls == ["read"]


@pytest.mark.parametrize("state", [State.DONE, State.OPEN])
def test_a_record_without_a_verdict_is_left_alone(world: World, state: State) -> None:
    key = old(world, 1, state=state, judgement=None)
    before = world.store.read(BUILDS, key.digest, timeout=SOON)
    assert [swept(world), swept(world)] == [0, 0]
    assert world.store.read(BUILDS, key.digest, timeout=SOON) == before


def test_records_made_here_are_what_0_1_0_would_have_left(world: World) -> None:
    key = old(world, 1)
    stored = world.store.read(BUILDS, key.digest, timeout=SOON)
    assert stored is not None
    assert not {"cut_due", "cut"} & stored.document.keys()
    assert isinstance(world.record(key), Record)
