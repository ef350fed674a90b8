"""A build as Cloud Build describes it: its identity and the parts of its document that judgement rests on.

There is one dialect inside: the JSON of the REST resource (`gcloud builds describe --format=json`). The adapter
turns gRPC answers into it. Documentation: "REST Resource: projects.locations.builds".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from verifier.errors import Malformed
from verifier.facts.build_document import text_in, trimmed
from verifier.facts.build_key import NOT_TERMINAL, SUCCESS, TERMINAL, BuildKey, checked_key, parse_build_name
from verifier.facts.file_hashes import FileHashes, file_hashes
from verifier.times import parse_time

__all__ = [
    "NOT_TERMINAL",
    "SUCCESS",
    "TERMINAL",
    "Build",
    "BuildKey",
    "Image",
    "checked_key",
    "parse_build",
    "parse_build_name",
]


@dataclass(frozen=True, slots=True)
class Image:
    """An image that the build pushed through its `images:` field."""

    name: str
    digest: str
    """`sha256:` and 64 hex digits."""

    @property
    def untagged(self) -> str:
        """Return the name without tag and digest."""
        folder, slash, last = self.name.partition("@")[0].rpartition("/")
        return f"{folder}{slash}{last.partition(':')[0]}"


@dataclass(frozen=True, slots=True)
class Build:
    """A build's own word about itself. Substitutions and tags are claims: whoever submits a build may set them."""

    key: BuildKey
    status: str
    """A status of Cloud Build, or empty when the document has none."""
    trigger_id: str
    """The trigger that ran it, written by the service; empty when it was submitted by hand."""
    source: Mapping[str, Any] | None
    """The document's `source`; None when it has none, which differs from an empty one."""
    provenance: Mapping[str, Any]
    """The document's `sourceProvenance`, without file hashes; empty when it has none."""
    claims: Mapping[str, str]
    """The document's `substitutions`, those that judgement or a report reads."""
    tags: tuple[str, ...]
    images: tuple[Image, ...]
    """What it pushed, from `results.images`."""
    finished: datetime | None
    document: Mapping[str, Any]
    """The part of the document that is kept: enough to judge the build again."""
    file_hashes: FileHashes = field(default_factory=dict, compare=False)
    """The hashes of what it fetched, by address. Not kept: empty where a record is read."""

    @property
    def created(self) -> datetime | None:
        """When it was submitted; None where the document does not say so in a form that can be read."""
        try:
            return parse_time(str(self.document.get("createTime", "")))
        except ValueError:
            return None

    @property
    def trigger_name(self) -> str:
        """The trigger's name: a claim, believed only beside a trigger id."""
        return self.claims.get("TRIGGER_NAME", "") if self.trigger_id else ""

    @property
    def pull_request(self) -> str:
        """The number of the pull request that it claims to be for, `?` when it says so without one, or empty."""
        if any(name in self.claims for name in _OF_PULL_REQUESTS):
            return self.claims.get("_PR_NUMBER") or "?"
        return ""

    @property
    def repository_is_proxied(self) -> bool:
        """The submitter put a proxy of their own between Cloud Build and the repository."""
        return bool(self.document.get("gitConfig"))

    @property
    def default_source_is_ignored(self) -> bool:
        """A dependency says `empty: true`: the recorded source was not fetched."""
        return any("empty" in entry for entry in self.document["dependencies"])

    @property
    def images_cut(self) -> int:
        """How many of the images that it pushed are not kept, and so not among `images`."""
        return int(self.document["results"].get("imagesCut", 0))

    @property
    def shipped(self) -> str:
        """How it ended and the first of its steps that had shipped something by then; empty where none is known to.

        Only of a build that ended without success: one that succeeded is judged whatever it shipped.
        """
        if self.status not in TERMINAL or self.status == SUCCESS:
            return ""
        for step in self.document["steps"]:
            if step.get("word"):
                named = step.get("id") or step["word"]
                return f"it ended {self.status} after its step '{named}' had succeeded"
        return ""

    @property
    def is_oversize(self) -> bool:
        """It is described in more than `kept.MOST_BYTES`: only its identity is known here."""
        return "oversize" in self.document


_OF_PULL_REQUESTS = ("_PR_NUMBER", "_HEAD_BRANCH", "_BASE_BRANCH", "_HEAD_REPO_URL")


def parse_build(document: object) -> Build:
    """Read a build's document. Raises Malformed where a part that judgement needs has the wrong shape, or can't be
    stored as Unicode text.

    A document without an identity can be judged too: its key is then empty. Unknown fields are passed over, except
    below `source` and `sourceProvenance`, where `source.py` looks at them.
    """
    kept = trimmed(document)
    project, location, build_id = _identity(kept)
    return Build(
        key=BuildKey(project, location, build_id),
        status=text_in(kept.get("status", ""), "status"),
        trigger_id=text_in(kept.get("buildTriggerId", ""), "buildTriggerId"),
        source=kept.get("source"),
        provenance=kept["sourceProvenance"],
        claims=kept["substitutions"],
        tags=tuple(kept["tags"]),
        images=tuple(Image(image["name"], image["digest"]) for image in kept["results"]["images"] if image["digest"]),
        finished=_moment(kept.get("finishTime"), "finishTime"),
        document=kept,
        file_hashes=file_hashes(_provenance(document).get("fileHashes")),
    )


def _provenance(document: object) -> Mapping[str, Any]:
    provenance = document.get("sourceProvenance") if isinstance(document, (dict, Mapping)) else None
    return provenance if isinstance(provenance, (dict, Mapping)) else {}


def _identity(top: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return project, location and id. The project is `projectId`: the one in `name` is usually its number."""
    build_id = top.get("id", "")
    # A whole number is what some exports make of an id.
    build_id = str(build_id) if type(build_id) is int else text_in(build_id, "id")
    name = text_in(top.get("name", ""), "name")
    project, location = "", "global"
    if name:
        project, location, name_id = parse_build_name(name)
        build_id = build_id or name_id
    project = text_in(top.get("projectId", ""), "projectId") or project
    return project, location, build_id


def _moment(value: object, place: str) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        return parse_time(text_in(value, place))
    except ValueError as error:
        raise Malformed(f"{place}: expected an RFC 3339 time, got {value!r:.80}") from error
