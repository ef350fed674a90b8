"""What became known of a build since its verdict, as lines of its message.

A note is a stored document with its `kind` and its `key`:

| kind | further fields | what it says |
|---|---|---|
| `runs` | `job`, `since`, and `until` once that is over | where the build's image runs, or ran |
| `over` | `commit` and `since` of what runs now, `began` and `ended` of this | that it runs no more: the first line |
| | `was`: what it was, where that is not its verdict | |
| `upload`, and any other | `said` | its sentences |

`commit` and `job` are names as people read them, the moments are text as `times.show_time` writes it. What can't be
read of a note is left out: it never keeps the rest from being said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from verifier.checks.verdict import Verdict
from verifier.redact import excerpt
from verifier.reporting.labels import MOST_NAME
from verifier.services import Document
from verifier.times import parse_time, show_minute

RUNS, OVER, UPLOAD = "runs", "over", "upload"


def note_lines(notes: Sequence[Document]) -> list[str]:
    """Return what the notes say below the first line, each with a line of its own."""
    return [line for note in notes for line in _lines(note)]


def over_line(notes: Sequence[Document], verdict: Verdict) -> str:
    """Return the first line of a message about a build that runs no more; empty where no note says so."""
    for note in reversed(notes):
        if note.get("kind") == OVER and (since := _moment(note.get("since"))):
            began, ended = _moment(note.get("began")), _moment(note.get("ended"))
            ran = f", {began} to {ended}" if began and ended else ""
            was = _name(note.get("was") or verdict)
            return f"over: {_name(note.get('commit'))} runs since {since}; was {was}{ran}"
    return ""


def _lines(note: Document) -> Iterator[str]:
    match note.get("kind"):
        case "runs":
            since, until = _moment(note.get("since")), _moment(note.get("until"))
            if since and until:
                yield f"Ran from {since} to {until} in {_name(note.get('job'))}."
            elif since:
                yield f"Runs since {since} in {_name(note.get('job'))}."
        case "over":
            return
        case _:
            if said := note.get("said"):
                yield str(said)


def _name(value: Any) -> str:
    return excerpt(str(value or "another build"), MOST_NAME)


def _moment(value: Any) -> str:
    """Return a moment to the minute; empty where there is none that can be read."""
    try:
        return show_minute(parse_time(str(value)))
    except ValueError:
        return ""
