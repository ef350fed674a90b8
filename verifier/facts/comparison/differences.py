"""An upload beside one commit, file by file.

Two files are equal where their bytes are, or where the upload has the content of which git keeps a Git LFS pointer.
What differs in line endings alone is told apart and not absolved: a script with CRLF fails in a container. The
executable bit is told and never counted, because an upload from Windows has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from verifier.facts.comparison.generated import generated_folder
from verifier.facts.comparison.git_output import SUBMODULE, TreeEntry
from verifier.facts.comparison.nearest import composed
from verifier.facts.upload.digest import blob_id
from verifier.facts.upload.listing import LINK, UploadedFile

Rule = Callable[[str], str]
"""Gives the rule by which gcloud leaves out the file at this path of the upload; empty: it does not."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file of the commit that the upload does not have."""

    path: str
    rule: str
    """The rule by which gcloud leaves it out; empty where none does."""


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between an upload and a commit. All paths are the repository's."""

    equal: int = 0
    modified: tuple[str, ...] = ()
    line_endings: tuple[str, ...] = ()
    """The same text with other line endings: other bytes."""
    letter_case: tuple[tuple[str, str], ...] = ()
    """The same bytes under a name that differs in letter case: the upload's, and the commit's."""
    not_in_git: tuple[str, ...] = ()
    """Files that the commit does not have, without those of generated folders."""
    generated: Mapping[str, int] = field(default_factory=dict)
    """Files that the commit does not have, counted by the folder that a tool made them in."""
    left_out: tuple[LeftOut, ...] = ()
    in_submodules: int = 0
    """Files inside submodules that are not checked out here: nothing is known to compare them with."""
    modes: tuple[str, ...] = ()
    """Equal files that are executable in one of the two."""
    links: tuple[str, ...] = ()
    """Symbolic links of the commit that are files or empty folders in the upload, as a zip has them."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The files that are left out by no rule."""
        return tuple(each.path for each in self.left_out if not each.rule)

    @property
    def too_many(self) -> int:
        """How many files the commit does not have, generated ones, too."""
        return len(self.not_in_git) + sum(self.generated.values())

    @property
    def distance(self) -> int:
        """How many files differ."""
        changed = len(self.modified) + len(self.line_endings) + len(self.letter_case)
        return changed + self.too_many + len(self.missing) + self.in_submodules

    @property
    def are_none(self) -> bool:
        """Whether every byte is the commit's, less what gcloud leaves out."""
        return not self.distance


@dataclass(frozen=True, slots=True)
class Doubt:
    """A file whose bytes differ from the commit's, where the commit's content may show that it is the same."""

    path: str
    entry: TreeEntry
    file: UploadedFile


def differences(
    files: Mapping[str, UploadedFile],
    tree: Mapping[str, TreeEntry],
    left_out_by: Rule,
    folders: frozenset[str] = frozenset(),
) -> tuple[Differences, tuple[Doubt, ...]]:
    """Compare an upload's files, and its folders, with those of a commit; all paths are the repository's.

    Return, too, which of those that are `modified` the content of the commit's may show to be the same.
    """
    known = {composed(path): (path, entry) for path, entry in tree.items()}
    own_folders = _folders(tree)
    submodules = tuple(f"{path}/" for path, entry in tree.items() if entry.mode == SUBMODULE)
    equal = inside = 0
    modified, endings, modes, links = list[str](), list[str](), list[str](), list[str]()
    added, doubts, generated = list[str](), list[Doubt](), Counter[str]()
    for path, file in files.items():
        _, entry = known.get(path, ("", None))
        if entry is None or entry.mode == SUBMODULE:
            if path.startswith(submodules):
                inside += 1
            elif (folder := generated_folder(path)) and folder not in own_folders:
                generated[folder] += 1
            else:
                added.append(path)
        elif entry.blob in (file.blob, file.lfs_blob):
            equal += 1
            if entry.mode != file.mode:
                (links if LINK in (entry.mode, file.mode) else modes).append(path)
        elif entry.blob == file.lf_blob:
            endings.append(path)
        else:
            modified.append(path)
            doubts.append(Doubt(path, entry, file))
    gone = [path for found, (path, entry) in known.items() if entry.mode != SUBMODULE and found not in files]
    folder_links = [path for path in gone if tree[path].mode == LINK and path in folders]
    pairs = _letter_case(added, gone, files, tree)
    paired = {name for pair in pairs for name in pair}
    found = Differences(
        equal=equal,
        modified=tuple(modified),
        line_endings=tuple(endings),
        letter_case=tuple(pairs),
        not_in_git=tuple(path for path in added if path not in paired),
        generated=dict(generated),
        left_out=tuple(LeftOut(path, left_out_by(path)) for path in gone if path not in {*paired, *folder_links}),
        in_submodules=inside,
        modes=tuple(modes),
        links=(*links, *folder_links),
    )
    return found, tuple(doubts)


def settled(
    found: Differences,
    doubts: tuple[Doubt, ...],
    contents: Mapping[str, bytes],
    files: Mapping[str, UploadedFile],
    *,
    sha256: bool = False,
) -> Differences:
    """Return the differences once these contents of the commit's blobs are known.

    A file that git has with CRLF and the upload with LF differs in line endings alone. A symbolic link that the upload
    has as the file behind it is no change.
    """
    endings, followed = set[str](), set[str]()
    for doubt in doubts:
        content = contents.get(doubt.entry.blob)
        if content is None:
            continue
        if doubt.entry.mode == LINK:
            behind = files.get(composed(_target(doubt.path, content)))
            if behind is not None and behind.blob == doubt.file.blob:
                followed.add(doubt.path)
        elif doubt.file.lf_blob == blob_id(content.replace(b"\r\n", b"\n"), sha256_objects=sha256):
            endings.add(doubt.path)
    return replace(
        found,
        equal=found.equal + len(followed),
        modified=tuple(path for path in found.modified if path not in endings | followed),
        line_endings=(*found.line_endings, *(path for path in found.modified if path in endings)),
        links=(*found.links, *(path for path in found.modified if path in followed)),
    )


def _folders(paths: Iterable[str]) -> set[str]:
    """Return every folder that these files are in."""
    found = set[str]()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _letter_case(
    added: list[str], gone: list[str], files: Mapping[str, UploadedFile], tree: Mapping[str, TreeEntry]
) -> list[tuple[str, str]]:
    """Return the names that one file has in the upload and in the commit, where letter case alone differs."""
    by_name = {path.casefold(): path for path in gone}
    pairs = ((path, by_name.get(path.casefold(), "")) for path in added)
    return [(own, other) for own, other in pairs if other and tree[other].blob == files[own].blob]


def _target(path: str, content: bytes) -> str:
    """Return the path that a symbolic link leads to; empty where that is outside the repository."""
    target, parts = content.decode("utf-8", "surrogateescape"), path.split("/")[:-1]
    if target.startswith("/"):
        return ""
    for part in target.split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
