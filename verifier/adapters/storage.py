"""Cloud Storage: the archive that a build was made from, read once and kept nowhere.

Exactly the generation that was built is asked for. The object's own MD5 is held against the one that the build recorded
before a byte is read, and both against what was read. Two requests, and a third where that generation is gone: a file
that was restored has a new one. (Cloud Storage JSON API, "Objects: get"; "Requester Pays"; "Object Versioning".)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import quote

from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from verifier.adapters.google import countdown, credentials, needs
from verifier.adapters.within import within
from verifier.errors import Denied, Missing, Refused, ServiceError, Unavailable, UnreadableUpload
from verifier.facts.upload import Limits, UploadedFile, UploadListing
from verifier.facts.upload.archive import Archive
from verifier.facts.upload.limits import human
from verifier.facts.upload.reading import read_content, read_listing

_SERVICE = "https://storage.googleapis.com"
_FIELDS = "size,md5Hash,generation"
_SILENCE = 20.0
"""Seconds without a byte after which a connection is given up."""
_OWN_ERRORS = (RequestException, GoogleAuthError, HTTPError, OSError)
_PERMISSION = "storage.objects.get"
_ROLE = "roles/storage.objectViewer"
_LATER = "try again later"


class _Object(NamedTuple):
    """What the service says of a generation of an object."""

    size: int
    generation: str
    md5: str
    """As base64; empty for an object that was put together from parts."""


class CloudStorage:
    """Archives in Cloud Storage."""

    def __init__(self, loopback: str = "", billed: str = "") -> None:
        """`loopback`: where a stand-in listens. `billed`: the project that pays where a bucket has its readers pay."""
        self._service = f"http://{loopback}" if loopback else _SERVICE
        self._billed = billed
        self._session: Any = None

    def list_files(
        self, archive: Archive, *, limits: Limits, timeout: float, sha256_objects: bool = False
    ) -> UploadListing:
        """Return what the archive holds. `timeout`: in all, whatever its size.

        Raise UnreadableUpload for what can't be read whole; Missing when it is gone, Denied with the role to grant, and
        Refused when it is not the file that the build recorded.
        """
        with self._opened(archive, limits, timeout) as (stream, left):
            listing = read_listing(stream, sha256_objects=sha256_objects, limits=limits, left=left)
        _check(archive, listing.hashes)
        return listing

    def content(self, archive: Archive, file: UploadedFile, *, limits: Limits, timeout: float) -> bytes | None:
        """Return the bytes of one file that was listed, or None where it is larger than what is shown.

        Raise as `list_files` does.
        """
        with self._opened(archive, limits, timeout) as (stream, left):
            return read_content(stream, file, limits=limits, left=left)

    @contextmanager
    def _opened(self, archive: Archive, limits: Limits, timeout: float) -> Iterator[tuple[_Body, Callable[[], float]]]:
        left = countdown(timeout, f"reading {archive.uri}")
        found = self._described(archive, left)
        _check(archive, {"MD5": found.md5} if found.md5 else {})
        if found.size > limits.archive:
            raise UnreadableUpload(f"expected an archive of at most {human(limits.archive)}, got {human(found.size)}")
        response = self._ask(replace(archive, generation=found.generation), {"alt": "media"}, left)
        try:
            yield _Body(response.raw, found.size, archive.uri, left), left
        finally:
            response.close()

    def _described(self, archive: Archive, left: Callable[[], float]) -> _Object:
        """Return the object's fields: of the generation that was built or, restored under a new one, of its equal."""
        try:
            return self._fields(archive, left)
        except Missing as error:
            if not archive.generation:
                raise
            gone = error
        try:
            newest = self._fields(replace(archive, generation=""), left)
        except Missing:
            raise gone from None
        if newest.md5 and newest.md5 == archive.hashes.get("MD5"):
            return newest
        raise Missing(
            f"{archive.uri} was overwritten: the bucket has generation {newest.generation} of it", fix=gone.fix
        )

    def _fields(self, archive: Archive, left: Callable[[], float]) -> _Object:
        response = self._ask(archive, {"fields": _FIELDS}, left)
        try:
            with response:
                found = within(left(), response.json)
            return _Object(int(found["size"]), str(found["generation"]), str(found.get("md5Hash") or ""))
        except (ValueError, KeyError, TypeError, AttributeError, TimeoutError, *_OWN_ERRORS) as error:
            raise Unavailable(f"reading {archive.uri}: expected the object's fields, got others", fix=_LATER) from error

    def _ask(self, archive: Archive, query: Mapping[str, str], left: Callable[[], float]) -> Any:
        """Return the answer to a request for the object, or raise the error that it stands for."""
        if archive.generation:
            query = {"generation": archive.generation, **query}
        response = self._get(archive, query, left)
        if response.status_code == 400 and self._billed and _asks_to_pay(response):
            response.close()
            response = self._get(archive, {**query, "userProject": self._billed}, left)
        if response.status_code != 200:
            with response:
                raise _refusal(archive, response)
        return response

    def _get(self, archive: Archive, query: Mapping[str, str], left: Callable[[], float]) -> Any:
        if self._session is None:
            loopback = self._service != _SERVICE
            known = AnonymousCredentials() if loopback else credentials()  # type: ignore[no-untyped-call]
            self._session = AuthorizedSession(known)  # type: ignore[no-untyped-call]
            self._session.trust_env = not loopback
        address = f"{self._service}/storage/v1/b/{quote(archive.bucket, safe='')}/o/{quote(archive.object, safe='')}"
        seconds = left()

        def get() -> Any:
            return self._session.get(
                address,
                params=query,
                # As it is stored: an object that is marked as packed is otherwise unpacked on the way.
                headers={"Accept-Encoding": "gzip"},
                stream=True,
                timeout=min(seconds, _SILENCE),
                max_allowed_time=seconds,
                allow_redirects=False,
            )

        try:
            return within(seconds, get)
        except (TimeoutError, *_OWN_ERRORS) as error:
            raise Unavailable(f"reading {archive.uri}: got no answer ({type(error).__name__})", fix=_LATER) from error


def _refusal(archive: Archive, response: Any) -> ServiceError:
    """Return the error that an answer stands for."""
    status, said, what = response.status_code, _said(response), f"reading {archive.uri}"
    if status == 404:
        return Missing(
            f"{archive.uri} is gone: a rule of the bucket may have deleted it",
            fix=f"within 7 days, unless the bucket says otherwise: gcloud storage restore {archive.uri}",
        )
    if status in (401, 403):
        return Denied(
            f"{what}: permission denied, or it is gone: who may not list a bucket is told no difference ({said})",
            fix=needs(_PERMISSION, f"bucket {archive.bucket}", _ROLE),
        )
    if status == 400 and _asks_to_pay(response):
        return Refused(
            f"{what}: bucket {archive.bucket} has its readers pay ({said})",
            fix="name a project that pays, in which you have serviceusage.services.use",
        )
    if status in (408, 429) or status >= 500:
        wait = response.headers.get("Retry-After", "")
        seconds = float(wait) if wait.isdecimal() else None
        return Unavailable(f"{what}: got status {status} ({said})", fix=_LATER, retry_after=seconds)
    return Refused(f"{what}: refused with status {status} ({said})")


def _check(archive: Archive, seen: Mapping[str, str]) -> None:
    """Raise Refused where a hash that the build recorded is not the one that was seen."""
    for kind, recorded in archive.hashes.items():
        if kind in seen and seen[kind] != recorded:
            raise Refused(
                f"{archive.uri} is not the file that was built: expected {kind} {recorded}, got {seen[kind]}",
                fix="find out who replaced it; what is in it says nothing about the build",
            )


def _asks_to_pay(response: Any) -> bool:
    return "requester pays" in _said(response).lower()


def _said(response: Any) -> str:
    """Return what the service says of its refusal, in one line."""
    try:
        said = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError, *_OWN_ERRORS):
        said = response.reason
    return " ".join(str(said).split())[:300]


class _Body:
    """The bytes of an answer, as they are stored. Raise Unavailable where they are too few, or too late."""

    def __init__(self, raw: Any, size: int, uri: str, left: Callable[[], float]) -> None:
        self._raw, self._size, self._uri, self._left = raw, size, uri, left
        self._got = 0

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, and none at the end alone."""
        try:
            block: bytes = within(self._left(), lambda: self._raw.read(size, decode_content=False))
        except (TimeoutError, *_OWN_ERRORS) as error:
            raise self._broken(type(error).__name__) from error
        self._got += len(block)
        if not block and self._got < self._size:
            raise self._broken("it ended")
        return block

    def _broken(self, why: str) -> Unavailable:
        return Unavailable(f"reading {self._uri}: expected {self._size:,} bytes, got {self._got:,} ({why})", fix=_LATER)
