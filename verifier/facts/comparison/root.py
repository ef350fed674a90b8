"""From where in a repository an upload was made: found by a vote of its files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from verifier.facts.comparison.git_output import TreeEntry
from verifier.facts.comparison.nearest import composed
from verifier.facts.upload.listing import UploadedFile

_SAME_BYTES = 3
_SAME_NAME = 1
_SMALL = 64
"""Bytes; files as small as this are the same in many repositories."""
_IN_MANY = ("license", "copying", "notice", "code_of_conduct", "__init__.py", ".gitignore", ".dockerignore", "gradlew")


@dataclass(frozen=True, slots=True)
class Root:
    """How the paths of an upload and of a repository belong together."""

    prefix: str
    """The folder of the repository that was uploaded, with a `/` at its end; empty: all of it."""
    lead: str = ""
    """The one folder that the archive wraps around all, with a `/` at its end; empty: none."""

    def in_repository(self, files: Mapping[str, UploadedFile]) -> dict[str, UploadedFile]:
        """Return the uploaded files by the paths that they would have in the repository, composed as git has them."""
        return {
            composed(self.prefix + path.removeprefix(self.lead)): file
            for path, file in files.items()
            if path.startswith(self.lead)
        }


@dataclass(frozen=True, slots=True)
class Vote:
    """How a tree was voted on."""

    root: Root
    votes: int
    same: int
    """Files that the tree has, with the same bytes, at the winning place."""


@dataclass(frozen=True, slots=True)
class Kinship:
    """How much an upload and a tree have in common."""

    same: int
    """Files of the same bytes."""
    telling: int
    """Those of them that are neither small nor the same in many repositories."""

    def is_one(self, files: int) -> bool:
        """Return whether an upload of so many files has anything to do with the tree."""
        return self.telling > 0 or (self.same * 5 >= files and self.same > 0)


def vote(files: Mapping[str, UploadedFile], tree: Mapping[str, TreeEntry]) -> Vote:
    """Return the place that most files vote for: those of equal bytes count three times those of equal names."""
    leads = tuple(dict.fromkeys(("", _lead(files))))
    by_path = {composed(path): file for path, file in files.items()}
    votes, same = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for path, entry in tree.items():
        plain = path.isascii()
        for prefix, rest in _partings(path):
            for lead in leads:
                file = by_path.get(lead + (rest if plain else composed(rest)))
                if file is not None:
                    equal = entry.blob in (file.blob, file.lf_blob, file.lfs_blob)
                    votes[prefix, lead] += _SAME_BYTES if equal else _SAME_NAME
                    same[prefix, lead] += equal
    if not votes:
        return Vote(Root(""), 0, 0)
    # Of equals: as little wrapped and as high up as can be.
    best = max(votes, key=lambda place: (votes[place], -len(place[1]), -len(place[0]), place[0]))
    return Vote(Root(*best), votes[best], same[best])


def kinship(files: Mapping[str, UploadedFile], tree: Mapping[str, TreeEntry]) -> Kinship:
    """Return how much the files have in common with a tree; paths are the repository's."""
    own = {composed(path): entry.blob for path, entry in tree.items()}
    same = [file for path, file in files.items() if own.get(path) in (file.blob, file.lf_blob, file.lfs_blob)]
    return Kinship(len(same), sum(map(is_telling, same)))


def is_telling(file: UploadedFile) -> bool:
    """Return whether a repository that has this file as it is has anything to do with the upload."""
    name = file.path.rpartition("/")[2].casefold()
    return file.size > _SMALL and not name.startswith(_IN_MANY)


def _partings(path: str) -> list[tuple[str, str]]:
    """Return a path parted at each of its folders."""
    found, end = [("", path)], path.find("/")
    while end >= 0:
        found.append((path[: end + 1], path[end + 1 :]))
        end = path.find("/", end + 1)
    return found


def _lead(files: Mapping[str, UploadedFile]) -> str:
    """Return the folder that all files are in, or empty."""
    tops = {path.partition("/")[0] if "/" in path else "" for path in files}
    only = tops.pop() if len(tops) == 1 else ""
    return f"{only}/" if only else ""
