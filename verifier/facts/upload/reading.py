"""An archive is read once, from front to back, and what is left of it is a listing."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from verifier.errors import UnreadableUpload
from verifier.facts.upload import zip as zip_archive
from verifier.facts.upload.collecting import Collected
from verifier.facts.upload.digest import blob_id
from verifier.facts.upload.incoming import Incoming, Pieces, Readable, gunzipped
from verifier.facts.upload.limits import LARGEST_NORMALISED, Limits
from verifier.facts.upload.listing import UploadedFile, UploadListing
from verifier.facts.upload.tar import is_tar, read_tar
from verifier.facts.upload.zip import read_zip

_GZIP = b"\x1f\x8b"
_ENOUGH = 512
LIMITS = Limits()


def endless() -> float:
    """Return how much time is left where nobody waits."""
    return inf


def read_listing(
    stream: Readable, *, sha256_objects: bool = False, limits: Limits = LIMITS, left: Callable[[], float] = endless
) -> UploadListing:
    """Return what an archive holds: a tar archive, packed or not, or a zip archive, whatever its name ends in.

    `sha256_objects`: git's ids are SHA-256, as in a repository of that form. `left` returns the seconds that are left.
    Raise UnreadableUpload for what can't be read whole.
    """
    incoming = Incoming(stream, limits, left)
    into = Collected(limits, sha256_objects=sha256_objects)
    form = _read(incoming, into)
    files = into.settled()
    rules = {
        path: content
        for path, content in into.rules.items()
        if path in files and files[path].blob == blob_id(content, sha256_objects=sha256_objects)
    }
    return UploadListing(
        files=files,
        folders=frozenset(into.folders),
        special=tuple(into.special),
        refused=tuple(into.refused),
        repeated=into.repeated,
        form=form,
        bytes=incoming.size,
        hashes=incoming.hashes(),
        commit=into.commit,
        rules=rules,
    )


def read_content(
    stream: Readable, file: UploadedFile, *, limits: Limits = LIMITS, left: Callable[[], float] = endless
) -> bytes | None:
    """Return the bytes of one file of an archive that was listed before, or None where it is larger than 4 MiB.

    Raise UnreadableUpload for what can't be read whole, and where the archive is not the one that was listed.
    """
    if file.size > LARGEST_NORMALISED:
        return None
    sha256_objects = len(file.blob) == len("0" * 64)
    into = Collected(limits, sha256_objects=sha256_objects, wanted=file)
    _read(Incoming(stream, limits, left), into)
    if into.content is None:
        raise UnreadableUpload("expected the same archive again, got another one")
    return into.content


def _read(incoming: Incoming, into: Collected) -> str:
    """Read the whole of an archive, to its last byte. Return its form."""
    start = incoming.read()
    while len(start) < _ENOUGH and (more := incoming.read()):
        start += more
    if start.startswith(_GZIP):
        more_tar = gunzipped(incoming, start)
        pieces = Pieces(more_tar, "the archive")
        first = pieces.some(_ENOUGH)
        first += b"".join(iter(lambda: pieces.some(_ENOUGH - len(first)), b"")) if len(first) < _ENOUGH else b""
        if not is_tar(first):
            raise UnreadableUpload("expected a tar archive in the gzip file, got something else")
        pieces.give_back(first)
        read_tar(pieces, into)
        form = "tgz"
    elif start.startswith((zip_archive.ENTRY, zip_archive.EMPTY)):
        pieces = _pieces(incoming, start, unpacks=False)
        read_zip(pieces, incoming, into)
        form = "zip"
    elif is_tar(start):
        pieces = _pieces(incoming, start, unpacks=True)
        read_tar(pieces, into)
        form = "tar"
    else:
        raise UnreadableUpload(f"expected a tar or zip archive, got {_described(start)}")
    while pieces.some(_ENOUGH):  # what follows the end of a tar archive is not unpacked, but belongs to the hash
        pass
    return form


def _pieces(incoming: Incoming, start: bytes, *, unpacks: bool) -> Pieces:
    waiting = [start]

    def more() -> bytes:
        block = waiting.pop() if waiting else incoming.read()
        if unpacks:
            incoming.count(len(block))
        return block

    return Pieces(more, "the archive")


def _described(start: bytes) -> str:
    if not start:
        return "an empty file"
    if start.lstrip()[:1] in (b"[", b"{"):
        return "JSON: it may be a manifest, whose files are stored one by one"
    return "something else"
