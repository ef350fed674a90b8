"""Whether one commit contains another, decided by git in a clone; never by time, and never by fetching."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from verifier.errors import Malformed

_SHA = re.compile(r"[0-9a-f]{7,64}")
_SECONDS = 60.0
_FULL = 40
_OWN_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
"""Nothing is asked, fetched or written, and no replacement or other repository is put in place of what is there."""


class _GitError(Exception):
    """Git gave no answer; the text says why."""


def checked_sha(text: str) -> str:
    """Return the commit's hex digits in lower case. Raise Malformed when it is not 7 to 64 of them."""
    sha = text.lower()
    if not _SHA.fullmatch(sha):
        raise Malformed(f"commit: expected 7 to 64 hex digits, got {text[:80]!r}; git rev-parse REF prints them")
    return sha


def contains(repo: Path, descendant: str, commit: str) -> bool | str:
    """Return whether `descendant` is `commit` or came after it, as the clone in `repo` knows; or text: why not.

    The same commit contains itself without a clone. Raise Malformed for what is no SHA.
    """
    descendant, commit = checked_sha(descendant), checked_sha(commit)
    if descendant.startswith(commit):
        return True
    try:
        return _is_ancestor(repo, commit, descendant)
    except _GitError as error:
        return str(error)


def _is_ancestor(repo: Path, commit: str, descendant: str) -> bool:
    shallow = _shallow(repo)
    ends = [_resolved(repo, sha) for sha in (commit, descendant)]
    answer = _run(repo, "merge-base", "--is-ancestor", "--end-of-options", *ends)
    if answer.returncode == 0:
        return True
    if answer.returncode != 1:
        raise _GitError(f"git could not compare {commit} with {descendant}: {_said(answer)}")
    if shallow:
        raise _GitError(f"the clone in {repo} is shallow, so it can't say no; run: git -C {repo} fetch --unshallow")
    return False


def _shallow(repo: Path) -> bool:
    answer = _run(repo, "rev-parse", "--is-shallow-repository")
    if answer.returncode:
        raise _GitError(
            f"no clone to ask in {repo} ({_said(answer)}), and without one only equality can be claimed; "
            "name a clone with --repo"
        )
    return answer.stdout.strip() == "true"


def _resolved(repo: Path, sha: str) -> str:
    """Return the full SHA. A branch may be called by hex digits too: what comes out must begin with what went in."""
    answer = _run(repo, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{sha}^{{commit}}")
    full = answer.stdout.strip()
    if answer.returncode or not full.startswith(sha):
        more = "" if len(sha) >= _FULL else ", or several that begin so: then give more digits"
        raise _GitError(f"the clone in {repo} does not have commit {sha}{more}; run: git -C {repo} fetch --all")
    return full


def _run(repo: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(  # noqa: S603  # a fixed command; SHAs are checked, and no shell reads them
            ["git", "-C", str(repo), *arguments],  # noqa: S607  # git is where PATH says
            env=inherited | _OWN_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise _GitError("expected git on PATH, found none, and without it only equality can be claimed") from error
    except subprocess.TimeoutExpired as error:
        raise _GitError(f"git {arguments[0]} in {repo} took longer than {_SECONDS:g} s") from error


def _said(answer: subprocess.CompletedProcess[str]) -> str:
    return next(iter(answer.stderr.strip().splitlines()), f"exit code {answer.returncode}")[:200]
