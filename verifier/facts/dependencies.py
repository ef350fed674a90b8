"""What a build fetched besides its source: each entry of `dependencies` is a second source, and is judged like one.

Documentation: "REST Resource: projects.locations.builds", Dependency.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from verifier.facts.build import Build
from verifier.facts.repository import Repository, parse_repository

_SHA = re.compile(r"[0-9A-Fa-f]{40}(?:[0-9A-Fa-f]{24})?")


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another source that the build fetched."""

    field: str
    repository: Repository | None
    """None where it names none that can be read."""
    problem: str
    """Why it is no commit, as a part of a sentence; empty where it is one."""


def dependencies_of(build: Build) -> tuple[Dependency, ...]:
    """Return the sources that the build fetched besides its own, in order. Never raise."""
    entries = enumerate(build.document["dependencies"], start=1)
    return tuple(_dependency(f"dependencies[{number}]", entry) for number, entry in entries if "empty" not in entry)


def _dependency(field: str, entry: Mapping[str, Any]) -> Dependency:
    git = entry.get("gitSource")
    if not isinstance(git, (dict, Mapping)):
        return Dependency(field, None, f"{entry.get('other') or 'its kind'} is no commit of a repository")
    revision, address = str(git.get("revision", "")), str(git.get("address", ""))
    repository = parse_repository(address)
    if repository is None:
        return Dependency(field, None, f"{address[:200] or 'nothing'} names no repository that can be read")
    if not _SHA.fullmatch(revision):
        seen = f"expected a full commit of {repository}, got {revision[:80]!r}, and nobody wrote down what was fetched"
        return Dependency(field, repository, seen)
    return Dependency(field, repository, "")
