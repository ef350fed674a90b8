"""Stack traces that came an entry a line, put together again: to name a crash, never to judge it.

Lines belong together where they come from one task's output, one right after the other. An error that a logger wrote as
the headline of a traceback, and a traceback that an INFO line announced with its own words, are known as such here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from verifier.facts.logs.judge import ErrorReason


class Piece(NamedTuple):
    """One entry of a stream that may be an error, a part of a stack trace, or the headline of one."""

    time: datetime
    number: int
    """The order of arrival: entries of the same moment stay in it."""
    text: str
    judged: ErrorReason | None
    calm: bool
    task: str


@dataclass(slots=True)
class Crash:
    """What belongs together: one error line, or the lines of one stack trace."""

    pieces: list[Piece]
    first: _Shape
    last: _Shape
    trace: bool
    """Whether it has, or is, a stack trace."""
    done: bool
    """Whether the exception's line was seen, after which a Python traceback is complete."""
    headline: Piece | None = None
    """The error line right before, which a logger wrote above the traceback."""
    announcement: Piece | None = None
    """The calm line right before."""

    @property
    def text(self) -> str:
        """All its lines."""
        return self.pieces[0].text if len(self.pieces) == 1 else "\n".join(piece.text for piece in self.pieces)

    @property
    def judged(self) -> ErrorReason | None:
        """Why it is an error: what its first line that is one was judged by."""
        for piece in self.pieces:
            if piece.judged is not None:
                return piece.judged
        return None

    @property
    def stack(self) -> bool:
        """Whether it is more than one line that names an exception."""
        return self.trace and (len(self.pieces) > 1 or self.first.many or self.first.python)

    def announced(self, own: Iterable[str]) -> bool:
        """Whether the calm line right before tells of it: with its own words, or as trouble that was handled."""
        if self.announcement is None:
            return False
        story = self.announcement.text
        if any(line and line in story for line in own):
            return True
        return self.stack and _TROUBLE.search(story) is not None

    def all_pieces(self) -> list[Piece]:
        """Return everything that it was made of, in order."""
        return sorted([*self.pieces, *(piece for piece in (self.headline, self.announcement) if piece is not None)])


_MOST_LINE = 400
"""Characters of a line that are looked at: longer ones are no frames, and expressions need squares of the length."""
_GAP = timedelta(seconds=1)
"""Lines of one stack trace are written at once; a line later than this is another's."""
RIGHT_BEFORE = timedelta(milliseconds=20)
"""A logger writes a headline and its traceback at once."""
_TROUBLE = re.compile(
    r"(?i)\b(?:no|not|without|missing|unavailable|optional|retr(?:y|ies|ied|ying)|try|tries|attempt|fail\w*|stale"
    r"|fall(?:ing)? ?back"
    r"|fell|using|instead|skip\w*|ignor\w*|cannot|can't|could|couldn't|raised|broken|lost|reset|refused|timed"
    r"|timeout|unable"
    r"|recover\w*|expected|handled|error|exception|disabled|unsupported|replac\w*|reconnect\w*|again)\b"
)
"""Words of a calm line that tells of trouble which was handled: a traceback right after it is that line's own."""
_LINK = re.compile(r"\s*(?:The above exception was the direct cause|During handling of the above exception)")
_CAUSE = re.compile(r"\s*(?:Caused by: |Wrapped by: |---> |\[cause\]: |Suppressed: |-+> )")
_INSIDE = re.compile(
    r"""[ \t|>]*File "|\s+at |\s*\.\.\. \d+|\s+from |#\d+ |goroutine \d|[\w./*()\[\]-]+\(\S*\)$"
    r"|[a-z0-9_./-]+\.[\w.*()]+$"""
    r"""|\s+\S+\.go:\d+|\s*---> |Stack trace:|\s+thrown in |\s*\[Previous line|\s+--- End of |\[signal SIG|\s+\^"
    r"|exit status """
)
_PYTHON = re.compile(r"[\s|+>]*(?:Exception Group )?Traceback \(most recent call last\)")
_OPENS = re.compile(
    r"(?:.*Exception in thread |panic: |fatal error: |Unhandled [Ee]xception|(?:PHP )?(?:Fatal|Parse) error: "
    r"|thread '.*panicked at"
    r"|(?:.*http: panic serving )|(?:Uncaught |\[|\(node:\d+\) \w+: )?[\w.$\\:]*[A-Z]\w*(?:Error|Exception|Throwable"
    r"|Interrupt|Fault)\b"
    r"|\S+:\d+:in [`'])"
)
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?:: |$)")


def crashes(pieces: Iterable[Piece]) -> Iterator[Crash]:
    """Yield what belongs together in one stream's pieces, which come in order."""
    current: Crash | None = None
    before: Crash | None = None
    calm: Piece | None = None
    for piece in pieces:
        if piece.calm:
            calm = piece
            continue
        shape = _shape(piece.text)
        if current is not None:
            if _belongs(current, piece, shape):
                _add(current, piece, shape)
                continue
            if before is not None and not _takes(current, before):
                yield before
            before = None if current.trace else current
            if current.trace:
                yield current
        current = _open(piece, shape, calm)
        calm = None
    if current is not None:
        if before is not None and not _takes(current, before):
            yield before
        yield current


def _takes(crash: Crash, before: Crash) -> bool:
    """Whether the line before is this crash's headline, which it then becomes."""
    headline = before.pieces[-1]
    if crash.trace and crash.judged is not None and crash.pieces[0].time - headline.time <= RIGHT_BEFORE:
        crash.headline = headline
        return True
    return False


def _open(piece: Piece, shape: _Shape, calm: Piece | None) -> Crash:
    trace = shape.python or shape.many or shape.opens or shape.inside
    crash = Crash([piece], shape, shape, trace, shape.python and shape.ended)
    if calm is not None and piece.time - calm.time <= RIGHT_BEFORE:
        crash.announcement = calm
    return crash


def _belongs(crash: Crash, piece: Piece, shape: _Shape) -> bool:
    """Whether a piece goes on with a crash that is being put together."""
    if not crash.trace:
        return False
    first, last = crash.first, crash.last
    if not (shape.link or shape.cause or last.link):
        if first.python or last.python:
            if crash.done or shape.python or not (shape.inside or shape.exception):
                return False
        elif not (shape.inside or (last.panicked and len(crash.pieces) == 1)):
            return False
    return piece.time - crash.pieces[-1].time <= _GAP


def _add(crash: Crash, piece: Piece, shape: _Shape) -> None:
    if shape.link:
        crash.done = False
    elif crash.first.python and not shape.inside and not piece.text[:1].isspace():
        crash.done = not shape.python or shape.ended
    crash.pieces.append(piece)
    crash.last = shape


class _Shape(NamedTuple):
    """What a piece's text may be in a stack trace."""

    link: bool
    """Python's sentence between two tracebacks of a chain."""
    cause: bool
    """The line of a cause, which goes on with the trace before."""
    python: bool
    """A Python traceback begins here."""
    inside: bool
    """A frame, or what stands among frames."""
    opens: bool
    """An exception's line, which a trace may follow."""
    exception: bool
    """What may be an exception's line at a Python traceback's end."""
    panicked: bool
    """Rust's line, after which the message follows in one of its own."""
    many: bool
    """More than one line."""
    ended: bool
    """A traceback that has its exception's line."""


def _shape(text: str) -> _Shape:
    return _cached(text) if len(text) <= 4_000 else _shaped(text)


def _shaped(text: str) -> _Shape:
    first, end, _ = text.partition("\n")
    many, head = bool(end), first[:_MOST_LINE]
    python = _PYTHON.match(head) is not None
    last = text[-_MOST_LINE:].rstrip().rpartition("\n")[2] if many else ""
    return _Shape(
        link=_LINK.match(head) is not None,
        cause=_CAUSE.match(head) is not None,
        python=python,
        inside=not python and _INSIDE.match(head) is not None,
        opens=_OPENS.match(head) is not None,
        exception=_EXCEPTION.match(head) is not None or head[:1].isspace(),
        panicked=not many and head.endswith(":") and "panicked at " in head,
        many=many,
        ended=bool(last) and not last[0].isspace() and not _PYTHON.match(last),
    )


_cached = lru_cache(maxsize=512)(_shaped)
