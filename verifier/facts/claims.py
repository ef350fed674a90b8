"""What a build says about its commit without proof: anybody who submits a build may set these substitutions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import re2

from verifier.facts.build import Build
from verifier.facts.repository import CASE_BLIND_HOSTS, SOURCE_REPOSITORIES
from verifier.facts.source import Commit, Source
from verifier.redact import excerpt

_SHAS = ("COMMIT_SHA", "REVISION_ID", "SHORT_SHA")
_NAMES = ("BRANCH_NAME", "TAG_NAME", "REF_NAME", "REPO_NAME", "REPO_FULL_NAME", "TRIGGER_NAME")
_OWN_SHA = re2.compile(r"^_\w*(SHA|COMMIT|REVISION)\w*$")
_HEX = re2.compile(r"(?i)^[0-9a-f]{7,64}$")
_MOST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Claim:
    """One substitution that nothing proves."""

    name: str
    value: str
    contradicted: bool = False
    """The fact says otherwise: worse than merely unproven."""

    @property
    def shown(self) -> str:
        """`NAME=value`, fit to be shown."""
        return f"{_word(self.name)}={_word(self.value)}"


def unbacked_claims(build: Build, source: Source) -> tuple[Claim, ...]:
    """The claims that the fact about the build's source does not back, in a fixed order."""
    if isinstance(source, Commit):
        return tuple(_against_commit(build, source))
    return tuple(_against_nothing(build))


def _against_nothing(build: Build) -> Iterator[Claim]:
    for name in (*_SHAS, *_NAMES):
        trigger_says_so = name == "TRIGGER_NAME" and build.trigger_id
        if build.claims.get(name) and not trigger_says_so:
            yield Claim(name, build.claims[name])
    for name, value in sorted(build.claims.items()):
        if _is_for_a_sha(name) and _HEX.match(value):
            yield Claim(name, value)


def _against_commit(build: Build, commit: Commit) -> Iterator[Claim]:
    for name in _SHAS:
        value = build.claims.get(name, "").lower()
        if value and not (len(value) >= 7 and commit.sha.startswith(value)):
            yield Claim(name, build.claims[name], contradicted=True)
    full_name = build.claims.get("REPO_FULL_NAME", "")
    if full_name and commit.repository and not _names(full_name, commit):
        yield Claim("REPO_FULL_NAME", full_name, contradicted=True)
    if not build.trigger_id:
        yield from (Claim(name, build.claims[name]) for name in _NAMES if build.claims.get(name))


def _names(full_name: str, commit: Commit) -> bool:
    """Connections, mirrored repositories and Developer Connect's proxy go by other names: they contradict none.

    On a host of one's own, something may stand before the owner: Bitbucket's `/scm/`, a relative address of GitLab.
    """
    repository = commit.repository
    if repository is None or not repository.host or repository.is_proxy or repository.host == SOURCE_REPOSITORIES:
        return True
    path, name = repository.path.lower(), full_name.lower()
    return path == name or (repository.host not in CASE_BLIND_HOSTS and path.endswith(f"/{name}"))


@lru_cache(maxsize=1024)
def _is_for_a_sha(name: str) -> bool:
    return bool(_OWN_SHA.match(name))


@lru_cache(maxsize=1024)  # names and branches recur from build to build, and a commit within one
def _word(text: str) -> str:
    return excerpt(text, _MOST_SHOWN)
