"""A repository, an upload, and what is made of them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.repositories import Files, MadeRepository, tgz
from verifier.adapters.comparer import AskedUpload, Comparer
from verifier.adapters.git_clone import Clone
from verifier.facts.comparison.answer import UploadAnswer
from verifier.facts.upload.reading import read_listing

TEXT = "a line of some text that no other repository has\n" * 3
"""Long enough to tell a repository by."""


def text(word: str) -> str:
    """Return a text of its own."""
    return f"{word}\n{TEXT}"


@dataclass(frozen=True, slots=True)
class Bench:
    """Where uploads are compared."""

    repo: MadeRepository

    def compared(self, archive: bytes | Files, **more: Any) -> UploadAnswer:
        """Return what is made of this archive, or of these files as gcloud packs them."""
        packed = archive if isinstance(archive, bytes) else tgz(archive)
        return compared(self.repo.folder, packed, **more)


def compared(folder: Path, archive: bytes, **more: Any) -> UploadAnswer:
    """Return what is made of an archive beside the clone in a folder."""
    clone = Clone.opened(folder)
    listing = read_listing(io.BytesIO(archive), sha256_objects=clone.sha256)
    return Comparer(clone).answer(AskedUpload(listing, **more))
