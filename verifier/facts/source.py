"""Where a build's source came from: facts, as the fetched document shows them, without judgement.

Only what the service itself wrote counts as proof: `sourceProvenance` is "a permanent fixed identifier for source"
(Cloud Build API, Build). What a submitter may set freely (substitutions, tags) stands apart, as claims. The order of
the rules and the forms of each year are set out in docs/verdicts.md, "What counts as a commit".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from verifier.facts.build import SUCCESS, Build
from verifier.facts.build_document import MOST_BYTES
from verifier.facts.repository import Repository, parse_repository, source_repository
from verifier.facts.strength import Strength

__all__ = ["Commit", "NoSource", "Source", "Strength", "Unclear", "Upload", "source_of"]


@dataclass(frozen=True, slots=True)
class Commit:
    """The build's source is one commit."""

    sha: str
    """40 or 64 hex digits in lower case."""
    strength: Strength
    repository: Repository | None
    """None when no field that proves the commit names a repository that we can read."""
    field: str
    """The field of the build's document that says so."""


@dataclass(frozen=True, slots=True)
class Upload:
    """The build's source is a file in Cloud Storage: somebody's folder at some moment."""

    bucket: str
    object: str
    generation: str
    tool: str
    """The command that makes uploads of this form, or `unknown`. Names can be imitated."""
    field: str


@dataclass(frozen=True, slots=True)
class NoSource:
    """The build has no source of its own."""

    service: str
    """The service known for builds like it, or `unknown`."""
    field: str = "source"


@dataclass(frozen=True, slots=True)
class Unclear:
    """The document contradicts itself, or says something that this version does not understand."""

    reason: str
    field: str


Source = Commit | Upload | NoSource | Unclear

_SHA = re.compile(r"[0-9A-Fa-f]{40}(?:[0-9A-Fa-f]{24})?")
_SERVICE_BUCKET = re.compile(r"[0-9]+\.cloudbuild-source\.googleusercontent\.com")
_PLAIN = re.compile(r"[\t\n\f\r ]*(?:git\+)?(?:http|git):", re.IGNORECASE)
_SUBMITTED = re.compile(r"source/[0-9]+\.[0-9]+-[0-9a-f]{32}\.[a-z.]+")
_STAGED = re.compile(r"[0-9]+\.[0-9]+-[0-9a-f]{32}\.(?:tgz|zip|gz)")
"""How `builds submit` names its archive in whatever folder it is told to put it: by the time and a random id."""
_KINDS = frozenset(
    "storageSource repoSource gitSource storageSourceManifest connectedRepository developerConnectConfig".split()
)
_RESOLVED_KINDS = frozenset(
    "resolvedStorageSource resolvedRepoSource resolvedGitSource resolvedStorageSourceManifest "
    "resolvedConnectedRepository".split()
)
_ADDRESSES = {
    "gitSource": "url",
    "resolvedGitSource": "url",
    "connectedRepository": "repository",
    "resolvedConnectedRepository": "repository",
    "developerConnectConfig": "gitRepositoryLink",
}
"""The field of each kind that names its repository."""
_NOTHING: Mapping[str, Any] = {}
_REQUESTS = ("gitSource", "connectedRepository", "developerConnectConfig")


@dataclass(frozen=True, slots=True)
class _Revision:
    field: str
    text: str
    repository: Repository | None
    address: str = ""
    """What was to name the repository, as it stands."""


def source_of(build: Build) -> Source:
    """Return the one fact about the build's source. Total: every document has exactly one."""
    fact = _recorded(build)
    if not isinstance(fact, Commit):
        return fact
    if build.default_source_is_ignored:
        return Unclear("a dependency with empty: true says that the recorded source was not fetched", "dependencies")
    plain = _plain_address(build)
    if plain:
        return Unclear("it was fetched over plain http, where whoever stands between answers as the host", plain)
    if build.repository_is_proxied and not build.trigger_id:
        return Unclear("the submitter put a proxy between Cloud Build and the repository", "gitConfig")
    return fact


def _recorded(build: Build) -> Source:
    if build.is_oversize:
        return Unclear(
            f"what describes the build is larger than the {MOST_BYTES:,} bytes that are kept of one", "source"
        )
    unknown = _unknown_kind(build)
    if unknown:
        return Unclear("this version does not know this kind of source", unknown)
    shapeless = _shapeless(build)
    if shapeless:
        return Unclear("expected an object, got something else", shapeless)
    resolved = list(_resolved(build))
    places = _stored(build)
    if places:
        return _storage_fact(build, places, resolved)
    if resolved:
        return _resolved_fact(build, resolved)
    return _unresolved_fact(build)


def _shapeless(build: Build) -> str:
    """Return the first part that is there and is no object, or empty."""
    for holder, parts in (("source", build.source or {}), ("sourceProvenance", build.provenance)):
        for kind, part in parts.items():
            if not (part is None or isinstance(part, (dict, Mapping))):
                return f"{holder}.{kind}"
    return ""


def _unknown_kind(build: Build) -> str | None:
    for kind in build.source or {}:
        if kind not in _KINDS:
            return f"source.{kind}"
    for kind in build.provenance:
        if kind not in _RESOLVED_KINDS:
            return f"sourceProvenance.{kind}"
    return None


def _resolved(build: Build) -> Iterator[_Revision]:
    """Yield the revisions that the service itself wrote down."""
    provenance, source = build.provenance, build.source or {}
    if "resolvedRepoSource" in provenance and (repo := _part(provenance, "resolvedRepoSource")):
        yield _Revision("sourceProvenance.resolvedRepoSource.commitSha", _value(repo, "commitSha"), *_csr(build, repo))
    for kind in ("resolvedGitSource", "resolvedConnectedRepository"):
        if kind in provenance and (part := _part(provenance, kind)):
            yield _Revision(f"sourceProvenance.{kind}.revision", _value(part, "revision"), *_place(kind, part))
    if "repoSource" in source and _value(asked := _part(source, "repoSource"), "commitSha"):
        yield _Revision("source.repoSource.commitSha", _value(asked, "commitSha"), *_csr(build, asked))


def _requested(build: Build) -> Iterator[_Revision]:
    """Yield the revisions that were asked for."""
    source = build.source or {}
    if "repoSource" in source and (repo := _part(source, "repoSource")):
        yield _Revision("source.repoSource", _value(repo, "commitSha"), *_csr(build, repo))
    for kind in _REQUESTS:
        if kind in source and (part := _part(source, kind)):
            yield _Revision(f"source.{kind}.revision", _value(part, "revision"), *_place(kind, part))


def _stored(build: Build) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the places in Cloud Storage that the document names, with their fields."""
    places = []
    for holder, name, kinds in (
        (build.source or {}, "source", ("storageSource", "storageSourceManifest")),
        (build.provenance, "sourceProvenance", ("resolvedStorageSource", "resolvedStorageSourceManifest")),
    ):
        places += [(f"{name}.{kind}", _part(holder, kind)) for kind in kinds if kind in holder]
    return places


def _storage_fact(build: Build, places: list[tuple[str, Mapping[str, Any]]], resolved: list[_Revision]) -> Source:
    field, place = places[0]
    if resolved or any(_requested(build)):
        return Unclear("it names both an uploaded file and a repository", field)
    for other, second in places[1:]:
        if not _same_object(place, second) or ("Manifest" in field) != ("Manifest" in other):
            return Unclear(f"it names another file than {other}", field)
    bucket, name = _value(place, "bucket"), _value(place, "object")
    claimed = build.claims.get("COMMIT_SHA", "")
    of_service = bool(_SERVICE_BUCKET.fullmatch(bucket))
    if of_service and build.trigger_id and _SHA.fullmatch(claimed) and name.startswith(f"{claimed}-"):
        return Commit(claimed.lower(), Strength.SERVICE_UPLOAD, None, f"{field}.object")
    if of_service:
        # Nobody but the service may write there: no upload, but which commit it is, nothing says.
        return Unclear("it is a copy that Cloud Build made itself, and neither trigger nor name prove a commit", field)
    return Upload(bucket, name, _value(place, "generation"), _upload_tool(build, bucket, name), field)


def _resolved_fact(build: Build, resolved: list[_Revision]) -> Source:
    for revision in resolved:
        if not _SHA.fullmatch(revision.text):
            return Unclear(f"expected a full commit, got {revision.text[:80]!r}", revision.field)
    proof, requested = resolved[0], list(_requested(build))
    full_requests = [request for request in requested if _SHA.fullmatch(request.text)]
    for other in [*resolved[1:], *full_requests]:
        if other.text.lower() != proof.text.lower():
            return Unclear(f"it names another commit than {other.field}", proof.field)
    for other in [*resolved[1:], *requested]:
        if _contradict(proof.repository, other.repository):
            return Unclear(f"it names another repository than {other.field}", proof.field)
        if other.repository is None and other.address not in ("", proof.address):
            return Unclear(
                f"{other.field} was asked of {other.address[:100]!r}, which names no repository", proof.field
            )
    return Commit(proof.text.lower(), Strength.RESOLVED, proof.repository, proof.field)


def _contradict(one: Repository | None, other: Repository | None) -> bool:
    """Both are known and differ.

    A connection's repository has no host, and a proxy has another: nothing can be said about those and an address.
    """
    if one is None or other is None or bool(one.host) != bool(other.host) or one.is_proxy != other.is_proxy:
        return False
    return one != other


def _unresolved_fact(build: Build) -> Source:
    """Nothing was resolved or stored: what was asked for, or the trigger's word, or nothing at all."""
    if build.source is None:
        return NoSource(_service(build))
    asked = list(_requested(build))
    if len(asked) > 1:
        return Unclear(f"it names another source than {asked[1].field}", asked[0].field)
    if asked and asked[0].text:
        return _requested_fact(build, asked[0])
    if "repoSource" in build.source:
        return Unclear("it names a branch or tag, and no commit was resolved", "source.repoSource")
    claimed = build.claims.get("COMMIT_SHA", "")
    if build.trigger_id and _SHA.fullmatch(claimed):
        repository = asked[0].repository if asked else None
        return Commit(claimed.lower(), Strength.TRIGGERS_WORD, repository, "substitutions.COMMIT_SHA")
    return Unclear("it is recorded but empty, and no trigger names a commit", "source")


def _requested_fact(build: Build, request: _Revision) -> Source:
    if not _SHA.fullmatch(request.text):
        return Unclear(f"expected a full commit, got {request.text[:80]!r}, and none was resolved", request.field)
    if build.status != SUCCESS:
        return Unclear("a commit was asked for, but nothing says that it was fetched", request.field)
    return Commit(request.text.lower(), Strength.REQUESTED, request.repository, request.field)


def _plain_address(build: Build) -> str:
    """Return the field that names an address without encryption, or empty."""
    for holder, name, kind in (
        (build.provenance, "sourceProvenance", "resolvedGitSource"),
        (build.source or {}, "source", "gitSource"),
    ):
        if kind in holder and _PLAIN.match(_value(_part(holder, kind), "url")):
            return f"{name}.{kind}.url"
    return ""


def _same_object(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if any(_value(one, part) != _value(other, part) for part in ("bucket", "object")):
        return False
    generations = {_value(place, "generation") for place in (one, other)} - {"", "0"}
    return len(generations) < 2


def _upload_tool(build: Build, bucket: str, name: str) -> str:
    if bucket.startswith("run-sources-"):
        return "gcloud run deploy --source"
    if bucket.startswith(("gcf-v2-sources-", "gcf-sources-")):
        return "gcloud functions deploy"
    if "_GAE_APPLICATION_YAML_PATH" in build.claims:
        return "gcloud app deploy"
    if _SUBMITTED.fullmatch(name):
        return "gcloud builds submit"
    if _STAGED.fullmatch(name.rpartition("/")[2]):
        # A word of its own: an exemption for the other was never meant for any folder of any bucket.
        return "gcloud builds submit --gcs-source-staging-dir"
    return "unknown"


def _service(build: Build) -> str:
    fetched = " ".join(arg for step in build.document["steps"] for arg in step.get("args", []))
    if {"p-gcf", "t-function"} & set(build.tags) or "gs://gcf-v2-sources-" in fetched:
        return "Cloud Functions"
    if "gs://staging." in fetched:
        return "App Engine"
    return "unknown"


def _part(holder: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    part = holder.get(kind, _NOTHING)
    return part if isinstance(part, (dict, Mapping)) else _NOTHING


def _value(part: Mapping[str, Any], name: str) -> str:
    value = part.get(name, "")
    return value if isinstance(value, str) else str(value)


def _csr(build: Build, part: Mapping[str, Any]) -> tuple[Repository | None, str]:
    project, name = _value(part, "projectId") or build.key.project, _value(part, "repoName")
    return source_repository(project, name), f"{project}/{name}" if name else ""


def _place(kind: str, part: Mapping[str, Any]) -> tuple[Repository | None, str]:
    """Return the repository that it names, where that can be told, and the address as it stands."""
    address = _value(part, _ADDRESSES[kind])
    return parse_repository(address) if address else None, address
