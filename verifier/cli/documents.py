"""Build documents from files, as `gcloud` prints them: one, an array of them, or several one after the other."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from verifier.errors import Malformed

Document = Mapping[str, Any]


def read_documents(place: str) -> Iterator[Document]:
    """The documents in this file, `-` for standard input. Raises Malformed, after those that could be read."""
    text = _text(place)
    decoder, at = json.JSONDecoder(), _skip(text, 0)
    if at == len(text):
        raise Malformed("expected a build document in JSON, got nothing")
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise Malformed(f"expected JSON, got {error}") from error
        yield from _builds(value)
        at = _skip(text, end)


def files_in(place: str) -> list[str]:
    """The file itself, or the JSON files of a folder in order of their names."""
    path = Path(place)
    return sorted(str(file) for file in path.glob("*.json")) if path.is_dir() else [place]


def _text(place: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise Malformed(f"expected a readable file, got {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise Malformed(f"expected text in UTF-8, got {error}") from error


def _builds(value: object) -> Iterator[Document]:
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            raise Malformed(f"expected a build (an object), got {type(item).__name__}")
        yield item


def _skip(text: str, at: int) -> int:
    """The place of the next character that is no white space."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at
