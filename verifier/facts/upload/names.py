"""Names in an archive: which of them may be unpacked, and how one that may not is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from verifier.facts.upload.limits import LONGEST_NAME

_UNSAFE = re.compile(r"[^ -~]")
_SHOWN = 200


def path_of(name: str) -> str | None:
    """Return the path that a name has in the unpacked folder, empty for the folder itself.

    None for a name that lies outside of it or can't be a file's.
    """
    if name.startswith("/") or "\0" in name or len(name) > LONGEST_NAME:
        return None
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return None if ".." in parts else "/".join(parts)


def text_of(name: bytes) -> str:
    """Return a name as text from which its bytes can be had again."""
    return name.decode("utf-8", "surrogateescape")


def shown_name(name: str) -> str:
    """Return a name in printable ASCII, of 200 characters at most."""
    text = _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), name[:_SHOWN])
    return text if len(name) <= _SHOWN and len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def parents(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in, the nearest first."""
    end = path.rfind("/")
    while end > 0:
        yield path[:end]
        end = path.rfind("/", 0, end)
