"""What git calls a content: its blob's id, also for the forms in which git may hold the same file.

The object's form is git's own (Pro Git, "Git Internals", Git Objects); that of a pointer is git-lfs, docs/spec.md. A
file's line endings differ where git was told to change them when checking out (gitattributes, "Checking-out and
checking-in"). An empty file has no pointer.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha1, sha256
from typing import NamedTuple

from verifier.facts.upload.limits import LARGEST_NORMALISED


class ContentIds(NamedTuple):
    """The ids of one file's bytes, in hex."""

    blob: str
    lf_blob: str
    """Of the bytes with each CRLF made LF; the same as `blob` where that changes nothing, or beyond 4 MiB."""
    lfs_blob: str
    """Of the Git LFS pointer to the bytes."""


def blob_id(content: bytes, *, sha256_objects: bool = False) -> str:
    """Return the id of these bytes. `sha256_objects`: in a repository whose ids are SHA-256."""
    header = b"blob %d\0" % len(content)
    if sha256_objects:
        return sha256(header + content).hexdigest()
    return sha1(header + content, usedforsecurity=False).hexdigest()


def content_ids(content: bytes, *, sha256_objects: bool = False) -> ContentIds:
    """Return the ids of these bytes."""
    blob = blob_id(content, sha256_objects=sha256_objects)
    lf_blob = blob
    if len(content) <= LARGEST_NORMALISED and b"\r\n" in content:
        lf_blob = blob_id(content.replace(b"\r\n", b"\n"), sha256_objects=sha256_objects)
    if not content:
        return ContentIds(blob, blob, blob)
    pointer = _pointer(sha256(content).hexdigest(), len(content))
    return ContentIds(blob, lf_blob, blob_id(pointer, sha256_objects=sha256_objects))


def streamed_ids(pieces: Iterable[bytes], size: int, *, sha256_objects: bool = False) -> ContentIds:
    """Return the ids of bytes that are too many to be held at once."""
    plain = sha256()
    header = b"blob %d\0" % size
    blob = sha256(header) if sha256_objects else sha1(header, usedforsecurity=False)
    for piece in pieces:
        blob.update(piece)
        plain.update(piece)
    pointer = _pointer(plain.hexdigest(), size)
    return ContentIds(blob.hexdigest(), blob.hexdigest(), blob_id(pointer, sha256_objects=sha256_objects))


def _pointer(content: str, size: int) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{content}\nsize {size}\n".encode()
