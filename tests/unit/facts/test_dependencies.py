"""What a build fetched besides its source: a commit of a repository that can be read, or why it is none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import SHA, pushed
from verifier.facts.dependencies import Dependency, dependencies_of
from verifier.facts.repository import Repository

PRESS = Repository("github.com", "vividly/press")
ADDRESS = "https://github.com/vividly/press.git"


def git(revision: str, address: str = ADDRESS) -> dict[str, Any]:
    return {"gitSource": {"repository": {"url": address}, "revision": revision}}


def dependencies(*entries: dict[str, Any]) -> tuple[Dependency, ...]:
    return dependencies_of(pushed(dependencies=list(entries)))


@pytest.mark.parametrize("sha", [SHA, SHA.upper(), "ab" * 32], ids=["plain", "upper case", "of 64 digits"])
def test_a_full_commit_of_a_repository_is_one(sha: str) -> None:
    assert dependencies(git(sha)) == (Dependency("dependencies[1]", PRESS, ""),)


@pytest.mark.parametrize("revision", ["main", SHA[:39], f"{SHA}0", f"{SHA}\n", f" {SHA}", "", "main" * 30])
def test_anything_else_may_have_been_any_commit(revision: str) -> None:
    (dependency,) = dependencies(git(revision))
    assert dependency == Dependency(
        "dependencies[1]",
        PRESS,
        f"expected a full commit of github.com/vividly/press, got {revision[:80]!r}, and nobody wrote down what was "
        "fetched",
    )


@pytest.mark.parametrize(("address", "seen"), [("x?y", "x?y"), ("", "nothing"), (f"x?{'y' * 300}", f"x?{'y' * 198}")])
def test_an_address_that_names_no_repository_is_shown(address: str, seen: str) -> None:
    expected = Dependency("dependencies[1]", None, f"{seen} names no repository that can be read")
    assert dependencies(git(SHA, address)) == (expected,)


def test_another_kind_of_source_is_no_commit() -> None:
    (dependency,) = dependencies({"storageSource": {"bucket": "a"}})
    assert (dependency.field, dependency.repository) == ("dependencies[1]", None)
    assert dependency.problem.endswith(" is no commit of a repository")
    assert "storageSource" in dependency.problem


def test_each_is_named_by_its_place_among_all_and_what_says_that_it_is_none_is_none() -> None:
    found = dependencies(git(SHA), {"empty": True}, git("main"))
    assert [one.field for one in found] == ["dependencies[1]", "dependencies[3]"]
    assert dependencies() == ()
