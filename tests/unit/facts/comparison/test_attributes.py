"""Which files a filter changes between git and the folder."""

from __future__ import annotations

import pytest

from verifier.facts.comparison.attributes import filtered

PATHS = ["a.key", "secrets/b.txt", "deep/secrets/c.txt", "m.bin", "app.py"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("*.key filter=git-crypt diff=git-crypt", ["a.key"]),
        ("secrets/** filter=git-crypt", ["secrets/b.txt"]),
        ("/secrets/*.txt filter=x", ["secrets/b.txt"]),
        ("**/secrets/*.txt filter=x", ["secrets/b.txt", "deep/secrets/c.txt"]),
        ("c.txt working-tree-encoding=UTF-16", ["deep/secrets/c.txt"]),
        ("*.py ident", ["app.py"]),
        ("*.bin filter=lfs diff=lfs merge=lfs -text", []),
        ("*.py text eol=lf", []),
        ("*.py -filter -ident", []),
        ("# *.py filter=x", []),
        ("[attr]mine filter=x", []),
        ("", []),
        ("*.py", []),
    ],
)
def test_only_what_a_filter_changes_is_found(line: str, found: list[str]) -> None:
    assert filtered(PATHS, f"*.none text\n{line}\n".encode()) == found
