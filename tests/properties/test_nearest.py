"""Every commit of any history is measured exactly, though no tree of any is kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from verifier.facts.comparison.commits import CommitNode, compared_with
from verifier.facts.comparison.git_output import Change, TreeEntry
from verifier.facts.comparison.nearest import Likeness, UploadMeasure, measured
from verifier.facts.upload.listing import UploadedFile

NAMES = st.sampled_from(["a", "b", "c", "d", "e.log"])
BLOBS = st.sampled_from(["1", "2", "3"])
TREES = st.dictionaries(NAMES, BLOBS, max_size=5)
HISTORIES = st.lists(st.tuples(TREES, st.lists(st.integers(0, 9), max_size=2)), min_size=1, max_size=10)
"""Each commit's tree, and which of those before it are its parents."""


def file(path: str, blob: str) -> UploadedFile:
    return UploadedFile(path, "100644", blob, "3" if blob == "2" else blob, f"lfs {blob}", 1, None)


def plain(wanted: UploadMeasure, tree: dict[str, str]) -> tuple[int, int]:
    """Return how far the tree is and how many of its files are exact, file by file."""
    ours = {path: f for path, f in wanted.files.items() if path in tree}
    same = sum(tree[path] in (f.blob, f.lf_blob, f.lfs_blob) for path, f in ours.items())
    exact = sum(tree[path] in (f.blob, f.lfs_blob) for path, f in ours.items())
    missing = sum(not wanted.left_out(path) for path in tree if path not in wanted.files)
    return len(ours) - same + len(wanted.files) - len(ours) + missing, exact


def between(old: dict[str, str], new: dict[str, str]) -> list[Change]:
    paths = sorted({*old, *new})
    return [Change(p, old.get(p, ""), new.get(p, "")) for p in paths if old.get(p) != new.get(p)]


@given(HISTORIES, st.dictionaries(NAMES, BLOBS, max_size=5), st.integers(0, 9))
def test_the_nearest_commits_are_those_whose_trees_are_whatever_was_merged_and_wherever_history_was_cut(
    history: list[tuple[dict[str, str], list[int]]], upload: dict[str, str], cut: int
) -> None:
    trees = {f"c{number}": tree for number, (tree, _) in enumerate(history)}
    nodes = [
        CommitNode(f"c{n}", n, tuple(dict.fromkeys(f"c{p % n}" for p in parents)) if n else ())
        for n, (_, parents) in enumerate(history)
    ][cut % len(history) :]
    tip = nodes[-1].sha
    wanted = UploadMeasure(
        {path: file(path, blob) for path, blob in upload.items()}, lambda path: path.endswith(".log")
    )
    pairs = compared_with(nodes, tip)
    changes = [(one, between(trees.get(other, {}), trees[one])) for one, other in pairs]
    known = {tip: wanted.of_tree({path: TreeEntry("100644", blob) for path, blob in trees[tip].items()})}
    found = measured(pairs, iter([each for each in changes if each[1]]), wanted, known)
    expected = {node.sha: plain(wanted, trees[node.sha]) for node in nodes}
    best = min((distance, -exact) for distance, exact in expected.values())
    assert (found.best, -found.exact) == best
    assert found.nearest == [sha for sha, (distance, exact) in expected.items() if (distance, -exact) == best]


@given(TREES, TREES)
def test_a_change_measures_as_the_trees_on_its_two_sides_do(old: dict[str, str], new: dict[str, str]) -> None:
    wanted = UploadMeasure({path: file(path, "1") for path in "abc"}, lambda _: False)
    whole = [wanted.changed(Likeness(0, 0, 0, 0), between({}, tree)) for tree in (old, new)]
    assert wanted.changed(whole[0], between(old, new)) == whole[1]


@given(st.dictionaries(NAMES, BLOBS, max_size=5), HISTORIES)
def test_the_contents_of_asked_files_are_all_that_they_ever_were(
    upload: dict[str, str], history: list[tuple[dict[str, str], list[int]]]
) -> None:
    trees = [tree for tree, _ in history]
    nodes = [CommitNode(f"c{n}", n, (f"c{n - 1}",) if n else ()) for n in range(len(trees))]
    wanted = UploadMeasure({path: file(path, blob) for path, blob in upload.items()}, lambda _: False)
    pairs = compared_with(nodes, nodes[-1].sha)
    changes = [(f"c{n}", between(trees[n - 1] if n else {}, tree)) for n, tree in enumerate(trees)]
    found = measured(pairs, iter([each for each in changes if each[1]]), wanted, {}, {"a"})
    seen = {blob for _, blob in found.contents.get("a", [])}
    assert seen - {""} == {tree["a"] for tree in trees if "a" in tree}
