"""What git prints, in whatever pieces it comes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from verifier.facts.comparison.commits import CommitNode, after, before, compared_with, parse_commit, parse_node
from verifier.facts.comparison.git_output import Change, TreeEntry, commits_and_changes, parse_tree

A, B, C = ("a" * 40, "b" * 40, "c" * 40)
NONE = "0" * 40
RAW = "\0".join(
    [
        A,
        f":100644 100644 {A} {B} M",
        "app.py",
        f":000000 100755 {NONE} {C} A",
        "new file\nwith a line.sh",
        B,
        f":100644 000000 {A} {NONE} D",
        ":odd",
        f":160000 160000 {A} {B} M",
        "vendor/inner",
        f":120000 100644 {A} {B} T",
        "link",
        "",
    ]
).encode()
PARSED = [
    (A, [Change("app.py", A, B), Change("new file\nwith a line.sh", "", C)]),
    (B, [Change(":odd", A, ""), Change("vendor/inner", "", ""), Change("link", A, B)]),
]


@given(st.lists(st.integers(0, len(RAW)), max_size=12))
def test_changes_are_the_same_in_whatever_pieces_they_come(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(RAW)]
    pieces = [RAW[one:other] for one, other in pairwise(ends)]
    assert list(commits_and_changes(pieces)) == PARSED


def test_nothing_printed_is_no_commit() -> None:
    assert list(commits_and_changes([])) == []


def test_a_tree_is_read_with_names_of_any_bytes() -> None:
    lines = (f"100644 blob {A}\tapp.py", f"160000 commit {B}\tvendor", f"120000 blob {C}\ta\tb\udcff", "")
    assert parse_tree("\0".join(lines).encode("utf-8", "surrogateescape")) == {
        "app.py": TreeEntry("100644", A),
        "vendor": TreeEntry("160000", B),
        "a\tb\udcff": TreeEntry("120000", C),
    }


def test_a_commit_says_its_subject_and_when_it_was_committed() -> None:
    content = (
        f"tree {A}\nauthor Ana <a@x> 1 +0000\ncommitter Ben <b@x> 1795399190 +0100\ngpgsig x\n\n\nFix it\n\nAll of it\n"
    )
    note = parse_commit(B, content.encode())
    assert (note.subject, note.short) == ("Fix it", "bbbbbbb")
    assert note.time
    assert note.time.timestamp() == 1795399190


def test_a_commit_without_a_message_or_with_a_time_that_is_none_is_read_all_the_same() -> None:
    note = parse_commit(B, b"tree x\ncommitter Ben <b@x> soon +0000\n\n")
    assert (note.subject, note.time) == ("", None)


def test_the_order_of_commits_tells_what_contains_what() -> None:
    nodes = [parse_node(line) for line in (b"1 a", b"2 b a", b"3 c a", b"4 d b c", b"5 e d", b"6 f c")]
    assert nodes[3] == CommitNode("d", 4, ("b", "c"))
    assert after(nodes, "b") == {"b", "d", "e"}
    assert before(nodes, "d") == {"a", "b", "c", "d"}


def test_a_commit_is_looked_at_beside_its_first_parent_or_beside_the_tip_where_that_is_not_known() -> None:
    nodes = [CommitNode("b", 2, ("a",)), CommitNode("r", 2, ()), CommitNode("c", 3, ("b", "x"))]
    assert compared_with(nodes, "c") == [("b", "c"), ("r", ""), ("c", "b")]
