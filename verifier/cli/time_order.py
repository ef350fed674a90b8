"""The order of time in exports: looked at without reading a document, and made where it is not there."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from verifier.facts.build import Build
from verifier.history.json_window import TextStream
from verifier.history.summary import Problem
from verifier.times import show_time

_NAME = '"createTime"'
_CHUNK = 256 * 1024
_MOST_VALUE = 64


def is_newest_first(text: TextStream) -> bool:
    """Return whether every time of creation in this text is no later than the one before, as gcloud lists builds.

    Times that are not in UTC count as out of order: to put builds in order that are in order costs time alone.
    """
    last, rest = "9", ""
    while piece := text.read(_CHUNK):
        window, at = rest + piece, 0
        while (found := window.find(_NAME, at)) >= 0 and found + len(_NAME) + _MOST_VALUE < len(window):
            at = found + len(_NAME)
            stamp = _value(window[at : at + _MOST_VALUE])
            if not stamp.endswith("Z") or stamp[:-1] > last:
                return False
            last = stamp[:-1]
        rest = window[found:] if found >= 0 else window[max(at, len(window) - len(_NAME)) :]
    return _NAME not in rest or _value(rest[len(_NAME) :])[:-1] <= last


def _value(text: str) -> str:
    """Return the JSON string that follows a name, as it is written; what is none is no time either."""
    before, _, rest = text.partition('"')
    return rest.partition('"')[0] if before.strip() == ":" else ""


def newest_first(items: Iterator[Build | Problem]) -> Iterator[Build | Problem]:
    """Yield the problems, then the builds in order of time, newest first. The builds wait on disk, not in memory.

    Those of one moment come in the order of their names, and those without one last. Raise OSError where the disk
    is full.
    """
    try:
        with closing(sqlite3.connect("", isolation_level=None)) as disk:  # "": a file of its own, gone at the end
            disk.execute("PRAGMA journal_mode = OFF")
            disk.execute("BEGIN")
            disk.execute("CREATE TABLE builds (moment TEXT, name TEXT, build BLOB)")
            for item in items:
                if isinstance(item, Problem):
                    yield item
                    continue
                moment = item.created or item.finished
                row = (show_time(moment) if moment else "", item.key.name, pickle.dumps(item, pickle.HIGHEST_PROTOCOL))
                disk.execute("INSERT INTO builds VALUES (?, ?, ?)", row)
            for (stored,) in disk.execute("SELECT build FROM builds ORDER BY moment DESC, name"):
                build: Build = pickle.loads(stored)  # noqa: S301 - nobody but us can write to a file without a name
                yield build
    except sqlite3.Error as error:
        raise OSError(f"the builds could not wait in a temporary file ({error})") from error
