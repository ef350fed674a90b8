"""The corpus as values: what each program wrote, and what a person says it means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

Truth = Literal["error", "benign"]
Stream = Literal["stdout", "stderr"]
Kind = Literal[
    "level-text", "level-json", "severity-json", "prose", "result", "mapper", "runtime", "tool", "stack", "exit",
    "tests", "quiet", "zero", "names", "quoted", "handled-stack", "deprecation", "recovered", "noise",
]  # fmt: skip
"""The classes; the folder's docstring has them as a table."""

KINDS: tuple[Kind, ...] = get_args(Kind)
SEQUENCES = Path(__file__).parent / "sequences"


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """One line of output."""

    stream: Stream
    text: str
    """Without its end of line."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """What one run of one program wrote."""

    id: str
    language: str
    logger: str
    """The library or the part of the runtime that wrote it."""
    truth: Truth
    """`error`: it calls for action. `benign`: it does not."""
    kind: Kind
    why: str
    """The reason of the truth, in one phrase."""
    exit: int
    """The exit code; below 0 the signal that ended the program, negated."""
    lines: tuple[WrittenLine, ...]

    @property
    def silent_error(self) -> bool:
        """Whether it is an error that the exit code hides."""
        return self.truth == "error" and self.exit == 0


def sequences(folder: Path = SEQUENCES) -> tuple[Sequence, ...]:
    """Return the corpus, language by language, in the order of its programs."""
    return tuple(sequence for file in sorted(folder.glob("*.jsonl")) for sequence in read(file))


def read(file: Path) -> Iterator[Sequence]:
    """Yield the sequences of one language. Raises KeyError, ValueError or TypeError where the file is malformed."""
    for row in file.read_text(encoding="utf-8").splitlines():
        values = json.loads(row)
        values["lines"] = tuple(WrittenLine(stream, text) for stream, text in values["lines"])
        yield Sequence(**values)


def row_of(sequence: Sequence) -> str:
    """Return the line that `read` reads."""
    values = {name: getattr(sequence, name) for name in Sequence.__dataclass_fields__ if name != "lines"}
    return json.dumps({**values, "lines": [[line.stream, line.text] for line in sequence.lines]}, ensure_ascii=False)
