"""The files of an upload, as values that can be compared with what git knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

FILE, EXECUTABLE, LINK = "100644", "100755", "120000"
"""The modes that git knows of what is not a folder."""
Content = bytes


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """One file or symbolic link, by what git would call its content."""

    path: str
    """Parted by `/`, without a leading `./`; bytes that are no UTF-8 stand as `surrogateescape` makes them."""
    mode: str
    """Git's: `100644`, `100755`, or `120000` for a symbolic link."""
    blob: str
    """The id that git gives these bytes, in hex; of a link, to the bytes of its target."""
    lf_blob: str
    """The id of these bytes with each CRLF made LF. The same as `blob` where nothing changes, or beyond 4 MiB."""
    lfs_blob: str
    """The id of the Git LFS pointer to these bytes."""
    size: int
    written: datetime | None
    """When the file was last written on the machine that sent it; None where the archive has no time with a zone."""


@dataclass(frozen=True, slots=True)
class UploadListing:
    """All that is kept of an archive."""

    files: Mapping[str, UploadedFile]
    """By path, in the archive's order."""
    folders: frozenset[str]
    """Every folder that the archive names, empty ones, too."""
    special: tuple[str, ...]
    """Devices, pipes, sparse or encrypted entries: named, never opened. Not escaped."""
    refused: tuple[str, ...]
    """Names that can't be what the build got: outside the folder, with a NUL, behind a link. Escaped."""
    repeated: int
    """How many names came again; the last one counts, as it does when an archive is unpacked."""
    form: str
    """`tgz`, `tar` or `zip`."""
    bytes: int
    """The size of the archive."""
    hashes: Mapping[str, str]
    """Of the archive: `MD5` and `SHA256`, each as base64, as a build's `fileHashes` has them."""
    commit: str = ""
    """The commit that an archive made by `git archive` claims to be of, or empty."""
    rules: Mapping[str, Content] = field(default_factory=dict)
    """The content of `.gcloudignore` and `.gitignore` at the top, as far as they are there and at most 64 KiB long."""
