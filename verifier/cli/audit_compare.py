"""Comparing each upload of an audit with a clone, as far as its archive still exists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from verifier.adapters.comparer import AskedUpload, Comparer
from verifier.adapters.git import GitFailed
from verifier.adapters.git_clone import Clone
from verifier.cli.surroundings import storage_address
from verifier.errors import Denied, ServiceError, UnreadableUpload
from verifier.facts.upload import Limits
from verifier.facts.upload.archive import Archive
from verifier.history.compared_upload import ComparedUpload, compared_upload
from verifier.history.judged_build import JudgedBuild

if TYPE_CHECKING:
    from verifier.adapters.storage import CloudStorage

_SECONDS = 600.0
_LIMITS = Limits()


class UploadComparisons:
    """Compares uploads, one after the other, with one clone."""

    def __init__(self, repo: Path, billed: str) -> None:
        """`billed`: the project that pays where a bucket has its readers pay. Raise GitFailed without a clone."""
        self._comparer = Comparer(Clone.opened(repo), keep=True)
        self._billed = billed
        self._storage: CloudStorage | None = None
        self._denied: dict[str, str] = {}

    def compared(self, build: JudgedBuild, archive: Archive) -> ComparedUpload:
        """Return what is found out about a build's upload. A bucket that may not be read is asked once."""
        if archive.bucket in self._denied:
            return ComparedUpload(self._denied[archive.bucket])
        try:
            return self._compared(build, archive)
        except Denied as error:
            self._denied[archive.bucket] = str(error)
            return ComparedUpload(str(error))
        except (ServiceError, UnreadableUpload, GitFailed) as error:
            return ComparedUpload(str(error))

    def _compared(self, build: JudgedBuild, archive: Archive) -> ComparedUpload:
        if self._storage is None:
            from verifier.adapters.storage import CloudStorage

            self._storage = CloudStorage(storage_address(), billed=self._billed)
        sha256 = self._comparer.clone.sha256
        listing = self._storage.list_files(archive, limits=_LIMITS, timeout=_SECONDS, sha256_objects=sha256)
        return compared_upload(self._comparer.answer(AskedUpload(listing, built=build.finished)))
