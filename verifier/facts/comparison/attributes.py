"""Files that git keeps otherwise than they are checked out, by a filter of somebody's own: their ids say nothing.

Documentation: "gitattributes" (filter, ident, working-tree-encoding). Git LFS is one, too, whose pointers are known.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

_LFS = "filter=lfs"
_CHANGING = ("filter=", "working-tree-encoding=")
_MOST_LINES = 2_000


def filtered(paths: Iterable[str], attributes: bytes) -> list[str]:
    """Return those of these paths that the attributes let git change; paths are from the folder of the attributes.

    A pattern without a slash is for any folder, as in git; a `*` may stand for folders, too, as only `**` does in git.
    """
    patterns = []
    for line in attributes.decode("utf-8", "surrogateescape").splitlines()[:_MOST_LINES]:
        pattern, *words = line.split() or [""]
        changes = any(word == "ident" or (word.startswith(_CHANGING) and word != _LFS) for word in words)
        if changes and not pattern.startswith(("#", "[")):
            patterns.append(pattern)
    return [path for path in paths if any(_is_like(path, pattern) for pattern in patterns)]


def _is_like(path: str, pattern: str) -> bool:
    if "/" not in pattern.rstrip("/"):
        return fnmatchcase(path.rpartition("/")[2], pattern)
    return fnmatchcase(path, pattern.lstrip("/").replace("**/", "*").replace("/**", "/*"))
