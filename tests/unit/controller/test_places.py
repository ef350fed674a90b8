"""Places: each is listed when it is due, from where it stopped, and is late when it was not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.builders import uploaded
from tests.unit.controller.world import LEASE, NOW, SOON, WorkRecorder, World, world
from verifier.config import Watched
from verifier.controller.ledger import MARKS, State
from verifier.controller.places import LatePlace, cursor_name, late_places
from verifier.controller.signals import Signal
from verifier.controller.sweep import Swept, describe, describe_late, sweep
from verifier.controller.work import WorkContext, do_work
from verifier.errors import Denied, Unavailable
from verifier.facts.build import BuildKey
from verifier.services import BuildPage, Document, Store, Stored
from verifier.times import parse_time, show_time

__all__ = ["world"]

PROJECT, REGION = "vividly-dev", "us-central1"
HERE = f"{PROJECT}/{REGION}"
WATCHED = Watched({PROJECT: ""}, frozenset({REGION}))
CURSOR = cursor_name(PROJECT, REGION)
GRACE = timedelta(minutes=10)


def swept(world: World, watched: Watched = WATCHED) -> Swept:
    world.called.clear()
    done = sweep(world.deployment(), watched, world.budget(), LEASE)
    assert done is not None
    return done


def cursor(world: World, name: str = CURSOR) -> dict[str, Any]:
    stored = world.store.read(MARKS, name, timeout=SOON)
    assert stored is not None
    return dict(stored.document)


def listed(world: World) -> list[str]:
    return [call.removeprefix("list ") for call in world.called if call.startswith("list ")]


def minutes_until(world: World, field: str) -> float:
    """Return how many minutes it is until this moment of the cursor."""
    return (parse_time(cursor(world)[field]) - world.clock()).total_seconds() / 60


class Forgetful:
    """A store without one mark, until that is created again."""

    def __init__(self, inner: Store, lost: str) -> None:
        self._inner, self._lost = inner, lost

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        return None if name == self._lost else self._inner.read(collection, name, timeout=timeout)

    def present(self, collection: str, names: Sequence[str], *, timeout: float, unless: Any = None) -> set[str]:
        return self._inner.present(collection, names, unless=unless, timeout=timeout) - {self._lost}

    def due(self, collection: str, now: str, limit: int, *, timeout: float, **more: Any) -> list[tuple[str, Stored]]:
        found = self._inner.due(collection, now, limit, timeout=timeout, **more)
        return [(name, stored) for name, stored in found if name != self._lost]

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        if name != self._lost:
            return self._inner.create(collection, name, document, timeout=timeout)
        stored = self._inner.read(collection, name, timeout=timeout)
        assert stored is not None
        self._lost = ""
        return self._inner.replace(collection, name, document, stored.revision, timeout=timeout)


def pass_minutes(world: World, minutes: float) -> None:
    world.clock.advance(60 * minutes)


def old(world: World, **changes: Any) -> None:
    """Let there be a cursor as version 0.1.0 writes it."""
    long_ago = show_time(NOW - timedelta(hours=2))
    document = {"project": PROJECT, "location": REGION, "installed": long_ago, "since": long_ago}
    world.store.create(MARKS, CURSOR, {**document, "until": None, "page": "", **changes}, timeout=SOON)


def test_the_first_look_begins_at_installation_and_the_listing_follows_when_builds_can_be_silent(world: World) -> None:
    assert describe(swept(world))["sweep"] == "completed"
    assert listed(world) == []
    assert (minutes_until(world, "due"), minutes_until(world, "late")) == (15, 25)
    pass_minutes(world, 15)
    swept(world)
    assert listed(world) == [HERE]
    assert cursor(world)["listed"] == show_time(world.clock())
    assert (minutes_until(world, "due"), minutes_until(world, "late")) == (5, 15)


def test_a_cursor_of_the_version_before_is_due_at_once(world: World) -> None:
    old(world)
    swept(world)
    assert cursor(world)["since"] == show_time(NOW - GRACE)


def test_a_place_is_listed_once_in_five_minutes_however_often_it_is_swept(world: World) -> None:
    old(world)
    calls = list[str]()
    for _ in range(20):
        swept(world)
        calls += listed(world)
        pass_minutes(world, 1)
    assert len(calls) == 4


def test_of_many_places_those_that_wait_longest_are_listed_first(world: World) -> None:
    watched = Watched({f"project-{number}": "" for number in range(9)}, frozenset({REGION}))
    swept(world, watched)
    pass_minutes(world, 15)
    world.takes = 9.0
    calls = list[str]()
    for _ in range(3):
        swept(world, watched)
        calls += listed(world)
    assert len(calls) == len(set(calls)) == 9


def test_places_have_all_the_time_that_nothing_else_needs(world: World) -> None:
    watched = Watched({f"project-{number}": "" for number in range(9)}, frozenset({REGION}))
    swept(world, watched)
    pass_minutes(world, 15)
    world.takes = 4.0
    swept(world, watched)
    assert len(listed(world)) == 9


def test_a_place_that_is_not_watched_any_more_is_passed_by_and_is_never_late(world: World) -> None:
    old(world)
    swept(world)
    elsewhere = Watched({"vividly-ops": ""}, frozenset({REGION}))
    pass_minutes(world, 120)
    assert swept(world, elsewhere).late == ()
    assert listed(world) == []
    assert (minutes_until(world, "due"), minutes_until(world, "late")) == (15, 25)
    assert do_work("place", CURSOR, WorkContext(world.deployment(), elsewhere, world.budget())).ignored
    swept(world)
    assert listed(world) == [HERE], "it is watched again, and due at once"


def test_a_cursor_that_somebody_deleted_is_missed_within_an_hour_and_begins_anew(world: World) -> None:
    swept(world)
    document = cursor(world)
    world.store = Forgetful(world.store, CURSOR)
    for _ in range(61):
        world.ledger = replace(world.ledger, store=world.store)
        pass_minutes(world, 1)
        swept(world)
    assert cursor(world)["installed"] > document["installed"]


def test_a_listing_that_fails_is_tried_again_ever_later_and_names_why(world: World) -> None:
    old(world)
    waits = list[float]()
    for _ in range(6):
        world.listings = [Denied("expected to list builds, got PERMISSION_DENIED")]
        done = swept(world)
        assert done.problems == (f"{HERE}: expected to list builds, got PERMISSION_DENIED",)
        assert done.unlisted == (HERE,)
        assert describe(done)["sweep"] == "incomplete"
        waits.append(minutes_until(world, "due"))
        pass_minutes(world, waits[-1])
    assert waits == [0.5, 1, 2, 4, 5, 5]
    assert cursor(world)["attempts"] == 6
    assert not swept(world).problems
    assert (cursor(world)["attempts"], cursor(world)["error"]) == (0, "")


def test_a_place_that_was_not_listed_in_time_is_named_until_it_is(world: World) -> None:
    swept(world)
    pass_minutes(world, 15)
    first = cursor(world)["listed"]
    for minute in range(16):
        world.listings = [Denied("no")]
        late = swept(world).late
        assert bool(late) is (minute >= 10), minute
        pass_minutes(world, 1)
    assert late == (LatePlace(HERE, first, "no"),)
    world.listings.clear()
    pass_minutes(world, 5)
    done = swept(world)
    assert (done.late, describe(done)["sweep"]) == ((), "completed")


def test_a_listing_that_was_begun_long_ago_is_followed_by_the_next_one_at_once(world: World) -> None:
    old(world, until=show_time(NOW - timedelta(hours=1)), page="the second")
    swept(world)
    assert listed(world) == [HERE, HERE]
    assert (minutes_until(world, "due"), minutes_until(world, "late")) == (5, 15)


def test_a_late_place_is_a_line_of_its_own_and_the_sweep_is_not_completed() -> None:
    late = (LatePlace("a/east", "2026-11-23T01:00:00.000000Z", "it hangs"), LatePlace("b/east", "", ""))
    done = Swept(late=late, unlisted=("a/east", "b/east"))
    assert describe_late(done) == [
        {
            "message": "place late: the builds of a/east were last listed 2026-11-23T01:00:00.000000Z; it hangs",
            "signal": "place_late",
            "place_late": "a/east",
            "project": "a",
            "location": "east",
            "listed": "2026-11-23T01:00:00.000000Z",
        },
        {
            "message": "place late: the builds of b/east were last listed never",
            "signal": "place_late",
            "place_late": "b/east",
            "project": "b",
            "location": "east",
            "listed": "",
        },
    ]
    assert describe(done)["message"] == "sweep incomplete: 0 resumed, 0 found by listing, could not list a/east, b/east"


def test_a_place_that_was_never_due_is_not_late_in_the_eyes_of_a_query(world: World) -> None:
    swept(world)
    assert late_places(world.store, WATCHED, world.clock(), SOON) == []


@pytest.mark.parametrize("seconds", [90.0, 7_200.0])
def test_while_cloud_build_asks_for_patience_nothing_is_listed_for_an_hour_at_most(
    world: World, seconds: float
) -> None:
    old(world)
    world.listings = [Unavailable("slow down", retry_after=seconds)]
    swept(world)
    assert minutes_until(world, "due") == min(seconds, 3_600) / 60
    assert cursor(world).get("attempts", 0) == 0, "the next failure waits no longer for it"


def test_a_listing_that_is_not_at_its_end_goes_on_at_once_and_counts_for_none(world: World) -> None:
    old(world)
    world.listings = [BuildPage([], f"page {number}") for number in range(6)]
    swept(world)
    assert (len(listed(world)), cursor(world)["page"], cursor(world)["listed"]) == (4, "page 3", None)
    assert minutes_until(world, "due") == 0
    swept(world)
    assert cursor(world)["listed"] == show_time(world.clock())


def key(number: int) -> BuildKey:
    return BuildKey(PROJECT, REGION, f"4e841fcb-2222-4000-8000-{number:012d}")


def test_what_a_listing_finds_is_due_and_is_judged_by_the_queue(world: World) -> None:
    old(world)
    build = uploaded()
    world.build, world.listings = build, [BuildPage([build.key], "")]
    done = swept(world)
    assert (done.found, done.resumed) == (1, 1)
    assert world.record(build.key).state is State.DONE
    assert not world.record(build.key).announced


def after_an_outage(world: World, *found: tuple[BuildKey, float]) -> None:
    """Let nothing be done for two hours, and the listing after that show builds that ended so many minutes before."""
    swept(world)
    pass_minutes(world, 120)
    finished = {key: world.clock() - timedelta(minutes=minutes) for key, minutes in found}
    world.listings = [BuildPage(list(finished), "", finished)]


def test_a_late_listing_goes_on_to_now_and_does_not_say_that_no_message_came_where_one_still_may(world: World) -> None:
    after_an_outage(world, (key(1), 30), (key(2), 3))
    told: list[Signal] = []
    deployment = replace(world.deployment(), listener=told.append)
    assert do_work("place", CURSOR, WorkContext(deployment, WATCHED, world.budget())).found == 2
    assert [(world.record(key(n)).announced, world.record(key(n)).early) for n in (1, 2)] == [
        (False, False),
        (True, True),
    ]
    assert [signal.fields["build"] for signal in told] == [key(1).id]
    assert minutes_until(world, "since") == -10, "the next listing looks again at what finished within the grace"


def test_a_build_that_was_found_before_its_message_is_no_sign_that_messages_come(world: World) -> None:
    after_an_outage(world, (key(1), 30), (key(2), 3))
    swept(world)
    pass_minutes(world, 6)
    world.listings = [BuildPage([key(2)], ""), BuildPage([key(2), key(3)], "")]
    swept(world)
    assert cursor(world)["silent"] == [key(1).digest]


def test_a_listing_that_is_in_time_looks_at_nothing_that_may_still_be_announced(world: World) -> None:
    swept(world)
    pass_minutes(world, 16)
    swept(world)
    assert (minutes_until(world, "since"), cursor(world)["ahead"]) == (-10, False)


def test_what_a_listing_finds_is_handed_out_at_once_and_the_rest_waits_for_the_sweep(world: World) -> None:
    world.work_topic = topic = WorkRecorder()
    after_an_outage(world, *((key(number), 30) for number in range(600)))
    assert do_work("place", CURSOR, WorkContext(world.deployment(), WATCHED, world.budget())).found == 600
    assert topic.taken()[-501:] == [("place", CURSOR), *(("record", key(number).digest) for number in range(500))]


def test_a_topic_that_takes_nothing_keeps_no_place_from_being_listed(world: World) -> None:
    world.work_topic = WorkRecorder(refusal=Denied("expected to publish, got PERMISSION_DENIED"))
    after_an_outage(world, (key(1), 30))
    done = do_work("place", CURSOR, WorkContext(world.deployment(), WATCHED, world.budget()))
    assert (done.found, done.trouble, world.record(key(1)).due) == (1, "", world.clock())


def test_a_place_is_listed_by_one_invocation_at_a_time(world: World) -> None:
    old(world)
    stored = world.store.read(MARKS, CURSOR, timeout=SOON)
    assert stored is not None
    swept(world)
    assert do_work("place", CURSOR, WorkContext(world.deployment(), WATCHED, world.budget())).ignored
    assert listed(world) == [HERE]


def test_a_defect_that_one_listing_meets_keeps_no_other_place_from_being_listed(world: World) -> None:
    watched = Watched({PROJECT: "", "vividly-ops": ""}, frozenset({REGION}))
    swept(world, watched)
    pass_minutes(world, 15)
    world.listings = [ValueError("a defect")]
    done = swept(world, watched)
    assert len(listed(world)) == 2
    assert "ValueError: a defect" in done.problems[0]
    pass_minutes(world, 2)
    swept(world, watched)
    assert len(listed(world)) == 1, "the lease's end brings it back"
