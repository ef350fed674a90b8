"""Which of several commits as near is told of, and how near one is; `tests/properties/test_nearest.py` has the rule."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.facts.comparison.made import entry, files, tree
from verifier.facts.comparison.answer import NearestCommit, UploadAnswer
from verifier.facts.comparison.commits import CommitNode, CommitNote
from verifier.facts.comparison.differences import Differences
from verifier.facts.comparison.fix import FixAnswer, FixFile, FixState
from verifier.facts.comparison.nearest import Likeness, Measured, UploadMeasure, chosen
from verifier.facts.comparison.root import Root

TIES = [CommitNode("aa", 10, ()), CommitNode("bb", 20, ()), CommitNode("cc", 30, ())]
BUILT = datetime.fromtimestamp(25, UTC)


@pytest.mark.parametrize(
    ("claimed", "unpushed", "built", "sha"),
    [
        ("", None, None, "cc"),
        ("", None, BUILT, "bb"),
        ("", {"bb", "cc"}, None, "aa"),
        ("", {"aa", "bb"}, BUILT, "cc"),
        ("", set(), BUILT, "bb"),
        ("aa", {"aa"}, BUILT, "aa"),
        ("ff", {"aa"}, None, "cc"),
    ],
)
def test_the_claimed_one_then_a_pushed_one_then_one_that_was_there_then_the_newest(
    claimed: str, unpushed: set[str] | None, built: datetime | None, sha: str
) -> None:
    assert chosen(TIES, claimed, unpushed, built).sha == sha


def test_a_tree_is_measured_line_endings_aside_submodules_left_out() -> None:
    measure = UploadMeasure(files({"a": "1", "b": "2\r\n", "c": "3"}), lambda path: path == "log")
    commit = tree({"a": "1", "b": "2\n", "c": "0", "d": "4", "log": "5"}) | {"sub": entry("", "160000")}
    likeness = measure.of_tree(commit)
    assert likeness == Likeness(same=2, exact=1, both=3, files=4)
    assert measure.distance(likeness) == 2


def test_of_commits_as_near_those_with_more_exact_files_are_nearer() -> None:
    found = Measured()
    for commit, distance, exact in (("a", 2, 5), ("b", 1, 3), ("c", 1, 4), ("d", 1, 4), ("e", 1, 2)):
        found.take(commit, distance, exact)
    assert (found.best, found.exact, found.nearest) == (1, 4, ["c", "d"])


NOTE = CommitNote("aa", "Fix", None)
IN, OUT, ASIDE = (FixAnswer("f", (FixFile("a", each),)) for each in (FixState.NEW, FixState.OLD, FixState.OUTSIDE))


@pytest.mark.parametrize(
    ("answer", "holds"),
    [
        (UploadAnswer(1, None), None),
        (UploadAnswer(1, Root(""), nearest=NearestCommit(NOTE, pushed=True)), True),
        (UploadAnswer(1, Root(""), nearest=NearestCommit(NOTE, pushed=False)), False),
        (UploadAnswer(1, Root(""), nearest=NearestCommit(NOTE, pushed=None)), None),
        (UploadAnswer(1, Root(""), nearest=NearestCommit(NOTE, pushed=True), unread=1), False),
        (
            UploadAnswer(1, Root(""), nearest=NearestCommit(NOTE, pushed=True), found=Differences(modified=("a",))),
            False,
        ),
        (
            UploadAnswer(
                1, Root(""), nearest=NearestCommit(NOTE, pushed=None), found=Differences(modified=("a",)), shallow=True
            ),
            None,
        ),
        (UploadAnswer(1, Root(""), nearest=NearestCommit(NOTE, pushed=True), shallow=True), True),
        (UploadAnswer(1, Root(""), nearest=NearestCommit(NOTE, pushed=True), fix=OUT), False),
        (UploadAnswer(1, Root(""), nearest=NearestCommit(NOTE, pushed=True), fix=ASIDE), None),
        (UploadAnswer(1, Root(""), found=Differences(modified=("a",)), fix=IN), True),
        (UploadAnswer(1, Root(""), fix=OUT, shallow=True), None),
    ],
)
def test_what_is_asked_holds_does_not_or_can_not_be_told(answer: UploadAnswer, holds: bool | None) -> None:
    assert answer.holds is holds
