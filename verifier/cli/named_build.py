"""The one way to name a build: its id, the beginning of it, its full name, its address in the console, or a file."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from verifier.cli.surroundings import chosen_project, stand_in_address
from verifier.cli.terminal import tell
from verifier.errors import Malformed, Missing
from verifier.facts.build import Build, BuildKey, checked_key, parse_build, parse_build_name
from verifier.history.export_files import STANDARD_INPUT, read_places
from verifier.history.gcloud_export import Document
from verifier.history.recognize import build_of
from verifier.history.summary import Notice
from verifier.reporting.links import parse_build_link

HELP = "its id or the beginning of it, its full name, its address in the console, a file with its document, or -"
DAYS = 30
"""How far back the beginning of an id is looked for."""
_TIMEOUT = 20.0
_SHORT = re.compile(r"[0-9a-f]{4,8}|[0-9a-f]{8}-[0-9a-f-]{0,26}")
_LONG = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ADDRESS = ("https://", "http://")
_GLOBAL = "global"
_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class NamedBuild:
    """A build that somebody named."""

    build: Build
    document: Mapping[str, Any]
    """All that is known of it: more than what the build keeps."""
    file: str = ""
    """The file that it stands in; empty where the cloud was asked."""


def named_build(text: str, project: str, region: str) -> NamedBuild:
    """Return the build that a person named. `region` is empty where none was said.

    Raise Malformed for what names no build or several, and ServiceError where the cloud can't be asked.
    """
    if text == STANDARD_INPUT or _is_file(text):
        return _of_file(text)
    key = _key(text, project, region)
    if key is None:
        return _searched(text, chosen_project(project), region)
    try:
        return _fetched(key)
    except Missing:
        if region or not _LONG.fullmatch(text):
            raise
        return _searched(text, key.project, "")


def _key(text: str, project: str, region: str) -> BuildKey | None:
    """Return the build's key, or None for the beginning of an id."""
    if text.startswith(_ADDRESS):
        named, location, build_id = parse_build_link(text)
        return checked_key(project or named or chosen_project(""), location, build_id)
    if "/" in text:
        return checked_key(*parse_build_name(text))
    if _SHORT.fullmatch(text.lower()):
        return None
    return checked_key(chosen_project(project), region or _GLOBAL, text)


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _of_file(place: str) -> NamedBuild:
    documents = []
    for item in read_places([place], sys.stdin.buffer):
        if isinstance(item, Document):
            documents.append(item)
        elif isinstance(item, Notice):
            tell(f"note: {item}")
        else:
            raise Malformed(str(item))
    if len(documents) != 1:
        raise Malformed(f"{place}: expected the document of one build, got {len(documents) or 'none'}")
    value = documents[0].value
    return NamedBuild(build_of(value), value, place)


def _fetched(key: BuildKey) -> NamedBuild:
    from verifier.adapters.cloud_build import CloudBuild

    document = CloudBuild(stand_in_address()).whole(key, timeout=_TIMEOUT)
    return NamedBuild(parse_build(document), document)


def _searched(start: str, project: str, region: str) -> NamedBuild:
    """Return the one build of the last days whose id begins so. Raise Malformed where there is none, or several."""
    from verifier.adapters.build_search import BuildSearch
    from verifier.adapters.cloud_build import CloudBuild
    from verifier.adapters.patience import Patience

    since = datetime.now(UTC) - timedelta(days=DAYS)
    search = BuildSearch(CloudBuild(stand_in_address()), Patience(tell))
    checked_key(project, region or _GLOBAL, start)
    found = search.beginning(start.lower(), project, [region] if region else [], since)
    if len(found.keys) == 1:
        return _fetched(found.keys[0])
    if found.keys:
        names = ", ".join(f"{key.id} in {key.location}" for key in found.keys[:_MOST_SHOWN])
        raise Malformed(
            f"build: expected the beginning of one id, got {start!r}, which begins {len(found.keys)}: {names}"
        )
    if found.trouble:
        raise found.trouble
    place = region or "any location"
    more = "give the whole id, and its place with --region"
    if found.unread:
        more = f"{', '.join(found.unread)} has more builds than were looked at: name the place with --region"
    raise Malformed(f"build: none of the last {DAYS} days in {place} of {project} begins with {start!r}; {more}")
