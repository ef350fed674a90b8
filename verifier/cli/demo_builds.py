"""Builds of your own, as far as the demo can play them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from verifier.cli.terminal import tell
from verifier.errors import Malformed
from verifier.facts.build import checked_key, parse_build
from verifier.history.export_files import read_places
from verifier.history.recognize import build_of
from verifier.history.summary import Notice, Problem


def playable_documents(place: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the documents that can be played, each build once, and what is wrong with the others."""
    found: dict[str, dict[str, Any]] = {}
    wrong: list[str] = []
    for item in read_places([place], sys.stdin.buffer):
        if isinstance(item, Notice):
            tell(f"note: {item}")
        elif isinstance(item, Problem):
            wrong.append(str(item))
        else:
            try:
                name, playable = _playable(item.value)
            except Malformed as error:
                wrong.append(f"{item.file}: build {item.number}: {error}")
            else:
                found[name] = playable
    return list(found.values()), wrong


def _playable(document: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the build's name and its document with the parts that identify it. Raise Malformed."""
    build = build_of(document)
    if not (build.key.id and build.key.project and build.status):
        raise Malformed("expected a build with id, projectId and status, got one without")
    checked_key(build.key.project, build.key.location, build.key.id)
    identity = {"id": build.key.id, "projectId": build.key.project, "name": document.get("name") or build.key.name}
    return build.key.name, {**document, **identity}


def watched_places(documents: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], list[str]]:
    """Return the projects of these builds, with their numbers, and their regions."""
    projects, regions = dict[str, str](), {"global"}
    for document in documents:
        key = parse_build(document).key
        named = str(document["name"]).split("/")[1]
        projects[key.project] = (
            named if named.isdecimal() and named not in projects.values() else projects.get(key.project, "")
        )
        regions.add(key.location)
    return projects, sorted(regions)
