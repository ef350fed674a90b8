"""Cloud Build's triggers over gRPC, and what a build's message carries of its steps and further sources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.adapters import Google, google_standing, trouble
from verifier.adapters.cloud_build import CloudBuild
from verifier.adapters.triggers import CloudTriggers
from verifier.errors import Denied, Missing, Unavailable
from verifier.facts.build import Build, BuildKey
from verifier.facts.dependencies import dependencies_of
from verifier.facts.trigger import InlineConfig, RepositoryConfig, Trigger, UnknownConfig
from verifier.standin.faults import Fault

PLACE = ("acme", "europe-west1", "t1")
SHA = "85cffd8a4c1f9b0e7d6a5b4c3d2e1f0a9b8c7d6e"
SITE = {"repository": {"url": "https://github.com/acme/site"}, "revision": SHA}


@pytest.fixture
def google() -> Iterator[Google]:
    with google_standing() as place:
        yield place


def read(google: Google, **parts: Any) -> Trigger:
    """Return a trigger of these parts, as the adapter reads it."""
    google.cloud.put_trigger(PLACE[0], PLACE[1], {"id": PLACE[2], "name": "site-main", **parts})
    return CloudTriggers(google.clock, google.address).read(*PLACE, timeout=5)


@pytest.mark.parametrize(
    ("parts", "config"),
    [
        ({"filename": "ci/build.yaml"}, RepositoryConfig("ci/build.yaml")),
        ({"autodetect": True}, RepositoryConfig("")),
        ({"build": {"steps": [{"name": "docker"}]}}, InlineConfig()),
        ({}, UnknownConfig()),
        (
            {"gitFileSource": {"path": "a.yaml", "uri": "https://github.com/acme/ci", "revision": "refs/heads/x"}},
            RepositoryConfig("a.yaml", "https://github.com/acme/ci", "refs/heads/x"),
        ),
    ],
)
def test_where_the_steps_come_from_is_read(google: Google, parts: dict[str, Any], config: object) -> None:
    found = read(google, **parts)
    assert (found.id, found.name, found.config, found.read) == ("t1", "site-main", config, google.clock())


@pytest.mark.parametrize(
    ("parts", "of_pull_requests"),
    [
        ({"github": {"push": {"branch": "main"}}}, False),
        ({"github": {"pullRequest": {"branch": "main"}}}, True),
        ({"repositoryEventConfig": {"pullRequest": {"branch": "main"}}}, True),
        ({"triggerTemplate": {"branchName": "main"}}, False),
        ({"pubsubConfig": {"topic": "projects/acme/topics/t"}}, False),
        ({"developerConnectEventConfig": {"pullRequest": {}}}, None),
        ({"bitbucketServerTriggerConfig": {"push": {}}}, None),
        ({}, False),
    ],
)
def test_whether_pull_requests_start_it_is_read_as_far_as_it_can_be_told(
    google: Google, parts: dict[str, Any], of_pull_requests: bool | None
) -> None:
    assert read(google, filename="a.yaml", **parts).for_pull_requests is of_pull_requests


def test_it_is_asked_for_once_in_five_minutes(google: Google) -> None:
    google.cloud.put_trigger(PLACE[0], PLACE[1], {"id": PLACE[2], "name": "before"})
    triggers = CloudTriggers(google.clock, google.address)
    first = triggers.read(*PLACE, timeout=5)
    google.cloud.put_trigger(PLACE[0], PLACE[1], {"id": PLACE[2], "name": "after"})
    google.clock.advance(299)
    assert triggers.read(*PLACE, timeout=5) == first
    google.clock.advance(2)
    assert triggers.read(*PLACE, timeout=5).name == "after"
    assert google.faults.calls == ("GetBuildTrigger",) * 2


def test_one_that_is_not_there_is_missing_and_asked_for_again_in_a_minute(google: Google) -> None:
    triggers = CloudTriggers(google.clock, google.address)
    for _ in range(2):
        assert isinstance(trouble(lambda: triggers.read(*PLACE, timeout=5)), Missing)
    google.clock.advance(61)
    assert isinstance(trouble(lambda: triggers.read(*PLACE, timeout=5)), Missing)
    assert google.faults.calls == ("GetBuildTrigger",) * 2


def test_a_refusal_names_the_role_to_grant(google: Google) -> None:
    google.cloud.deny("GetBuildTrigger")
    error = trouble(lambda: CloudTriggers(google.clock, google.address).read(*PLACE, timeout=5))
    assert isinstance(error, Denied)
    assert "needs cloudbuild.builds.get on project acme (it is in roles/cloudbuild.builds.viewer)" in str(error)


def test_trouble_is_not_kept(google: Google) -> None:
    google.faults.add(Fault("GetBuildTrigger", "before"))
    triggers = CloudTriggers(google.clock, google.address)
    assert isinstance(trouble(lambda: triggers.read(*PLACE, timeout=5)), Unavailable)
    assert isinstance(trouble(lambda: triggers.read(*PLACE, timeout=5)), Missing)


def built(google: Google, **parts: Any) -> Build:
    name = "projects/acme/locations/europe-west1/builds/b1"
    git = {"url": "https://github.com/acme/site", "revision": SHA}
    source = {"source": {"gitSource": git}, "sourceProvenance": {"resolvedGitSource": git}}
    google.cloud.put_build({"id": "b1", "name": name, "projectId": "acme", "status": "FAILURE", **source, **parts})
    return CloudBuild(google.address).fetch(BuildKey("acme", "europe-west1", "b1"), timeout=5)


def test_what_a_failed_build_shipped_is_known_over_the_wire_and_how_is_not_kept(google: Google) -> None:
    steps = [
        {"name": "docker", "args": ["build", "."], "status": "SUCCESS"},
        {"name": "ubuntu", "id": "out", "script": "docker push a --token=s3cret", "status": "SUCCESS"},
        {"name": "busybox", "args": ["false"], "status": "FAILURE"},
    ]
    build = built(google, steps=steps)
    assert build.shipped == "it ended FAILURE after its step 'out' had succeeded"
    assert build.document["steps"] == [{"id": "out", "name": "ubuntu", "status": "SUCCESS", "word": "docker push"}]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"gitSource": SITE}, ""),
        ({"gitSource": {**SITE, "revision": "main"}}, "expected a full commit"),
        ({"gitSource": {"repository": {"somethingNew": "x"}, "revision": SHA}}, "names no repository"),
        ({"genericArtifact": {"resource": "projects/acme/x"}}, "#1000 is no commit"),
    ],
)
def test_a_further_source_is_read_over_the_wire_and_one_of_an_unknown_kind_is_not_taken_for_none(
    google: Google, entry: dict[str, Any], problem: str
) -> None:
    (found,) = dependencies_of(built(google, dependencies=[entry]))
    assert problem in found.problem
    assert bool(problem) == bool(found.problem)
