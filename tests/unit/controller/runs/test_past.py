"""The builds of before: listed a page at a time, once, and found by what they pushed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.builders import BUILD_ID, DIGEST, FINISHED, IMAGE, POLICY, SHA, pushed, uploaded
from tests.unit.controller.world import NOW, SOON, World, world
from verifier.checks.policy import Exemption, Policy
from verifier.config import Watched
from verifier.controller.runs.past import BY_SOURCE, LOOKS_BACK, PAST, list_past, listing_of, makers_in
from verifier.controller.work import WorkContext, do_work
from verifier.errors import Denied, QuotaWait, Refused, ServiceError, Unavailable
from verifier.facts.build import Build
from verifier.services import CreatedPage, Stored
from verifier.times import show_time

__all__ = ["world"]

PROJECT = "vividly-dev"
WATCHED = Watched(projects={PROJECT: ""}, locations=frozenset({"us-central1", "global"}))


def listed(world: World) -> tuple[str, Stored]:
    """Return the one listing that is due."""
    [found] = world.store.due(PAST, show_time(world.clock()), 5, timeout=SOON)
    return found


def cursor(world: World) -> dict[str, Any]:
    [(_, stored)] = world.store.due(PAST, "9999", 5, timeout=SOON)
    return dict(stored.document)


def begin(world: World) -> None:
    assert not listing_of(PROJECT, NOW, world.deployment(), WATCHED, world.budget()).whole


def work(world: World, pages: int = 20) -> str:
    name, stored = listed(world)
    return list_past(name, stored, world.deployment(), world.budget(), pages)


def page(*builds: Build, more: str = "", unread: int = 0) -> CreatedPage:
    return CreatedPage(list(builds), unread, more)


def test_a_listing_begins_with_the_first_question_and_is_listed_once(world: World) -> None:
    begin(world)
    begin(world)
    world.created = [page(pushed(), more="2"), page(uploaded(id="71a0c2d4", name="")), page()]
    assert not work(world)
    assert world.called == [
        f"created {PROJECT}/global",
        f"created {PROJECT}/global 2",
        f"created {PROJECT}/us-central1",
    ]
    listing = listing_of(PROJECT, NOW, world.deployment(), WATCHED, world.budget())
    assert (listing.whole, listing.since) == (True, show_time(NOW - LOOKS_BACK))
    assert world.store.due(PAST, "9999", 5, timeout=SOON) == []


def test_a_build_is_found_by_what_it_pushed_with_the_verdict_of_its_source(world: World) -> None:
    begin(world)
    world.created = [page(pushed())]
    work(world)
    [found] = makers_in(DIGEST, world.store, world.budget())
    name = f"projects/{PROJECT}/locations/us-central1/builds/{BUILD_ID}"
    assert (found.build, found.commit, found.verdict) == (name, SHA, "VERIFIED")
    assert (found.why, found.policy, found.ended) == (BY_SOURCE, POLICY.digest, FINISHED)
    assert makers_in("sha256:00", world.store, world.budget()) == []


def test_a_build_of_several_images_is_found_by_each_and_another_of_the_page_by_none(world: World) -> None:
    images = [{"name": f"{IMAGE}:{number}", "digest": f"sha256:{number}"} for number in range(3)]
    begin(world)
    world.created = [page(pushed(results={"images": images}), pushed(id="other", name="", results={}))]
    work(world)
    assert [len(makers_in(f"sha256:{number}", world.store, world.budget())) for number in range(4)] == [1, 1, 1, 0]


def test_an_exempt_build_keeps_the_reason_and_one_that_failed_its_status(world: World) -> None:
    policy = Policy(exemptions=(Exemption("people try things out", projects=frozenset({PROJECT})),))
    failed = pushed(status="FAILURE", results={"images": [{"name": IMAGE, "digest": "sha256:ff"}]})
    begin(world)
    world.created = [page(uploaded(), failed)]
    name, stored = listed(world)
    list_past(name, stored, world.deployment(policy), world.budget(), 20)
    [exempt] = makers_in(DIGEST, world.store, world.budget())
    assert (exempt.verdict, exempt.why) == ("EXEMPT", "people try things out")
    [ended] = makers_in("sha256:ff", world.store, world.budget())
    assert (ended.verdict, ended.why) == ("", "it ended FAILURE")


def test_so_many_digests_that_one_document_can_not_hold_them_are_all_found(world: World) -> None:
    def several(build: int) -> Build:
        images = [{"name": IMAGE, "digest": f"sha256:{build}-{number}"} for number in range(200)]
        return pushed(id=f"b{build}", name="", results={"images": images})

    begin(world)
    world.created = [page(*map(several, range(50)))]
    work(world)
    assert all(makers_in(f"sha256:{build}-199", world.store, world.budget()) for build in range(50))


def test_a_listing_goes_on_where_it_stopped(world: World) -> None:
    begin(world)
    world.created = [page(more="2"), page(more="3"), page()]
    work(world, pages=1)
    assert (cursor(world)["page"], cursor(world)["due"]) == ("2", show_time(world.clock()))
    work(world, pages=1)
    work(world, pages=20)
    assert world.called == [
        f"created {PROJECT}/global",
        f"created {PROJECT}/global 2",
        f"created {PROJECT}/global 3",
        f"created {PROJECT}/us-central1",
    ]


def test_a_page_that_was_kept_before_a_crash_is_kept_once(world: World) -> None:
    begin(world)
    name, stored = listed(world)
    world.created = [page(pushed(), more="2"), Unavailable("away")]
    with pytest.raises(Unavailable):
        list_past(name, stored, world.deployment(), world.budget(), 20)
    kept = world.store.read(PAST, name, timeout=SOON)
    assert kept is not None
    # As if the cursor had never been written.
    world.store.replace(PAST, name, stored.document, kept.revision, timeout=SOON)
    world.created = [page(pushed(), more="2"), page()]
    work(world)
    assert len(makers_in(DIGEST, world.store, world.budget())) == 1


def test_who_comes_second_does_nothing(world: World) -> None:
    begin(world)
    name, stored = listed(world)
    list_past(name, stored, world.deployment(), world.budget(), 1)
    assert list_past(name, stored, world.deployment(), world.budget(), 1) == "another invocation has it"


@pytest.mark.parametrize(
    ("error", "seconds", "attempts", "is_raised"),
    [
        (Denied("grant it"), 30, 1, True),
        (Unavailable("away"), 30, 1, True),
        (QuotaWait("not our turn", retry_after=20), 20, 0, False),
        (Refused("a page token that is not taken"), 30, 1, True),
    ],
)
def test_what_can_not_be_listed_waits_and_is_tried_again(
    world: World, error: ServiceError, seconds: float, attempts: int, is_raised: bool
) -> None:
    begin(world)
    world.created = [page(more="2"), error]
    if is_raised:
        with pytest.raises(type(error)):
            work(world)
    else:
        work(world)
    left = cursor(world)
    assert left["due"] == show_time(world.clock() + timedelta(seconds=seconds))
    assert (left["attempts"], left["page"]) == (attempts, "" if isinstance(error, Refused) else "2")
    assert bool(left["error"]) is is_raised


def test_a_listing_that_never_ends_is_not_waited_for_longer_than_a_day(world: World) -> None:
    begin(world)
    listing = listing_of(PROJECT, NOW, world.deployment(), WATCHED, world.budget())
    assert listing.is_awaited(world.clock())
    assert not listing.is_awaited(world.clock() + timedelta(days=1))
    assert not replace(listing, whole=True).is_awaited(world.clock())


def test_it_is_work_like_any_other(world: World) -> None:
    begin(world)
    name, _ = listed(world)
    at = WorkContext(world.deployment(), WATCHED, world.budget())
    assert not do_work("past", name, at).trouble
    assert listing_of(PROJECT, NOW, world.deployment(), WATCHED, world.budget()).whole


def test_where_no_location_is_watched_there_is_nothing_to_list(world: World) -> None:
    nowhere = Watched(projects={PROJECT: ""}, locations=frozenset())
    assert listing_of(PROJECT, NOW, world.deployment(), nowhere, world.budget()).whole


def test_a_listing_that_has_ended_goes_on_where_something_began_to_run_since(world: World) -> None:
    begin(world)
    work(world)
    world.clock.advance(7200)
    later = listing_of(PROJECT, NOW, world.deployment(), WATCHED, world.budget())
    assert later.whole
    again = listing_of(PROJECT, world.clock(), world.deployment(), WATCHED, world.budget())
    assert (again.whole, again.since) == (False, show_time(NOW - timedelta(days=1)))
    world.created = [page(), page(pushed())]
    work(world)
    assert listing_of(PROJECT, world.clock(), world.deployment(), WATCHED, world.budget()).whole
    assert len(makers_in(DIGEST, world.store, world.budget())) == 1
