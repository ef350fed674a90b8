"""What knows the one good source: written from the promise, and with nothing of the verifier's own in it.

A build may pass where a trigger ran it, it succeeded, all that is said of its source, by whomever, is one commit of the
one repository, and a branch on the list is proven. Everything else may not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.conformance.builds import CONNECTED, LINKED, PROJECT, SHA

_ADDRESS = re.compile(
    r"(?i)(git\+)?(https://|ssh://git@)?github\.com(:443|:22)?/orchard/press(\.git)?/?|git@github\.com:orchard/press(\.git)?"
)
_FULL = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH = re.compile(r"main|release/[^|\s*?\[\]\\^$+(){}~:]+")
_TAG = re.compile(r"v[^|\s*?\[\]\\^$+(){}~:]*")
_KINDS = {
    "source": {"gitSource", "repoSource", "connectedRepository", "developerConnectConfig"},
    "sourceProvenance": {"resolvedGitSource", "resolvedRepoSource", "resolvedConnectedRepository", "fileHashes"},
}
_COMMITS = {"COMMIT_SHA", "REVISION_ID", "SHORT_SHA"}


def may_pass(document: Mapping[str, Any]) -> bool:
    """Return whether a build may be VERIFIED under the policy of the tables."""
    return (
        document.get("status") == "SUCCESS"
        and isinstance(document.get("buildTriggerId"), str)
        and document["buildTriggerId"] != ""
        and (sha := _one_commit(document)) != ""
        and _is_on_the_list(document)
        and _claims_nothing_else(_part(document, "substitutions"), document, sha)
        and all(_is_the_commit(entry) for entry in document.get("dependencies") or [])
    )


def _part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = holder.get(name)
    return part if isinstance(part, Mapping) else {}


def _one_commit(document: Mapping[str, Any]) -> str:
    """Return the commit that all agree on, or empty."""
    parts = [(holder, kind, part) for holder in _KINDS for kind, part in _part(document, holder).items()]
    if any(kind not in _KINDS[holder] for holder, kind, _ in parts):
        return ""
    if not all(part is None or isinstance(part, Mapping) for _, _, part in parts):
        return ""
    said = [(holder, kind, part) for holder, kind, part in parts if kind != "fileHashes" and part]
    proofs = {_commit(kind, part) for holder, kind, part in said if holder == "sourceProvenance"}
    proofs |= {_commit(kind, part) for holder, kind, part in said if kind == "repoSource"} - {""}
    asked = {_commit(kind, part) for holder, kind, part in said if holder == "source" and kind != "repoSource"}
    full = {text for text in asked if _FULL.fullmatch(text)}
    found = proofs or asked
    is_one = len(found) == 1 and full <= found and all(_is_the_place(kind, part) for _, kind, part in said)
    return next((text for text in found if is_one and _FULL.fullmatch(text)), "")


def _commit(kind: str, part: Mapping[str, Any]) -> str:
    return str(part.get("commitSha" if kind in ("repoSource", "resolvedRepoSource") else "revision", "")).lower()


def _is_the_place(kind: str, part: Mapping[str, Any]) -> bool:
    """Return what says where it is says that it is the repository; somebody who says nothing says nothing wrong."""
    if kind in ("repoSource", "resolvedRepoSource"):
        right = part.get("repoName") == "github_orchard_press" and part.get("projectId", PROJECT) in (PROJECT, "")
        return right or not part.get("repoName")
    field = {"developerConnectConfig": "gitRepositoryLink"}.get(
        kind, "url" if "Git" in kind or "git" in kind else "repository"
    )
    named = str(part.get(field) or "")
    return not named or bool(_ADDRESS.fullmatch(named)) or named in (CONNECTED, LINKED)


def _is_on_the_list(document: Mapping[str, Any]) -> bool:
    asked = _part(_part(document, "source"), "repoSource")
    claims = _part(document, "substitutions")
    if asked.get("branchName") or asked.get("tagName"):
        branch, tag, ref = asked.get("branchName"), asked.get("tagName"), None
        if asked.get("invertRegex"):
            return False
    else:
        branch, tag, ref = claims.get("BRANCH_NAME"), claims.get("TAG_NAME"), claims.get("REF_NAME")
        if (branch or tag) != ref:
            return False
    if bool(branch) == bool(tag):
        return False
    name, form = (branch, _BRANCH) if branch else (tag, _TAG)
    return isinstance(name, str) and name.isprintable() and ".." not in name and bool(form.fullmatch(name))


def _claims_nothing_else(claims: Mapping[str, Any], document: Mapping[str, Any], commit: str) -> bool:
    shas = [str(claims[name]).lower() for name in _COMMITS if claims.get(name)]
    is_request = any(name in claims for name in ("_PR_NUMBER", "_HEAD_BRANCH", "_BASE_BRANCH", "_HEAD_REPO_URL"))
    # A connection and a mirror go by other names: only an address can be compared with the one that is claimed.
    has_address = bool(_part(_part(document, "sourceProvenance"), "resolvedGitSource").get("url"))
    name = str(claims.get("REPO_FULL_NAME") or "orchard/press").lower() if has_address else "orchard/press"
    return all(len(sha) >= 7 and commit.startswith(sha) for sha in shas) and not is_request and name == "orchard/press"


def _is_the_commit(entry: Any) -> bool:
    git = _part(entry, "gitSource") if isinstance(entry, Mapping) else {}
    address = _part(git, "repository").get("url", "")
    return (
        not entry.get("empty") and bool(_ADDRESS.fullmatch(str(address))) and git.get("revision") == SHA
        if git
        else False
    )
