"""Build documents from files, as `gcloud` prints them: one, an array of them, or several one after the other."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from verifier.errors import Malformed
from verifier.facts.build import Build, parse_build
from verifier.redact import one_line

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How text begins that a PowerShell redirection wrote."""
_OF_BUILDS = {"id", "status", "source", "sourceProvenance", "substitutions", "steps"}


def read_documents(place: str) -> Iterator[object]:
    """What stands where a build should in this file, `-` for standard input; `checked_build` says whether it is one.

    Raises Malformed, after those that could be read, where the file itself is none of builds.
    """
    text = _text(place)
    decoder, at, count = json.JSONDecoder(), _skip(text, 0), 0
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise Malformed(f"expected JSON, as gcloud builds list --format=json prints it, got {error}") from error
        items = _items(value)
        count += len(items)
        yield from items
        at = _skip(text, end)
    if not count:
        raise Malformed("expected build documents in JSON, got none")


def checked_build(document: object) -> Build:
    """The build that this is. Raises Malformed also for an object that has nothing of a build."""
    build = parse_build(document)
    if isinstance(document, dict) and not _OF_BUILDS & document.keys():
        raise Malformed(f"expected a build (with id, status or source), got an object with {_names(document)}")
    return build


def files_in(place: str) -> list[str]:
    """The file itself, or the JSON files of a folder in order of their names."""
    path = Path(place)
    return sorted(str(file) for file in path.glob("*.json")) if path.is_dir() else [place]


def _text(place: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes()
        return raw.decode("utf-16" if raw[:2] in _UTF_16 else "utf-8-sig")
    except OSError as error:
        raise Malformed(f"expected a readable file, got {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise Malformed(f"expected text in UTF-8, got {error}") from error


def _items(value: object) -> list[object]:
    """The builds in an array, in the REST API's answer to a listing, or alone."""
    if isinstance(value, dict) and isinstance(value.get("builds"), list):
        value = value["builds"]
    return value if isinstance(value, list) else [value]


def _names(document: dict[str, object]) -> str:
    return one_line(", ".join(sorted(document)) or "no keys", 100)


def _skip(text: str, at: int) -> int:
    """The place of the next character that is no white space."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at
