"""An upload beside one commit, file by file, without git."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.facts.comparison.made import entry, files, tree, uploaded
from verifier.facts.comparison.differences import Differences, LeftOut, differences, settled
from verifier.facts.comparison.generated import generated_folder
from verifier.facts.upload.digest import blob_id


def no_rule(_: str) -> str:
    return ""


def found(upload: dict[str, str], commit: dict[str, str], **more: frozenset[str]) -> Differences:
    return differences(files(upload), tree(commit), no_rule, **more)[0]


def test_every_file_is_counted_once() -> None:
    upload = {"same": "1", "other": "2", "crlf": "3\r\n", "new": "4", "node_modules/x": "5", "README": "6"}
    commit = {"same": "1", "other": "0", "crlf": "3\n", "gone": "7", "readme": "6"}
    assert found(upload, commit) == Differences(
        equal=1,
        modified=("other",),
        line_endings=("crlf",),
        letter_case=(("README", "readme"),),
        not_in_git=("new",),
        generated={"node_modules": 1},
        left_out=(LeftOut("gone", ""),),
    )


def test_the_distance_is_the_sum_of_what_differs_less_what_a_rule_leaves_out() -> None:
    one = found({"other": "2", "crlf": "3\r\n", "new": "4", "out/x": "5", "README": "6"}, {"other": "0", "crlf": "3\n"})
    one = replace(one, left_out=(LeftOut("a", ""), LeftOut("b", "*.b")), in_submodules=3)
    assert one.distance == 1 + 1 + 3 + 1 + 3
    assert (one.too_many, one.missing, one.are_none) == (3, ("a",), False)
    assert Differences(equal=3, modes=("a",), links=("b",), left_out=(LeftOut("b", "*.b"),)).are_none


def test_a_rule_is_asked_for_each_file_that_is_missing_and_for_no_other() -> None:
    asked = []

    def rule(path: str) -> str:
        asked.append(path)
        return "*.log of .gitignore"

    result, _ = differences(files({"a": "1"}), tree({"a": "1", "b.log": "2"}), rule)
    assert result.left_out == (LeftOut("b.log", "*.log of .gitignore"),)
    assert asked == ["b.log"]


def test_a_submodule_is_no_file_that_is_missing_and_what_is_in_it_is_not_compared() -> None:
    commit = tree({"a": "1"}) | {"vendor/in": entry("", "160000")}
    result, _ = differences(files({"a": "1", "vendor/in/x": "2", "vendor/inner": "3"}), commit, no_rule)
    assert result == Differences(equal=1, not_in_git=("vendor/inner",), in_submodules=1)


def test_a_mode_is_told_only_of_equal_files() -> None:
    upload = {"a": uploaded("a", "1", "100755"), "b": uploaded("b", "2", "100755")}
    result, _ = differences(upload, tree({"a": "1", "b": "0"}), no_rule)
    assert (result.equal, result.modes, result.modified) == (1, ("a",), ("b",))


def test_a_folder_at_the_place_of_a_link_is_not_missed() -> None:
    commit = tree({"a": "1"}) | {"shared": entry("lib", "120000")}
    assert differences(files({"a": "1"}), commit, no_rule, frozenset({"shared"}))[0].links == ("shared",)
    assert differences(files({"a": "1"}), commit, no_rule)[0].missing == ("shared",)


def test_what_is_modified_is_in_doubt_until_the_commits_content_is_known() -> None:
    upload = files({"bat": "1\n", "txt": "2\n", "link": "app"})
    commit = tree({"bat": "1\r\n", "txt": "3\r\n"}) | {"link": entry("sub/../app.py", "120000")}
    upload |= files({"app.py": "app"})
    commit |= tree({"app.py": "app"})
    first, doubts = differences(upload, commit, no_rule)
    assert first.modified == ("bat", "txt", "link")
    contents = {blob_id(each): each for each in (b"1\r\n", b"3\r\n", b"sub/../app.py")}
    last = settled(first, doubts, contents, upload)
    assert (last.modified, last.line_endings, last.links, last.equal) == (("txt",), ("bat",), ("link",), 2)
    assert settled(first, doubts, {}, upload) == first


def test_a_link_that_leads_out_or_elsewhere_was_not_followed() -> None:
    for target in ("../app.py", "other.py", "/app.py", "sub/../../app.py"):
        upload = files({"link": "app", "app.py": "app", "other.py": "other"})
        commit = tree({"app.py": "app", "other.py": "other"}) | {"link": entry(target, "120000")}
        first, doubts = differences(upload, commit, no_rule)
        last = settled(first, doubts, {blob_id(target.encode()): target.encode()}, upload)
        assert (last.links, last.modified) == ((), ("link",))


def test_the_topmost_generated_folder_counts() -> None:
    assert generated_folder("a/node_modules/b/node_modules/c.js") == "a/node_modules"
    assert generated_folder("x.egg-info/PKG") == "x.egg-info"
    assert generated_folder("node_modules") == ""
    assert generated_folder("src/built/a") == ""


def test_a_folder_of_that_name_with_files_of_the_commit_is_not_generated() -> None:
    result = found({"build/a": "1", "build/deep/b": "2", "x/build/c": "3"}, {"build/deep/z": "0"})
    assert result.not_in_git == ("build/a", "build/deep/b")
    assert result.generated == {"x/build": 1}
