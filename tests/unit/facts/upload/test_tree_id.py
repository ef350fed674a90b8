"""The id of an upload's tree is the one that git gives the same files."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import pytest

from tests.absence import require
from tests.unit.facts.upload.archives import Entry, folder, link, listed, tgz
from verifier.facts.upload.listing import UploadedFile
from verifier.facts.upload.reading import read_listing
from verifier.facts.upload.tree_id import tree_id

ENTRIES = (
    Entry("a.txt", b"a"),
    Entry("a/b/c.txt", b"c"),
    Entry("a/b.txt", b"b"),
    Entry("a-b", b"ab"),
    Entry("a0", b"a0", 0o755),
    Entry("Grüße/läng.md", b"hi"),
    link("z", "a/b"),
    folder("empty"),
    Entry("/".join(["deep"] * 60), b"deep"),
)


def written_tree(folder_path: Path, *, form: str = "sha1") -> str:
    """Return the id that git writes of all that is in a folder."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PATH": os.environ["PATH"]}

    def git(*arguments: str) -> str:
        answer = subprocess.run(
            ["git", "-C", str(folder_path), "-c", "core.autocrlf=false", *arguments],
            check=True,
            capture_output=True,
            text=True,
            env=own,
        )
        return answer.stdout.strip()

    git("init", "--quiet", f"--object-format={form}")
    git("add", "--all", "--force")
    return git("write-tree")


def laid_out(folder_path: Path) -> None:
    for entry in ENTRIES:
        path = folder_path / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry.target:
            path.symlink_to(entry.target)
        elif entry.kind == folder("x").kind:
            path.mkdir()
        else:
            path.write_bytes(entry.content)
            path.chmod(entry.mode)


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_it_is_the_id_that_git_writes(tmp_path: Path, form: str) -> None:
    require("git")
    laid_out(tmp_path)
    sha256 = form == "sha256"
    listing = read_listing(io.BytesIO(tgz(*ENTRIES)), sha256_objects=sha256)
    assert tree_id(listing.files.values(), sha256_objects=sha256) == written_tree(tmp_path, form=form)


def test_it_is_that_of_a_folder_in_the_upload() -> None:
    files = list(
        listed(tgz(Entry("x/a", b"1"), Entry("x/b/c", b"2"), Entry("y", b"3"), Entry("xa", b"4"))).files.values()
    )
    inner = list(listed(tgz(Entry("a", b"1"), Entry("b/c", b"2"))).files.values())
    assert tree_id(files, below="x") == tree_id(inner)
    assert tree_id(files, below="x/b") == tree_id(listed(tgz(Entry("c", b"2"))).files.values())


def test_it_is_gits_own_of_nothing() -> None:
    assert tree_id([]) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    assert tree_id([], sha256_objects=True) == "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"


def test_the_order_of_the_files_does_not_matter_and_content_name_and_mode_do() -> None:
    files = list(listed(tgz(*ENTRIES)).files.values())
    assert tree_id(reversed(files)) == tree_id(files)
    changed = {
        tree_id([*files[1:], replaced])
        for replaced in (
            UploadedFile("a.txt", "100755", files[0].blob, "", "", 1, None),
            UploadedFile("A.txt", "100644", files[0].blob, "", "", 1, None),
            UploadedFile("a.txt", "100644", files[1].blob, "", "", 1, None),
        )
    }
    assert len(changed - {tree_id(files)}) == 3


def test_a_path_of_very_many_folders_has_one() -> None:
    assert len(tree_id(listed(tgz(Entry("a/" * 2000 + "b", b"x"))).files.values())) == 40
