"""Was the fix in the upload? A row for each state that a file may be in, over real repositories."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.repositories import WRITTEN, Files, MadeRepository
from tests.unit.cli.comparison import Bench, text
from verifier.facts.comparison.fix import FixState

REST = {"lib/rest.py": text("rest"), "lib/more.py": text("more")}
ONE, TWO, THREE, FOUR = (text(word) for word in ("one", "two", "three", "four"))


@dataclass(frozen=True, slots=True)
class FixRow:
    """Versions of `app.py` in a row, of which the third is the fix, and what was uploaded; None: no such file."""

    versions: tuple[str | None, str | None, str | None, str | None]
    uploaded: str | None
    state: FixState
    is_in: bool | None


ROWS = {
    "the fix's own bytes": FixRow((ONE, TWO, THREE, FOUR), THREE, FixState.NEW, True),
    "a later commit's": FixRow((ONE, TWO, THREE, FOUR), FOUR, FixState.LATER, True),
    "its parent's": FixRow((ONE, TWO, THREE, FOUR), TWO, FixState.OLD, False),
    "an earlier commit's": FixRow((ONE, TWO, THREE, FOUR), ONE, FixState.OLDER, False),
    "no commit's": FixRow((ONE, TWO, THREE, FOUR), text("local"), FixState.OTHER, False),
    "no such file": FixRow((ONE, TWO, THREE, FOUR), None, FixState.ABSENT, False),
    "the fix, with CRLF": FixRow((ONE, TWO, THREE, FOUR), THREE.replace("\n", "\r\n"), FixState.NEW, True),
    "the fix has CRLF, and LF was uploaded": FixRow(
        (ONE, TWO, THREE.replace("\n", "\r\n"), FOUR), THREE, FixState.NEW, True
    ),
    "the fix adds it, and it is there": FixRow((None, None, THREE, FOUR), THREE, FixState.NEW, True),
    "the fix adds it, and it is not there": FixRow((None, None, THREE, THREE), None, FixState.ABSENT, False),
    "the fix deletes it, and it is not there": FixRow((ONE, TWO, None, None), None, FixState.NEW, True),
    "the fix deletes it, and it is there": FixRow((ONE, TWO, None, None), TWO, FixState.OLD, False),
    "the fix deletes it, and an earlier one is there": FixRow((ONE, TWO, None, None), ONE, FixState.OLDER, False),
    "the fix deletes it, and a later commit's is there": FixRow((ONE, TWO, None, FOUR), FOUR, FixState.LATER, True),
    "reverted afterwards: it may be the version of before": FixRow((ONE, TWO, THREE, TWO), TWO, FixState.OLD, False),
    "went back to an earlier one afterwards": FixRow((ONE, TWO, THREE, ONE), ONE, FixState.OLDER, False),
}


@pytest.mark.parametrize("name", ROWS)
def test_each_state_of_a_file_of_the_fix(name: str, tmp_path: Path) -> None:
    row, repo = ROWS[name], MadeRepository(tmp_path / "r")
    shas, before = [], None
    for number, version in enumerate(row.versions):
        files: Files = REST | ({"app.py": version} if version is not None else {})
        gone = ("app.py",) if version is None and before is not None else ()
        shas.append(repo.commit(f"Version {number}", files, gone=gone))
        before = version
    uploaded: Files = REST | ({"app.py": row.uploaded} if row.uploaded is not None else {})
    answer = Bench(repo).compared(uploaded, fix=shas[2])
    assert answer.fix is not None
    assert [(file.path, file.state) for file in answer.fix.files] == [("app.py", row.state)]
    assert answer.fix.is_in is row.is_in
    assert answer.holds is row.is_in


def test_a_file_that_a_later_commit_deleted_is_not_missed_in_an_upload_of_that_commit(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.commit("Old", REST | {"app.py": ONE, "b.py": ONE})
    fix = repo.commit("Fix", {"app.py": TWO, "b.py": TWO})
    repo.commit("Take it out", {"lib/rest.py": text("new")}, gone=("app.py",))
    answer = Bench(repo).compared(REST | {"lib/rest.py": text("new"), "b.py": TWO}, fix=fix)
    assert answer.fix
    assert {file.path: file.state for file in answer.fix.files} == {"app.py": FixState.LATER, "b.py": FixState.NEW}
    assert answer.fix.is_in


def test_bytes_of_another_branch_are_no_later_version(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.commit("Old", REST | {"app.py": ONE})
    repo.git("checkout", "--quiet", "-b", "side")
    repo.commit("Aside", {"app.py": FOUR})
    repo.git("checkout", "--quiet", "main")
    fix = repo.commit("Fix", {"app.py": TWO})
    answer = Bench(repo).compared(REST | {"app.py": FOUR}, fix=fix)
    assert answer.fix
    assert [file.state for file in answer.fix.files] == [FixState.OTHER]


def test_a_fix_of_which_one_file_is_there_is_in_only_partly(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.commit("Old", REST | {"a.py": ONE, "b.py": ONE})
    fix = repo.commit("Fix", {"a.py": TWO, "b.py": TWO})
    answer = Bench(repo).compared(REST | {"a.py": TWO, "b.py": ONE}, fix=fix)
    assert answer.fix
    assert answer.fix.is_in is False
    assert answer.fix.is_partly_in


def test_what_a_fix_changes_outside_the_uploaded_folder_does_not_count(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.commit(
        "Old", {f"backend/{path}": content for path, content in REST.items()} | {"backend/a.py": ONE, "b.py": ONE}
    )
    both = repo.commit("Fix both", {"backend/a.py": TWO, "b.py": TWO})
    outside = repo.commit("Fix outside", {"b.py": THREE})
    bench, uploaded = Bench(repo), REST | {"a.py": TWO}
    answer = bench.compared(uploaded, fix=both).fix
    assert answer
    assert {file.path: file.state for file in answer.files} == {"backend/a.py": FixState.NEW, "b.py": FixState.OUTSIDE}
    assert answer.is_in is True
    answer = bench.compared(uploaded, fix=outside).fix
    assert answer
    assert answer.is_in is None


def test_a_merge_is_a_fix_against_its_first_parent(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.commit("Old", REST | {"app.py": ONE})
    repo.git("checkout", "--quiet", "-b", "side")
    repo.commit("Aside", {"app.py": TWO})
    repo.git("checkout", "--quiet", "main")
    repo.commit("Meanwhile", {"lib/more.py": text("meanwhile")})
    repo.git("merge", "--quiet", "--no-ff", "-m", "Merge the fix", "side")
    answer = Bench(repo).compared(REST | {"app.py": ONE}, fix=repo.git("rev-parse", "HEAD"))
    assert answer.fix
    assert [(file.path, file.state) for file in answer.fix.files] == [("app.py", FixState.OLD)]


def test_the_first_commit_of_all_may_be_the_fix(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    fix = repo.commit("All of it", {"app.py": ONE})
    answer = Bench(repo).compared({"app.py": ONE}, fix=fix)
    assert answer.fix
    assert [file.state for file in answer.fix.files] == [FixState.NEW]


def test_it_is_told_when_the_uploaded_file_was_last_written(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    fix = repo.commit("All of it", {"app.py": ONE})
    answer = Bench(repo).compared({"app.py": ONE}, fix=fix)
    assert answer.fix
    assert [file.written for file in answer.fix.files] == [WRITTEN]
