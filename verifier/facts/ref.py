"""The branch or tag that a build was made for, as far as something other than a typed word says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import re2

from verifier.facts.build import Build

_PATTERN = re2.compile(r"[\\^$*+?()\[\]{}|]")
"""What makes a regular expression of a name. All but `$+(){}|` are refused in names by git itself."""
_REF_NAME_SINCE = datetime(2021, 5, 1, tzinfo=UTC)
"""Since April 2021 Cloud Build writes REF_NAME: of an older build BRANCH_NAME or TAG_NAME alone has to do."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A branch or a tag; or why none is known."""

    kind: str = "branch"
    """`branch` or `tag`."""
    name: str = ""
    """Empty where none is known."""
    problem: str = ""
    """Why none is known, as a part of a sentence."""


def ref_of(build: Build) -> Ref:
    """Return the branch or tag that the build was made for.

    Only builds of Cloud Source Repositories carry it in a field of their source. Otherwise it is a substitution, which
    counts where a trigger ran the build and REF_NAME says the same: Cloud Build writes REF_NAME itself, and leaves it
    out where somebody ran the trigger for a commit and typed a branch beside it.
    """
    asked = (build.source or {}).get("repoSource")
    if isinstance(asked, Mapping) and (asked.get("branchName") or asked.get("tagName")):
        return _asked(asked, by_hand=not build.trigger_id)
    if not build.trigger_id:
        return Ref(problem="no trigger ran the build, so nothing proves a branch or tag")
    is_old = build.created is not None and build.created < _REF_NAME_SINCE
    return _claimed(build.claims, is_old=is_old)


def _asked(asked: Mapping[str, Any], *, by_hand: bool) -> Ref:
    """`branchName` and `tagName` are regular expressions, and `invertRegex` asks for whatever does not match."""
    branch, tag = asked.get("branchName"), asked.get("tagName")
    kind, name = ("tag", tag) if tag else ("branch", branch)
    if branch and tag:
        return Ref(problem="its repoSource names both a branch and a tag")
    if asked.get("invertRegex"):
        return Ref(kind, problem=f"invertRegex asks for any {kind} but {str(name)[:80]}")
    if not isinstance(name, str):
        return Ref(kind, problem=f"its repoSource's {kind} is no text")
    # A dot stands for any character, too; but a trigger's own build names the ref that was pushed.
    if _PATTERN.search(name) or (by_hand and "." in name):
        return Ref(kind, problem=f"{name[:80]} is a pattern, which may stand for any {kind}")
    return _plain(kind, name)


def _claimed(claims: Mapping[str, str], *, is_old: bool) -> Ref:
    branch, tag, ref = (claims.get(name, "") for name in ("BRANCH_NAME", "TAG_NAME", "REF_NAME"))
    kind, name = ("tag", tag) if tag else ("branch", branch)
    if branch and tag:
        return Ref(problem="it names both a branch and a tag")
    if not name:
        return Ref(problem="the build names no branch or tag")
    if not ref and not is_old:
        seen = f"{kind} {name[:80]} was only typed: the trigger was run for a commit, and no REF_NAME says the same"
        return Ref(kind, problem=seen)
    if ref not in ("", name):
        return Ref(kind, problem=f"its {kind} is {name[:80]}, and its REF_NAME {ref[:80]}")
    return _plain(kind, name)


def _plain(kind: str, name: str) -> Ref:
    """`refs/pull/7/merge` and the like are neither branches nor tags, whatever field they stand in."""
    return Ref(kind, problem=f"{name[:80]} is no {kind}") if name.startswith("refs/") else Ref(kind, name)
