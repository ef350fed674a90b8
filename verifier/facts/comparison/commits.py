"""Commits as git prints them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_SHORT = 7


@dataclass(frozen=True, slots=True)
class CommitNode:
    """A commit among others."""

    sha: str
    seconds: int
    """When it was made, since 1970, as its author's machine had it."""
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommitNote:
    """What a commit says of itself."""

    sha: str
    subject: str
    """The first line of its message, as it is."""
    time: datetime | None
    """When it was committed; None where it does not say so in a form that can be read."""

    @property
    def short(self) -> str:
        """Its first digits."""
        return self.sha[:_SHORT]


def parse_node(line: bytes) -> CommitNode:
    """Return a commit of `git rev-list --timestamp --parents`."""
    seconds, sha, *parents = line.decode("ascii").split(" ")
    return CommitNode(sha, int(seconds), tuple(parents))


def parse_commit(sha: str, content: bytes) -> CommitNote:
    """Return what a commit's object says."""
    head, _, message = content.partition(b"\n\n")
    subject = message.lstrip(b"\n").partition(b"\n")[0].decode("utf-8", "replace")
    moment = None
    for line in head.split(b"\n"):
        if line.startswith(b"committer "):
            moment = _moment(line)
    return CommitNote(sha, subject, moment)


def compared_with(nodes: Sequence[CommitNode], tip: str) -> list[tuple[str, str]]:
    """Return each commit with that beside which it is looked at, in their order: its first parent, as a rule.

    It is none (empty) of a root, and `tip` where the first parent is not among them.
    """
    known = {node.sha for node in nodes}
    pairs = []
    for node in nodes:
        parent = node.parents[0] if node.parents else ""
        pairs.append((node.sha, parent if not parent or parent in known else tip))
    return pairs


def after(nodes: Iterable[CommitNode], commit: str) -> set[str]:
    """Return a commit and all that came after it, of commits that stand behind their parents."""
    found = {commit}
    for node in nodes:
        if not found.isdisjoint(node.parents):
            found.add(node.sha)
    return found


def before(nodes: Sequence[CommitNode], commit: str) -> set[str]:
    """Return a commit and all that it contains, of commits that stand behind their parents."""
    found = {commit}
    for node in reversed(nodes):
        if node.sha in found:
            found.update(node.parents)
    return found


def _moment(line: bytes) -> datetime | None:
    words = line.rsplit(b" ", 2)
    try:
        return datetime.fromtimestamp(int(words[1]), UTC)
    except (IndexError, ValueError, OverflowError, OSError):
        return None
