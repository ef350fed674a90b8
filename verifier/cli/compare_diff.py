"""The lines in which one uploaded file differs from git's. Files that are named like secrets are never shown."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from verifier.cli.terminal import escaped

MOST_LINES = 2_000


def diff_lines(path: str, git: bytes | None, uploaded: bytes, commit: str) -> Iterator[str]:
    """Yield the lines as `diff -u` has them, from the commit's to the uploaded ones, escaped."""
    if b"\0" in uploaded or b"\0" in (git or b""):
        yield f"{escaped(path)}: binary, {len(git or b''):,} bytes at {commit} and {len(uploaded):,} in the upload"
        return
    before, after = (_lines(content) for content in (git or b"", uploaded))
    one = f"{commit}:{path}" if git is not None else "nothing"
    found = unified_diff(before, after, one, f"upload:{path}", lineterm="")
    for number, line in enumerate(found):
        if number == MOST_LINES:
            yield f"… and more lines than the {MOST_LINES:,} that are shown"
            return
        yield escaped(line)


def _lines(content: bytes) -> list[str]:
    """Return the lines; an end of line other than LF is seen, and so is one that is missing."""
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    if lines[-1]:
        lines[-1] += "\\ no newline at the end"
    else:
        lines.pop()
    return lines
