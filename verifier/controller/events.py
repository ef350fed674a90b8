"""An HTTP body → a hint: which build, or which run of a job, to look at. Nothing in a message is believed beyond that.

Bodies are Pub/Sub pushes, wrapped or not, or Eventarc's CloudEvents in either content mode. They come from outside:
they are read strictly, and what can't be read is a value (`Quarantined`), not an exception.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from verifier.config import Watched
from verifier.controller.trace import RequestHeaders
from verifier.errors import Malformed
from verifier.facts.build_key import NOT_TERMINAL, BuildKey, checked_key, parse_build_name
from verifier.facts.job_name import BUILD_VARIABLE, JobName
from verifier.facts.logs import EXECUTION_LABEL
from verifier.redact import MARGIN, excerpt, plain
from verifier.strict_json import object_in, objects_in, parse_json, said, text_in
from verifier.times import parse_time

MOST_BYTES = 1 << 20
"""The largest body that is read. Pub/Sub messages about builds are some kilobytes."""

EXCERPT = 1_000
"""The most characters of a malformed message that are kept."""

PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"
COMPLETION = "/Jobs.RunJob"
"""The method in the audit entry that Cloud Run writes when an execution has ended."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

_STATUS = r"^[A-Z][A-Z_]{0,39}$"
_WORD = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$"
"""A kind of work, or the name of a document: none that a database would refuse."""
_PART = r"^[a-z0-9][a-z0-9.:-]{0,99}$"
"""A project, a location, or the short name of a job or of an execution."""
_NUMBER = r"^[0-9]{1,15}$"
_GENERATION = "run.googleapis.com/jobGeneration"
_MOST_REASON = 500


@dataclass(frozen=True, slots=True)
class BuildStatus:
    """A build may have finished."""

    key: BuildKey
    status: str
    """What the message says: a status that ends a build, or one that this version does not know."""


@dataclass(frozen=True, slots=True)
class ExecutionFinished:
    """An execution that was started for a build may have ended."""

    key: BuildKey
    """The build that the execution's environment names. Which execution counts for it, the ledger knows."""


@dataclass(frozen=True, slots=True)
class RunEnded:
    """An execution that names no build may have ended, in a project of ours. Policy says whether its job is watched."""

    execution: str
    """Its full resource name."""
    job: JobName
    generation: int | None
    """The job's generation that it ran by, if the message says so: no decision rests on it."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """It is time to resume what is due."""


@dataclass(frozen=True, slots=True)
class Work:
    """One thing may be due: a message that the sweep published, or somebody who says so."""

    kind: str
    """Which kind of work; this version may not know it."""
    name: str
    """The document that says when it is due."""


@dataclass(frozen=True, slots=True)
class Irrelevant:
    """A sound message that asks for nothing: acknowledge it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unwatched:
    """A build ended, or an execution for one, in a place that nobody told us to watch: somebody should know."""

    key: BuildKey


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A malformed message: audit it, then acknowledge it."""

    reason: str
    """Where, what was expected and what was got."""
    message_id: str
    published: datetime | None
    """When Pub/Sub says that it was published."""
    excerpt: str
    """Its text without secrets, capped at `EXCERPT`: the data where they could be decoded, else the body."""


Hint = BuildStatus | ExecutionFinished | RunEnded | Sweep | Work | Irrelevant | Unwatched | Quarantined


def decode(body: bytes, path: str, watched: Watched, headers: RequestHeaders = NO_HEADERS) -> Hint:
    """Return what this body, posted to this path, asks for. Never raises.

    The paths are `/builds`, `/executions`, `/sweep` and `/work`; on `/` the shape of the data decides. `headers` are
    the request's: an unwrapped message has its id and time there, if anywhere.
    """
    seen: bytes = body
    message: Mapping[str, Any] | None = None
    try:
        envelope = _envelope(body)
        if _is_unwrapped(envelope, path):
            return _reader(path)(envelope, watched)
        message = object_in(envelope.get("message"), "message")
        read = _reader(path)
        status = _announced_status(message)
        if read in (_build, _any) and status in NOT_TERMINAL:
            return Irrelevant(f"build status {status}")
        seen = _data(message)
        return read(object_in(parse_json(seen, "data"), "data"), watched)
    except Malformed as error:
        # As many bytes as the excerpt can be made of: the rest of a hostile body costs nothing.
        text = seen[: 4 * (EXCERPT + MARGIN + 1)].decode("utf-8", "replace")
        reason = excerpt(str(error), _MOST_REASON)
        about = _metadata(headers) if message is None else message
        return Quarantined(reason, _message_id(about), _published(about), excerpt(text, EXCERPT))


def _envelope(body: bytes) -> Mapping[str, Any]:
    """Return what a push body or a CloudEvent has around the message, or an unwrapped message. Raises Malformed."""
    if len(body) > MOST_BYTES:
        raise Malformed(f"body: expected at most {MOST_BYTES} bytes, got more")
    envelope = object_in(parse_json(body, "body"), "body")
    if "specversion" in envelope:
        if envelope.get("type") != PUBLISHED:
            raise Malformed(f"type: expected {PUBLISHED}, got {said(envelope.get('type'))}")
        envelope = object_in(envelope.get("data"), "data")
    return envelope


def _is_unwrapped(envelope: Mapping[str, Any], path: str) -> bool:
    """Return whether this is a message's data, as a subscription with --push-no-wrapper posts it.

    Documentation: "Payload unwrapping for push subscriptions".
    """
    if "message" in envelope:
        return False
    is_sweep = not envelope and path.rstrip("/") in ("", "/sweep")
    return is_sweep or any(name in envelope for name in ("status", "protoPayload", "kind"))


def _metadata(headers: RequestHeaders) -> Mapping[str, Any]:
    """Return what is told of an unwrapped message where its subscription writes metadata."""
    names = {"messageId": "x-goog-pubsub-message-id", "publishTime": "x-goog-pubsub-publish-time"}
    return {name: value for name, header in names.items() if (value := headers.get(header, ""))}


def _message_id(message: Mapping[str, Any]) -> str:
    found = message.get("messageId") or message.get("message_id")
    return plain(found, 100) if isinstance(found, str) else ""


def _published(message: Mapping[str, Any]) -> datetime | None:
    found = message.get("publishTime") or message.get("publish_time")
    try:
        return parse_time(found) if isinstance(found, str) else None
    except ValueError:
        return None


def _announced_status(message: Mapping[str, Any]) -> str:
    """Return the status in the attributes, which saves decoding the data of a build that goes on."""
    attributes = message.get("attributes")
    status = None if attributes is None else object_in(attributes, "message.attributes").get("status")
    return status if isinstance(status, str) else ""


def _data(message: Mapping[str, Any]) -> bytes:
    data = text_in(message.get("data"), "message.data")
    try:
        return b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"message.data: expected padded base64 in the standard alphabet, got {error}") from error


def _reader(path: str) -> Callable[[Mapping[str, Any], Watched], Hint]:
    match path.rstrip("/"):
        case "":
            return _any
        case "/builds":
            return _build
        case "/executions":
            return _execution
        case "/sweep":
            return _sweep
        case "/work":
            return _work
        case _:
            raise Malformed(f"path: expected /builds, /executions, /sweep, /work or /, got {said(path)}")


def _any(data: Mapping[str, Any], watched: Watched) -> Hint:
    if not data:
        return Sweep()
    if "protoPayload" in data:
        return _execution(data, watched)
    if "status" in data:
        return _build(data, watched)
    if "kind" in data:
        return _work(data, watched)
    raise Malformed(
        "data: expected a build with a status, a log entry with protoPayload, work with a kind, or {}, got none of them"
    )


def _sweep(data: Mapping[str, Any], watched: Watched) -> Hint:  # noqa: ARG001 - a reader like the others
    return Sweep()


def _work(data: Mapping[str, Any], watched: Watched) -> Hint:  # noqa: ARG001 - a reader like the others
    kind, name = (text_in(data.get(field), field) for field in ("kind", "name"))
    for field, value in (("kind", kind), ("name", name)):
        if not re.fullmatch(_WORD, value):
            raise Malformed(f"{field}: expected {_WORD}, got {said(value)}")
    return Work(kind, name)


def _build(data: Mapping[str, Any], watched: Watched) -> Hint:
    status = text_in(data.get("status"), "status")
    if not re.fullmatch(_STATUS, status):
        raise Malformed(f"status: expected {_STATUS}, got {said(status)}")
    key = _build_key(data, watched)
    if status in NOT_TERMINAL:
        return Irrelevant(f"build status {status}")
    return BuildStatus(key, status) if watched.covers(key) else Unwatched(key)


def _build_key(data: Mapping[str, Any], watched: Watched) -> BuildKey:
    """Return the key of a build's document, by the project's id also where its name carries the project's number.

    Raises Malformed.
    """
    given_project, given_id = (text_in(data.get(field, ""), field) for field in ("projectId", "id"))
    project, location, build_id = given_project, "global", given_id
    if "name" in data or not (given_project and given_id):
        project, location, build_id = parse_build_name(text_in(data.get("name"), "name"))
    if given_id not in ("", build_id):
        raise Malformed(f"name: expected the build {said(given_id)} of `id`, got {said(build_id)}")
    if given_project and not _may_be(project, given_project, watched):
        raise Malformed(f"name: expected the project {said(given_project)} of `projectId`, got {said(project)}")
    return checked_key(watched.project(given_project or project), location, build_id)


def _may_be(project: str, given: str, watched: Watched) -> bool:
    """Return whether this id or number can be the same project; a number that nobody told can be any."""
    known = watched.projects.get(given, "")
    return watched.project(project) == watched.project(given) or (project.isdecimal() and not known)


def _execution(data: Mapping[str, Any], watched: Watched) -> Hint:
    payload = object_in(data.get("protoPayload"), "protoPayload")
    labels = object_in(data.get("labels", {}), "labels")
    if payload.get("methodName") != COMPLETION or EXECUTION_LABEL not in labels:
        return Irrelevant("an audit entry that is no execution's completion")
    names = {text_in(value, BUILD_VARIABLE) for value in _variables(payload, BUILD_VARIABLE)}
    if not names:
        return _run(data, labels, payload, watched)
    if len(names) > 1:
        raise Malformed(f"{BUILD_VARIABLE}: expected one build, got {len(names)}")
    project, location, build_id = parse_build_name(names.pop())
    key = checked_key(watched.project(project), location, build_id)
    if not watched.covers(key):
        return Unwatched(key)
    return ExecutionFinished(key)


def _run(
    data: Mapping[str, Any], labels: Mapping[str, Any], payload: Mapping[str, Any], watched: Watched
) -> RunEnded | Irrelevant:
    """Return which execution it is about, by the labels that Cloud Logging writes. Raises Malformed."""
    resource = object_in(data.get("resource"), "resource")
    named = object_in(resource.get("labels"), "resource.labels")
    project, location, job = (
        text_in(named.get(label), f"resource.labels.{label}") for label in ("project_id", "location", "job_name")
    )
    short = text_in(labels.get(EXECUTION_LABEL), EXECUTION_LABEL)
    for field, value in (("project_id", project), ("location", location), ("job_name", job), (EXECUTION_LABEL, short)):
        if not re.fullmatch(_PART, value):
            raise Malformed(f"{field}: expected {_PART}, got {said(value)}")
    project = watched.project(project)
    if project not in watched.projects:
        return Irrelevant("an execution in a project that is not watched")
    name = JobName(project, location, job)
    return RunEnded(f"{name.resource}/executions/{short}", name, _generation(payload))


def _generation(payload: Mapping[str, Any]) -> int | None:
    """Return the job's generation that the entry names, or None. Raises Malformed."""
    place, part = "protoPayload", payload
    for step in ("response", "metadata", "labels"):
        place = f"{place}.{step}"
        part = object_in(part.get(step, {}), place)
    given = part.get(_GENERATION)
    return int(given) if isinstance(given, str) and re.fullmatch(_NUMBER, given) else None


def _variables(payload: Mapping[str, Any], name: str) -> Iterator[object]:
    """Yield the values of this environment variable in the containers of the execution that the entry describes."""
    place, part = "protoPayload", payload
    for step in ("response", "spec", "template", "spec"):
        place = f"{place}.{step}"
        part = object_in(part.get(step, {}), place)
    for container in objects_in(part.get("containers", []), f"{place}.containers"):
        for variable in objects_in(container.get("env", []), f"{place}.containers.env"):
            if variable.get("name") == name:
                yield variable.get("value")
