"""Cloud Storage's stand-in: objects with generations, as its JSON API shows them, over HTTP on loopback."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import md5
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from verifier.standin.faults import Fault, Faults
from verifier.standin.loopback import LoopbackServer, Reply, Request

_PREFIX = "/storage/v1/b/"
_TEST = "/iam/testPermissions"
_GET, _DOWNLOAD = "objects.get", "objects.download"
"""What a fault's call is named: the object's description, and its content."""


@dataclass
class Bucket:
    """One bucket: what it holds, and how it answers."""

    objects: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """By name, the content of each generation, the newest last."""
    requester_pays: bool = False
    readable: bool = True
    listable: bool = True
    """Whether the caller may list it: otherwise what is gone looks forbidden."""
    asked: list[Mapping[str, str]] = field(default_factory=list)
    """The query of each request."""


class StorageStandIn:
    """Cloud Storage as far as the project reads it, from the start of its `with` block to the end.

    A fault's status is an HTTP status such as `503`, `reset`, which closes the connection without an answer, or
    `short`, which sends half of the content.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._buckets: dict[str, Bucket] = {}
        self._server = LoopbackServer(self._respond)
        self.address = self._server.address.removeprefix("http://")
        """Host and port."""

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.__exit__(kind, error, trace)

    def bucket(self, name: str) -> Bucket:
        """Return the bucket of this name; it is made when it is first asked for."""
        with self._lock:
            return self._buckets.setdefault(name, Bucket())

    def put(self, bucket: str, name: str, generation: str, content: bytes) -> None:
        """Store an object; a newer generation takes the place of the one before, as without versioning."""
        self.bucket(bucket).objects[name] = {generation: content}

    def delete(self, bucket: str, name: str) -> None:
        """Delete an object."""
        self.bucket(bucket).objects.pop(name, None)

    def _respond(self, request: Request) -> Reply | None:
        url = urlsplit(request.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        if request.verb == "GET" and url.path.startswith(_PREFIX) and url.path.endswith(_TEST):
            return self._tested(unquote(url.path.removeprefix(_PREFIX).removesuffix(_TEST)), query)
        bucket, separator, name = url.path.removeprefix(_PREFIX).partition("/o/")
        if request.verb != "GET" or not url.path.startswith(_PREFIX) or not separator:
            return _refused(404, "Not Found")
        fault = self._faults.next(_DOWNLOAD if query.get("alt") == "media" else _GET)
        if fault and fault.kind in ("slow", "hang"):
            self._closing.wait(fault.seconds if fault.kind == "slow" else None)
        answer = self._answer(unquote(bucket), unquote(name), query)
        return answer if fault is None or fault.kind == "slow" else _failure(fault, answer)

    def _tested(self, name: str, query: Mapping[str, str]) -> Reply:
        """Return which of the permissions that are asked for the caller has."""
        with self._lock:
            bucket = self._buckets.get(name)
        if bucket is None:
            return _refused(404, "The specified bucket does not exist.", "notFound")
        asked = query.get("permissions", "")
        may = bucket.readable and asked == "storage.objects.get"
        return _json({"kind": "storage#testIamPermissionsResponse"} | ({"permissions": [asked]} if may else {}))

    def _answer(self, bucket_name: str, name: str, query: Mapping[str, str]) -> Reply:
        bucket = self.bucket(bucket_name)
        bucket.asked.append(query)
        if bucket.requester_pays and not query.get("userProject"):
            return _refused(400, "Bucket is a requester pays bucket but no user project provided.", "required")
        generations = bucket.objects.get(name, {})
        generation = query.get("generation") or next(reversed(generations), "")
        content = generations.get(generation)
        if not bucket.readable or (content is None and not bucket.listable):
            return _refused(
                403,
                "caller does not have storage.objects.get access to the Google Cloud Storage object. Permission "
                "'storage.objects.get' denied on resource (or it may not exist).",
                "forbidden",
            )
        if content is None:
            return _refused(404, f"No such object: {bucket_name}/{name}", "notFound")
        if query.get("alt") == "media":
            return Reply(content, content_type="application/x-tar")
        described = {
            "kind": "storage#object",
            "bucket": bucket_name,
            "name": name,
            "generation": generation,
            "size": str(len(content)),
            "md5Hash": base64.b64encode(md5(content, usedforsecurity=False).digest()).decode(),
            "contentType": "application/x-tar",
        }
        wanted = query.get("fields", "")
        return _json({key: described[key] for key in wanted.split(",") if key in described} if wanted else described)


def _failure(fault: Fault, answer: Reply) -> Reply | None:
    if fault.status == "short":
        headers = {**answer.headers, "Content-Length": str(len(answer.body))}
        return answer._replace(body=answer.body[: len(answer.body) // 2], headers=headers)
    status = "503" if fault.status == "UNAVAILABLE" else fault.status
    if not status.isdecimal():
        return None
    wait = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
    return _refused(int(status), "Backend Error", "backendError")._replace(headers=wait)


def _refused(status: int, message: str, reason: str = "invalid") -> Reply:
    error = {"code": status, "message": message, "errors": [{"message": message, "domain": "global", "reason": reason}]}
    return _json({"error": error})._replace(status=status)


def _json(answer: Mapping[str, Any]) -> Reply:
    return Reply(json.dumps(answer).encode())
