"""From where an upload was made: a vote of its files."""

from __future__ import annotations

import pytest

from tests.unit.facts.comparison.made import files, tree, uploaded
from verifier.facts.comparison.root import Kinship, Root, is_telling, kinship, vote


@pytest.mark.parametrize(
    ("upload", "repository", "root"),
    [
        ({"a.py": "1"}, {"a.py": "1"}, Root("")),
        ({"a.py": "1"}, {"backend/a.py": "1"}, Root("backend/")),
        ({"app/a.py": "1"}, {"x/y/app/a.py": "1"}, Root("x/y/")),
        ({"w/a.py": "1", "w/b.py": "2"}, {"a.py": "1", "b.py": "2"}, Root("", "w/")),
        ({"w/a.py": "1", "w/b.py": "2"}, {"in/a.py": "1", "in/b.py": "2"}, Root("in/", "w/")),
        ({"w/a.py": "1", "w/b.py": "2"}, {"w/a.py": "1", "w/b.py": "2"}, Root("")),
        ({"a.py": "1"}, {"one/a.py": "2", "two/a.py": "1"}, Root("two/")),
        ({"a.py": "1", "b.py": "9"}, {"one/a.py": "2", "one/b.py": "3", "two/a.py": "1"}, Root("two/")),
        (
            {"a": "1", "b": "2", "c": "3", "d": "4"},
            {"n/a": "5", "n/b": "6", "n/c": "7", "n/d": "8", "s/a": "1"},
            Root("n/"),
        ),
        ({"caf\u00e9/a": "1"}, {"x/cafe\u0301/a": "1"}, Root("x/")),
        ({"a.py": "1"}, {"cafe\u0301/a.py": "1"}, Root("cafe\u0301/")),
        ({"a.py": "1"}, {"b.py": "1"}, Root("")),
        ({"a.py": "1"}, {"long/a.py": "1", "in/a.py": "1"}, Root("in/")),
        ({"a.py": "1"}, {"in/a.py": "1", "on/a.py": "1"}, Root("on/")),
    ],
)
def test_the_place_is_the_one_that_most_files_vote_for(
    upload: dict[str, str], repository: dict[str, str], root: Root
) -> None:
    assert vote(files(upload), tree(repository)).root == root


def test_equal_bytes_count_three_times_equal_names() -> None:
    assert vote(files({"a": "1"}), tree({"a": "1"})).votes == 3
    assert vote(files({"a": "1"}), tree({"a": "2"})).votes == 1
    assert vote(files({"a": "1\r\n"}), tree({"a": "1\n"})).votes == 3
    assert vote(files({"a": "1"}), tree({"b": "1"})).votes == 0
    assert [vote(files({"a": "1"}), tree({"a": content})).same for content in "12"] == [1, 0]


def test_the_equal_files_at_the_winning_place_are_counted() -> None:
    found = vote(files({"a": "1", "b": "2", "c": "3"}), tree({"in/a": "1", "in/b": "2", "in/c": "0", "on/a": "1"}))
    assert (found.root, found.votes, found.same) == (Root("in/"), 7, 2)
    nothing = vote(files({"a": "1"}), {})
    assert (nothing.votes, nothing.same) == (0, 0)


def test_files_get_the_paths_that_they_have_in_the_repository() -> None:
    upload = files({"w/a.py": "1", "w/cafe\u0301": "2"})
    assert list(Root("in/", "w/").in_repository(upload)) == ["in/a.py", "in/caf\u00e9"]


@pytest.mark.parametrize(
    ("path", "size", "telling"),
    [
        ("app.py", 65, True),
        ("app.py", 64, False),
        ("LICENSE.md", 5_000, False),
        ("x/__init__.py", 5_000, False),
        ("x/gradlew.bat", 5_000, False),
    ],
)
def test_small_files_and_those_of_every_repository_tell_nothing(path: str, size: int, telling: bool) -> None:
    assert is_telling(uploaded(path, size=size)) is telling


def test_what_they_have_in_common_is_counted() -> None:
    upload = files({"a": "1", "b": "2\r\n", "LICENSE": "3", "c": "4"})
    assert kinship(upload, tree({"a": "1", "b": "2\n", "LICENSE": "3", "c": "5", "d": "4"})) == Kinship(3, 2)


@pytest.mark.parametrize(
    ("same", "telling", "of", "one"),
    [(1, 1, 100, True), (1, 0, 5, True), (1, 0, 6, False), (0, 0, 0, False), (0, 0, 9, False), (20, 0, 100, True)],
)
def test_one_telling_file_or_a_fifth_of_all_makes_them_kin(same: int, telling: int, of: int, one: bool) -> None:
    assert Kinship(same, telling).is_one(of) is one
