"""The programs whose output is the corpus: one text file a language, or a part of one.

A line `=== id | logger | truth | kind | why` begins a program, and what follows is its source. `=== common` begins what
is put before each of the file's later programs. A file's name says how it is run: see `runtimes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tests.corpus.logs.sequences import KINDS, Kind, Truth

PROGRAMS = Path(__file__).parent / "programs"
_MARK = "=== "


@dataclass(frozen=True, slots=True)
class Program:
    """A small program, and what its output means, decided before it ran."""

    id: str
    part: str
    """The name of its file: the language, and after a dot a part of it."""
    logger: str
    truth: Truth
    kind: Kind
    why: str
    source: str

    @property
    def language(self) -> str:
        """The language, without the part."""
        return self.part.partition(".")[0]


def programs(folder: Path = PROGRAMS) -> tuple[Program, ...]:
    """Return all programs, in the order of their files. Raises ValueError for a heading that is none."""
    return tuple(program for file in sorted(folder.glob("*.txt")) for program in _programs(file))


def _programs(file: Path) -> Iterator[Program]:
    common = ""
    for piece in f"\n{file.read_text(encoding='utf-8')}".split(f"\n{_MARK}")[1:]:
        heading, _, source = piece.partition("\n")
        if heading == "common":
            common = source + "\n"
            continue
        fields = heading.split(" | ")
        if len(fields) != 5 or fields[2] not in ("error", "benign") or fields[3] not in KINDS:
            raise ValueError(f"{file.name}: expected `{_MARK}id | logger | truth | kind | why`, got {heading!r}")
        name, logger, truth, kind, why = fields
        yield Program(name, file.stem, logger, cast(Truth, truth), cast(Kind, kind), why, f"{common}{source}\n")
