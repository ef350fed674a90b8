"""What a trigger's document says: what starts it, and where its steps come from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from verifier.errors import Malformed
from verifier.facts.repository import Repository
from verifier.facts.trigger import (
    OFFLINE,
    InlineConfig,
    RepositoryConfig,
    Trigger,
    UnknownConfig,
    Unread,
    parse_trigger,
)

READ = datetime(2026, 11, 23, 2, 5, tzinfo=UTC)
Config = RepositoryConfig | InlineConfig | UnknownConfig


def read(**parts: Any) -> Trigger:
    return parse_trigger(parts, READ)


def test_a_trigger_is_known_by_its_id_and_name_at_the_moment_at_which_it_was_read() -> None:
    assert read(id="a1", name="press-main", filename="ci.yaml", github={"push": {}}) == Trigger(
        "a1", "press-main", RepositoryConfig("ci.yaml"), False, READ
    )
    assert read() == Trigger("", "", UnknownConfig(), False, READ)


FILE = {"path": "ci.yaml", "uri": "https://github.com/vividly/press", "revision": "refs/heads/main"}


@pytest.mark.parametrize(
    ("parts", "config"),
    [
        ({"filename": "ci.yaml"}, RepositoryConfig("ci.yaml")),
        ({"gitFileSource": FILE}, RepositoryConfig("ci.yaml", "https://github.com/vividly/press", "refs/heads/main")),
        ({"gitFileSource": {"repository": "projects/a"}}, RepositoryConfig("", "projects/a", "")),
        ({"gitFileSource": FILE | {"repository": "b"}}, RepositoryConfig("ci.yaml", FILE["uri"], "refs/heads/main")),
        ({"gitFileSource": {}}, RepositoryConfig("")),
        ({"gitFileSource": "ci.yaml"}, UnknownConfig()),
        ({"autodetect": True}, RepositoryConfig("")),
        ({"autodetect": False}, UnknownConfig()),
        ({"build": {"steps": []}}, InlineConfig()),
        ({"build": {}}, InlineConfig()),
        ({"build": None, "filename": "ci.yaml"}, RepositoryConfig("ci.yaml")),
        ({"filename": "", "autodetect": True}, RepositoryConfig("")),
        ({"filename": "ci.yaml", "build": {}}, UnknownConfig()),
        ({}, UnknownConfig()),
    ],
    ids=[
        "a file",
        "a file of a repository",
        "of a connection's",
        "an address before a connection's",
        "nothing of it",
        "no object",
        "whatever is found",
        "not even that",
        "in itself",
        "in itself, empty",
        "null is nothing",
        "empty is nothing",
        "two places",
        "no place",
    ],
)
def test_its_steps_come_from_one_place(parts: dict[str, Any], config: Config) -> None:
    assert read(**parts).config == config


EVENTS = (
    "github repositoryEventConfig developerConnectEventConfig bitbucketServerTriggerConfig gitlabEnterpriseEventsConfig"
).split()


@pytest.mark.parametrize("event", EVENTS)
def test_a_repositorys_events_are_pushes_or_pull_requests(event: str) -> None:
    assert read(**{event: {"push": {"branch": "."}}}).for_pull_requests is False
    assert read(**{event: {"pullRequest": {}}}).for_pull_requests is True
    assert read(**{event: {"push": {}, "pullRequest": {}}}).for_pull_requests is True
    assert read(**{event: {"somethingNew": {}}}).for_pull_requests is None
    assert read(**{event: "no object"}).for_pull_requests is False


@pytest.mark.parametrize("other", ["triggerTemplate", "pubsubConfig", "webhookConfig", "sourceToBuild"])
def test_what_else_starts_a_trigger_is_no_pull_request(other: str) -> None:
    assert read(**{other: {}, "#1000": {}}).for_pull_requests is False


def test_an_event_of_an_unknown_kind_can_not_be_told() -> None:
    assert read(**{"#1000": {}}).for_pull_requests is None
    assert read(id="a#1").for_pull_requests is False


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "trigger: expected an object, got list"),
        (None, "trigger: expected an object, got NoneType"),
        ({"id": 7}, "trigger.id: expected text, got int"),
        ({"name": None}, "trigger.name: expected text, got NoneType"),
        ({"filename": 7}, "trigger.filename: expected text, got int"),
        ({"gitFileSource": {"path": 7}}, "trigger.gitFileSource.path: expected text, got int"),
        ({"gitFileSource": {"uri": 7}}, "trigger.gitFileSource.uri: expected text, got int"),
        ({"gitFileSource": {"repository": 7}}, "trigger.gitFileSource.repository: expected text, got int"),
        ({"gitFileSource": {"revision": []}}, "trigger.gitFileSource.revision: expected text, got list"),
    ],
)
def test_a_part_of_another_shape_is_malformed(document: object, message: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_trigger(document, READ)
    assert str(refused.value) == message


def test_a_repository_that_can_be_read_is_compared_by_its_canonical_name() -> None:
    named = RepositoryConfig("ci.yaml", "https://github.com/Vividly/Press.git")
    assert named.parsed == Repository("github.com", "vividly/press")
    assert RepositoryConfig("ci.yaml", "x?y").parsed is None


def test_what_is_not_read_offline_says_so() -> None:
    assert Unread("it is not read here") == OFFLINE
