"""Builds that wait on disk for the end of an audit: their number costs no memory."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from itertools import chain, repeat
from tempfile import TemporaryFile

from verifier.history.judged_build import JudgedBuild


class Spool:
    """Keeps the first `most` builds in a temporary file without a name, and how many more there were.

    `add` each build, then `drain` once. Both raise OSError where the disk is full.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._file = TemporaryFile("w+b")  # noqa: SIM115 - it is open from the first build to the last; `drain` closes it
        self._kept = 0
        self._last: JudgedBuild | None = None
        self._more = 0

    def add(self, build: JudgedBuild) -> None:
        """Keep one build, or count it."""
        if self._kept < self._most:
            pickle.dump(build, self._file, pickle.HIGHEST_PROTOCOL)
            self._kept += 1
        else:
            self._last = build
            self._more += 1

    def drain(self) -> Iterator[JudgedBuild]:
        """Return those that were kept, in order; the last that was counted then stands for each that was not kept."""
        return chain(self._read(), repeat(self._last, self._more) if self._last else ())

    def _read(self) -> Iterator[JudgedBuild]:
        with self._file as file:
            file.seek(0)
            for _ in range(self._kept):
                build: JudgedBuild = pickle.load(file)  # noqa: S301 - nobody but `add` can write to a file without a name
                yield build
