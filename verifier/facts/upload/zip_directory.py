"""The directory at the end of a zip archive, held against the entries that were read before it."""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from verifier.errors import UnreadableUpload
from verifier.facts.upload.collecting import Collected
from verifier.facts.upload.digest import ContentIds
from verifier.facts.upload.incoming import Pieces
from verifier.facts.upload.limits import human
from verifier.facts.upload.listing import EXECUTABLE, FILE, LINK
from verifier.facts.upload.names import shown_name, text_of

LISTED, END = b"PK\1\2", b"PK\5\6"
"""How a record of the directory begins, and the end of the archive."""
_LONG_END, _LONG_END_AT = b"PK\6\6", b"PK\6\7"
_RECORD = struct.Struct("<HHHHHHIIIHHHHHII")
_ENDING = struct.Struct("<HHHHIIH")
_LONGEST_END = 64 * 1024
_UTF_8 = 0x800
LONG_SIZES = 0x0001
FULL = 0xFFFFFFFF
"""In place of a number that needs more bits, and stands elsewhere."""
_WITH_MODES = (3, 19)
"""Makers that write a file's mode: Unix and macOS."""


class ReadEntry(NamedTuple):
    """An entry that was read, until the directory says what it is."""

    raw_name: bytes
    ids: ContentIds | None
    """None: it was not opened."""
    size: int
    checksum: int
    written: datetime | None


def take_listed(pieces: Pieces, into: Collected, entries: dict[int, ReadEntry]) -> None:
    """Take the entry that one record of the directory names."""
    record = _RECORD.unpack(pieces.exactly(_RECORD.size))
    made_by, _, flags, _, _, _, checksum, packed, size = record[:9]
    name_length, more_length, comment_length, _, _, attributes, offset = record[9:]
    raw_name = pieces.exactly(name_length)
    more = dict(fields_of(pieces.exactly(more_length)))
    pieces.skip(comment_length)
    long_values = more.get(LONG_SIZES, b"")
    if offset == FULL and len(long_values) >= 8:
        at = 8 * ((size == FULL) + (packed == FULL))
        offset = int.from_bytes(long_values[at : at + 8], "little")
    entry = entries.pop(offset, None)
    if entry is None or entry.raw_name != raw_name or (entry.ids and entry.checksum != checksum):
        raise UnreadableUpload(
            f"expected the archive's directory to name the entries before it, got {shown_of(raw_name)}: "
            "different tools see different files in it"
        )
    name = name_of(raw_name, flags)
    mode = attributes >> 16 if made_by >> 8 in _WITH_MODES else 0
    kind = stat.S_IFMT(mode)
    if name.endswith("/") or kind == stat.S_IFDIR:
        into.folder(name)
    elif entry.ids is None or kind not in (0, stat.S_IFREG, stat.S_IFLNK):
        into.special.append(name)
    elif kind == stat.S_IFLNK:
        blob = entry.ids.blob
        into.file(name, LINK, ContentIds(blob, blob, blob), entry.size, entry.written)
    else:
        into.file(name, EXECUTABLE if mode & stat.S_IXUSR else FILE, entry.ids, entry.size, entry.written)


def read_end(pieces: Pieces, signature: bytes, records: int, start: int) -> None:
    """Read the end of an archive whose directory has so many records and starts there.

    Raise UnreadableUpload where it is no end, or one that leads another reader elsewhere.
    """
    here = (records, pieces.offset - 4 - start, start)
    long_form = None
    if signature == _LONG_END:
        ending = pieces.exactly(int.from_bytes(pieces.exactly(8), "little") % _LONGEST_END)
        long_form = struct.unpack_from("<QQQ", ending.ljust(44), 20)
        signature = pieces.exactly(4)
    if signature == _LONG_END_AT:
        pieces.skip(16)
        signature = pieces.exactly(4)
    if signature != END:
        raise UnreadableUpload(
            f"expected another entry after {human(pieces.offset - 4)} of the archive, or its end, got other bytes: "
            "it is damaged, or no zip archive that is written in one go"
        )
    *_, count, size, offset, comment_length = _ENDING.unpack(pieces.exactly(_ENDING.size))
    comment = pieces.exactly(comment_length)
    if (long_form or (count, size, offset)) != here or END in comment or pieces.some(1):
        raise UnreadableUpload(
            "expected the end of the archive to lead to its directory, and nothing after it, got something else: "
            "different tools see different files in it"
        )


def name_of(raw: bytes, flags: int) -> str:
    """Return a name as text: UTF-8 where it says so or is so, otherwise the code page of the first archives."""
    if flags & _UTF_8:
        return text_of(raw)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp437")


def shown_of(raw_name: bytes) -> str:
    """Return a name for people."""
    return shown_name(text_of(raw_name))


def fields_of(more: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the content of each extra field."""
    at = 0
    while at + 4 <= len(more):
        kind, length = struct.unpack_from("<HH", more, at)
        yield kind, more[at + 4 : at + 4 + length]
        at += 4 + length
