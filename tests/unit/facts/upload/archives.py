"""Archives made for a test: ordinary ones by Python's own libraries, hostile ones byte by byte."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any, NamedTuple

from verifier.facts.upload import Limits, UploadListing
from verifier.facts.upload.reading import read_listing

WHEN = datetime(2026, 11, 2, 1, 12, 40, 250_000, tzinfo=UTC)


class Entry(NamedTuple):
    """What is to stand in an archive."""

    name: str
    content: bytes = b""
    mode: int = 0o644
    kind: bytes = tarfile.REGTYPE
    target: str = ""


def folder(name: str) -> Entry:
    return Entry(name, mode=0o755, kind=tarfile.DIRTYPE)


def link(name: str, target: str) -> Entry:
    return Entry(name, mode=0o777, kind=tarfile.SYMTYPE, target=target)


def hard_link(name: str, target: str) -> Entry:
    return Entry(name, kind=tarfile.LNKTYPE, target=target)


def tar(*entries: Entry, form: int = tarfile.PAX_FORMAT, packed: bool = False, comment: str = "") -> bytes:
    """Return a tar archive with these entries."""
    out = io.BytesIO()
    headers = {"comment": comment} if comment else {}
    with tarfile.open(fileobj=out, mode="w:gz" if packed else "w", format=form, pax_headers=headers) as archive:
        for entry in entries:
            member = tarfile.TarInfo(entry.name)
            member.type, member.mode, member.linkname = entry.kind, entry.mode, entry.target
            member.mtime, member.size = WHEN.timestamp(), len(entry.content)
            archive.addfile(member, io.BytesIO(entry.content))
    return out.getvalue()


def tgz(*entries: Entry, comment: str = "") -> bytes:
    return tar(*entries, packed=True, comment=comment)


def zipped(*entries: Entry, method: int = zipfile.ZIP_DEFLATED, streamed: bool = False, comment: bytes = b"") -> bytes:
    """Return a zip archive with these entries; streamed: with the sizes after each content."""
    out = io.BytesIO()
    target = _Stream(out) if streamed else out
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.comment = comment
        for entry in entries:
            kind = {tarfile.SYMTYPE: 0o120000, tarfile.DIRTYPE: 0o040000, tarfile.FIFOTYPE: 0o010000}
            member = zipfile.ZipInfo(entry.name + "/" * (entry.kind == tarfile.DIRTYPE))
            member.create_system = 3
            member.compress_type = method
            member.external_attr = (kind.get(entry.kind, 0o100000) | entry.mode) << 16
            archive.writestr(member, entry.target.encode() or entry.content)
    return out.getvalue()


class _Stream(io.RawIOBase):
    """Takes bytes, and can't go back."""

    def __init__(self, out: io.BytesIO) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        return self._out.write(data)


def header(
    name: str | bytes, size: int | bytes = 0, kind: bytes = b"0", target: bytes = b"", mode: int = 0o644
) -> bytes:
    """Return the header of one entry of a tar archive, whatever it says."""
    raw = name if isinstance(name, bytes) else name.encode()
    numbers = size if isinstance(size, bytes) else b"%011o\0" % size
    block = raw.ljust(100, b"\0") + b"0000644\0" + bytes(16) + numbers.ljust(12, b"\0") + b"0".ljust(12, b"\0")
    block += b" " * 8 + kind + target.ljust(100, b"\0") + b"ustar\x0000"
    block = block.ljust(512, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def records(**values: str) -> bytes:
    """Return an extended header's records."""
    found = b""
    for key, value in values.items():
        rest = f" {key}={value}\n".encode()
        length = len(rest) + 1
        while len(str(length)) + len(rest) != length:
            length = len(str(length)) + len(rest)
        found += str(length).encode() + rest
    return found


def raw_tgz(*blocks: bytes) -> bytes:
    return gzip.compress(b"".join(blocks) + bytes(1024), 1)


def listed(archive: bytes, *, limits: Limits | None = None, left: Callable[[], float] | None = None) -> UploadListing:
    return read_listing(io.BytesIO(archive), limits=limits or Limits(), left=left or (lambda: 60.0))


def blob(content: bytes) -> str:
    """Return git's id, as git's own manual says that it is made."""
    return sha1(b"blob " + str(len(content)).encode() + b"\0" + content).hexdigest()


def ids(listing: UploadListing) -> dict[str, tuple[str, str]]:
    return {path: (file.mode, file.blob) for path, file in listing.files.items()}


def expected(entries: Iterable[tuple[str, str, bytes]]) -> dict[str, tuple[str, str]]:
    return {path: (mode, blob(content)) for path, mode, content in entries}
