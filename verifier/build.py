"""A build as Cloud Build describes it: its identity and the parts of its document that judgement rests on.

There is one dialect inside: the JSON of the REST resource (`gcloud builds describe --format=json`). The adapter
turns gRPC answers into it. Documentation: "REST Resource: projects.locations.builds".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import re2

from verifier.errors import Malformed
from verifier.times import parse_time

SUCCESS = "SUCCESS"
TERMINAL = frozenset({SUCCESS, "FAILURE", "INTERNAL_ERROR", "TIMEOUT", "CANCELLED", "EXPIRED"})
NOT_TERMINAL = frozenset({"STATUS_UNKNOWN", "PENDING", "QUEUED", "WORKING"})

_PROJECT = re2.compile(r"^([a-z0-9.-]{1,63}:)?[a-z0-9][a-z0-9-]{1,62}$")
_LOCATION = re2.compile(r"^[a-z][a-z0-9-]{1,40}$")
_ID = re2.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")
_JSON = json.JSONEncoder(ensure_ascii=False)
_NAME = re2.compile(r"^projects/([^/]+)(?:/locations/([^/]+))?/builds/([^/]+)$")


@dataclass(frozen=True, slots=True, order=True)
class BuildKey:
    """What identifies a build. From an untrusted place it comes through `checked_key`."""

    project: str
    """The project's id, never its number."""
    location: str
    """The region, or `global`."""
    id: str

    @property
    def name(self) -> str:
        """The build's resource name."""
        return f"projects/{self.project}/locations/{self.location}/builds/{self.id}"

    @property
    def digest(self) -> str:
        """A hash of the three parts: safe as the name of a stored document."""
        return sha256(self.name.encode()).hexdigest()


def checked_key(project: str, location: str, build_id: str) -> BuildKey:
    """The key of these three parts from an untrusted place. Raises Malformed when one has not the form it must have."""
    for part, value, form, example in (
        ("project", project, _PROJECT, "a project id such as my-project"),
        ("location", location, _LOCATION, "a location such as us-central1 or global"),
        ("build", build_id, _ID, "a build id such as 4e841fcb-1b2c-4d3e-8f90-a1b2c3d4e5f6"),
    ):
        if not (value.isascii() and form.match(value)):
            raise Malformed(f"{part}: expected {example}, got {value[:80]!r}")
    return BuildKey(project, location, build_id)


def parse_build_name(name: str) -> tuple[str, str, str]:
    """Project (id or number), location and id of a build's resource name. Raises Malformed.

    A name without a location, as builds had until 2020, means `global`.
    """
    match = _NAME.match(name) if name.isascii() else None
    if not match:
        raise Malformed(f"build name: expected projects/PROJECT/locations/LOCATION/builds/ID, got {name[:120]!r}")
    return match.group(1), match.group(2) or "global", match.group(3)


@dataclass(frozen=True, slots=True)
class Image:
    """An image that the build pushed through its `images:` field."""

    name: str
    digest: str
    """`sha256:` and 64 hex digits."""


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
        """The number of the pull request that it was built for, `?` when it says so without one, or empty."""
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
        return any(item.get("empty") for item in _mappings(self.document.get("dependencies")))


_OF_PULL_REQUESTS = ("_PR_NUMBER", "_HEAD_BRANCH", "_BASE_BRANCH", "_HEAD_REPO_URL")
_READ_CLAIMS = re2.compile(
    r"^(COMMIT_SHA|REVISION_ID|SHORT_SHA|BRANCH_NAME|TAG_NAME|REF_NAME|REPO_NAME|REPO_FULL_NAME|TRIGGER_NAME"
    r"|_PR_NUMBER|_HEAD_BRANCH|_BASE_BRANCH|_HEAD_REPO_URL|_GAE_APPLICATION_YAML_PATH|_\w*(SHA|COMMIT|REVISION)\w*)$"
)
"""The substitutions that judgement or a report reads; the others are not kept."""
_MOST_CLAIM = 300
"""Characters of each: two hundred of them fit into one document of a store, whatever the characters."""
_MOST_TAGS = 64
_MOST_IMAGES = 200
_KEPT = (
    "id name projectId status statusDetail buildTriggerId createTime startTime finishTime source "
    "serviceAccount gitConfig failureInfo"
).split()


def parse_build(document: object) -> Build:
    """Read a build's document. Raises Malformed where a part that judgement needs has the wrong shape, or can't be
    stored as Unicode text.

    A document without an identity can be judged too: its key is then empty. Unknown fields are left alone, except
    below `source` and `sourceProvenance`, where `source.py` looks at them.
    """
    top = _mapping(document, "build")
    kept = {field: top[field] for field in _KEPT if field in top}
    provenance = dict(_mapping(top.get("sourceProvenance") or {}, "sourceProvenance"))
    provenance.pop("fileHashes", None)
    results = _mapping(top.get("results") or {}, "results")
    pushed = [
        {"name": item.get("name", ""), "digest": item.get("digest", "")} for item in _mappings(results.get("images"))
    ]
    claims, tags = _claims(top), tuple(_text(tag, "tags") for tag in _list(top.get("tags"), "tags"))[:_MOST_TAGS]
    kept |= {
        "sourceProvenance": provenance,
        "results": {"images": pushed[:_MOST_IMAGES]},
        "steps": list(_fetch_step(top)),
        "substitutions": dict(claims),
        "tags": list(tags),
        "dependencies": [{"empty": True} for item in _mappings(top.get("dependencies")) if item.get("empty")],
    }
    _check_storable(kept)
    project, location, build_id = _identity(top)
    source = top.get("source")
    return Build(
        key=BuildKey(project, location, build_id),
        status=_text(top.get("status", ""), "status"),
        trigger_id=_text(top.get("buildTriggerId", ""), "buildTriggerId"),
        source=None if source is None else _mapping(source, "source"),
        provenance=provenance,
        claims=claims,
        tags=tags,
        images=tuple(
            Image(str(image["name"]), str(image["digest"])) for image in pushed[:_MOST_IMAGES] if image["digest"]
        ),
        finished=_moment(top.get("finishTime"), "finishTime"),
        document=kept,
    )


def _identity(top: Mapping[str, Any]) -> tuple[str, str, str]:
    """The project's id comes from `projectId`: the project in `name` is usually its number."""
    build_id = top.get("id", "")
    # A whole number is what some exports make of an id.
    build_id = str(build_id) if type(build_id) is int else _text(build_id, "id")
    name = _text(top.get("name", ""), "name")
    project, location = "", "global"
    if name:
        project, location, name_id = parse_build_name(name)
        build_id = build_id or name_id
    project = _text(top.get("projectId", ""), "projectId") or project
    return project, location, build_id


def _fetch_step(top: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The first step, when it fetches from Cloud Storage: services that deploy functions work that way."""
    for step in list(_mappings(top.get("steps")))[:1]:
        args = [str(arg)[:300] for arg in _list(step.get("args"), "steps[0].args") if "gs://" in str(arg)]
        if args:
            yield {"name": str(step.get("name", "")), "args": args[:4]}


def _check_storable(kept: Mapping[str, Any]) -> None:
    try:
        _JSON.encode(kept).encode()
    except (TypeError, ValueError) as error:
        raise Malformed(f"build: expected JSON values in valid Unicode, got one that is not ({error})") from error


def _claims(top: Mapping[str, Any]) -> Mapping[str, str]:
    claims = _mapping(top.get("substitutions") or {}, "substitutions")
    read = {name: _text(value, f"substitutions.{name}") for name, value in claims.items() if _READ_CLAIMS.match(name)}
    return {name: value[:_MOST_CLAIM] for name, value in read.items()}


def _moment(value: object, place: str) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        return parse_time(_text(value, place))
    except ValueError as error:
        raise Malformed(f"{place}: expected an RFC 3339 time, got {value!r}") from error


def _mapping(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Malformed(f"{place}: expected an object, got {type(value).__name__}")
    return value


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    for item in value if isinstance(value, list) else []:
        if isinstance(item, Mapping):
            yield item


def _list(value: object, place: str) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(f"{place}: expected a list, got {type(value).__name__}")
    return value


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise Malformed(f"{place}: expected text, got {type(value).__name__}")
    return value
