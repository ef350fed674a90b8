"""What is kept of an upload for good: counts, hashes, the tree's id, and names that look like secrets. No content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from verifier.facts.upload.archive import Archive
from verifier.facts.upload.listing import UploadListing
from verifier.facts.upload.secret_names import secret_row
from verifier.facts.upload.tree_id import tree_id

MOST_NAMES = 16
"""Names that are kept of each kind; how many there are is kept beside them."""
_MOST_NAME = 200


@dataclass(frozen=True, slots=True)
class UploadSummary:
    """One upload, as the audit trail has it."""

    tree: str
    """The id that git gives the tree of these files; empty where the archive holds what git has no word for."""
    files: int
    unpacked: int
    """Bytes of all files."""
    archive: int
    """Bytes of the archive."""
    hashes: Mapping[str, str]
    """Of the archive, as base64."""
    is_recorded: bool
    """The build recorded a hash of its own, and it is the same."""
    secrets: tuple[str, ...] = ()
    """Paths that look like secrets, the first of them."""
    secret_count: int = 0


@dataclass(frozen=True, slots=True)
class UploadDifference:
    """How many files differ between two uploads."""

    changed: int = 0
    new: int = 0
    gone: int = 0

    @property
    def count(self) -> int:
        """All of them."""
        return self.changed + self.new + self.gone


def summary_of(listing: UploadListing, archive: Archive) -> UploadSummary:
    """Return what is kept of a listing. What it was read from is `archive`."""
    secrets = [path for path in listing.files if secret_row(path)]
    is_whole = not listing.special and not listing.refused
    return UploadSummary(
        tree=tree_id(listing.files.values()) if is_whole else "",
        files=len(listing.files),
        unpacked=sum(file.size for file in listing.files.values()),
        archive=listing.bytes,
        hashes=dict(listing.hashes),
        is_recorded=any(listing.hashes.get(kind) == value for kind, value in archive.hashes.items()),
        secrets=tuple(_plain(path) for path in secrets[:MOST_NAMES]),
        secret_count=len(secrets),
    )


def difference(before: UploadListing, now: UploadListing) -> UploadDifference:
    """Return how many files of `now` are other ones than `before`, by mode and bytes."""
    old, new = before.files, now.files
    changed = sum(
        1 for path, file in new.items() if (was := old.get(path)) and (was.mode, was.blob) != (file.mode, file.blob)
    )
    return UploadDifference(changed, len(new.keys() - old.keys()), len(old.keys() - new.keys()))


def summary_document(summary: UploadSummary) -> dict[str, Any]:
    """Return the summary as JSON values."""
    return {
        "tree": summary.tree or None,
        "files": summary.files,
        "bytes": summary.unpacked,
        "archive_bytes": summary.archive,
        "hashes": dict(summary.hashes),
        "hash_is_recorded": summary.is_recorded,
        "secrets": list(summary.secrets),
        "secret_count": summary.secret_count,
    }


def _plain(path: str) -> str:
    """Return a path as valid Unicode: a byte that is none is shown as it is written in Python."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")[:_MOST_NAME]
