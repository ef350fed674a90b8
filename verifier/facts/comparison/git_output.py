r"""What `git ls-tree -z` and `git diff-tree --stdin -z --raw` print, read in pieces.

Names are bytes to git; those that are no UTF-8 stand as `surrogateescape` makes them. Submodules are no files: they are
left out of changes, and stand in a tree under their own mode. Documentation: "git-ls-tree", "git-diff" (raw output).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

SUBMODULE = "160000"
_NO_FILE = ("000000", SUBMODULE)


class TreeEntry(NamedTuple):
    """What a commit has at a path."""

    mode: str
    """Git's: `100644`, `100755`, `120000` for a symbolic link, `160000` for a submodule."""
    blob: str
    """The id of its content; of a submodule, of its commit."""


class Change(NamedTuple):
    """What a commit changes."""

    path: str
    old: str
    """The id of what was there before; empty where no file was."""
    new: str
    """The id of what is there; empty where it has no file there."""


def parse_tree(output: bytes) -> dict[str, TreeEntry]:
    """Return the entries of `ls-tree -r -z` by path."""
    entries = {}
    for line in output.decode("utf-8", "surrogateescape").split("\0"):
        if line:
            head, _, path = line.partition("\t")
            mode, _, blob = head.split(" ")
            entries[path] = TreeEntry(mode, blob)
    return entries


def commits_and_changes(pieces: Iterable[bytes]) -> Iterator[tuple[str, list[Change]]]:
    """Yield each commit that `diff-tree --stdin` prints, with its changes."""
    commit, raw = "", ""
    changes: list[Change] = []
    for token in _tokens(pieces):
        if raw:
            old_mode, new_mode, old, new, _ = raw.split(" ")
            changes.append(Change(token, "" if old_mode[1:] in _NO_FILE else old, "" if new_mode in _NO_FILE else new))
            raw = ""
        elif token.startswith(":"):
            raw = token
        else:
            if commit:
                yield commit, changes
            commit, changes = token, []
    if commit:
        yield commit, changes


def _tokens(pieces: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        whole, _, rest = (rest + piece).rpartition(b"\0")
        if whole:
            yield from whole.decode("utf-8", "surrogateescape").split("\0")
