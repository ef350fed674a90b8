"""What makes the same file look different, and what is made of it: a row each, over real repositories and archives."""

from __future__ import annotations

import hashlib
import io
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.repositories import Files, MadeRepository, tgz, zipped
from tests.unit.cli.comparison import Bench, compared, text
from verifier.facts.comparison.differences import LeftOut
from verifier.facts.comparison.root import Root

SCRIPT = "#!/bin/sh\necho one\necho two\n"
BASE: dict[str, bytes | str] = {"app.py": text("app"), "lib/a.py": text("a")}
LARGE = b"\0\1\2" * 5_000
POINTER = (
    f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(LARGE).hexdigest()}\nsize {len(LARGE)}\n"
)


@dataclass(frozen=True, slots=True)
class Normalisation:
    """A commit, an upload of it, and what differs."""

    git: Files
    upload: Files | bytes
    found: dict[str, Any] = field(default_factory=dict)
    """The differences that are not empty, and `identical` unless there is one."""


def _hard_linked() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        for path, content in BASE.items():
            raw = str(content).encode()
            entry = tarfile.TarInfo(path)
            entry.size = len(raw)
            tar.addfile(entry, io.BytesIO(raw))
        again = tarfile.TarInfo("again.py")
        again.type, again.linkname = tarfile.LNKTYPE, "app.py"
        tar.addfile(again)
    return packed.getvalue()


ROWS = {
    "the very same files": Normalisation(BASE, BASE),
    "another text": Normalisation(BASE, BASE | {"app.py": text("hotfix")}, {"modified": ("app.py",)}),
    "a file that git does not have": Normalisation(BASE, BASE | {"NOTES.md": "n"}, {"not_in_git": ("NOTES.md",)}),
    "a file that was not uploaded": Normalisation(
        BASE, {"app.py": text("app")}, {"left_out": (LeftOut("lib/a.py", ""),)}
    ),
    "CRLF in the upload, as autocrlf checks out": Normalisation(
        BASE | {"run.sh": SCRIPT}, BASE | {"run.sh": SCRIPT.replace("\n", "\r\n")}, {"line_endings": ("run.sh",)}
    ),
    "CRLF in git": Normalisation(
        BASE | {"run.bat": SCRIPT.replace("\n", "\r\n")}, BASE | {"run.bat": SCRIPT}, {"line_endings": ("run.bat",)}
    ),
    "CRLF and another text": Normalisation(
        BASE | {"run.sh": SCRIPT}, BASE | {"run.sh": "echo\r\nthree\r\n"}, {"modified": ("run.sh",)}
    ),
    "the content of a Git LFS pointer": Normalisation(BASE | {"m.bin": POINTER}, BASE | {"m.bin": LARGE}),
    "a Git LFS pointer that was never pulled": Normalisation(BASE | {"m.bin": POINTER}, BASE | {"m.bin": POINTER}),
    "another content than that of the pointer": Normalisation(
        BASE | {"m.bin": POINTER}, BASE | {"m.bin": LARGE + b"\0"}, {"modified": ("m.bin",)}
    ),
    "the executable bit": Normalisation(BASE, tgz(BASE, executable=("app.py",)), {"modes": ("app.py",)}),
    "a symbolic link": Normalisation(BASE | {"main.py": "-> app.py"}, BASE | {"main.py": "-> app.py"}),
    "a symbolic link to somewhere else": Normalisation(
        BASE | {"main.py": "-> app.py"}, BASE | {"main.py": "-> lib/a.py"}, {"modified": ("main.py",)}
    ),
    "a link that a zip has as the file behind it": Normalisation(
        BASE | {"main.py": "-> lib/../app.py"},
        zipped(BASE | {"main.py": text("app")}),
        {"links": ("main.py",)},
    ),
    "a link to a folder, which a zip has as an empty one": Normalisation(
        BASE | {"shared": "-> lib"}, zipped(BASE, folders=("shared",)), {"links": ("shared",)}
    ),
    "a link that Windows has as a text": Normalisation(
        BASE | {"main.py": "-> app.py"}, BASE | {"main.py": "app.py"}, {"links": ("main.py",)}
    ),
    "a hard link": Normalisation(BASE | {"again.py": text("app")}, _hard_linked()),
    "letters parted from their accents, as on macOS": Normalisation(
        BASE | {"caf\u00e9.md": "x"}, BASE | {unicodedata.normalize("NFD", "caf\u00e9.md"): "x"}
    ),
    "letter case": Normalisation(
        BASE | {"Readme.md": "hello"}, BASE | {"README.md": "hello"}, {"letter_case": (("README.md", "Readme.md"),)}
    ),
    "letter case and another text": Normalisation(
        BASE | {"Readme.md": "hello"},
        BASE | {"README.md": "other"},
        {"not_in_git": ("README.md",), "left_out": (LeftOut("Readme.md", ""),)},
    ),
    "a name that is no UTF-8": Normalisation(BASE | {"b\udcff.txt": "x"}, BASE | {"b\udcff.txt": "x"}),
    "generated folders": Normalisation(
        BASE,
        BASE | {"node_modules/a/i.js": "1", "node_modules/b.js": "2", "lib/__pycache__/a.pyc": "3"},
        {"generated": {"node_modules": 2, "lib/__pycache__": 1}},
    ),
    "a folder that looks generated and is in git": Normalisation(
        BASE | {"build/make.py": "x"},
        BASE | {"build/make.py": "x", "build/hot.py": "y"},
        {"not_in_git": ("build/hot.py",)},
    ),
    "what gcloud's default leaves out": Normalisation(
        BASE | {".gitignore": "*.log\n"}, BASE, {"left_out": (LeftOut(".gitignore", "gcloud's default"),)}
    ),
    "tracked, and yet ignored": Normalisation(
        BASE | {".gitignore": "built.js\n", "built.js": "x"},
        BASE,
        {
            "left_out": (
                LeftOut(".gitignore", "gcloud's default"),
                LeftOut("built.js", "built.js of .gitignore"),
            )
        },
    ),
    "a .gcloudignore that was uploaded decides": Normalisation(
        BASE | {"docs/x.md": "x"},
        BASE | {".gcloudignore": "docs/\n"},
        {"not_in_git": (".gcloudignore",), "left_out": (LeftOut("docs/x.md", "docs/ of .gcloudignore"),)},
    ),
    "rules that include others": Normalisation(
        BASE | {".gcloudignore": "#!include:.gitignore\n", ".gitignore": "*.tmp\n", "x.tmp": "x"},
        BASE | {".gcloudignore": "#!include:.gitignore\n", ".gitignore": "*.tmp\n"},
        {"left_out": (LeftOut("x.tmp", "*.tmp of .gitignore"),)},
    ),
}
ASIDE = {"modes", "links", "left_out"}


@pytest.mark.parametrize("name", ROWS)
def test_what_looks_different_is_told_for_what_it_is(name: str, tmp_path: Path) -> None:
    row, repo = ROWS[name], MadeRepository(tmp_path / "r")
    repo.commit("All of it", row.git)
    answer = Bench(repo).compared(row.upload)
    found = answer.found
    kinds = "modified line_endings letter_case not_in_git generated left_out modes links".split()
    assert {kind: value for kind in kinds if (value := getattr(found, kind))} == row.found
    assert answer.is_identical == (not set(row.found) - ASIDE and not found.missing)


def test_a_tarball_of_git_archive_names_its_commit_and_has_one_folder_around_it(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    sha = repo.commit(
        "All of it",
        BASE
        | {
            ".gitattributes": "secret.txt export-ignore\nv.txt export-subst\n",
            "secret.txt": "x",
            "v.txt": "$Format:%H$\n",
        },
    )
    repo.git("archive", "--format=tar.gz", "--prefix=worker-main/", "-o", str(tmp_path / "a.tgz"), "HEAD")
    answer = compared(repo.folder, (tmp_path / "a.tgz").read_bytes())
    assert answer.root == Root("", "worker-main/")
    assert answer.nearest
    assert answer.nearest.note.sha == sha
    assert answer.found.missing == ("secret.txt",)
    assert answer.found.modified == ("v.txt",)


FORMS: dict[str, Callable[[Files], bytes]] = {
    "tgz": tgz,
    "zip": zipped,
    "tar": lambda files: _untarred(tgz(files)),
}


def _untarred(packed: bytes) -> bytes:
    import gzip

    return gzip.decompress(packed)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_archive_is_read(form: str, tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.commit("All of it", BASE)
    assert Bench(repo).compared(FORMS[form](BASE)).is_identical


def test_files_in_a_submodule_are_compared_where_its_clone_is_there_and_else_said_not_to_be(tmp_path: Path) -> None:
    inner = MadeRepository(tmp_path / "inner")
    inner.commit("Inner", {"x.py": text("x")})
    repo = MadeRepository(tmp_path / "r")
    repo.commit("All of it", BASE)
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.folder), "vendor/inner")
    repo.commit("With a submodule")
    own = BASE | {".gitmodules": (repo.folder / ".gitmodules").read_bytes()}
    there = Bench(repo).compared(own | {"vendor/inner/x.py": text("x"), "vendor/inner/y.py": "y"})
    assert there.found.not_in_git == ("vendor/inner/y.py",)
    assert there.found.in_submodules == 0
    repo.git("submodule", "--quiet", "deinit", "--force", "vendor/inner")
    absent = Bench(repo).compared(own | {"vendor/inner/x.py": text("x")})
    assert absent.found.in_submodules == 1
    assert not absent.is_identical


def test_what_can_not_be_read_of_an_archive_is_never_identical(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.commit("All of it", BASE)
    assert Bench(repo).compared(tgz(BASE)).is_identical
    assert not Bench(repo).compared(tgz(BASE | {"../x": "x"})).is_identical


def test_what_a_filter_changes_is_modified_and_said_not_to_be_comparable(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    attributes = {".gitattributes": "*.key filter=git-crypt\n", "backend/prod.key": "\0GITCRYPT\0x"}
    repo.commit("All of it", {f"backend/{path}": content for path, content in BASE.items()} | attributes)
    answer = Bench(repo).compared(BASE | {"prod.key": "plain"})
    assert answer.found.modified == ("backend/prod.key",)
    assert answer.notes == (
        "A filter may change these between git and the folder, so they can't be compared: backend/prod.key.",
    )


def test_a_zip_entry_that_is_a_link_is_one(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in BASE.items():
            archive.writestr(path, str(content))
        entry = zipfile.ZipInfo("main.py")
        entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "app.py")
    repo = MadeRepository(tmp_path / "r")
    repo.commit("All of it", BASE | {"main.py": "-> app.py"})
    assert Bench(repo).compared(packed.getvalue()).is_identical
