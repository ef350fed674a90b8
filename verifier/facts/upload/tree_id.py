"""The id that git would give the tree of an upload: one line that proves later, without the archive, what was in it.

`git rev-parse COMMIT:backend` prints the same one for the commit whose `backend` was uploaded whole. The form of a tree
is git's own (Pro Git, "Git Internals", Git Objects): entries sorted by name as bytes, a folder's as if it ended in `/`.
Folders without files do not exist for git.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha1, sha256

from verifier.facts.upload.listing import UploadedFile

_FOLDER = "40000"


def tree_id(files: Iterable[UploadedFile], *, below: str = "", sha256_objects: bool = False) -> str:
    """Return the id of the tree with these files, in hex.

    `below`: of the folder with this path alone. `sha256_objects`: their ids are SHA-256, and so is this one.
    """
    start = f"{below}/" if below else ""
    folders: dict[str, list[tuple[bytes, bytes]]] = defaultdict(list)
    folders[""] = []
    for file in files:
        if file.path.startswith(start):
            folder, _, name = file.path[len(start) :].rpartition("/")
            _make(folders, folder)
            folders[folder].append(_entry(file.mode, name, file.blob))
    tree = ""
    for folder in sorted(folders, key=_depth, reverse=True):
        content = b"".join(entry for _, entry in sorted(folders[folder]))
        header = b"tree %d\0" % len(content)
        tree = _hash(header + content, sha256_objects=sha256_objects)
        if folder:
            above, _, name = folder.rpartition("/")
            folders[above].append(_entry(_FOLDER, name, tree))
    return tree


def _make(folders: dict[str, list[tuple[bytes, bytes]]], folder: str) -> None:
    """Have every folder above this one, too."""
    while folder and folder not in folders:
        folders[folder] = []
        folder = folder.rpartition("/")[0]


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0


def _entry(mode: str, name: str, identity: str) -> tuple[bytes, bytes]:
    """Return what an entry is sorted by, and the entry."""
    raw = name.encode("utf-8", "surrogateescape")
    entry = mode.encode() + b" " + raw + b"\0" + bytes.fromhex(identity)
    return raw + b"/" if mode == _FOLDER else raw, entry


def _hash(content: bytes, *, sha256_objects: bool) -> str:
    return sha256(content).hexdigest() if sha256_objects else sha1(content, usedforsecurity=False).hexdigest()
