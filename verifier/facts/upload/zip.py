"""The entries of a zip archive (PKWARE, APPNOTE 6.3.10), read once from front to back.

The directory, which has the files' modes and which alone unpacking tools believe, stands at the end. It must name the
very entries that were read before it: an archive that shows other files to different readers is refused.

What gcloud writes comes from Python's `zipfile`: sizes stand before the content, links are followed, a link to a folder
becomes an empty folder, and times have no zone.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol
from zlib import crc32

from verifier.errors import UnreadableUpload
from verifier.facts.upload.collecting import Collected
from verifier.facts.upload.digest import ContentIds
from verifier.facts.upload.incoming import Incoming, Pieces
from verifier.facts.upload.limits import MIB, human
from verifier.facts.upload.zip_directory import (
    END,
    FULL,
    LISTED,
    LONG_SIZES,
    ReadEntry,
    fields_of,
    name_of,
    read_end,
    shown_of,
    take_listed,
)

ENTRY, EMPTY = b"PK\3\4", END
"""How a zip archive with entries, and one without, begins."""
_AFTER = b"PK\7\10"
_ENTRY = struct.Struct("<HHHHHIIIHH")
_ENCRYPTED, _SIZES_AFTER = 0x1, 0x8
_STORED, _DEFLATED, _RAW = 0, 8, -15
_UNIX_TIME = 0x5455
_MOST_WITHOUT_SIZE = 64 * MIB
"""Packed bytes of an entry whose size stands after it: git's id needs the size first, so it is unpacked twice."""
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class _Before:
    """What stands before an entry's content."""

    raw_name: bytes
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    written: datetime | None

    @property
    def name(self) -> str:
        return name_of(self.raw_name, self.flags)

    @property
    def sizes_are_after(self) -> bool:
        is_empty = self.method == _STORED and self.raw_name.endswith(b"/")
        return bool(self.flags & _SIZES_AFTER) and not self.packed and not is_empty


class Decompressor(Protocol):
    """What `zlib.decompressobj` returns."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def read_zip(pieces: Pieces, incoming: Incoming, into: Collected) -> None:
    """Read all entries. Raise UnreadableUpload where they are no zip archive's, or the directory has others."""
    entries: dict[int, ReadEntry] = {}
    at = pieces.offset
    while (signature := pieces.exactly(4)) == ENTRY:
        before = _before(pieces)
        into.count(before.name)
        entries[at] = _entry(pieces, incoming, into, before)
        at = pieces.offset
    records, start = 0, at
    while signature == LISTED:
        take_listed(pieces, into, entries)
        records += 1
        signature = pieces.exactly(4)
    for left_over in entries.values():
        raise UnreadableUpload(
            f"expected {shown_of(left_over.raw_name)} in the archive's directory, got none: "
            "different tools see different files in it"
        )
    read_end(pieces, signature, records, start)


def _before(pieces: Pieces) -> _Before:
    _, flags, method, _, _, checksum, packed, size, name_length, more_length = _ENTRY.unpack(
        pieces.exactly(_ENTRY.size)
    )
    name = pieces.exactly(name_length)
    more = dict(fields_of(pieces.exactly(more_length)))
    long_sizes = more.get(LONG_SIZES, b"")
    if FULL in (packed, size) and len(long_sizes) >= 16:
        size, packed = struct.unpack_from("<QQ", long_sizes)
    time = more.get(_UNIX_TIME, b"")
    written = datetime.fromtimestamp(int.from_bytes(time[1:5], "little", signed=True), UTC) if len(time) >= 5 else None
    return _Before(name, flags, method, checksum, packed, size, written)


def _entry(pieces: Pieces, incoming: Incoming, into: Collected, before: _Before) -> ReadEntry:
    unopened = bool(before.flags & _ENCRYPTED) or before.method not in (_STORED, _DEFLATED)
    ids = None
    if before.sizes_are_after:
        if unopened or before.method == _STORED:
            raise UnreadableUpload(
                f"expected the size of {shown_of(before.raw_name)} before its content, got none: "
                "where it ends can't be told"
            )
        before, packed = _measured(pieces, incoming, before)
        ids = _ids(packed, incoming, into, before)
    elif unopened:
        pieces.skip(before.packed)
    else:
        ids = _ids(pieces.pieces(before.packed), incoming, into, before)
    if before.flags & _SIZES_AFTER:
        _sizes_after(pieces, before)
    return ReadEntry(before.raw_name, ids, before.size, before.checksum, before.written)


def _ids(packed: Iterable[bytes], incoming: Incoming, into: Collected, before: _Before) -> ContentIds:
    """Return the ids of an entry's content. Raise UnreadableUpload where size or checksum are not as announced."""
    checksum = 0

    def checked() -> Iterator[bytes]:
        nonlocal checksum
        for piece in packed if before.method == _STORED else _inflated(packed, before.raw_name):
            incoming.count(len(piece))
            checksum = crc32(piece, checksum)
            yield piece

    unpacked = checked()
    content = Pieces(lambda: next(unpacked, b""), shown_of(before.raw_name))
    ids = into.ids(before.name, content, before.size)
    if content.some(1) or checksum != before.checksum:
        raise UnreadableUpload(
            f"expected {shown_of(before.raw_name)} to have the size and checksum that the archive gives, "
            "got others: it is damaged"
        )
    return ids


def _inflated(packed: Iterable[bytes], raw_name: bytes) -> Iterator[bytes]:
    stream = zlib.decompressobj(_RAW)
    too_much = False
    for block in packed:
        too_much |= stream.eof
        yield from _out_of(stream, block, raw_name)
    if too_much or not stream.eof or stream.unused_data:
        raise UnreadableUpload(f"expected the packed content of {shown_of(raw_name)}, got more or less: it is damaged")


def _out_of(stream: Decompressor, block: bytes, raw_name: bytes) -> Iterator[bytes]:
    """Yield what this block of packed bytes gives."""
    while not stream.eof:
        try:
            piece = stream.decompress(block, _PIECE)
        except zlib.error as error:
            raise UnreadableUpload(
                f"expected the packed content of {shown_of(raw_name)}, got other bytes ({error})"
            ) from error
        if piece:
            yield piece
        block = stream.unconsumed_tail
        # Without input, too, some may be left: a full piece says so.
        if not block and len(piece) < _PIECE:
            return


def _measured(pieces: Pieces, incoming: Incoming, before: _Before) -> tuple[_Before, list[bytes]]:
    """Return what stands before an entry, with the sizes that it lacks, and its packed content."""
    stream = zlib.decompressobj(_RAW)
    kept: list[bytes] = []
    packed = size = checksum = 0
    while not stream.eof:
        block = pieces.some(_PIECE)
        packed += len(block)
        if not block or packed > _MOST_WITHOUT_SIZE:
            raise UnreadableUpload(
                f"expected the end of {shown_of(before.raw_name)} within {human(_MOST_WITHOUT_SIZE)}, got none"
            )
        kept.append(block)
        for piece in _out_of(stream, block, before.raw_name):
            incoming.count(len(piece))
            size, checksum = size + len(piece), crc32(piece, checksum)
    beyond = stream.unused_data
    pieces.give_back(beyond)
    kept[-1] = kept[-1][: len(kept[-1]) - len(beyond)]
    return replace(before, packed=packed - len(beyond), size=size, checksum=checksum), kept


def _sizes_after(pieces: Pieces, before: _Before) -> None:
    """Read the sizes that stand after an entry: with or without a signature, and of two lengths."""
    start = pieces.exactly(4)
    checksum = pieces.exactly(4) if start == _AFTER else start
    ahead = pieces.exactly(16)
    if struct.unpack("<QQ", ahead) != (before.packed, before.size):
        pieces.give_back(ahead[8:])
        if struct.unpack("<II", ahead[:8]) != (before.packed & FULL, before.size & FULL):
            checksum = b""
    if checksum != before.checksum.to_bytes(4, "little"):
        raise UnreadableUpload(
            f"expected the size and checksum of {shown_of(before.raw_name)} after it, got others: it is damaged"
        )
