"""Uploads and trees of a few words: what a file holds is a word, and its id is the word's."""

from __future__ import annotations

from collections.abc import Mapping

from verifier.facts.comparison.git_output import TreeEntry
from verifier.facts.upload import UploadedFile
from verifier.facts.upload.digest import content_ids

LARGE = 1_000


def uploaded(path: str, content: str = "x", mode: str = "100644", size: int = LARGE) -> UploadedFile:
    """Return a file with this content, as large as is said."""
    ids = content_ids(content.encode())
    return UploadedFile(path, mode, ids.blob, ids.lf_blob, ids.lfs_blob, size, None)


def files(contents: Mapping[str, str]) -> dict[str, UploadedFile]:
    """Return an upload."""
    return {path: uploaded(path, content) for path, content in contents.items()}


def entry(content: str = "x", mode: str = "100644") -> TreeEntry:
    """Return a file of a commit."""
    return TreeEntry(mode, content_ids(content.encode()).blob)


def tree(contents: Mapping[str, str]) -> dict[str, TreeEntry]:
    """Return what a commit has."""
    return {path: entry(content) for path, content in contents.items()}
