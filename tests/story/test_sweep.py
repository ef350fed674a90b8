"""The sweep: what is due is resumed, what was silent is found, and one sweep at a time is bounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tests.story.harness import PROJECT, REGION, WATCHED, Harness, HarnessServices, harness
from verifier.checks.policy import Policy
from verifier.config import Watched
from verifier.controller.budget import CALL_SECONDS, Budget
from verifier.controller.sweep import sweep
from verifier.facts.build import Build, BuildKey
from verifier.services import BuildPage, CreatedPage
from verifier.standin.clock import ManualClock
from verifier.standin.faults import Fault

__all__ = ["harness"]


def test_a_build_that_nobody_announced_is_found_after_the_grace(harness: Harness) -> None:
    harness.sweep()
    harness.clock.advance(60)
    key = harness.upload()
    harness.live(9)
    assert not harness.slack.messages
    harness.live(8)
    assert harness.verdict(key) == "LOCAL_SOURCE"
    assert harness.findings(key)["build_was_announced"] == "not-applicable"
    assert "No message announced it" in str(harness.slack.messages[0].blocks)
    assert len(harness.slack.messages) == 1


def test_a_silent_build_of_a_trigger_runs_its_worker_too(harness: Harness) -> None:
    harness.sweep()
    harness.clock.advance(60)
    key = harness.triggered()
    harness.live(25)
    assert harness.verdict(key) == "VERIFIED"
    assert harness.executions() == 1


def test_a_silent_build_that_was_named_before_it_existed_is_found_all_the_same(harness: Harness) -> None:
    harness.sweep()
    build_id = "4e841fcb-0000-4000-8000-00000000abcd"
    key = BuildKey(PROJECT, REGION, build_id)
    harness.announce(key)
    harness.live(17)
    assert harness.record(key).state == "unconfirmed"
    name = f"projects/{PROJECT}/locations/{REGION}/builds/{build_id}"
    assert harness.upload(id=build_id, name=name) == key
    harness.live(20)
    assert harness.verdict(key) == "LOCAL_SOURCE"
    assert sum("LOCAL_SOURCE" in str(message.blocks) for message in harness.slack.messages) == 1


def test_builds_from_before_the_installation_are_not_announced(harness: Harness) -> None:
    harness.upload()
    harness.clock.advance(60)
    harness.live(60)
    assert not harness.slack.messages
    assert not harness.cloud.audit_entries()


def test_an_announced_build_is_not_looked_at_again_by_the_listing(harness: Harness) -> None:
    harness.sweep()
    harness.clock.advance(60)
    key = harness.upload()
    harness.announce(key)
    harness.live(40)
    assert harness.calls("GetBuild") == 1
    assert harness.calls("ListBuilds") > 2
    assert len(harness.slack.messages) == 1


def test_every_silent_build_of_several_pages_is_found_exactly_once(harness: Harness) -> None:
    harness.use(Policy())
    harness.sweep()
    harness.clock.advance(60)
    keys = [harness.triggered(f"{number:040x}") for number in range(130)]
    harness.live(30)
    assert [harness.verdict(key) for key in keys] == ["VERIFIED"] * 130
    assert len(harness.cloud.audit_entries()) == 130
    assert harness.calls("GetBuild") == 130


def test_a_listing_that_fails_is_a_problem_of_its_own_and_goes_on_next_time(harness: Harness) -> None:
    harness.sweep()
    harness.clock.advance(60)
    key = harness.upload()
    harness.clock.advance(1_200)
    harness.faults.add(Fault("ListBuilds", "before", status="UNAVAILABLE"))
    swept = harness.sweep()
    assert swept is not None
    assert len(swept.problems) == 1
    assert f"{PROJECT}/{REGION}" in swept.problems[0]
    harness.live(1)
    assert harness.verdict(key) == "LOCAL_SOURCE"


def test_a_page_token_that_is_not_taken_any_more_begins_the_listing_anew(harness: Harness) -> None:
    harness.use(Policy())
    harness.sweep()
    harness.clock.advance(60)
    keys = [harness.triggered(f"{number:040x}") for number in range(130)]
    harness.clock.advance(1_200)
    harness.faults.add(Fault("ListBuilds", "before", status="INVALID_ARGUMENT", first=2))
    swept = harness.sweep()
    assert swept is not None
    assert swept.problems
    harness.live(2)
    assert {harness.verdict(key) for key in keys} == {"VERIFIED"}


def test_without_permission_to_list_the_problem_names_the_role(harness: Harness) -> None:
    harness.sweep()
    harness.cloud.deny("ListBuilds")
    harness.clock.advance(1_200)
    swept = harness.sweep()
    assert swept is not None
    assert "roles/cloudbuild.builds.viewer" in swept.problems[0]


class Listings:
    """Cloud Build, where one listing takes five seconds of the harness's time and finds nothing."""

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

    def created(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> CreatedPage:
        raise NotImplementedError


def test_every_place_has_its_turn_however_many_there_are(harness: Harness) -> None:
    listings = Listings(harness.clock)
    services = harness.deployment.services
    assert isinstance(services, HarnessServices)
    deployment = replace(harness.deployment, services=replace(services, builds=listings))
    places = Watched(projects={f"project-{number:03}": "" for number in range(90)}, locations=frozenset({REGION}))
    for _ in range(110):
        begun = harness.clock()
        sweep(deployment, places, harness.budget(), timedelta(seconds=120))
        harness.clock.advance(60 - (harness.clock() - begun).total_seconds())
    assert listings.listed == set(places.projects)


def test_only_one_sweep_runs_at_a_time_and_a_dead_one_is_followed_after_its_lease(harness: Harness) -> None:
    store = harness.deployment.services.store
    harness.sweep()
    stored = store.read("marks", "sweep", timeout=5)
    assert stored is not None
    store.replace("marks", "sweep", {"until": "2026-11-23T02:02:00.000000Z"}, stored.revision, timeout=5)
    assert harness.sweep() is None
    harness.clock.advance(121)
    assert harness.sweep() is not None


def test_what_is_due_longest_comes_first_and_the_rest_waits_when_time_is_up(harness: Harness) -> None:
    harness.faults.add(Fault("GetBuild", "before", times=0))
    keys = []
    for _ in range(3):
        key = harness.upload()
        keys.append(key)
        harness.announce(key)
        harness.clock.advance(1)
    harness.faults.clear()
    harness.clock.advance(3_600)
    no_time = Budget(harness.clock, harness.clock() + timedelta(seconds=5))
    swept = sweep(harness.deployment, WATCHED, no_time, timedelta(seconds=120))
    assert swept is not None
    assert swept.resumed == 0
    harness.sweep()
    order = [entry["labels"]["build"] for entry in harness.cloud.audit_entries()]
    assert order == [key.id for key in keys]


def test_one_record_that_cannot_be_brought_on_does_not_hold_up_the_others(harness: Harness) -> None:
    stuck = BuildKey(PROJECT, REGION, "4e841fcb-0000-4000-8000-00000000dead")
    harness.announce(stuck)
    harness.faults.add(Fault("GetBuild", "before", times=1))
    key = harness.upload()
    harness.announce(key)
    harness.live(3)
    assert harness.verdict(key) == "LOCAL_SOURCE"


def test_every_watched_region_is_listed(harness: Harness) -> None:
    watched = Watched({PROJECT: ""}, frozenset({REGION, "global", "europe-west1"}))
    sweep(harness.deployment, watched, harness.budget(), timedelta(seconds=120))
    assert harness.calls("ListBuilds") == 0, "the first look begins now"
    harness.clock.advance(1_300)
    sweep(harness.deployment, watched, harness.budget(), timedelta(seconds=120))
    assert harness.calls("ListBuilds") == 3
