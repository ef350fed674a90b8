"""What an old record loses, when, and that nothing else notices."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.builders import uploaded
from tests.unit.controller.world import LEASE, NOW, SOON, WorkRecorder, World, world
from verifier.checks.judgement import Judgement
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.config import Watched
from verifier.controller.ledger import BUILDS, KEPT_WHOLE_FOR, Record, State, cut, record_document, settled
from verifier.controller.reconcile import reconcile
from verifier.controller.sweep import sweep
from verifier.controller.work import WorkContext, WorkDone, do_work
from verifier.errors import Unavailable
from verifier.services import Document, Stored
from verifier.times import show_time

__all__ = ["world"]

WATCHED = Watched({"vividly-dev": ""}, frozenset({"us-central1"}))
BUILD = uploaded()
LOCAL = Judgement(
    Verdict.LOCAL_SOURCE,
    (Finding(Check.SOURCE_IS_A_COMMIT, Outcome.FAILS, "an upload " * 100, "push it"),),
    NOW - KEPT_WHOLE_FOR,
)
DONE = settled(
    Record(
        BUILD.key,
        created=NOW - KEPT_WHOLE_FOR,
        build=BUILD.document,
        images=("sha256:1",),
        execution="an-execution",
        judgement=LOCAL,
    ),
    State.DONE,
)
NAME = BUILD.key.digest


def at(world: World) -> WorkContext:
    return WorkContext(world.deployment(), WATCHED, world.budget())


def swept(world: World) -> None:
    done = sweep(world.deployment(), WATCHED, world.budget(), LEASE)
    assert done is not None
    assert done.problems == ()


def test_400_days_after_its_verdict_a_sweep_cuts_a_record_and_not_a_second_earlier(world: World) -> None:
    later = replace(DONE, cut_due=NOW + timedelta(seconds=1))
    world.put(later)
    swept(world)
    assert world.record(BUILD.key) == later
    world.clock.advance(60)
    swept(world)
    assert world.record(BUILD.key) == cut(DONE, NOW + timedelta(seconds=60))
    assert world.called == []


def test_a_cut_record_is_small_and_is_never_cut_again(world: World) -> None:
    world.put(DONE)
    assert do_work("cut", NAME, at(world)) == WorkDone()
    assert len(str(record_document(world.record(BUILD.key)))) < 2_000
    stored = world.store.read(BUILDS, NAME, timeout=SOON)
    world.clock.advance(KEPT_WHOLE_FOR.total_seconds())
    swept(world)
    assert do_work("cut", NAME, at(world)).ignored == f"record {NAME}, to be cut: done, or never due"
    assert world.store.read(BUILDS, NAME, timeout=SOON) == stored


def test_a_message_about_a_build_whose_record_was_cut_is_a_duplicate(world: World) -> None:
    world.put(DONE)
    do_work("cut", NAME, at(world))
    before = world.record(BUILD.key)
    assert reconcile(BUILD.key, world.deployment(), world.budget()) == ""
    assert world.record(BUILD.key) == before
    assert world.called == []


def test_the_image_of_a_build_whose_record_was_cut_still_has_its_build(world: World) -> None:
    world.put(DONE)
    do_work("cut", NAME, at(world))
    found = world.store.holding(BUILDS, "images", "sha256:1", timeout=SOON)
    assert found is not None
    assert found.document["key"]["id"] == BUILD.key.id
    assert found.document["judgement"]["verdict"] == "LOCAL_SOURCE"


def test_a_record_that_this_version_cannot_read_is_left_whole_and_looked_at_again_in_a_month(world: World) -> None:
    document = {**record_document(DONE), "version": 99}
    world.store.create(BUILDS, NAME, document, timeout=SOON)
    assert "version 99" in do_work("cut", NAME, at(world)).trouble
    stored = world.store.read(BUILDS, NAME, timeout=SOON)
    assert stored is not None
    assert stored.document == {**document, "cut_due": show_time(NOW + timedelta(days=30))}


class LateStore:
    """A store in which the record is changed by somebody between its reading and each write."""

    def __init__(self, world: World) -> None:
        self._store = world.store

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        found = self._store.read(collection, name, timeout=timeout)
        if found is not None:
            changed = {**found.document, "warned": True}
            self._store.replace(collection, name, changed, found.revision, timeout=timeout)
        return found

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        return self._store.replace(collection, name, document, revision, timeout=timeout)


def test_what_was_changed_since_it_was_read_is_not_written_over_and_comes_back(world: World) -> None:
    world.put(DONE)
    store, world.store = world.store, LateStore(world)  # type: ignore[assignment]  # nothing else is asked
    assert do_work("cut", NAME, at(world)) == WorkDone()
    world.store = store
    assert world.record(BUILD.key) == replace(DONE, warned=True)


class SilentStore(LateStore):
    """A store that takes a write, and whose answer is lost."""

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        return self._store.read(collection, name, timeout=timeout)

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        self._store.replace(collection, name, document, revision, timeout=timeout)
        raise Unavailable("no answer", ambiguous=True)


def test_an_answer_that_was_lost_is_told_and_the_record_is_cut_once(world: World) -> None:
    world.put(DONE)
    store, world.store = world.store, SilentStore(world)  # type: ignore[assignment]  # nothing else is asked
    assert do_work("cut", NAME, at(world)).trouble == f"record {NAME}, to be cut: no answer"
    world.store = store
    assert world.record(BUILD.key) == cut(DONE, NOW)
    assert do_work("cut", NAME, at(world)).ignored


@pytest.mark.parametrize("field", ["due", "unsaid"])
def test_a_record_that_is_to_be_cut_is_in_no_other_queue(world: World, field: str) -> None:
    world.put(DONE)
    assert world.store.due(BUILDS, "9999", 5, field=field, timeout=SOON) == []


def test_where_work_is_handed_out_what_is_to_be_cut_is_asked_for_every_ten_minutes(world: World) -> None:
    world.work_topic = topic = WorkRecorder()
    swept(world)
    world.put(replace(DONE, cut_due=NOW))
    asked = [False]
    for _ in range(20):
        world.clock.advance(60)
        sweep(world.deployment(), WATCHED, world.budget(), LEASE)
        asked.append(any(kind == "cut" for kind, _ in topic.taken()))
    assert [minute for minute, is_asked in enumerate(asked) if is_asked] == [10, 20]
