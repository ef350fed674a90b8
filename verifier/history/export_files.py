"""The files of an export as text: folders, standard input, pipes, gzip, UTF-8, and UTF-16 as some shells write it."""

from __future__ import annotations

import codecs
import gzip
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from verifier.history.gcloud_export import Document, read_documents
from verifier.history.json_window import TextStream
from verifier.history.summary import Notice, Problem

STANDARD_INPUT = "-"
ENDINGS = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
"""What is read of a folder."""
_GZIP = b"\x1f\x8b"
_MOST_IN_MEMORY = 8 * 1024 * 1024
"""Of what comes through a pipe; the rest waits in a temporary file without a name."""
_MOST_NAMES = 3


class _Text:
    """A binary stream as text, decoded in the pieces in which it is asked for."""

    def __init__(self, raw: IO[bytes]) -> None:
        raw.seek(0)
        encoding, errors, mark = _encoding(raw.read(4))
        raw.seek(mark)
        self._raw = raw
        self._decode = codecs.getincrementaldecoder(encoding)(errors).decode

    def read(self, size: int = -1, /) -> str:
        """Return about so many characters; none only at the end. Raise OSError."""
        while True:
            try:
                piece = self._raw.read(size)
            except (EOFError, zlib.error) as error:
                raise OSError(f"a gzip file that is cut off or damaged ({error})") from error
            text = self._decode(piece, not piece)
            if text or not piece:
                return text


def _encoding(head: bytes) -> tuple[str, str, int]:
    """Return the encoding, what becomes of wrong bytes, and how long the byte order mark is.

    A wrong byte spoils only its own document, which is then refused for what it has instead.
    """
    if head.startswith(codecs.BOM_UTF16_LE) or head[1:2] == b"\0":
        return "utf-16-le", "replace", 2 * head.startswith(codecs.BOM_UTF16_LE)
    if head.startswith(codecs.BOM_UTF16_BE) or head[:1] == b"\0":
        return "utf-16-be", "replace", 2 * head.startswith(codecs.BOM_UTF16_BE)
    return "utf-8", "surrogateescape", 3 * head.startswith(codecs.BOM_UTF8)


@contextmanager
def opened(file: str, stdin: IO[bytes]) -> Iterator[IO[bytes]]:
    """Open one file, which can then be read from its beginning as often as `as_text` is called. Raise OSError."""
    with (
        nullcontext(stdin) if file == STANDARD_INPUT else Path(file).open("rb") as given,
        SpooledTemporaryFile(_MOST_IN_MEMORY) as waiting,
    ):
        raw: IO[bytes] = given
        if file == STANDARD_INPUT or not given.seekable():
            shutil.copyfileobj(given, waiting)
            waiting.seek(0)
            raw = waiting
        head = raw.read(len(_GZIP))
        raw.seek(0)
        if head == _GZIP:
            with gzip.GzipFile(fileobj=raw, mode="rb") as unpacked:
                yield cast("IO[bytes]", unpacked)
        else:
            yield raw


def as_text(raw: IO[bytes]) -> TextStream:
    """Return the text of an opened file, from its beginning."""
    return _Text(raw)


def files_in(place: str, endings: tuple[str, ...] = ENDINGS) -> Iterator[str | Notice | Problem]:
    """Yield the file itself, or the exports in a folder in the order of their names; say what is not read of it.

    Exports end in one of `endings`.
    """
    folder = Path(place)
    if place == STANDARD_INPUT or not folder.is_dir():
        yield place
        return
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        yield Problem(place, f"expected a readable folder, got: {error.strerror or error}")
        return
    exports = [file for file in inside if file.name.lower().endswith(endings) and not file.is_dir()]
    others = [file.name for file in inside if file.is_dir() or not file.name.lower().endswith(endings)]
    names = ", ".join([*others[:_MOST_NAMES], *(["…"] if len(others) > _MOST_NAMES else [])])
    if not exports:
        got = f"none, but {names}" if others else "an empty folder"
        yield Problem(place, f"expected files that end in {', '.join(endings)}, got {got}")
    elif others:
        yield Notice(place, f"{len(others)} of its entries are not read ({names}): exports end in {', '.join(endings)}")
    yield from map(str, exports)


def read_file(file: str, stdin: IO[bytes]) -> Iterator[Document | Notice | Problem]:
    """Yield what is in one file, as `read_documents` does. Never raises because of the file."""
    try:
        with opened(file, stdin) as raw:
            yield from read_documents(as_text(raw), file)
    except OSError as error:
        yield Problem(file, f"expected a readable file, got: {error.strerror or error}")


def read_places(places: Sequence[str], stdin: IO[bytes]) -> Iterator[Document | Notice | Problem]:
    """Yield what is in these files and folders (`-` is standard input), one after the other."""
    for place in places:
        for file in files_in(place):
            yield from read_file(file, stdin) if isinstance(file, str) else [file]
