"""Each folder of tests begins with a table of its files, and the table is whole."""

from __future__ import annotations

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest
import re2

TESTS = Path(__file__).parents[1]
FOLDERS = [TESTS, *(folder for folder in sorted(TESTS.iterdir()) if (folder / "__init__.py").exists())]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_table_of_a_folder_has_a_row_for_each_of_its_files_and_no_other(folder: Path) -> None:
    docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    rows = "\n".join(line.split("|")[1] for line in docstring.splitlines() if line.startswith("| `"))
    named = set(re2.findall(r"`([^`]+)`", rows))
    files = {path.name for path in folder.glob("*.py")} - {"__init__.py"}
    folders = {f"{path.name}/" for path in folder.iterdir() if (path / "__init__.py").exists()}
    assert {name for name in files | folders if not any(fnmatch(name, pattern) for pattern in named)} == set()
    assert {name for name in named if not list(folder.glob(name.rstrip("/")))} == set()
