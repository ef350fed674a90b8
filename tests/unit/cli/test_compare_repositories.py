"""Clones of every kind: what is said of each, and that nothing of them runs."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest

from tests.benchmarks.history import made_repository
from tests.repositories import MadeRepository, tgz
from tests.unit.cli.comparison import Bench, compared, text
from verifier.adapters.comparer import AskedUpload, Comparer
from verifier.adapters.git import GitFailed
from verifier.adapters.git_clone import Clone
from verifier.facts.comparison.answer import UploadAnswer
from verifier.facts.comparison.commits import compared_with
from verifier.facts.comparison.nearest import UploadMeasure, measured
from verifier.facts.comparison.root import Root
from verifier.facts.upload import UploadedFile
from verifier.facts.upload.reading import read_listing

FILES = {"app.py": text("app"), "lib/a.py": text("a"), "lib/b.py": text("b")}


def nearest(answer: UploadAnswer) -> str:
    assert answer.nearest
    return answer.nearest.note.sha


def clone(source: Path, target: Path, *words: str) -> None:
    subprocess.run(
        ["git", "clone", "--quiet", *words, source.as_uri(), str(target)], check=True, capture_output=True, timeout=60
    )


def test_the_commit_is_found_among_others_with_its_distance(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.commit("One", FILES)
    second = repo.commit("Two", {"app.py": text("two")})
    repo.commit("Three", {"app.py": text("three"), "lib/a.py": text("three")})
    answer = Bench(repo).compared(FILES | {"app.py": text("two"), "lib/b.py": text("local"), "NOTES.md": "n"})
    assert nearest(answer) == second
    assert answer.found.distance == 2
    assert answer.found.equal == 2


def test_a_commit_of_a_branch_that_is_not_checked_out_is_found(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.commit("One", FILES)
    repo.git("checkout", "--quiet", "-b", "side")
    aside = repo.commit("Aside", {"app.py": text("aside")})
    repo.git("checkout", "--quiet", "main")
    assert nearest(Bench(repo).compared(FILES | {"app.py": text("aside")})) == aside


def test_what_is_stashed_is_no_commit(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    first = repo.commit("One", FILES)
    repo.write("app.py", text("stashed"))
    repo.git("stash", "--quiet")
    answer = Bench(repo).compared(FILES | {"app.py": text("stashed")})
    assert nearest(answer) == first
    assert answer.found.modified == ("app.py",)


def test_a_folder_of_the_repository_is_found_by_its_files(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    sides = {"README.md": "hello", "frontend/app.py": text("front"), "frontend/lib/a.py": text("front a")}
    repo.commit("One", sides | {f"backend/{path}": content for path, content in FILES.items()})
    answer = Bench(repo).compared(FILES | {"app.py": text("other")})
    assert answer.root
    assert answer.root.prefix == "backend/"
    assert answer.found.modified == ("backend/app.py",)


@pytest.mark.parametrize("most", [10_000, 25, 1], ids=["all", "a window", "one"])
def test_every_commit_of_a_history_with_merges_is_measured_as_git_has_it(most: int, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    shas = made_repository(folder, 80, 30)
    opened = Clone.opened(folder)
    nodes = opened.nodes(most)
    assert [node.sha for node in nodes] == shas[-most:]
    trees = {node.sha: opened.tree(node.sha) for node in nodes}
    for wanted in (shas[-1], shas[40], shas[7]):
        files = {path: uploaded(path, entry.blob) for path, entry in opened.tree(wanted).items()}
        measure = UploadMeasure(
            files | {"NOTES.md": uploaded("NOTES.md", "0" * 40)}, lambda path: path.endswith("7.py")
        )
        far = {sha: measure.distance(measure.of_tree(tree)) for sha, tree in trees.items()}
        pairs = compared_with(nodes, nodes[-1].sha)
        known = {nodes[-1].sha: measure.of_tree(trees[nodes[-1].sha])}
        found = measured(pairs, opened.changes(pairs), measure, known)
        assert found.best == min(far.values())
        assert found.nearest == [sha for sha in far if far[sha] == found.best]


def uploaded(path: str, blob: str) -> UploadedFile:
    return UploadedFile(path, "100644", blob, blob, "", 100, None)


def test_of_a_very_long_history_the_newest_commits_are_looked_at_and_it_is_said(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.commit("One", FILES)
    second = repo.commit("Two", {"app.py": text("two")})
    third = repo.commit("Three", {"app.py": text("three")})
    listing = read_listing(io.BytesIO(tgz(FILES)))
    answer = Comparer(Clone.opened(repo.folder), most_commits=2).answer(AskedUpload(listing))
    assert nearest(answer) in (second, third)
    assert answer.notes == ("Only the newest 2 commits were looked at: a nearer one may be older.",)


def test_a_folder_whose_name_git_has_in_parted_letters_is_found(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    folder = "cafe\u0301"
    fix = repo.commit("One", {f"{folder}/{path}": content for path, content in FILES.items()} | {"x.md": "x"})
    answer = Bench(repo).compared(FILES, fix=fix)
    assert answer.root == Root(f"{folder}/")
    assert answer.is_identical
    assert answer.fix
    assert answer.fix.is_in


class TestTies:
    """Commits with the same files: which one is told of."""

    def made(self, folder: Path) -> tuple[MadeRepository, list[str]]:
        """Return a repository with four commits of which three have the same `backend/`."""
        repo = MadeRepository(folder)
        first = repo.commit("One", {f"backend/{path}": content for path, content in FILES.items()})
        others = [repo.commit(f"Front {number}", {"front.js": f"{number}"}) for number in (2, 3)]
        repo.commit("Another", {"backend/app.py": text("another")})
        return repo, [first, *others]

    def test_without_more_to_go_by_it_is_the_newest_and_the_others_are_named(self, tmp_path: Path) -> None:
        repo, ties = self.made(tmp_path / "r")
        answer = Bench(repo).compared(FILES)
        assert nearest(answer) == ties[2]
        assert answer.nearest
        assert (answer.nearest.ties, answer.nearest.when) == (tuple(ties[:2]), "earlier")

    def test_one_that_was_pushed_goes_before_one_that_was_not(self, tmp_path: Path) -> None:
        repo, ties = self.made(tmp_path / "r")
        repo.git("update-ref", "refs/remotes/origin/main", ties[0])
        answer = Bench(repo).compared(FILES)
        assert nearest(answer) == ties[0]
        assert answer.nearest
        assert (answer.nearest.pushed, answer.nearest.when) == (True, "later")

    def test_the_one_that_the_build_claims_goes_before_all(self, tmp_path: Path) -> None:
        repo, ties = self.made(tmp_path / "r")
        repo.git("update-ref", "refs/remotes/origin/main", ties[0])
        answer = Bench(repo).compared(FILES, claimed=ties[1])
        assert nearest(answer) == ties[1]
        assert answer.nearest
        assert (answer.nearest.pushed, answer.nearest.when) == (False, "other")


@pytest.mark.parametrize(("pushed", "holds"), [(True, True), (False, False), (None, None)])
def test_only_a_commit_that_was_pushed_is_the_one_that_others_have(
    pushed: bool | None, holds: bool | None, tmp_path: Path
) -> None:
    repo = MadeRepository(tmp_path / "r")
    before = repo.commit("Before", {"x.py": "x"})
    repo.commit("One", FILES, gone=("x.py",))
    if pushed is not None:
        repo.git("update-ref", "refs/remotes/origin/main", "main" if pushed else before)
    answer = Bench(repo).compared(FILES)
    assert answer.is_identical
    assert answer.nearest
    assert answer.nearest.pushed is pushed
    assert answer.holds is holds


def test_a_shallow_clone_never_says_no(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.commit("One", FILES)
    repo.commit("Two", {"app.py": text("two")})
    clone(repo.folder, tmp_path / "shallow", "--depth=1")
    answer = compared(tmp_path / "shallow", tgz(FILES))
    assert answer.found.modified == ("app.py",)
    assert answer.holds is None
    assert "The clone is shallow (1 commits): a nearer commit may be missing." in answer.notes[0]
    assert compared(tmp_path / "shallow", tgz(FILES | {"app.py": text("two")})).holds is True


def test_a_clone_without_blobs_is_enough_to_find_the_commit(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.git("config", "uploadpack.allowFilter", "true")
    first = repo.commit("One", FILES)
    repo.commit("Two", {"app.py": text("two")})
    clone(repo.folder, tmp_path / "partial", "--filter=blob:none", "--no-checkout")
    answer = compared(tmp_path / "partial", tgz(FILES | {"lib/b.py": text("local")}))
    assert nearest(answer) == first
    assert answer.found.modified == ("lib/b.py",)


def test_a_clone_without_trees_is_said_to_lack_them(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.commit("One", FILES)
    clone(repo.folder, tmp_path / "partial", "--filter=tree:0", "--no-checkout")
    with pytest.raises(GitFailed, match=r"it is a partial clone, run: git -C .* fetch --refetch"):
        compared(tmp_path / "partial", tgz(FILES))


def test_a_repository_with_sha256_is_compared_as_any_other(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r", form="sha256")
    sha = repo.commit("One", FILES | {"run.bat": "one\r\ntwo\r\n"})
    answer = Bench(repo).compared(FILES | {"run.bat": "one\ntwo\n"})
    assert nearest(answer) == sha
    assert answer.found.line_endings == ("run.bat",)


def test_a_repository_that_has_nothing_to_do_with_it_is_not_compared(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.commit("Another", {"main.go": text("go"), "app.py": text("not it"), "__init__.py": "", "LICENSE": text("x")})
    many = {f"m{number}.py": text(str(number)) for number in range(20)}
    answer = Bench(repo).compared(many | FILES | {"__init__.py": "", "LICENSE": text("x")})
    assert answer.root is None
    assert answer.nearest is None
    assert answer.alike == 2
    assert answer.holds is None


def test_a_repository_without_commits_is_not_compared(tmp_path: Path) -> None:
    answer = Bench(MadeRepository(tmp_path / "r")).compared(FILES)
    assert answer.root is None
    assert answer.holds is None


def test_a_bare_repository_and_a_folder_of_a_clone_answer_as_the_clone_does(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    sha = repo.commit("One", {f"backend/{path}": content for path, content in FILES.items()} | {"x.md": "x"})
    clone(repo.folder, tmp_path / "bare", "--bare")
    for folder in (tmp_path / "bare", repo.folder / "backend" / "lib"):
        answer = compared(folder, tgz(FILES))
        assert nearest(answer) == sha
        assert answer.is_identical


def test_nothing_of_a_repository_runs(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    ran = tmp_path / "ran"
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\necho \"$0 $@\" >> '{ran}'\ncat\n")
    trap.chmod(0o755)
    repo.commit("One", FILES | {".gitattributes": "* filter=trap diff=trap\n", "run.bat": "one\r\ntwo\r\n"})
    fix = repo.commit("Two", {"app.py": text("two")})
    hooks = repo.folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc"):
        (hooks / hook).write_bytes(trap.read_bytes())
        (hooks / hook).chmod(0o755)
    for name in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.editor",
        "filter.trap.clean",
        "filter.trap.smudge",
        "filter.trap.process",
        "diff.external",
        "diff.trap.command",
        "diff.trap.textconv",
        "gpg.program",
        "uploadpack.packObjectsHook",
        "credential.helper",
        "alias.rev-list",
        "alias.diff-tree",
    ):
        repo.git("config", name, f"!{trap}" if name.startswith("alias.") else str(trap))
    repo.git("config", "log.showSignature", "true")
    ran.unlink(missing_ok=True)
    upload = FILES | {"app.py": text("local"), "run.bat": "one\ntwo\n"}
    answer = Bench(repo).compared(upload, fix=fix)
    assert answer.nearest
    assert answer.found.line_endings == ("run.bat",)
    assert not ran.exists(), ran.read_text()


def test_the_trap_of_the_test_above_does_run_where_git_lets_it(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    repo.commit("One", FILES)
    trap = repo.write("trap.sh", f"#!/bin/sh\ntouch '{tmp_path / 'ran'}'\n")
    trap.chmod(0o755)
    repo.git("config", "core.fsmonitor", str(trap))
    repo.git("status")
    assert (tmp_path / "ran").exists()


def test_a_replacement_of_a_commit_is_not_taken_for_it(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    first = repo.commit("One", FILES)
    second = repo.commit("Two", {"app.py": text("two")})
    repo.git("replace", second, first)
    answer = Bench(repo).compared(FILES | {"app.py": text("two")})
    assert nearest(answer) == second
    assert answer.is_identical


def test_a_name_of_a_commit_is_its_digits_head_a_tag_or_a_branch_and_nothing_else(tmp_path: Path) -> None:
    repo = MadeRepository(tmp_path / "r")
    first, second = repo.commit("One", FILES), repo.commit("Two", {"app.py": text("two")})
    repo.git("tag", "v1.0", first)
    opened = Clone.opened(repo.folder)
    assert [opened.commit(name) for name in ("HEAD", "main", "v1.0", "HEAD~1", first[:8])] == [
        second,
        second,
        first,
        first,
        first,
    ]
    for bad in ("--all", "-x", ":/One", "a b", "main..v1.0", "$(id)"):
        with pytest.raises(Exception, match=r"expected hex digits|has no"):
            opened.commit(bad)
