"""The builds of the past over the stand-in: merged by time, whole or with a line that says what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.adapters import Google, google_standing
from verifier.adapters.build_history import LOCATIONS, BuildHistory
from verifier.adapters.patience import Patience
from verifier.facts.build import Build
from verifier.history.summary import Problem
from verifier.standin.faults import Fault
from verifier.times import show_time

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HERE, THERE = "europe-west1", "us-east1"


@dataclass
class Wait:
    """A patience that does not really wait, and what it said."""

    lines: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def patience(self) -> Patience:
        return Patience(self.lines.append, pause=self.seconds.append)


@pytest.fixture
def google() -> Iterator[Google]:
    with google_standing() as google:
        yield google


def put(google: Google, build_id: str, minute: float, location: str = HERE, status: str = "SUCCESS") -> None:
    google.cloud.put_build(
        {
            "id": build_id,
            "name": f"projects/4711/locations/{location}/builds/{build_id}",
            "projectId": "acme",
            "status": status,
            "createTime": show_time(NOON + timedelta(minutes=minute)),
        }
    )


def listed(
    google: Google, *locations: str, wait: Wait | None = None, minutes: float = 60
) -> tuple[list[str], list[str]]:
    history = BuildHistory((wait or Wait()).patience(), google.address)
    items = list(history.builds("acme", locations, NOON, NOON + timedelta(minutes=minutes)))
    builds = [item.key.id for item in items if isinstance(item, Build)]
    return builds, [str(item) for item in items if isinstance(item, Problem)]


def test_builds_of_every_status_come_newest_first_across_locations(google: Google) -> None:
    put(google, "b", 1, THERE, "FAILURE")
    put(google, "a", 0, HERE)
    put(google, "d", 3, HERE, "WORKING")
    put(google, "c", 2, THERE, "CANCELLED")
    put(google, "e", 3.001, THERE)
    assert listed(google, HERE, THERE) == (["e", "d", "c", "b", "a"], [])


def test_only_the_time_that_is_asked_for_is_listed(google: Google) -> None:
    put(google, "too-early", -1)
    put(google, "first", 0)
    put(google, "last", 60)
    put(google, "too-late", 61)
    assert listed(google, HERE) == (["last", "first"], [])


def test_a_page_is_read_only_when_it_is_needed(google: Google) -> None:
    for number in range(250):
        put(google, f"b{number:03}", number / 10)
    history = BuildHistory(Wait().patience(), google.address)
    builds = history.builds("acme", [HERE], NOON, NOON + timedelta(hours=1))
    next(builds)
    assert len(google.faults.calls) == 1
    assert len(list(builds)) == 249
    assert len(google.faults.calls) == 3


def test_a_location_that_does_not_exist_is_one_line_and_the_rest_is_listed(google: Google) -> None:
    put(google, "a", 0)
    builds, problems = listed(google, HERE, "atlantis")
    assert builds == ["a"]
    assert len(problems) == 1
    assert problems[0].startswith("acme/atlantis: nothing listed: listing builds of acme in atlantis: refused (")


def test_a_missing_permission_is_one_line_for_all_locations_and_names_the_role(google: Google) -> None:
    google.cloud.deny("ListBuilds")
    builds, problems = listed(google, "global", HERE, THERE)
    assert builds == []
    assert len(problems) == 1
    assert "roles/cloudbuild.builds.viewer" in problems[0]
    assert problems[0].endswith(f"(and so {HERE}, {THERE})")


@pytest.mark.parametrize("status", ["UNAVAILABLE", "RESOURCE_EXHAUSTED"])
def test_what_passes_is_tried_again_with_a_line_for_each_wait(google: Google, status: str) -> None:
    put(google, "a", 0)
    google.faults.add(Fault("ListBuilds", "before", status=status, times=2))
    wait = Wait()
    assert listed(google, HERE, wait=wait) == (["a"], [])
    assert wait.seconds == [1.0, 5.0]
    assert all("listing builds of acme in europe-west1" in line for line in wait.lines)


def test_the_wait_that_the_service_asks_for_is_kept(google: Google) -> None:
    google.faults.add(Fault("ListBuilds", "before", status="RESOURCE_EXHAUSTED", retry_after=33.0))
    wait = Wait()
    listed(google, HERE, wait=wait)
    assert wait.seconds == [33.0]


def test_a_listing_that_stops_in_the_midst_says_how_far_it_got(google: Google) -> None:
    for number in range(150):
        put(google, f"b{number:03}", number / 10)
    google.faults.add(Fault("ListBuilds", "before", first=2, times=0))
    builds, problems = listed(google, HERE)
    assert builds == [f"b{number:03}" for number in range(149, 49, -1)]
    assert len(problems) == 1
    assert problems[0].startswith("acme/europe-west1: stopped after 100 builds, at 2026-03-01T12:05:00")
    assert google.faults.calls == ("ListBuilds",) * 5, "a page is tried four times, and no more"


def test_a_build_that_cannot_be_read_is_told_and_the_rest_is_listed(google: Google) -> None:
    put(google, "a", 0)
    google.cloud.builds.put("acme", HERE, {"id": "b", "name": "nonsense", "createTime": show_time(NOON)})
    builds, problems = listed(google, HERE)
    assert builds == ["a"]
    assert len(problems) == 1
    assert problems[0].startswith("acme/europe-west1/b: build name: expected projects/")


def test_all_locations_are_global_and_the_regions_each_once() -> None:
    assert LOCATIONS[0] == "global"
    assert len(set(LOCATIONS)) == len(LOCATIONS)
    assert {HERE, THERE, "us-central1", "asia-northeast1"} <= set(LOCATIONS)


def test_every_location_is_asked_once_when_all_are(google: Google) -> None:
    put(google, "a", 0, "me-west1")
    assert listed(google, *LOCATIONS) == (["a"], [])
    assert google.faults.calls == ("ListBuilds",) * len(LOCATIONS)
