"""The sweep: what is due is resumed, what was silent is found, and one sweep at a time is bounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tests.story.town import PROJECT, REGION, WATCHED, Town, TownServices, town
from verifier.checks.policy import Policy
from verifier.config import Watched
from verifier.controller.budget import CALL_SECONDS, Budget
from verifier.controller.sweep import sweep
from verifier.facts.build import Build, BuildKey
from verifier.services import BuildPage
from verifier.standin.clock import ManualClock
from verifier.standin.faults import Fault

__all__ = ["town"]


def test_a_build_that_nobody_announced_is_found_after_the_grace(town: Town) -> None:
    town.sweep()
    town.clock.advance(60)
    key = town.upload()
    town.live(9)
    assert not town.slack.messages
    town.live(8)
    assert town.verdict(key) == "LOCAL_SOURCE"
    assert town.findings(key)["build_was_announced"] == "not-applicable"
    assert "No message announced it" in str(town.slack.messages[0].blocks)
    assert len(town.slack.messages) == 1


def test_a_silent_build_of_a_trigger_runs_its_worker_too(town: Town) -> None:
    town.sweep()
    town.clock.advance(60)
    key = town.triggered()
    town.live(25)
    assert town.verdict(key) == "VERIFIED"
    assert town.executions() == 1


def test_a_silent_build_that_was_named_before_it_existed_is_found_all_the_same(town: Town) -> None:
    town.sweep()
    build_id = "4e841fcb-0000-4000-8000-00000000abcd"
    key = BuildKey(PROJECT, REGION, build_id)
    town.announce(key)
    town.live(17)
    assert town.record(key).state == "unconfirmed"
    name = f"projects/{PROJECT}/locations/{REGION}/builds/{build_id}"
    assert town.upload(id=build_id, name=name) == key
    town.live(20)
    assert town.verdict(key) == "LOCAL_SOURCE"
    assert sum("LOCAL_SOURCE" in str(message.blocks) for message in town.slack.messages) == 1


def test_builds_from_before_the_installation_are_not_announced(town: Town) -> None:
    town.upload()
    town.clock.advance(60)
    town.live(60)
    assert not town.slack.messages
    assert not town.cloud.audit_entries()


def test_an_announced_build_is_not_looked_at_again_by_the_listing(town: Town) -> None:
    town.sweep()
    town.clock.advance(60)
    key = town.upload()
    town.announce(key)
    town.live(40)
    assert town.calls("GetBuild") == 1
    assert town.calls("ListBuilds") > 2
    assert len(town.slack.messages) == 1


def test_every_silent_build_of_several_pages_is_found_exactly_once(town: Town) -> None:
    town.use(Policy())
    town.sweep()
    town.clock.advance(60)
    keys = [town.triggered(f"{number:040x}") for number in range(130)]
    town.live(30)
    assert [town.verdict(key) for key in keys] == ["VERIFIED"] * 130
    assert len(town.cloud.audit_entries()) == 130
    assert town.calls("GetBuild") == 130


def test_a_listing_that_fails_is_a_problem_of_its_own_and_goes_on_next_time(town: Town) -> None:
    town.sweep()
    town.clock.advance(60)
    key = town.upload()
    town.clock.advance(1_200)
    town.faults.add(Fault("ListBuilds", "before", status="UNAVAILABLE"))
    swept = town.sweep()
    assert swept is not None
    assert len(swept.problems) == 1
    assert f"{PROJECT}/{REGION}" in swept.problems[0]
    town.live(1)
    assert town.verdict(key) == "LOCAL_SOURCE"


def test_a_page_token_that_is_not_taken_any_more_begins_the_listing_anew(town: Town) -> None:
    town.use(Policy())
    town.sweep()
    town.clock.advance(60)
    keys = [town.triggered(f"{number:040x}") for number in range(130)]
    town.clock.advance(1_200)
    town.faults.add(Fault("ListBuilds", "before", status="INVALID_ARGUMENT", first=2))
    swept = town.sweep()
    assert swept is not None
    assert swept.problems
    town.live(2)
    assert {town.verdict(key) for key in keys} == {"VERIFIED"}


def test_without_permission_to_list_the_problem_names_the_role(town: Town) -> None:
    town.sweep()
    town.cloud.deny("ListBuilds")
    town.clock.advance(1_200)
    swept = town.sweep()
    assert swept is not None
    assert "roles/cloudbuild.builds.viewer" in swept.problems[0]


class Listings:
    """Cloud Build, where one listing takes five seconds of the town's time and finds nothing."""

    def __init__(self, clock: ManualClock) -> None:
        self.listed: set[str] = set()
        self._clock = clock

    def finished(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> BuildPage:
        assert location == REGION
        assert since < until
        assert (page, timeout) == ("", CALL_SECONDS)
        self.listed.add(project)
        self._clock.advance(5)
        return BuildPage([], "")

    def fetch(self, key: BuildKey, *, timeout: float) -> Build:
        raise NotImplementedError


def test_every_place_has_its_turn_however_many_there_are(town: Town) -> None:
    listings = Listings(town.clock)
    services = town.world.services
    assert isinstance(services, TownServices)
    world = replace(town.world, services=replace(services, builds=listings))
    places = Watched(projects={f"project-{number:03}": "" for number in range(90)}, locations=frozenset({REGION}))
    for _ in range(110):
        begun = town.clock()
        sweep(world, places, town.budget(), timedelta(seconds=120))
        town.clock.advance(60 - (town.clock() - begun).total_seconds())
    assert listings.listed == set(places.projects)


def test_only_one_sweep_runs_at_a_time_and_a_dead_one_is_followed_after_its_lease(town: Town) -> None:
    store = town.world.services.store
    town.sweep()
    stored = store.read("marks", "sweep", timeout=5)
    assert stored is not None
    store.replace("marks", "sweep", {"until": "2026-11-23T02:02:00.000000Z"}, stored.revision, timeout=5)
    assert town.sweep() is None
    town.clock.advance(121)
    assert town.sweep() is not None


def test_what_is_due_longest_comes_first_and_the_rest_waits_when_time_is_up(town: Town) -> None:
    town.faults.add(Fault("GetBuild", "before", times=0))
    keys = []
    for _ in range(3):
        key = town.upload()
        keys.append(key)
        town.announce(key)
        town.clock.advance(1)
    town.faults.clear()
    town.clock.advance(3_600)
    no_time = Budget(town.clock, town.clock() + timedelta(seconds=5))
    swept = sweep(town.world, WATCHED, no_time, timedelta(seconds=120))
    assert swept is not None
    assert swept.resumed == 0
    town.sweep()
    order = [entry["labels"]["build"] for entry in town.cloud.audit_entries()]
    assert order == [key.id for key in keys]


def test_one_record_that_cannot_be_brought_on_does_not_hold_up_the_others(town: Town) -> None:
    stuck = BuildKey(PROJECT, REGION, "4e841fcb-0000-4000-8000-00000000dead")
    town.announce(stuck)
    town.faults.add(Fault("GetBuild", "before", times=1))
    key = town.upload()
    town.announce(key)
    town.live(3)
    assert town.verdict(key) == "LOCAL_SOURCE"


def test_every_watched_region_is_listed(town: Town) -> None:
    watched = Watched({PROJECT: ""}, frozenset({REGION, "global", "europe-west1"}))
    sweep(town.world, watched, town.budget(), timedelta(seconds=120))
    assert town.calls("ListBuilds") == 0, "the first look begins now"
    town.clock.advance(1_300)
    sweep(town.world, watched, town.budget(), timedelta(seconds=120))
    assert town.calls("ListBuilds") == 3
