"""Was a fix in an upload, without git; `tests/unit/cli/test_compare_fix.py` asks real repositories."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.unit.facts.comparison.made import entry, files
from verifier.facts.comparison.fix import FixAnswer, FixFile, FixState, PastContents, fix_answer
from verifier.facts.comparison.git_output import Change

OLD, NEW, OLDER, LATER, ASIDE = (entry(word).blob for word in ("old", "new", "older", "later", "aside"))
PAST = PastContents(
    by_path={"a": [("c0", OLDER), ("c1", OLD), ("fix", NEW), ("c3", LATER), ("side", ASIDE)]},
    before={"c0", "c1", "fix"},
    after={"fix", "c3"},
    lf_ids={},
)
CHANGE = Change("a", OLD, NEW)


def state(content: str | None, change: Change = CHANGE, past: PastContents = PAST) -> FixFile:
    upload = files({} if content is None else {"a": content})
    (file,) = fix_answer("fix", [change], upload, "", past).files
    return file


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("new", FixState.NEW),
        ("old", FixState.OLD),
        ("older", FixState.OLDER),
        ("later", FixState.LATER),
        ("aside", FixState.OTHER),
        ("mine", FixState.OTHER),
        (None, FixState.ABSENT),
    ],
)
def test_each_content_has_its_state(content: str | None, expected: FixState) -> None:
    assert state(content).state is expected


def test_a_file_of_which_nothing_else_is_known_is_another() -> None:
    assert state("mine", past=replace(PAST, by_path={})).state is FixState.OTHER


def test_each_file_is_told_with_its_path_and_when_it_was_written() -> None:
    written = datetime(2026, 8, 2, 1, 12, tzinfo=UTC)
    upload = {"in/a": replace(files({"a": "old"})["a"], written=written)}
    changes = [Change("in/a", OLD, NEW), Change("in/b", OLD, NEW), Change("c", OLD, NEW)]
    assert fix_answer("fix", changes, upload, "in/", PAST) == FixAnswer(
        "fix",
        (
            FixFile("in/a", FixState.OLD, written, other_endings=False),
            FixFile("in/b", FixState.ABSENT, None, other_endings=False),
            FixFile("c", FixState.OUTSIDE, None, other_endings=False),
        ),
    )


def test_what_fits_both_an_older_and_a_later_commit_is_older() -> None:
    past = replace(PAST, by_path={"a": [("c3", OLDER), ("c0", OLDER)]})
    assert state("older", past=past).state is FixState.OLDER


def test_the_fix_itself_is_neither_older_nor_later_than_it_is() -> None:
    past = replace(PAST, by_path={"a": [("fix", ASIDE)]})
    assert state("aside", past=past).state is FixState.OTHER


def test_a_file_that_the_fix_deletes_or_adds() -> None:
    assert state(None, Change("a", OLD, "")).state is FixState.NEW
    assert state("old", Change("a", OLD, "")).state is FixState.OLD
    assert state("new", Change("a", "", NEW)).state is FixState.NEW
    assert state(None, Change("a", "", NEW)).state is FixState.ABSENT
    assert state(None, past=replace(PAST, gone_since={"a"})).state is FixState.LATER
    assert state(None, Change("a", OLD, ""), replace(PAST, gone_since={"a"})).state is FixState.NEW


def test_line_endings_are_told_beside_the_state() -> None:
    crlf = entry("new\r\n").blob
    lf = entry("new\n").blob
    assert state("new\r\n", Change("a", OLD, lf)) == FixFile("a", FixState.NEW, None, other_endings=True)
    past = replace(PAST, lf_ids={crlf: lf})
    assert state("new\n", Change("a", OLD, crlf), past) == FixFile("a", FixState.NEW, None, other_endings=True)
    assert state("new\r\n", Change("a", OLD, crlf), past) == FixFile("a", FixState.NEW, None, other_endings=False)
    assert state("new\n", Change("a", crlf, NEW), past) == FixFile("a", FixState.OLD, None, other_endings=True)


def test_only_what_is_below_the_uploaded_folder_counts() -> None:
    changes = [Change("in/a", OLD, NEW), Change("out/a", OLD, NEW)]
    answer = fix_answer("fix", changes, {"in/a": files({"a": "new"})["a"]}, "in/", PAST)
    assert [file.state for file in answer.files] == [FixState.NEW, FixState.OUTSIDE]


@pytest.mark.parametrize(
    ("states", "is_in", "partly"),
    [
        ("NEW", True, False),
        ("NEW LATER", True, False),
        ("NEW OUTSIDE", True, False),
        ("OUTSIDE", None, False),
        ("", None, False),
        ("NEW OLD", False, True),
        ("LATER ABSENT", False, True),
        ("OLD", False, False),
        ("OLDER OTHER ABSENT OUTSIDE", False, False),
    ],
)
def test_it_is_in_where_all_are_new_or_later_outside_aside(states: str, is_in: bool | None, partly: bool) -> None:
    answer = FixAnswer("fix", tuple(FixFile(word, FixState(word)) for word in states.split()))
    assert (answer.is_in, answer.is_partly_in) == (is_in, partly)
