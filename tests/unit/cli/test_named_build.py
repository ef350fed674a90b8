"""A build is named in one way everywhere: by its id, its beginning, its name, its address, or a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from verifier.cli import main
from verifier.standin.clock import system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn

ID = "4e841fcb-6a1d-4c57-9a53-0f2f6d1c7b20"
CONSOLE = "https://console.cloud.google.com/cloud-build/builds"
LOCATIONS = 43


@dataclass(frozen=True, slots=True)
class Lists:
    """A cloud with builds, and the command that is asked about them."""

    cloud: Cloud
    address: str
    folder: Path
    asked: list[str] = field(default_factory=list)

    def build(self, build_id: str, location: str = "us-central1", *, days: float = 1) -> dict[str, Any]:
        """Let there be a build of that age."""
        made = (datetime.now(UTC) - timedelta(days=days)).isoformat().replace("+00:00", "Z")
        document = {
            "id": build_id,
            "name": f"projects/4711/locations/{location}/builds/{build_id}",
            "projectId": "vividly-dev",
            "status": "SUCCESS",
            "createTime": made,
            "finishTime": made,
            "source": {"storageSource": {"bucket": "vividly-dev_cloudbuild", "object": "source/x.tgz"}},
        }
        self.cloud.put_build(document)
        return document

    def check(self, name: str, *words: str, given: str = "") -> Result:
        """Return what `check` says of a build that is named so."""
        where = {"VERIFIER_GOOGLE_ENDPOINT": self.address, "GOOGLE_CLOUD_PROJECT": "vividly-dev"}
        return CliRunner().invoke(main, ["check", name, *words], env=where, input=given, catch_exceptions=False)


@pytest.fixture
def lists(tmp_path: Path) -> Iterator[Lists]:
    cloud = Cloud(system_clock)
    with GoogleStandIn(cloud, Faults()) as place:
        yield Lists(cloud, place.address, tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        ID,
        "4e841fcb",
        "4e841f",
        "4E841FCB",
        ID[:20],
        f"projects/vividly-dev/locations/us-central1/builds/{ID}",
        f"{CONSOLE};region=us-central1/{ID}?project=vividly-dev",
        f"{CONSOLE};region=us-central1/{ID};step=0?project=vividly-dev&hl=en",
        f"{CONSOLE};region=us-central1/{ID}",
    ],
)
def test_every_way_to_name_a_build_finds_it(lists: Lists, name: str) -> None:
    lists.build(ID)
    lists.build("a1b2c3d4-6a1d-4c57-9a53-0f2f6d1c7b20")
    result = lists.check(name)
    assert result.exit_code == 0, result.output
    assert f"  build    {ID} in vividly-dev, us-central1\n" in result.stdout


def test_a_file_and_standard_input_name_the_build_that_they_hold(lists: Lists) -> None:
    document = lists.build(ID)
    file = lists.folder / "build.json"
    file.write_text(json.dumps(document))
    for result in (lists.check(str(file)), lists.check("-", given=json.dumps(document))):
        assert result.exit_code == 0, result.output
        assert f"  build    {ID} in vividly-dev, us-central1\n" in result.stdout
    assert json.loads(lists.check(str(file), "--json").stdout)["file"] == str(file)


def test_a_file_with_several_builds_names_none(lists: Lists) -> None:
    (lists.folder / "builds.json").write_text(json.dumps([lists.build(ID), lists.build("b2")]))
    result = lists.check(str(lists.folder / "builds.json"))
    assert result.exit_code == 2
    assert "builds.json: expected the document of one build, got 2" in result.stderr


def test_a_beginning_that_several_builds_have_is_told_with_their_places(lists: Lists) -> None:
    lists.build(ID)
    lists.build(ID.replace("20", "21"), "global")
    result = lists.check("4e841fcb")
    assert result.exit_code == 2
    assert f"which begins 2: {ID.replace('20', '21')} in global, {ID} in us-central1" in result.stderr
    assert lists.check("4e841fcb", "--region", "global").exit_code == 0


def test_a_beginning_that_no_build_has_asks_for_the_whole_id(lists: Lists) -> None:
    lists.build(ID, days=31)
    result = lists.check("4e841fcb")
    assert result.exit_code == 2
    assert "build: none of the last 30 days in any location of vividly-dev begins with '4e841fcb'" in result.stderr
    assert "give the whole id, and its place with --region" in result.stderr


def test_where_there_are_too_many_builds_to_look_through_it_asks_for_the_location(lists: Lists) -> None:
    for number in range(2_200):
        lists.build(f"a1b2{number:04x}-6a1d-4c57-9a53-0f2f6d1c7b20", days=1 + number / 10_000)
    lists.build(ID, days=2)
    result = lists.check("4e841fcb")
    assert result.exit_code == 2
    assert "us-central1 has more builds than were looked at: name the place with --region" in result.stderr


def test_a_refusal_of_the_list_is_told_with_what_is_needed(lists: Lists) -> None:
    lists.build(ID)
    lists.cloud.deny("ListBuilds")
    result = lists.check("4e841fcb")
    assert result.exit_code == 2
    assert (
        "needs cloudbuild.builds.list on project vividly-dev (it is in roles/cloudbuild.builds.viewer)" in result.stderr
    )


@pytest.mark.parametrize(
    "name",
    [
        "https://console.cloud.google.com/run/jobs",
        "https://evil.example/cloud-build/builds;region=us-central1/4e841fcb",
        "https://console.cloud.google.com.evil.example/cloud-build/builds/4e841fcb",
        f"{CONSOLE};region=us-central1/a%2Fb?project=p",
        f"{CONSOLE};region=us-central1/",
        "http://console.cloud.google.com/cloud-build/builds/4e841fcb",
    ],
)
def test_another_address_names_no_build(lists: Lists, name: str) -> None:
    result = lists.check(name)
    assert result.exit_code == 2
    assert "expected its address in the console" in result.stderr
