"""The bytes of an archive, in the order in which they come: counted, hashed, unpacked piece by piece, and let go."""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from hashlib import md5, sha256
from typing import Protocol

from verifier.errors import UnreadableUpload
from verifier.facts.upload.limits import Limits, human

_BLOCK = 256 * 1024
_GZIP = 31
"""What tells zlib that a gzip header and checksum stand around the data."""


class Readable(Protocol):
    """An open file, or an answer of a service."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, and none at the end alone."""


class Incoming:
    """The archive itself, within its limits. Raise UnreadableUpload beyond them."""

    def __init__(self, stream: Readable, limits: Limits, left: Callable[[], float]) -> None:
        """`left`: how many seconds are left; it may raise as well."""
        self._stream, self._limits, self._left = stream, limits, left
        self._md5, self._sha256 = md5(usedforsecurity=False), sha256()
        self.size = 0
        self._unpacked = 0

    def read(self) -> bytes:
        """Return some more bytes, or none at the end."""
        block = self._stream.read(_BLOCK)
        self.size += len(block)
        if self.size > self._limits.archive:
            raise UnreadableUpload(
                f"expected an archive of at most {human(self._limits.archive)}, got a larger one; it was not read whole"
            )
        self._md5.update(block)
        self._sha256.update(block)
        self.check_time()
        return block

    def count(self, unpacked: int) -> None:
        """Count bytes that came out of it."""
        self._unpacked += unpacked
        limits = self._limits
        if self._unpacked > limits.unpacked:
            raise UnreadableUpload(
                f"expected an archive that holds at most {human(limits.unpacked)}, got one that holds more; "
                "it was not read whole"
            )
        if self._unpacked > limits.ratio_from and self._unpacked > limits.ratio * self.size:
            raise UnreadableUpload(
                f"expected an archive that holds at most {limits.ratio} times its own size, got one that holds more: "
                "it may be made to fill a disk, and was not read whole"
            )
        self.check_time()

    def check_time(self) -> None:
        """Raise UnreadableUpload when no time is left."""
        if self._left() <= 0:
            raise UnreadableUpload(
                f"expected to read the archive in the time that there was, got to {human(self.size)} of it"
            )

    def hashes(self) -> Mapping[str, str]:
        """Return the hashes of what was read, as base64."""
        return {
            "MD5": b64encode(self._md5.digest()).decode(),
            "SHA256": b64encode(self._sha256.digest()).decode(),
        }


class Pieces:
    """Bytes to be taken in the numbers that their reader wants."""

    def __init__(self, more: Callable[[], bytes], what: str) -> None:
        """`more` returns the next bytes, or none at the end. `what` it is that ends too early, for a person."""
        self._more, self._what = more, what
        self._block, self._next = b"", 0
        self.offset = 0
        """How many bytes were taken."""

    def exactly(self, size: int) -> bytes:
        """Return so many bytes. Raise UnreadableUpload where there are fewer."""
        end = self._next + size
        if end <= len(self._block):
            taken = self._block[self._next : end]
            self._next = end
            self.offset += size
            return taken
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield so many bytes, a piece at a time. Raise UnreadableUpload where there are fewer."""
        while size:
            piece = self.some(size)
            if not piece:
                raise UnreadableUpload(
                    f"expected {self._what} to go on, got its end after {human(self.offset)}: it was cut off"
                )
            size -= len(piece)
            yield piece

    def some(self, most: int) -> bytes:
        """Return at most so many bytes: what is at hand, or the next. None at the end."""
        if self._next == len(self._block):
            self._block, self._next = self._more(), 0
        piece = self._block[self._next : self._next + most]
        self._next += len(piece)
        self.offset += len(piece)
        return piece

    def give_back(self, taken: bytes) -> None:
        """Return what was taken too many: it is taken again."""
        if taken:
            self._block, self._next = taken + self._block[self._next :], 0
            self.offset -= len(taken)

    def skip(self, size: int) -> None:
        """Pass over so many bytes."""
        for _ in self.pieces(size):
            pass


def gunzipped(incoming: Incoming, first: bytes) -> Callable[[], bytes]:
    """Return what gives the content of a gzip file, some bytes at a time. `first`: what was read of it already."""
    blocks = _inflated(incoming, first)
    return lambda: next(blocks, b"")


def _inflated(incoming: Incoming, waiting: bytes) -> Iterator[bytes]:
    """Yield the content of all members of a gzip file: there may be several, one after the other."""
    while waiting:
        member = zlib.decompressobj(_GZIP)
        while not member.eof:
            waiting = waiting or incoming.read()
            if not waiting:
                raise UnreadableUpload(
                    f"expected a gzip file, got one that ends after {human(incoming.size)}: it was cut off"
                )
            try:
                block = member.decompress(waiting, _BLOCK)
            except zlib.error as error:
                raise UnreadableUpload(f"expected a gzip file, got one that is damaged ({error})") from error
            waiting = member.unconsumed_tail
            if block:
                incoming.count(len(block))
                yield block
        # Zeros may fill up the last block of a tape.
        waiting = (member.unused_data or incoming.read()).lstrip(b"\0")
        while not waiting and (block := incoming.read()):
            waiting = block.lstrip(b"\0")
