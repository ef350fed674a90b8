"""The page of threats is whole, and what it points to is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

PAGE = (ROOT / "docs" / "threats.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]


def test_each_class_and_each_threat_has_one_row_with_an_answer() -> None:
    names = [row[0] for row in ROWS]
    assert [name for name in names if re.match(r"T\d+$", name)] == [f"T{number}" for number in range(1, 49)]
    assert [name[0] for name in names if re.match(r"[A-Z]\. ", name)] == list("ABCDEF")
    for row in ROWS:
        if re.match(r"T\d+$|[A-Z]\. ", row[0]):
            assert len(row) == 4
            assert re.match(r"prevented|detected|not$|in part$", row[2])
            assert row[3]


def test_the_files_that_it_names_are_there() -> None:
    for path in re.findall(r"`([a-z_/]+(?:\.py|/))`", PAGE):
        assert (ROOT / path).exists() or (ROOT / "verifier" / path).exists(), path
    for folder in re.findall(r"`(tests/[a-z_/]+)`", PAGE):
        assert (ROOT / folder).exists(), folder


def test_whoever_looks_for_it_finds_it() -> None:
    for page in ("README.md", ".github/SECURITY.md", "docs/architecture.md"):
        assert "threats.md" in (ROOT / page).read_text()
