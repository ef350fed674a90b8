"""A message is edited to what the ledger holds, once at a time; an older revision never overwrites a newer one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.builders import POLICY
from tests.unit.controller.test_notes import OTHER, TS, note, sayings, told
from tests.unit.controller.world import CHANNEL, LEASE, NOW, SOON, World, world
from verifier.config import Watched
from verifier.controller.ledger import BUILDS, Record, claimed, cut, record_document
from verifier.controller.slack.channel import EDITING, change_channel, read_channel
from verifier.controller.sweep import sweep
from verifier.errors import Refused, ServiceError, Unavailable
from verifier.services import Posted
from verifier.standin.dates import with_plain_dates as undated

__all__ = ["world"]

WATCHED = Watched({"vividly-dev": ""}, frozenset({"us-central1"}))
NO_ANSWER, LOST = Unavailable("no answer"), Unavailable("no answer", ambiguous=True)
GONE = Refused("message_not_found", fix="nothing is to be done")
REVOKED = Refused("token_revoked", fix="store its new bot token", wide=True)


def noted(world: World) -> Record:
    """Return the record of a build whose message ought to say more than it does."""
    record = told()
    world.put(record)
    note(world, record)
    return record


def swept(world: World) -> None:
    """Sweep as another process would."""
    assert sweep(world.deployment(), WATCHED, world.budget(), LEASE) is not None


def later(world: World, seconds: float = 60) -> None:
    world.clock.advance(seconds)
    swept(world)


def last_lines(world: World) -> list[str]:
    """Return the last line of each message."""
    return [undated(message.text).rsplit("\n", 1)[-1] for message in world.messages]


def texts(world: World) -> list[str]:
    """Return the last line of each edit."""
    return [undated(message.text).rsplit("\n", 1)[-1] for _, message in world.edited]


def test_the_message_is_made_anew_with_the_notes_where_it_stands(world: World) -> None:
    record = noted(world)
    swept(world)
    ((posted, message),) = world.edited
    assert posted == Posted(CHANNEL, TS)
    assert message.key == f"{record.key.name}@LOCAL_SOURCE"
    assert message.text.startswith("🔴 LOCAL_SOURCE · ")
    assert texts(world) == ["Runs since 2026-11-23 01:10 UTC in worker."]
    assert world.messages == []
    after = world.record(record.key)
    assert (after.shown, after.queue, after.editing) == (1, None, None)
    assert read_channel(world.store, CHANNEL, world.budget()).due is None


def test_what_is_shown_is_not_edited_again(world: World) -> None:
    noted(world)
    swept(world)
    later(world)
    later(world)
    assert len(world.edited) == 1


def test_the_intent_is_saved_before_slack_is_asked(world: World) -> None:
    record = noted(world)
    seen: list[Record] = []

    class Watching(list[tuple[Posted, object]]):
        def append(self, item: object) -> None:
            seen.append(world.record(record.key))

    world.edited = Watching()  # type: ignore[assignment]
    swept(world)
    assert [(one.editing is not None, one.shown) for one in seen] == [(True, 0)]


def test_while_an_edit_may_be_on_its_way_none_is_made(world: World) -> None:
    record = noted(world)
    world.edits = [LOST]
    swept(world)
    note(world, record, OTHER)
    later(world, 40)
    assert world.called.count("edit") == 1
    later(world, 60)
    assert texts(world) == ["Runs since 2026-11-23 01:10 UTC in other."]
    after = world.record(record.key)
    assert (after.revision, after.shown, after.queue) == (2, 2, None)


def test_an_edit_that_was_certainly_not_made_is_made_the_next_minute(world: World) -> None:
    record = noted(world)
    world.edits = [NO_ANSWER]
    swept(world)
    assert world.record(record.key).editing is None
    later(world)
    assert len(world.edited) == 1


def test_a_process_that_died_after_slack_took_the_edit_leaves_one_that_is_made_again(world: World) -> None:
    record = told()
    world.put(record)
    note(world, record)
    stored = world.record(record.key)
    replace_record(world, replace(stored, editing=NOW - timedelta(minutes=2)))
    swept(world)
    assert len(world.edited) == 1
    assert world.record(record.key).shown == 1


def replace_record(world: World, record: Record) -> None:
    stored = world.store.read(BUILDS, record.key.digest, timeout=SOON)
    assert stored is not None
    world.store.replace(BUILDS, record.key.digest, record_document(record), stored.revision, timeout=SOON)


@pytest.mark.parametrize("error", [GONE, Refused("cant_update_message"), Refused("edit_window_closed")])
def test_an_edit_that_can_never_be_made_is_given_up_audited_once_and_said_by_itself(
    world: World, error: ServiceError
) -> None:
    record = noted(world)
    world.edits = [error]
    swept(world)
    later(world)
    later(world)
    assert world.called.count("edit") == 1
    assert [entry["kind"] for entry in world.entries] == ["unedited"]
    after = world.record(record.key)
    assert (after.uneditable, after.queue) == (str(error), None)
    assert last_lines(world) == ["Runs since 2026-11-23 01:10 UTC in worker."]
    note(world, record, OTHER)
    later(world)
    assert world.called.count("edit") == 1
    assert last_lines(world)[1:] == ["Runs since 2026-11-23 01:10 UTC in other."]


def test_of_an_edit_that_is_given_up_only_what_the_message_does_not_say_is_said_by_itself(world: World) -> None:
    record = noted(world)
    swept(world)
    note(world, record, OTHER)
    world.edits = [GONE]
    later(world)
    later(world)
    assert last_lines(world) == ["Runs since 2026-11-23 01:10 UTC in other."]


def test_what_slack_refuses_altogether_waits_five_minutes_and_is_given_up_after_a_day(world: World) -> None:
    record = noted(world)
    world.edits = [REVOKED] * 400
    swept(world)
    for _ in range(4):
        later(world)
    assert world.called.count("edit") == 1
    later(world, 70)
    assert world.called.count("edit") == 2
    later(world, 86_400)
    assert world.called.count("edit") == 2
    assert world.record(record.key).uneditable == "Slack took no edit of it for a day"


def test_while_slack_wants_nothing_edited_nothing_is(world: World) -> None:
    noted(world)
    change_channel(world.store, EDITING, lambda method: method.shut(world.clock(), 90), lambda: SOON)
    swept(world)
    assert world.called.count("edit") == 0
    later(world, 100)
    assert len(world.edited) == 1


def test_a_pause_that_slack_asks_for_closes_editing_and_not_the_channel(world: World) -> None:
    noted(world)
    world.edits = [Unavailable("slow down", retry_after=90)]
    swept(world)
    assert read_channel(world.store, EDITING, world.budget()).is_closed(world.clock())
    assert not read_channel(world.store, CHANNEL, world.budget()).is_closed(world.clock())


def test_what_changes_while_slack_is_asked_is_edited_the_next_time(world: World) -> None:
    record = noted(world)

    class Noting(list[tuple[Posted, object]]):
        def append(self, item: tuple[Posted, object]) -> None:
            super().append(item)
            if len(self) == 1:
                note(world, record, OTHER)

    world.edited = Noting()  # type: ignore[assignment]
    swept(world)
    after = world.record(record.key)
    assert (after.revision, after.shown) == (2, 1)
    later(world)
    assert world.record(record.key).shown == 2
    assert texts(world) == ["Runs since 2026-11-23 01:10 UTC in worker.", "Runs since 2026-11-23 01:10 UTC in other."]


def test_a_record_that_was_opened_again_is_left_alone(world: World) -> None:
    record = noted(world)
    place = world.record(record.key).queue
    opened = replace(claimed(world.record(record.key), "another", world.clock(), LEASE), queue=place)
    replace_record(world, opened)
    swept(world)
    assert world.called.count("edit") == 0


def test_a_record_that_was_cut_is_not_edited(world: World) -> None:
    record = noted(world)
    small = cut(world.record(record.key), NOW)
    assert (small.queue, small.notes) == (None, ())


def test_where_a_webhook_posts_now_what_waits_is_said_by_itself(world: World) -> None:
    record = noted(world)
    world.can_edit = False
    swept(world)
    assert world.called.count("edit") == 0
    assert world.record(record.key).uneditable.startswith("a webhook posts now")
    assert len(sayings(world)) + len(world.messages) == 1


def test_the_name_of_who_submitted_it_is_told_only_while_policy_lets_it_be(world: World) -> None:
    record = replace(told(), submitter=("ana@vividly.example", ""))
    world.put(record)
    note(world, record)
    swept(world)
    assert "ana@vividly.example" not in str(world.edited)
    note(world, record, OTHER)
    assert sweep(world.deployment(replace(POLICY, name_submitter=True)), WATCHED, world.budget(), LEASE) is not None
    world.clock.advance(60)
    assert sweep(world.deployment(replace(POLICY, name_submitter=True)), WATCHED, world.budget(), LEASE) is not None
    assert "Submitted by ana@vividly.example" in str(world.edited[-1][1].blocks)
    assert world.called.count("submitter") == 0
