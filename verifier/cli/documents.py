"""Build documents from files, as `gcloud builds describe` or `gcloud builds list` prints them with `--format=json`."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from verifier.build import Build, parse_build
from verifier.errors import Malformed, SettingsError
from verifier.policy import Policy
from verifier.policy_file import read_policy
from verifier.strict_json import parse_json, said

STANDARD_INPUT = "-"

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
"""What shells on Windows begin a file with when they redirect into it."""
_IDENTITY = ("id", "name", "status")


@dataclass(frozen=True, slots=True)
class GivenBuild:
    """A build that can be judged."""

    file: str
    document: Mapping[str, Any]
    """As it was given."""
    build: Build


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file, or one build in it, that can't be judged."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{click.format_filename(self.place)}: {self.reason}"


def given_builds(file: str) -> Iterator[GivenBuild | Unreadable]:
    """The builds in a file, which holds one document or an array of them. Never raises for what is in it."""
    try:
        content = parse_json(_utf8(_read(file)), "content")
    except OSError as error:
        yield Unreadable(file, f"expected a readable file of build documents, got: {error.strerror or error}")
        return
    except (Malformed, UnicodeError) as error:
        yield Unreadable(file, str(error))
        return
    several = isinstance(content, list)
    for number, document in enumerate(content if isinstance(content, list) else [content], start=1):
        try:
            yield GivenBuild(file, *_checked(document))
        except Malformed as error:
            yield Unreadable(file, f"build {number}: {error}" if several else str(error))


def policy_from(file: str | None) -> Policy:
    """The policy in this file; without one, in policy.toml here, or the defaults. Raises SettingsError."""
    path = Path(file or "policy.toml")
    if not file and not path.exists():
        return read_policy(b"")
    try:
        return read_policy(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path}: expected a readable policy file, got: {error.strerror or error}") from error


def _checked(document: object) -> tuple[Mapping[str, Any], Build]:
    if not isinstance(document, dict) or not any(field in document for field in _IDENTITY):
        got = f"an object without {', '.join(_IDENTITY)}" if isinstance(document, dict) else said(document)
        raise Malformed(f"expected a build as gcloud prints it with --format=json, got {got}")
    return document, parse_build(document)


def _read(file: str) -> bytes:
    if file == STANDARD_INPUT:
        return click.get_binary_stream("stdin").read()
    return Path(file).read_bytes()


def _utf8(content: bytes) -> bytes:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding).encode()
    return content
