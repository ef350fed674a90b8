"""A build trigger as Cloud Build has it: what starts it, and where its steps come from.

Documentation: "REST Resource: projects.locations.triggers".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from verifier.errors import Malformed
from verifier.facts.build_document import text_in
from verifier.facts.repository import Repository, parse_repository

_EVENTS = (
    "github",
    "repositoryEventConfig",
    "developerConnectEventConfig",
    "bitbucketServerTriggerConfig",
    "gitlabEnterpriseEventsConfig",
)
"""What a trigger that waits for a repository's events says of them, in `push` or `pullRequest`."""
_OTHERS = ("triggerTemplate", "pubsubConfig", "webhookConfig", "sourceToBuild")
"""What a trigger has that waits for pushes to a Cloud Source Repository, for messages, or for a person."""
_TEMPLATES = ("filename", "gitFileSource", "build", "autodetect")


@dataclass(frozen=True, slots=True)
class RepositoryConfig:
    """The steps are in a file of a repository."""

    path: str
    """Empty: the one that Cloud Build finds by its name."""
    repository: str = ""
    """The address or resource name, as the trigger has it; empty: the repository that it builds."""
    revision: str = ""
    """The branch, tag or commit that the file is read from; empty: the commit that it builds."""

    @property
    def parsed(self) -> Repository | None:
        """The repository that it names, or None when that can't be told."""
        return parse_repository(self.repository)


@dataclass(frozen=True, slots=True)
class InlineConfig:
    """The steps are in the trigger itself, and so in no commit."""


@dataclass(frozen=True, slots=True)
class UnknownConfig:
    """The trigger says nothing about its steps that this version understands."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger, as it was at a moment. It may have been another when the build began."""

    id: str
    name: str
    config: RepositoryConfig | InlineConfig | UnknownConfig
    for_pull_requests: bool | None
    """Whether pull requests start it; None where this version can't tell."""
    read: datetime


@dataclass(frozen=True, slots=True)
class Unread:
    """The trigger was not read."""

    why: str
    """As the end of a sentence."""


OFFLINE = Unread("it is not read here")
"""Where nothing is fetched."""


def parse_trigger(document: object, read: datetime) -> Trigger:
    """Return what the trigger's document says, in the JSON of the REST resource. Raise Malformed for a wrong shape."""
    if not isinstance(document, Mapping):
        raise Malformed(f"trigger: expected an object, got {type(document).__name__}")
    return Trigger(
        id=text_in(document.get("id", ""), "trigger.id"),
        name=text_in(document.get("name", ""), "trigger.name"),
        config=_config(document),
        for_pull_requests=_for_pull_requests(document),
        read=read,
    )


def _config(document: Mapping[str, Any]) -> RepositoryConfig | InlineConfig | UnknownConfig:
    given = [name for name in _TEMPLATES if document.get(name) not in (None, "", False)]
    match given:
        case ["filename"]:
            return RepositoryConfig(text_in(document["filename"], "trigger.filename"))
        case ["gitFileSource"] if isinstance(document["gitFileSource"], Mapping):
            file = document["gitFileSource"]
            path, address, link, revision = (
                text_in(file.get(name, ""), f"trigger.gitFileSource.{name}")
                for name in ("path", "uri", "repository", "revision")
            )
            return RepositoryConfig(path, address or link, revision)
        case ["autodetect"]:
            return RepositoryConfig("")
        case ["build"]:
            return InlineConfig()
        case _:
            return UnknownConfig()


def _for_pull_requests(document: Mapping[str, Any]) -> bool | None:
    events = [document[name] for name in _EVENTS if isinstance(document.get(name), Mapping)]
    if any("pullRequest" in event for event in events):
        return True
    if any("push" in event for event in events) or any(name in document for name in _OTHERS):
        return False
    # An event of a kind that the client library does not know is carried over as `#number`.
    return None if events or any(name.startswith("#") for name in document) else False
