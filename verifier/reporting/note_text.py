"""What became known of a build since its verdict, as lines of its message.

A note is a stored document with its `kind` and its `key`:

| kind | further fields | what it says |
|---|---|---|
| `runs` | `job`, `since`, and `until` once that is over | where the build's image runs, or ran |
| `over` | `commit` and `since` of what runs now, `began` and `ended` of this | that it runs no more: the first line |
| | `was`: what it was, where that is not its verdict | |
| `regressed` | `said` | that it got worse in the job that its key names |
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

RUNS, OVER, UPLOAD, WORSE = "runs", "over", "upload", "regressed"


def note_lines(notes: Sequence[Document]) -> list[str]:
    """Return what the notes say below the first line, each with a line of its own."""
    return [line for note in notes for line in _lines(note)]


def over_line(notes: Sequence[Document], verdict: Verdict) -> str:
    """Return the first line of a message about a build that runs no more; empty where no note says so."""
    note = over_note(notes)
    if note is None:
        return ""
    began, ended = _moment(note.get("began")), _moment(note.get("ended"))
    ran = f", {began} to {ended}" if began and ended else ""
    was = _name(note.get("was") or verdict)
    return f"over: {_name(note.get('commit'))} runs since {_moment(note.get('since'))}; was {was}{ran}"


def over_note(notes: Sequence[Document]) -> Document | None:
    """Return the note that says that it is over with a build; None where none does, or not for all jobs that have it.

    A note with the key `over/JOB` is about that job alone: another one may run its image, or it got worse there.
    """
    over = [note for note in notes if note.get("kind") == OVER and _moment(note.get("since"))]
    ended = {_job(note) for note in over}
    is_open = any(_goes_on(note) and _job(note) not in ended for note in notes)
    return next((note for note in reversed(over) if not (is_open and _job(note))), None)


def _goes_on(note: Document) -> bool:
    return note.get("kind") == WORSE or (note.get("kind") == RUNS and not note.get("until"))


def _job(note: Document) -> str:
    """Return the job that a note's key names; empty where it is about all."""
    return str(note.get("key", "")).partition("/")[2]


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
