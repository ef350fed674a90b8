"""The archive that is compared: the object that was built, or a file that somebody fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from verifier.cli.named_build import NamedBuild
from verifier.cli.surroundings import stand_in_address
from verifier.errors import Malformed, VerifierError
from verifier.facts.comparison.recorded import recorded_hashes
from verifier.facts.source import Upload
from verifier.facts.upload.listing import UploadedFile, UploadListing
from verifier.facts.upload.reading import read_content, read_listing

_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class UploadArchive:
    """An archive that can be read as often as it is needed, from its beginning each time."""

    uri: str
    """Where it is: the object with its generation, or the file's name."""
    is_object: bool
    recorded: Mapping[str, str]
    """The hashes that the build recorded, by kind, as base64; none where it recorded none."""
    opened: Callable[[], AbstractContextManager[BinaryIO]]

    def listing(self, *, sha256: bool) -> UploadListing:
        """Return what it holds. Raise VerifierError where it can't be read, or is not the one that was built."""
        with self.opened() as stream:
            found = read_listing(stream, sha256_objects=sha256)
        for kind, value in self.recorded.items():
            if found.hashes.get(kind, value) != value:
                raise Malformed(
                    f"{self.uri}: expected the archive that was built, whose {kind} is {value}, "
                    f"got another, whose {kind} is {found.hashes[kind]}"
                )
        return found

    def content(self, file: UploadedFile) -> bytes | None:
        """Return the bytes of one file, or None where it is too large to be shown. Raise VerifierError."""
        with self.opened() as stream:
            return read_content(stream, file)

    def hash_is_recorded(self, listing: UploadListing) -> bool | None:
        """Return whether the build recorded its hash; None where it recorded one of a kind that is not known here."""
        if not self.recorded:
            return False
        return True if set(self.recorded) & set(listing.hashes) else None

    def proof(self, listing: UploadListing) -> str:
        """Return what was read, and how it is known to be what was built."""
        kinds = " and ".join(sorted(set(self.recorded) & set(listing.hashes)))
        if kinds:
            is_one = "is the one" if " and " not in kinds else "are those"
            return f"Read: {self.uri}; its {kinds} {is_one} that the build recorded."
        return f"Read: {self.uri}; the build recorded no hash of it."


def archive_of(named: NamedBuild, upload: Upload, file: Path | None) -> UploadArchive:
    """Return the archive of this build, or the file that is said to be it. Raise VerifierError."""
    recorded = recorded_hashes(named.document, upload)
    if file is not None:
        return UploadArchive(str(file), is_object=False, recorded=recorded, opened=lambda: file.open("rb"))
    if "Manifest" in upload.field:
        raise Malformed(
            f"{upload.field}: expected one archive, got a manifest, which names files that are stored one by one; "
            "fetch them, pack them, and give --archive FILE"
        )
    return _of_storage(named, upload, recorded)


def _of_storage(named: NamedBuild, upload: Upload, recorded: Mapping[str, str]) -> UploadArchive:
    raise VerifierError("not there")
