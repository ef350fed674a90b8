"""A work message is a hint: what is due is read in the ledger, and whatever else it says costs a read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.builders import uploaded
from tests.unit.controller.world import NOW, SOON, World, world
from verifier.config import Watched
from verifier.controller.ledger import BUILDS, Record, State, record_document
from verifier.controller.work import KINDS, WorkContext, WorkDone, do_work
from verifier.errors import Unavailable
from verifier.services import Stored
from verifier.times import show_time

__all__ = ["world"]

WATCHED = Watched({"vividly-dev": ""}, frozenset({"us-central1"}))
DUE = Record(uploaded().key, created=NOW, due=NOW)
NAME = DUE.key.digest


def at(world: World) -> WorkContext:
    return WorkContext(world.deployment(), WATCHED, world.budget())


def test_every_kind_has_a_word_of_its_own_and_queues_that_do_not_mix() -> None:
    words = set("place channel record upload past cut job window watch baseline".split())
    assert set(KINDS) == {kind.word for kind in KINDS.values()} == words
    assert len({(kind.collection, kind.field) for kind in KINDS.values()}) == len(KINDS)


def test_a_record_that_is_due_is_brought_on(world: World) -> None:
    world.build = uploaded()
    world.put(DUE)
    assert do_work("record", NAME, at(world)) == WorkDone()
    assert world.record(DUE.key).state is State.DONE
    assert world.called == ["fetch", "audit", "post"]


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (replace(DUE, state=State.DONE, due=None), f"record {NAME}: done, or never due"),
        (replace(DUE, due=None, unsaid=NOW), f"record {NAME}: done, or never due"),
        (
            replace(DUE, due=NOW + timedelta(seconds=6)),
            f"record {NAME}: not due before {show_time(NOW + timedelta(seconds=6))}",
        ),
    ],
    ids=["done", "waits-for-slack", "early"],
)
def test_what_is_not_due_is_left_as_it_is(world: World, record: Record, why: str) -> None:
    before = world.put(record)
    assert do_work("record", NAME, at(world)) == WorkDone(ignored=why)
    assert world.called == []
    assert world.store.read(BUILDS, NAME, timeout=SOON) == before


def test_a_clock_that_is_some_seconds_behind_keeps_nothing_from_being_done(world: World) -> None:
    world.build = uploaded()
    world.put(replace(DUE, due=NOW + timedelta(seconds=5)))
    assert do_work("record", NAME, at(world)) == WorkDone()
    assert world.record(DUE.key).state is State.DONE


def test_a_record_that_another_invocation_has_is_left_to_it(world: World) -> None:
    leased = replace(DUE, owner="another", fence=3, lease_until=NOW + timedelta(seconds=60), due=NOW)
    before = world.put(leased)
    assert do_work("record", NAME, at(world)) == WorkDone()
    assert world.store.read(BUILDS, NAME, timeout=SOON) == before


def test_a_message_that_comes_twice_is_worth_one(world: World) -> None:
    world.build = uploaded()
    world.put(DUE)
    do_work("record", NAME, at(world))
    assert do_work("record", NAME, at(world)).ignored == f"record {NAME}: done, or never due"
    assert len(world.messages) == len(world.entries) == 1


@pytest.mark.parametrize(
    ("word", "name", "why"),
    [
        (
            "wish",
            NAME,
            f"wish {NAME}: expected a kind of work that this version knows ({', '.join(KINDS)})",
        ),
        ("record", "nobody", "record nobody: expected a document of builds, got none of this name"),
        ("place", "sweep", "None/None: done, or never due"),
    ],
    ids=["kind", "name", "document-of-another-kind"],
)
def test_what_nobody_knows_is_named_and_nothing_is_done(world: World, word: str, name: str, why: str) -> None:
    world.put(DUE)
    world.store.create("marks", "sweep", {"until": None}, timeout=SOON)
    assert do_work(word, name, at(world)) == WorkDone(ignored=why)
    assert world.called == []


def test_trouble_is_told_and_the_record_is_due_again(world: World) -> None:
    world.put(DUE)
    done = do_work("record", NAME, at(world))
    assert done.trouble.startswith(f"record {NAME}: ")
    assert "expected a build, got none" in done.trouble
    assert world.record(DUE.key).due == NOW + timedelta(seconds=60)


def test_a_record_that_this_version_cannot_read_is_put_off(world: World) -> None:
    document = {**record_document(DUE), "version": 99}
    world.store.create(BUILDS, NAME, document, timeout=SOON)
    assert "version 99" in do_work("record", NAME, at(world)).trouble
    stored = world.store.read(BUILDS, NAME, timeout=SOON)
    assert stored is not None
    assert stored.document == {**document, "due": show_time(NOW + timedelta(hours=1))}
    assert do_work("record", NAME, at(world)).ignored


class UnreadableStore:
    """A ledger that can't be reached."""

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        raise Unavailable("no ledger")


def test_only_what_could_not_be_looked_at_is_asked_for_again(world: World) -> None:
    world.store = UnreadableStore()  # type: ignore[assignment]  # nothing else is asked
    with pytest.raises(Unavailable, match="no ledger"):
        do_work("record", NAME, at(world))


def test_calls_for_a_project_that_hang_are_not_waited_for_again(world: World) -> None:
    world.takes = 8.0
    world.put(DUE)
    other = replace(DUE, key=uploaded(id="4e841fcb-0000-4000-8000-00000000beef", name="").key)
    before = world.put(other)
    context = at(world)
    assert do_work("record", NAME, context).trouble
    done = do_work("record", other.key.digest, context)
    assert done.ignored.endswith("put off, because calls for vividly-dev or global fail in a row")
    assert world.store.read(BUILDS, other.key.digest, timeout=SOON) == before
    world.clock.advance(60)
    assert do_work("record", other.key.digest, replace(context, budget=world.budget())).trouble
