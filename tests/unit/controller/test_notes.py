"""What becomes known of a build after its verdict: kept once, and told by an edit, or by a message of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.builders import POLICY, judged, uploaded
from tests.unit.controller.world import CHANNEL, LEASE, NOW, SOON, World, world
from verifier.controller.ledger import BUILDS, Record, State, claimed, cut, parse_record, queued, settled
from verifier.controller.notes import Noted, note_on
from verifier.controller.says import SAYINGS
from verifier.controller.slack.channel import read_channel
from verifier.errors import Unavailable
from verifier.services import Document
from verifier.times import show_time

__all__ = ["world"]

RUNS = {"kind": "runs", "key": "runs/worker", "job": "worker", "since": "2026-11-23T01:10:00.000000Z"}
LATER = {**RUNS, "until": "2026-11-23T02:36:00.000000Z"}
OTHER = {**RUNS, "key": "runs/other", "job": "other"}
TS = "1795400000.000100"


def decided(**changes: Any) -> Record:
    """Return the record of a build whose verdict is saved, and nobody has heard of it yet."""
    build = uploaded()
    _, _, judgement = judged(build)
    record = Record(build.key, created=NOW, build=build.document, judgement=judgement, recorded=True, published=True)
    return replace(record, channel=CHANNEL, posting=NOW, **changes)


def told(**changes: Any) -> Record:
    """Return the record of a build whose message stands in Slack."""
    return settled(decided(told=True, ts=TS, **changes), State.DONE)


def note(world: World, record: Record, document: Document = RUNS) -> Noted:
    return note_on(world.deployment(), record.key, document, world.budget())


def sayings(world: World) -> list[Document]:
    found = world.store.due(SAYINGS, "\U0010ffff", 50, field="queue", timeout=SOON)
    return [stored.document for _, stored in found]


def test_a_note_raises_the_revision_and_gives_the_message_its_place_behind_verdicts(world: World) -> None:
    record = told()
    world.put(record)
    assert note(world, record) is Noted.NOTED
    after = world.record(record.key)
    assert after.notes == ({**RUNS, "revision": 1},)
    assert (after.revision, after.shown, after.noted) == (1, 0, NOW)
    assert after.queue == f"{CHANNEL}|2 {show_time(NOW)}"
    assert read_channel(world.store, CHANNEL, world.budget()).due == NOW


def test_the_same_note_again_is_nothing_new(world: World) -> None:
    record = told()
    world.put(record)
    note(world, record)
    before = world.store.read(BUILDS, record.key.digest, timeout=SOON)
    world.clock.advance(60)
    assert note(world, record) is Noted.NOTED
    assert world.store.read(BUILDS, record.key.digest, timeout=SOON) == before


def test_another_note_of_the_key_takes_the_place_of_the_one_before(world: World) -> None:
    record = told()
    world.put(record)
    for document in (RUNS, OTHER, LATER):
        note(world, record, document)
    after = world.record(record.key)
    assert after.notes == ({**LATER, "revision": 3}, {**OTHER, "revision": 2})
    assert after.revision == 3


def test_an_edit_that_waits_keeps_its_place_when_more_becomes_known(world: World) -> None:
    record = told()
    world.put(record)
    note(world, record)
    place = world.record(record.key).queue
    world.clock.advance(600)
    note(world, record, OTHER)
    assert world.record(record.key).queue == place


def test_of_a_build_without_a_record_nothing_is_kept(world: World) -> None:
    assert note(world, told()) is Noted.NO_RECORD


def test_a_record_that_was_given_up_is_none(world: World) -> None:
    record = replace(decided(), state=State.UNCONFIRMED, judgement=None)
    world.put(record)
    assert note(world, record) is Noted.NO_RECORD
    assert world.record(record.key).notes == ()


def test_where_policy_wants_no_message_the_note_is_kept_and_nothing_waits(world: World) -> None:
    record = settled(decided(), State.DONE)
    world.put(record)
    assert note(world, record) is Noted.NO_MESSAGE
    after = world.record(record.key)
    assert (len(after.notes), after.queue) == (1, None)
    assert sayings(world) == []


def test_the_message_of_a_record_that_was_cut_stays_as_it_is(world: World) -> None:
    record = cut(told(), NOW)
    world.put(record)
    assert note(world, record) is Noted.NO_MESSAGE
    assert world.record(record.key) == record


def test_a_message_that_waits_to_be_posted_will_say_it_and_keeps_its_place(world: World) -> None:
    record = queued(decided(), "Slack is away")
    world.put(record)
    assert note(world, record) is Noted.NOTED
    after = world.record(record.key)
    assert (after.queue, after.unsaid, len(after.notes)) == (record.queue, record.unsaid, 1)


def test_a_record_that_another_invocation_has_is_left_to_it_and_asked_for_again(world: World) -> None:
    record = claimed(decided(), "another", NOW, LEASE)
    stored = world.put(record)
    with pytest.raises(Unavailable, match="another invocation has it; try again"):
        note(world, record)
    assert world.store.read(BUILDS, record.key.digest, timeout=SOON) == stored


def test_a_lease_that_ends_meanwhile_is_waited_for(world: World) -> None:
    record = claimed(decided(), "another", NOW - LEASE, LEASE)
    world.put(replace(record, lease_until=world.clock() + LEASE / 60))
    assert note(world, record) is Noted.NOTED
    assert len(world.record(record.key).notes) == 1


@pytest.mark.parametrize(
    ("can_edit", "changes"),
    [
        (False, {"ts": ""}),
        (True, {"ts": "", "summed_up": True}),
        (True, {"ts": TS, "uneditable": "somebody deleted it"}),
        (False, {"ts": TS}),
    ],
    ids=["webhook", "never-posted-by-itself", "sealed", "a-webhook-now"],
)
def test_what_can_not_be_edited_has_a_message_of_its_own_once(
    world: World, *, can_edit: bool, changes: dict[str, Any]
) -> None:
    world.can_edit = can_edit
    record = settled(decided(told=True, **changes), State.DONE)
    world.put(record)
    assert [note(world, record), note(world, record)] == [Noted.NOTED, Noted.NOTED]
    (saying,) = sayings(world)
    assert saying["channel"] == CHANNEL
    assert saying["lines"][0].startswith("🔴 LOCAL_SOURCE · ")
    assert saying["lines"][1:] == ["Runs since 2026-11-23 01:10 UTC in worker."]


def test_a_note_that_was_written_before_its_message_was_kept_has_it_the_next_time(world: World) -> None:
    world.can_edit = False
    record = told()
    world.put(replace(record, notes=({**RUNS, "revision": 1},), revision=1))
    note(world, record)
    assert len(sayings(world)) == 1


class LosesReplies:
    """A store whose replies to writes are lost: the first ones."""

    def __init__(self, world: World, times: int) -> None:
        self._store, self._left = world.store, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def replace(self, *place: Any, timeout: float) -> Any:
        written = self._store.replace(*place, timeout=timeout)
        if self._left:
            self._left -= 1
            raise Unavailable("no answer", ambiguous=True)
        return written


def test_a_write_whose_reply_is_lost_counts_once(world: World) -> None:
    record = told()
    world.put(record)
    store: Any = LosesReplies(world, 1)
    world.store = store
    assert note(world, record) is Noted.NOTED
    stored = world.store.read(BUILDS, record.key.digest, timeout=SOON)
    assert stored is not None
    assert parse_record(stored.document).revision == 1


def test_a_build_that_did_not_succeed_has_its_notes_said_too(world: World) -> None:
    world.can_edit = False
    record = told()
    assert record.judgement is not None
    record = replace(record, judgement=replace(record.judgement, verdict=None))
    world.put(record)
    note(world, record)
    assert [saying["lines"] for saying in sayings(world)] == [["Runs since 2026-11-23 01:10 UTC in worker."]]
    assert POLICY.workers
