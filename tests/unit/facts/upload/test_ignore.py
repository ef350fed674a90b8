"""What gcloud leaves out. Each row was seen with gcloud 528.0.0's own matcher, which differs from git's in places."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.absence import require
from tests.fixtures.uploads import IGNORE_ROWS
from verifier.errors import Malformed
from verifier.facts.upload.ignore import MOST_PATTERNS, OF_GCLOUD, IgnoreRules, rules_of


def rules(text: str) -> IgnoreRules:
    return rules_of({".gcloudignore": text.encode()}, has_git=False)


def left_out(text: str, *paths: str) -> list[str]:
    """Return the paths that are left out; one that ends in a slash is a folder."""
    found = rules(text)
    return [path for path in paths if found.leaves_out(path.rstrip("/"), is_folder=path.endswith("/"))]


@pytest.mark.parametrize("row", IGNORE_ROWS, ids=lambda row: ascii(row["rules"]))
def test_rules_leave_out_what_gcloud_leaves_out(row: Mapping[str, Any]) -> None:
    assert left_out(row["rules"], *row["left_out"], *row["kept"]) == row["left_out"]


@pytest.mark.parametrize(
    ("text", "path", "by_gcloud"),
    [
        ("docs/*.md", "x/docs/a.md", True),
        ("*/build", "build", True),
        ("*\n!*/\n!*.py", "app/a.txt", False),
        (r"\[a]", "[a]", False),
        ("[[:alpha:]]", "x", False),
    ],
    ids=["a slash binds to the top", "a star is a folder", "nothing is taken in with a folder", "escape", "class"],
)
def test_rules_differ_from_gits(tmp_path: Path, text: str, path: str, *, by_gcloud: bool) -> None:
    require("git")
    (tmp_path / ".gitignore").write_text(text)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    by_git = subprocess.run(["git", "-C", str(tmp_path), "check-ignore", "--quiet", "--no-index", path], check=False)
    assert bool(left_out(text, path)) is by_gcloud
    assert (by_git.returncode == 0) is not by_gcloud


def test_the_pattern_that_leaves_a_path_out_is_told_with_its_file() -> None:
    found = rules_of({".gitignore": b"*.log\n/build/\n"}, has_git=True)
    pattern = found.leaves_out("app/x.log")
    assert pattern is not None
    assert (pattern.line, pattern.origin) == ("*.log", ".gitignore")
    of_folder = found.leaves_out("build/a/b.txt")
    assert of_folder is not None
    assert of_folder.line == "/build/"
    default = found.leaves_out("sub/.gitignore")
    assert default is not None
    assert (default.line, default.origin) == (".gitignore", OF_GCLOUD)


def test_without_rules_and_without_git_nothing_is_left_out() -> None:
    nothing = rules_of({}, has_git=False)
    assert nothing.patterns == ()
    assert nothing.leaves_out(".git/config") is None
    assert nothing.leaves_out(".env") is None


@pytest.mark.parametrize(("files", "has_git"), [({}, True), ({".gitignore": b""}, False), ({".gitignore": b""}, True)])
def test_the_default_counts_where_the_folder_itself_has_git(files: dict[str, bytes], *, has_git: bool) -> None:
    found = rules_of(files, has_git=has_git)
    for path in (".git", ".gitignore", "sub/.gitignore", ".gcloudignore", ".git/config"):
        assert found.leaves_out(path, is_folder=path == ".git")
    assert found.leaves_out(".github/x") is None


def test_a_file_of_its_own_takes_the_place_of_the_default() -> None:
    found = rules_of({".gcloudignore": b"*.md\n", ".gitignore": b"*.log\n"}, has_git=True)
    assert found.leaves_out("a.md")
    assert found.leaves_out("a.log") is None
    assert found.leaves_out(".git/config") is None
    assert found.leaves_out(".gcloudignore") is None


def test_a_command_may_add_to_the_default() -> None:
    assert rules_of({}, has_git=True, more_defaults="node_modules\n").leaves_out("node_modules/a.js")


def test_a_file_beside_is_included_and_what_it_includes_is_not() -> None:
    files = {".gcloudignore": b"a\n#!include:.gitignore\n!b\n", ".gitignore": b"b\nc\n#!include:more\n", "more": b"d\n"}
    found = rules_of(files, has_git=True)
    assert [name for name in "abcd" if found.leaves_out(name)] == ["a", "c"]
    spaced = rules_of({".gcloudignore": b"#  !include:more\n", "more": b"d\n"}, has_git=False)
    assert spaced.leaves_out("d")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({".gcloudignore": b"#!include:other\n"}, "expected 'other', which is included"),
        ({".gcloudignore": b"#!include:a/b\n"}, "expected a name without a folder after !include:"),
        ({".gcloudignore": b"caf\xe9\n"}, "expected UTF-8 in '.gcloudignore'"),
        ({".gitignore": b"a\n" * (MOST_PATTERNS + 1)}, "expected at most 5,000 patterns"),
        ({".gitignore": b"[" * 1025}, "expected lines of at most 1,024 characters, got one of 1,025"),
    ],
)
def test_rules_that_gcloud_could_not_use_are_refused(files: dict[str, bytes], told: str) -> None:
    with pytest.raises(Malformed, match=told):
        rules_of(files, has_git=True)


NAMES = st.sampled_from(["a", "b", "foo", "build", "x.py", ".git", "*", "[", "\\", " "])
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)
PARTS = st.lists(st.sampled_from(["a", "foo", "*", "**", "*.py", "?", "[ab]", "\\", " ", "", "!"]), max_size=3)
LINES = st.lists(PARTS.map("".join), min_size=1, max_size=4).map("/".join)


@given(lines=st.lists(LINES, max_size=5), path=PATHS)
def test_what_lies_in_a_folder_that_is_left_out_is_left_out(lines: list[str], path: str) -> None:
    found = rules("\n".join(lines))
    folder = path.rpartition("/")[0]
    if folder and found.leaves_out(folder, is_folder=True):
        assert found.leaves_out(path) is found.leaves_out(folder, is_folder=True)


@given(lines=st.lists(LINES, max_size=4), path=PATHS)
def test_a_comment_or_blank_line_changes_nothing(lines: list[str], path: str) -> None:
    plain, more = rules("\n".join(lines)), rules("# a\n\n" + "\n   \n#b\n".join(lines))
    assert bool(plain.leaves_out(path)) == bool(more.leaves_out(path))


def test_hostile_patterns_take_no_longer_than_others() -> None:
    hostile = "/".join(["**"] * 200 + ["x"]) + "\n" + "*a" * 60 + "b\n" + ("[" * 1023 + "\n") * 20 + "\\" * 1001
    start = process_time()
    assert left_out(hostile, "/".join(["a" * 120] * 30)) == []
    assert process_time() - start < 5
