"""Commands that people paste: lists of arguments until they are printed, quoted once, and never changed afterwards.

A part that comes from outside (a project, a region, a branch) is taken only where it is of its kind; else there is no
command, and words say what to do. Texts with commands in them are stored and sent on as text: `pieces` finds a command
again only where a shell takes every character of it for itself, so that whoever wrote the text can't make it do more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from shlex import quote

import re2

from verifier.errors import Malformed
from verifier.facts.execution import parse_execution_name
from verifier.redact import MARGIN, redact
from verifier.redact.text import encodable


class Kind(Enum):
    """What a part of a command is, as the form that it has."""

    PROJECT = r"(?:[a-z0-9][a-z0-9.-]{0,60}:)?[a-z0-9][a-z0-9-]{0,60}"
    REGION = r"[a-z][a-z0-9-]{1,40}"
    TRIGGER = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
    BRANCH = r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,99}"
    OWNER = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(?:/[A-Za-z0-9][A-Za-z0-9_.-]{0,63}){0,3}"
    REPOSITORY = r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}"
    JOB = r"[a-z0-9][a-z0-9-]{0,62}"
    BUILD = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
    IMAGE = (
        r"[a-z0-9][a-z0-9.-]{0,99}(?::[0-9]{1,5})?(?:/[a-z0-9][a-z0-9._-]{0,99}){1,8}"
        r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
    )
    """An image's name, with or without a tag."""
    DIGEST = r"sha256:[0-9a-f]{64}"


_LONG_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@cache
def form(kind: Kind) -> re.Pattern[str]:
    """Return the expression that a part of this kind fits as a whole."""
    return re.compile(kind.value)


@dataclass(frozen=True, slots=True)
class Command:
    """A command for people."""

    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(map(_quoted, self.arguments))


@lru_cache(maxsize=1024)  # projects, regions and triggers recur from build to build
def part(kind: Kind, text: str) -> str:
    """Return the text as a part of a command. Raises Malformed where it is not of this kind, or looks like a secret."""
    if form(kind).fullmatch(text) and redact(text) == text:
        return text
    raise Malformed(f"the {kind.name.lower()}'s name is not of the form that a command takes")


def shown_trigger(trigger_id: str, *, quote: bool = False) -> str:
    """Return the trigger for a remedy: only an id of the usual form, so that nothing in it is taken for advice."""
    try:
        name = part(Kind.TRIGGER, trigger_id)
    except Malformed:
        return "its trigger's id" if quote else "its trigger"
    return f'"{name}"' if quote else f"trigger {name}"


def compare_upload(build_id: str) -> str:
    """Return the command that says what was in an upload. Raise Malformed where the id is none that it takes."""
    short = build_id.partition("-")[0] if _LONG_ID.fullmatch(build_id) else build_id
    return str(Command(("verifier", "compare", part(Kind.BUILD, short), "--fix", "YOUR_COMMIT")))


def describe_execution(name: str) -> str:
    """Return the command that shows an execution; words where a part of its name is none. Raises Malformed."""
    job, short_name = parse_execution_name(name)
    try:
        place = (f"--region={part(Kind.REGION, job.location)}", f"--project={part(Kind.PROJECT, job.project)}")
        show = ("gcloud", "run", "jobs", "executions", "describe", part(Kind.JOB, short_name))
    except Malformed:
        return "the execution in Cloud Run"
    return str(Command((*show, *place)))


_QUOTED = r"'[^'`\\[:cntrl:][:^ascii:]]*'"
_PLAIN = r"[A-Za-z0-9%+:,./_@-][A-Za-z0-9%+=:,./_@-]*"
_ARGUMENT = rf"(?:{_PLAIN}{_QUOTED}|{_PLAIN}|{_QUOTED})"
_OURS = (
    r"(?:builds triggers run|builds triggers create github|run jobs executions describe|run jobs list|run jobs update"
    r"|logging read|(?:run jobs|projects) add-iam-policy-binding|firestore databases create"
    r"|auth application-default login)"
)
_COMPARE = r"verifier compare [A-Za-z0-9][A-Za-z0-9_-]* --fix YOUR_COMMIT"
_COMMAND = re2.compile(rf"(?:^| )(gcloud {_OURS}(?: {_ARGUMENT})*|{_COMPARE})(?:;|$)")
"""One of those that we give, to the end of the text or to a semicolon."""


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Split a text into words and commands; True is beside a command. Joined, they are the text."""
    text, done = encodable(text), 0
    for found in _COMMAND.finditer(text):
        if found.start(1) > done:
            yield text[done : found.start(1)], False
        yield found.group(1), True
        done = found.end(1)
    if done < len(text):
        yield text[done:], False


def ends_with_command(text: str) -> bool:
    """Return whether nothing may follow this text, not even a full stop, because a command is its end."""
    return any(is_command for _, is_command in list(pieces(text))[-1:])


def told(text: str, most: int, words: Callable[[str, int], str]) -> str:
    """Return the text in about `most` characters: its words through `words`, its commands whole and as they are."""
    said = ""
    for piece, is_command in pieces(text[: most + MARGIN]):
        left = most - len(said)
        if is_command:
            if len(piece) > left:
                return said if said.endswith("…") else f"{said}…"
            said += piece
        elif left > 0:
            core = words(piece, left)
            said += core
            said += " " if piece[-1] == " " and core[-1:] not in (" ", "…") else ""
    return said


def _quoted(argument: str) -> str:
    """Return the argument as a shell takes it; of a flag with a value, the value is what is quoted."""
    flag, equals, value = argument.partition("=")
    return f"{flag}={quote(value)}" if equals and flag.startswith("--") else quote(argument)
