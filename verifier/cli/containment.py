"""Whether one commit contains another, decided by git in a clone; never by time, and never by fetching."""

from __future__ import annotations

from pathlib import Path

from verifier.adapters.git import GitFailed
from verifier.adapters.git_clone import Clone, checked_sha
from verifier.errors import Malformed


def contains(repo: Path, descendant: str, commit: str) -> bool | str:
    """Return whether `descendant` is `commit` or came after it, as the clone in `repo` knows; or text: why not.

    The same commit contains itself without a clone. Raise Malformed for what is no SHA.
    """
    descendant, commit = checked_sha(descendant), checked_sha(commit)
    if descendant.startswith(commit):
        return True
    try:
        return _is_ancestor(Clone.opened(repo), commit, descendant)
    except GitFailed as error:
        return str(error)


def named_commit(repo: Path, name: str) -> str:
    """Return the SHA that a name means: hex digits as they are, `HEAD`, a tag or a branch as the clone has it.

    Raise Malformed for what is neither, and GitFailed where there is no clone to say what a name means.
    """
    try:
        return checked_sha(name)
    except Malformed:
        return Clone.opened(repo).commit(name)


def _is_ancestor(clone: Clone, commit: str, descendant: str) -> bool:
    if clone.is_ancestor(*(clone.resolved(sha) for sha in (commit, descendant))):
        return True
    if clone.shallow:
        raise GitFailed(
            f"the clone in {clone.repo} is shallow, so it can't say no; run: git -C {clone.repo} fetch --unshallow"
        )
    return False
