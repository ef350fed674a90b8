"""The archive that is compared: the object that was built, or a file that somebody fetched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verifier.cli.surroundings import storage_address
from verifier.errors import Malformed
from verifier.facts.build import Build
from verifier.facts.upload import Limits, UploadedFile, UploadListing
from verifier.facts.upload.archive import Archive, archive_of
from verifier.facts.upload.reading import read_content, read_listing

if TYPE_CHECKING:
    from verifier.adapters.storage import CloudStorage

_SECONDS = 1_800.0
_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class UploadArchive:
    """An archive that can be read as often as it is needed, from its beginning each time."""

    archive: Archive
    file: Path | None
    """What is read instead of the object; None: the object is."""
    storage: CloudStorage | None

    @property
    def uri(self) -> str:
        """Where it is: the object with its generation, or the file's name."""
        return str(self.file) if self.file else self.archive.uri

    def listing(self, *, sha256: bool) -> UploadListing:
        """Return what it holds. Raise VerifierError where it can't be read, or is not the one that was built."""
        if self.storage:
            return self.storage.list_files(self.archive, limits=_LIMITS, timeout=_SECONDS, sha256_objects=sha256)
        with self._file().open("rb") as stream:
            found = read_listing(stream, sha256_objects=sha256)
        for kind, recorded in self.archive.hashes.items():
            if found.hashes.get(kind, recorded) != recorded:
                raise Malformed(
                    f"{self.uri}: expected the archive that was built, whose {kind} is {recorded}, "
                    f"got one with {found.hashes[kind]}"
                )
        return found

    def content(self, file: UploadedFile) -> bytes | None:
        """Return the bytes of one file, or None where it is too large to be shown. Raise VerifierError."""
        if self.storage:
            return self.storage.content(self.archive, file, limits=_LIMITS, timeout=_SECONDS)
        with self._file().open("rb") as stream:
            return read_content(stream, file)

    def _file(self) -> Path:
        assert self.file is not None
        return self.file

    @property
    def hash_is_recorded(self) -> bool:
        """Whether the build recorded a hash of it, which is then the one that was read."""
        return bool(self.archive.hashes)

    @property
    def proof(self) -> str:
        """What was read, and how it is known to be what was built."""
        kinds = " and ".join(sorted(self.archive.hashes))
        if kinds:
            same = "are those" if " " in kinds else "is the one"
            return f"Read: {self.uri}; its {kinds} {same} that the build recorded."
        if self.file or not self.archive.generation:
            return f"Read: {self.uri}; nothing recorded shows that it is what was built."
        return f"Read: {self.uri}, the generation that was built; the build recorded no hash of it."


def archive_to_compare(build: Build, file: Path | None) -> UploadArchive | None:
    """Return the archive of this build, or the file that is said to be it; None where it was made from no upload.

    Raise Malformed for a manifest where no file is given, and ServiceError where there are no credentials.
    """
    try:
        archive = archive_of(build)
    except Malformed:
        if file is None:
            raise
        archive = Archive("", "", "")
    if archive is None:
        return None
    if file is not None:
        return UploadArchive(archive, file, None)
    from verifier.adapters.storage import CloudStorage

    return UploadArchive(archive, None, CloudStorage(storage_address(), billed=build.key.project))
