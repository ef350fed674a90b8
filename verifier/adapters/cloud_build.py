"""Cloud Build: one build, or those that finished in a span of time.

Documentation: "Cloud Build API", "View build results" (the filter's grammar).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from google.cloud.devtools import cloudbuild_v1
from google.cloud.devtools.cloudbuild_v1.services.cloud_build import transports
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from verifier.adapters.billing import HOME_PAYS, Billing
from verifier.adapters.google import connected, countdown, needs, translated
from verifier.adapters.plain_calls import routed, unary
from verifier.errors import Malformed
from verifier.facts.build import SUCCESS, Build, BuildKey, parse_build
from verifier.services import BuildPage, CreatedPage
from verifier.times import parse_time, show_time

_GET = "google.devtools.cloudbuild.v1.CloudBuild/GetBuild"
_GetRequest: Any = cloudbuild_v1.GetBuildRequest.pb()
_PAGE_SIZE = 100
_STATUS = {number: name for name, number in cloudbuild_v1.Build.pb().Status.items()}
_PLAIN_FIELDS = ("id", "name", "project_id", "status_detail", "build_trigger_id", "service_account")
_TIMES = ("create_time", "start_time", "finish_time")
_MESSAGES = ("source", "source_provenance", "git_config", "failure_info")


class CloudBuild:
    """The `Builds` service. A refusal names the role to grant."""

    def __init__(self, endpoint: str = "", billing: Billing = HOME_PAYS) -> None:
        self._billing = billing
        self._client = connected(cloudbuild_v1.CloudBuildClient, transports.CloudBuildGrpcTransport, endpoint)
        self._get = unary(self._client.transport.grpc_channel, _GET, _GetRequest, cloudbuild_v1.Build.pb())

    def fetch(self, key: BuildKey, *, timeout: float) -> Build:
        """See `services.Builds.fetch`."""
        request = _GetRequest(name=key.name, project_id=key.project, id=key.id)
        where = routed("location", key.location)
        what = f"reading build {key.name}"
        left = countdown(timeout, what)
        with translated(what, _grant(key.project, "cloudbuild.builds.get")):
            raw = self._billing.billed(
                key.project, lambda payer: self._get(request, timeout=left(), metadata=[*payer, *where])
            )
        return parse_build(_document(raw))

    def whole(self, key: BuildKey, *, timeout: float) -> dict[str, Any]:
        """Return the build's document with what it was told to do, whole: all steps, and the hashes of its source.

        Raise as `fetch` does.
        """
        request = cloudbuild_v1.GetBuildRequest(name=key.name, project_id=key.project, id=key.id)
        with translated(f"reading build {key.name}", _grant(key.project, "cloudbuild.builds.get")):
            answer = self._client.get_build(request=request, timeout=timeout, retry=None)
        raw = cloudbuild_v1.Build.pb(answer)
        return build_document(answer) | {"steps": [MessageToDict(step) for step in raw.steps]}

    def finished(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> BuildPage:
        """See `services.Builds.finished`."""
        # Whatever has a finish time has ended; a failed build may have shipped before it failed.
        wanted = f'finish_time>="{show_time(since)}" AND finish_time<="{show_time(until)}"'
        documents, next_page = self.documents(project, location, wanted, page, timeout=timeout)
        keys = [BuildKey(project, location, document["id"]) for document in documents]
        told = zip(keys, (document.get("finishTime") for document in documents), strict=True)
        return BuildPage(keys, next_page, {key: parse_time(finished) for key, finished in told if finished})

    def created(
        self, project: str, location: str, since: datetime, until: datetime, page: str, *, timeout: float
    ) -> CreatedPage:
        """See `services.Builds.created`."""
        wanted = f'create_time>="{show_time(since)}" AND create_time<="{show_time(until)}"'
        documents, next_page = self.documents(project, location, wanted, page, timeout=timeout)
        builds = []
        for document in documents:
            with suppress(Malformed):
                builds.append(parse_build(document))
        return CreatedPage(builds, len(documents) - len(builds), next_page)

    def documents(
        self, project: str, location: str, wanted: str, page: str, *, timeout: float
    ) -> tuple[list[dict[str, Any]], str]:
        """One page of the builds that a filter wants, newest first, as `build_document` gives them, and the next token.

        Raise ServiceError.
        """
        request = cloudbuild_v1.ListBuildsRequest(
            parent=f"projects/{project}/locations/{location}",
            project_id=project,
            filter=wanted,
            page_size=_PAGE_SIZE,
            page_token=page,
        )
        what = f"listing builds of {project} in {location}"
        left = countdown(timeout, what)
        with translated(what, _grant(project, "cloudbuild.builds.list")):
            pages = self._billing.billed(
                project,
                lambda payer: (
                    self._client.list_builds(request=request, timeout=left(), retry=None, metadata=payer).pages
                ),
            )
            answer = next(pages)
        return [build_document(build) for build in answer.builds], answer.next_page_token


def build_document(build: cloudbuild_v1.Build) -> dict[str, Any]:
    """Return the parts of a build that `parse_build` reads, in the JSON dialect of the REST resource.

    A field that the client library does not know (a Developer Connect source, say) survives as an unknown field; it
    is carried over as `#number`, so that a source of an unknown kind is never taken for an empty one.
    """
    return _document(cloudbuild_v1.Build.pb(build))


def _document(raw: Any) -> dict[str, Any]:
    document: dict[str, Any] = {_camel(name): getattr(raw, name) for name in _PLAIN_FIELDS if getattr(raw, name)}
    document["status"] = _STATUS.get(raw.status, "STATUS_UNKNOWN")
    for name in _TIMES:
        if raw.HasField(name):
            document[_camel(name)] = getattr(raw, name).ToJsonString()
    for name in _MESSAGES:
        if raw.HasField(name):
            document[_camel(name)] = _with_unknown(getattr(raw, name))
    pushed = [{"name": image.name, "digest": image.digest} for image in raw.results.images]
    several: dict[str, Any] = {
        "substitutions": dict(raw.substitutions),
        "tags": list(raw.tags),
        "images": list(raw.images),
        "dependencies": [_dependency(item) for item in raw.dependencies],
        "results": {"images": pushed} if pushed else {},
        "steps": [_step(step) for step in (raw.steps[:1] if document["status"] == SUCCESS else raw.steps)],
    }
    return document | {name: value for name, value in several.items() if value}


def _with_unknown(message: Message) -> dict[str, Any]:
    document: dict[str, Any] = MessageToDict(message)
    unknown = UnknownFieldSet(message)
    for index in range(len(unknown)):
        document[f"#{unknown[index].field_number}"] = {}
    return document


def _dependency(item: Any) -> dict[str, Any]:
    """Return a further source. One of a kind that the client library does not know is not taken for none."""
    document = _with_unknown(item)
    git = document.get("gitSource")
    if isinstance(git, dict) and isinstance(git.get("repository"), dict):
        git["repository"] |= {name: "" for name in _with_unknown(item.git_source.repository) if name.startswith("#")}
    return document


def _step(step: Any) -> dict[str, Any]:
    """Return what tells what a step did, and whether it did it."""
    parts = {
        "id": step.id,
        "name": step.name,
        "entrypoint": step.entrypoint,
        "args": list(step.args),
        "script": step.script,
        "status": _STATUS.get(step.status, "STATUS_UNKNOWN") if step.status else "",
    }
    return {name: value for name, value in parts.items() if value}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def _grant(project: str, permission: str) -> str:
    return needs(permission, f"project {project}", "roles/cloudbuild.builds.viewer")
