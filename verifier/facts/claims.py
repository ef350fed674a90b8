"""What a build says about its commit without proof: anybody who submits a build may set these substitutions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import re2

from verifier.facts.build import Build
from verifier.facts.repository import CASE_BLIND_HOSTS, SOURCE_REPOSITORIES
from verifier.facts.source import Commit, Source
from verifier.redact import REDACTED, excerpt
from verifier.redact.names import names_a_secret
from verifier.redact.text import capped

_SHAS = ("COMMIT_SHA", "REVISION_ID", "SHORT_SHA")
_NAMES = ("BRANCH_NAME", "TAG_NAME", "REF_NAME", "REPO_NAME", "REPO_FULL_NAME", "TRIGGER_NAME")
_OWN_SHA = re2.compile(r"^_(?:\w*_)?(?:SHA\d*|(?:GIT|COMMIT|HEAD)_?SHA|COMMIT|COMMIT_?ID|REVISION)(?:_\w*)?$")
"""Whole words: `SHA` in `_SHARED_KEY` and `_SHAPE` is another one."""
_HEX = re.compile(r"[0-9A-Fa-f]{7,64}")
_MOST_SHOWN = 80
_MOST_KEPT = 300


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
        name, value = _shown(self.name, self.value)
        return f"{capped(name, _MOST_SHOWN)}={capped(value, _MOST_SHOWN)}"

    @property
    def shown_name(self) -> str:
        """The name, fit to be shown."""
        return _shown(self.name, self.value)[0]

    @property
    def shown_value(self) -> str:
        """The value, fit to be shown: a name may say that it is a secret."""
        return _shown(self.name, self.value)[1]


def unbacked_claims(build: Build, source: Source) -> tuple[Claim, ...]:
    """Return the claims that the fact about the build's source does not back, in a fixed order."""
    if isinstance(source, Commit):
        return tuple(_against_commit(build, source))
    return tuple(_against_nothing(build))


def _against_nothing(build: Build) -> Iterator[Claim]:
    for name in (*_SHAS, *_NAMES):
        trigger_says_so = name == "TRIGGER_NAME" and build.trigger_id
        if build.claims.get(name) and not trigger_says_so:
            yield Claim(name, build.claims[name])
    for name, value in sorted(build.claims.items()):
        if _is_for_a_sha(name) and _HEX.fullmatch(value):
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
    """Return whether the claim may name the commit's repository. Connections, mirrors and proxies have other names.

    On a host of one's own, something may stand before the owner: Bitbucket's `/scm/`, a relative address of GitLab.
    """
    repository = commit.repository
    if repository is None or not repository.host or repository.is_proxy or repository.host == SOURCE_REPOSITORIES:
        return True
    path, name = repository.path.lower(), full_name.lower()
    return path == name or (repository.host not in CASE_BLIND_HOSTS and path.endswith(f"/{name}"))


@lru_cache(maxsize=1024)
def _is_for_a_sha(name: str) -> bool:
    """Return whether this is the name of a commit: never one that people keep a secret under."""
    return bool(_OWN_SHA.match(name)) and not names_a_secret(name)


@lru_cache(maxsize=1024)  # names and branches recur from build to build, and a commit within one
def _shown(name: str, value: str) -> tuple[str, str]:
    """Return both without secrets: they are redacted together, for the one may say what the other is."""
    if name in _SHAS and _HEX.fullmatch(value):
        return name, value  # nothing is found in a commit, and looking for it is what most of an audit would cost
    name = excerpt(name, _MOST_KEPT).replace("=", "?")
    shown, sign, rest = excerpt(f"{name}={value}", len(name) + 1 + _MOST_KEPT).partition("=")
    return (shown, rest) if sign else (shown, REDACTED)
