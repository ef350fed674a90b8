"""The entries of a tar archive (POSIX.1-2017, pax; GNU tar manual, "Basic Tar Format"), read once from front to back.

Python's `tarfile` trusts an archive more than a stranger's may be trusted: it holds a header of any length in memory,
and took negative sizes. What gcloud writes is pax: a header with the file's time before each entry, folders first,
links of both kinds as links, names without `./`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from verifier.errors import UnreadableUpload
from verifier.facts.upload.collecting import Collected
from verifier.facts.upload.incoming import Pieces
from verifier.facts.upload.limits import LARGEST_HEADER, human
from verifier.facts.upload.listing import EXECUTABLE, FILE
from verifier.facts.upload.names import shown_name, text_of

_BLOCK = 512
_NOTHING = bytes(_BLOCK)
_FIELDS = struct.Struct("100s8s16x12s12s8sc100s8s80x155s12x")
_SIZE, _SUM, _KIND = 2, 4, 5
"""Where those fields stand among the fields."""
_POSIX = b"ustar\0" + b"00"
_CHECKSUM = slice(148, 156)
_BLANK_SUM = 8 * ord(" ")
_LINK, _SYMBOLIC, _FOLDER = b"1", b"2", b"5"
_SPECIAL = frozenset(b"346SDMNV")
"""Devices and pipes; of GNU's own: sparse files, a folder's list, what belongs to other volumes, and a label."""
_LONG_NAME, _LONG_TARGET = b"L", b"K"
_EXTENDED, _GLOBAL = frozenset(b"xX"), b"g"
_SPARSE = b"S"
_MORE_SPARSE_AT, _MORE_SPARSE_IN_BLOCK_AT = 482, 504
_FOR_ALL = frozenset("comment mtime atime ctime charset hdrcharset uid gid uname gname".split())
"""What a header for all entries may say; one that renamed every entry would be no archive of a folder."""
_COMMIT_DIGITS = frozenset("0123456789abcdef")

Records = Mapping[str, bytes]


def is_tar(start: bytes) -> bool:
    """Return whether a file that starts with these bytes is a tar archive."""
    block = start[:_BLOCK]
    if len(block) < _BLOCK:
        return False
    try:
        return block == _NOTHING or _sum_of(block) == _number(block[_CHECKSUM])
    except UnreadableUpload:
        return False


class _Header(NamedTuple):
    """What stands before an entry's content."""

    kind: bytes
    name: str
    target: bytes
    size: int
    executable: bool
    written: datetime | None
    is_special: bool


def read_tar(pieces: Pieces, into: Collected) -> None:
    """Read all entries. Raise UnreadableUpload where they are no tar archive's."""
    own: dict[str, bytes] = {}
    """What headers before the next entry say of it."""
    while (block := pieces.some(_BLOCK)) and (block := block + pieces.exactly(_BLOCK - len(block))) != _NOTHING:
        fields = _FIELDS.unpack(block)
        if _sum_of(block) != _number(fields[_SUM]):
            raise UnreadableUpload(
                f"expected an entry's header after {human(pieces.offset - _BLOCK)} of the archive, got other bytes: "
                "it is damaged, or no tar archive"
            )
        kind, size = fields[_KIND], _size(fields[_SIZE], own)
        if kind[0] in _EXTENDED:
            own.update(_records(_extended(pieces, size)))
        elif kind == _GLOBAL:
            _for_all(_records(_extended(pieces, size)), into)
        elif kind == _LONG_NAME:
            own.setdefault("path", _text(_extended(pieces, size)))
        elif kind == _LONG_TARGET:
            own.setdefault("linkpath", _text(_extended(pieces, size)))
        else:
            _entry(pieces, into, _header(fields, size, own), block)
            own = {}


def _header(fields: tuple[bytes, ...], size: int, own: Records) -> _Header:
    name, mode, _, time, _, kind, target, magic, prefix = fields
    full = own.get("path")
    if full is None:
        before = _text(prefix) if magic == _POSIX else b""
        full = before + b"/" + _text(name) if before else _text(name)
    special = kind[0] in _SPECIAL or any(key.startswith("GNU.sparse") for key in own)
    executable = bool(_number(mode) & 0o100)
    linked = own.get("linkpath", _text(target))
    return _Header(kind, text_of(full), linked, size, executable, _written(time, own), special)


def _entry(pieces: Pieces, into: Collected, header: _Header, block: bytes) -> None:
    kind, name, size = header.kind, header.name, header.size
    into.count(name)
    if header.is_special:
        into.special.append(name)
        if kind == _SPARSE:
            _pass_sparse_map(pieces, block)
        pieces.skip(size)
        pieces.exactly(-size % _BLOCK)
    elif kind == _LINK:  # it has no content, whatever its size says
        into.hard_link(name, text_of(header.target))
    elif kind in (_SYMBOLIC, _FOLDER) or name.endswith("/"):
        if size:
            raise UnreadableUpload(f"expected no content of a folder or link, got {human(size)} for {shown_name(name)}")
        if kind == _SYMBOLIC:
            into.link(name, header.target, header.written)
        else:
            into.folder(name)
    else:
        ids = into.ids(name, pieces, size)
        pieces.exactly(-size % _BLOCK)
        into.file(name, EXECUTABLE if header.executable else FILE, ids, size, header.written)


def _sum_of(block: bytes) -> int:
    return sum(block) - sum(block[_CHECKSUM]) + _BLANK_SUM


def _number(field: bytes) -> int:
    """Return the number in a field: octal digits or, where the first bit is set, binary. Raise UnreadableUpload."""
    if field[0] & 0x80:
        return int.from_bytes(field, "big", signed=True) if field[0] == 0xFF else int.from_bytes(field[1:], "big")
    digits = field.partition(b"\0")[0].strip()
    try:
        return int(digits or b"0", 8)
    except ValueError as error:
        raise UnreadableUpload(
            "expected octal digits in an entry's header, got others: the archive is damaged"
        ) from error


def _size(field: bytes, own: Records) -> int:
    try:
        size = int(own["size"]) if "size" in own else _number(field)
    except ValueError as error:
        raise UnreadableUpload("expected the size of an entry, got no number: the archive is damaged") from error
    if size < 0:
        raise UnreadableUpload("expected the size of an entry, got a negative one: the archive is damaged or hostile")
    return size


def _extended(pieces: Pieces, size: int) -> bytes:
    if size > LARGEST_HEADER:
        raise UnreadableUpload(
            f"expected extended headers of at most {human(LARGEST_HEADER)}, got one of {human(size)}: "
            "the archive is damaged or hostile"
        )
    header = pieces.exactly(size)
    pieces.exactly(-size % _BLOCK)
    return header


def _pass_sparse_map(pieces: Pieces, block: bytes) -> None:
    """Pass over the blocks that say where the holes of a sparse file of GNU's old form are."""
    more = block[_MORE_SPARSE_AT]
    while more:
        more = pieces.exactly(_BLOCK)[_MORE_SPARSE_IN_BLOCK_AT]


def _records(header: bytes) -> dict[str, bytes]:
    """Return the records of an extended header, each `LENGTH KEY=VALUE` and a line feed. Raise UnreadableUpload."""
    records = {}
    at = 0
    while at < len(header) and header[at]:
        digits, space, _ = header[at : at + 21].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        end = at + length
        key, equals, value = header[at + len(digits) + 1 : end - 1].partition(b"=")
        if not length or end > len(header) or header[end - 1 : end] != b"\n" or not equals:
            raise UnreadableUpload(
                "expected records in an extended header, got other bytes: the archive is damaged or hostile"
            )
        records[text_of(key)] = value
        at = end
    return records


def _for_all(records: Records, into: Collected) -> None:
    """Take what is said of all entries that follow: `git archive` names its commit there."""
    strange = sorted(set(records) - _FOR_ALL)
    if strange:
        raise UnreadableUpload(
            f"expected no entry's name or size in a header for all entries, got {shown_name(strange[0])}: "
            "the archive is hostile"
        )
    comment = text_of(records.get("comment", b""))
    if len(comment) in (40, 64) and _COMMIT_DIGITS.issuperset(comment):
        into.commit = comment


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _written(time: bytes, own: Records) -> datetime | None:
    """Return the time of a file, or None where the archive has none that can be."""
    try:
        seconds = float(own["mtime"]) if "mtime" in own else _number(time)
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, OverflowError, OSError, UnreadableUpload):
        return None
