"""A file that is there when it is whole, and not before."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

STANDARD_OUTPUT = Path("-")
_OF_THE_SYSTEM = (Path("/dev"), Path("/proc"))


@contextmanager
def whole_file(path: Path | None) -> Iterator[TextIO]:
    """Open a stream that becomes this file when all went well, and is gone otherwise.

    Without a path, or for `-`, it is standard output; a device or a pipe is written to as it is. Raise OSError.
    """
    if path is None or path == STANDARD_OUTPUT:
        yield sys.stdout
    elif _is_written_to(path):
        with path.open("w", encoding="utf-8", newline="") as stream:
            yield stream
    else:
        with _replaced(path) as stream:
            yield stream


def _is_written_to(path: Path) -> bool:
    """Return whether something is there that a file must not take the place of."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    linked = path.is_symlink() and any(path.is_relative_to(place) for place in _OF_THE_SYSTEM)  # such as /dev/stdout
    return linked or not stat.S_ISREG(mode)


@contextmanager
def _replaced(path: Path) -> Iterator[TextIO]:
    # The name can't be guessed, and what is there already is never opened: nobody else decides where it is written.
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
