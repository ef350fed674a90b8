"""Which commit is nearest to an upload, found without keeping the tree of any.

A commit differs from its first parent by a few files. Given how far the parent is from the upload, each of these is an
addition: does the upload have the file, and are its bytes these? So one pass over what `git diff-tree` prints measures
every commit of a history exactly, merges included.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from verifier.facts.comparison.commits import CommitNode
from verifier.facts.comparison.git_output import SUBMODULE, Change, TreeEntry
from verifier.facts.upload.listing import UploadedFile


class Likeness(NamedTuple):
    """How much of an upload a commit has."""

    same: int
    """Files of these bytes, line endings aside."""
    exact: int
    """Files of the very same bytes, or their Git LFS pointers."""
    both: int
    """Files of these names."""
    files: int
    """Files of the commit that an upload of it would have."""


NOTHING = Likeness(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class UploadMeasure:
    """An upload as commits are measured by it."""

    files: Mapping[str, UploadedFile]
    """By the paths that they would have in the repository."""
    left_out: Callable[[str], bool]
    """Whether gcloud leaves the file at this path of the repository out of an upload."""

    def at(self, path: str) -> UploadedFile | None:
        """Return the uploaded file that has this path, however its letters are composed."""
        return self.files.get(path if path.isascii() else composed(path))

    def distance(self, likeness: Likeness) -> int:
        """Return how many files differ, are missing or are too many."""
        return len(self.files) + likeness.files - likeness.both - likeness.same

    def of_tree(self, tree: Mapping[str, TreeEntry]) -> Likeness:
        """Return how much of it a tree has, whose paths are those of the repository."""
        return self.changed(NOTHING, (Change(path, "", e.blob) for path, e in tree.items() if e.mode != SUBMODULE))

    def changed(self, likeness: Likeness, changes: Iterable[Change]) -> Likeness:
        """Return how much of it a commit has that changes so much of one that has so much."""
        same, exact, both, files = likeness
        for path, old, new in changes:
            mine = self.at(path)
            if mine is None:
                if not self.left_out(path):
                    files += bool(new) - bool(old)
                continue
            ids = (mine.blob, mine.lf_blob, mine.lfs_blob)
            there = bool(new) - bool(old)
            files += there
            both += there
            same += (new in ids) - (old in ids)
            exact += (new in (ids[0], ids[2])) - (old in (ids[0], ids[2]))
        return Likeness(same, exact, both, files)


@dataclass(slots=True)
class Measured:
    """What one pass over a history found."""

    best: int = -1
    """The smallest distance; negative where there is no commit."""
    exact: int = 0
    nearest: list[str] = field(default_factory=list)
    """The commits at this distance with this many exact files, in their order."""
    contents: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Of the files that were asked about: each commit that changed it, and to which bytes (empty: to none)."""

    def take(self, commit: str, distance: int, exact: int) -> None:
        """Note how far a commit is."""
        if self.best < 0 or (distance, -exact) < (self.best, -self.exact):
            self.best, self.exact, self.nearest = distance, exact, []
        if (distance, exact) == (self.best, self.exact):
            self.nearest.append(commit)


def measured(
    pairs: Iterable[tuple[str, str]],
    changes: Iterator[tuple[str, list[Change]]],
    wanted: UploadMeasure,
    known: Mapping[str, Likeness],
    asked: Container[str] = (),
) -> Measured:
    """Measure each commit against the upload.

    `pairs` are commits, each behind the one beside which it is looked at, or beside one that is `known`; `changes` are
    what `git diff-tree` prints for them. `asked` are the paths whose contents are to be remembered.
    """
    found, likenesses = Measured(), {"": NOTHING, **known}
    following = next(changes, None)
    for commit, other in pairs:
        likeness = likenesses[other]
        if following and following[0] == commit:
            likeness = wanted.changed(likeness, following[1])
            if asked:
                for path, _, new in following[1]:
                    if path in asked:
                        found.contents.setdefault(path, []).append((commit, new))
            following = next(changes, None)
        likenesses[commit] = likeness
        found.take(commit, wanted.distance(likeness), likeness.exact)
    return found


def chosen(
    ties: Sequence[CommitNode], claimed: str, unpushed: Container[str] | None, built: datetime | None
) -> CommitNode:
    """Return the one of several commits as near that people are told of.

    That which the build claims to be of, else one that was pushed, that was there when it was built, and the newest.
    """
    built_at = built.timestamp() if built else float("inf")

    def worth(node: CommitNode) -> tuple[bool, bool, bool, int]:
        pushed = unpushed is not None and node.sha not in unpushed
        return bool(claimed) and node.sha.startswith(claimed), pushed, node.seconds <= built_at, node.seconds

    return max(ties, key=worth)


def composed(path: str) -> str:
    """Return a path in the form in which most programs write its letters; macOS parts them from their accents."""
    return unicodedata.normalize("NFC", path)
