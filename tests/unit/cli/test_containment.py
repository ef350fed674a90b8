"""What git says about which commit contains which, in small real repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from verifier.adapters.git_clone import checked_sha
from verifier.cli.containment import contains
from verifier.errors import Malformed


def git(repo: Path, *arguments: str) -> str:
    own = ["-c", "user.name=Ana", "-c", "user.email=ana@vividly.example", "-c", "commit.gpgsign=false"]
    answer = subprocess.run(["git", "-C", str(repo), *own, *arguments], check=True, capture_output=True, text=True)
    return answer.stdout.strip()


def commit(repo: Path, message: str) -> str:
    git(repo, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(repo, "rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "worker"
    path.mkdir()
    git(path, "init", "--quiet", "--initial-branch=main")
    return path


def test_a_later_commit_contains_an_earlier_one_and_not_the_other_way_round(repo: Path) -> None:
    first, second = commit(repo, "one"), commit(repo, "two")
    assert contains(repo, second, first) is True
    assert contains(repo, first, second) is False


def test_a_commit_on_another_branch_is_not_contained_however_old_it_is(repo: Path) -> None:
    commit(repo, "one")
    git(repo, "checkout", "--quiet", "-b", "side")
    aside = commit(repo, "aside")
    git(repo, "checkout", "--quiet", "main")
    assert contains(repo, commit(repo, "later"), aside) is False


def test_a_merge_contains_both_of_its_sides(repo: Path) -> None:
    commit(repo, "one")
    git(repo, "checkout", "--quiet", "-b", "side")
    aside = commit(repo, "aside")
    git(repo, "checkout", "--quiet", "main")
    commit(repo, "later")
    git(repo, "merge", "--quiet", "--no-ff", "-m", "merged", "side")
    assert contains(repo, git(repo, "rev-parse", "HEAD"), aside[:8]) is True


def test_a_short_commit_is_found_in_either_place(repo: Path) -> None:
    first, second = commit(repo, "one"), commit(repo, "two")
    assert contains(repo, second, first[:7]) is True
    assert contains(repo, first[:7].upper(), second[:7]) is False


def test_a_branch_called_by_hex_digits_is_not_taken_for_the_commit(repo: Path) -> None:
    first, second = commit(repo, "one"), commit(repo, "two")
    git(repo, "branch", first[:7], second)
    assert "does not have commit" in str(contains(repo, second, first[:7]))


def test_a_commit_that_the_clone_does_not_have_is_to_be_fetched(repo: Path) -> None:
    known = commit(repo, "one")
    assert contains(repo, known, "d" * 40) == (
        f"the clone in {repo} does not have commit {'d' * 40}; run: git -C {repo} fetch --all"
    )
    assert "give more digits" in str(contains(repo, known, "ddddddd"))


def test_without_a_clone_only_equality_is_claimed(tmp_path: Path) -> None:
    assert contains(tmp_path, "ab" * 20, "ab" * 4) is True
    assert "only equality can be claimed" in str(contains(tmp_path, "ab" * 20, "cd" * 20))


def test_a_shallow_clone_never_says_no(repo: Path, tmp_path: Path) -> None:
    first, second = commit(repo, "one"), commit(repo, "two")
    git(repo, "branch", "old", first)
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{repo}", str(shallow))
    assert "fetch --unshallow" in str(contains(shallow, second, first))


def test_a_replaced_commit_cannot_lend_its_history(repo: Path) -> None:
    first, second = commit(repo, "one"), commit(repo, "two")
    git(repo, "checkout", "--quiet", "--orphan", "elsewhere")
    apart = commit(repo, "apart")
    git(repo, "replace", "--graft", apart, second)
    assert contains(repo, apart, first) is False


@pytest.mark.parametrize(
    "text", ["", "85cffd", "HEAD", "--help", "-85cffd8", "85cffd8\n", "85cffd8 ", "8" * 65, "8५cffd8a"]
)
def test_only_hex_digits_ever_reach_git(text: str) -> None:
    with pytest.raises(Malformed, match="expected 7 to 64 hex digits"):
        checked_sha(text)
