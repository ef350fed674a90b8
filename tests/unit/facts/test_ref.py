"""The branch or tag that a build was made for: what proves one, and why none is known where none is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import pushed
from verifier.facts.ref import Ref, ref_of

BOTH = {"BRANCH_NAME": "main", "REF_NAME": "main"}
LONG = "x" * 81
NO_TRIGGER = Ref(problem="no trigger ran the build, so nothing proves a branch or tag")
NO_NAME = Ref(problem="the build names no branch or tag")


def claimed(trigger: str = "a-trigger", **claims: str) -> Ref:
    return ref_of(pushed(buildTriggerId=trigger, substitutions=claims))


def asked(trigger: str = "a-trigger", **part: Any) -> Ref:
    return ref_of(pushed(buildTriggerId=trigger, source={"repoSource": {"repoName": "press", **part}}))


@pytest.mark.parametrize(
    ("claims", "ref"),
    [
        (BOTH, Ref("branch", "main")),
        ({"TAG_NAME": "v1", "REF_NAME": "v1"}, Ref("tag", "v1")),
        ({"TAG_NAME": "", **BOTH}, Ref("branch", "main")),
        ({"BRANCH_NAME": "main", "TAG_NAME": "v1", "REF_NAME": "v1"}, Ref(problem="it names both a branch and a tag")),
        ({}, NO_NAME),
        ({"REF_NAME": "main"}, NO_NAME),
        (
            {"BRANCH_NAME": LONG},
            Ref(
                problem=f"branch {LONG[:80]} was only typed: the trigger was run for a commit, and no REF_NAME says "
                "the same"
            ),
        ),
        (
            {"TAG_NAME": "v1"},
            Ref(
                "tag", problem="tag v1 was only typed: the trigger was run for a commit, and no REF_NAME says the same"
            ),
        ),
        ({"BRANCH_NAME": "main", "REF_NAME": "fix"}, Ref(problem="its branch is main, and its REF_NAME fix")),
        ({"TAG_NAME": LONG, "REF_NAME": "v"}, Ref("tag", problem=f"its tag is {LONG[:80]}, and its REF_NAME v")),
        ({"BRANCH_NAME": "v", "REF_NAME": LONG}, Ref(problem=f"its branch is v, and its REF_NAME {LONG[:80]}")),
        (
            {"BRANCH_NAME": "refs/pull/7/merge", "REF_NAME": "refs/pull/7/merge"},
            Ref(problem="refs/pull/7/merge is no branch"),
        ),
        (
            {"TAG_NAME": f"refs/{LONG}", "REF_NAME": f"refs/{LONG}"},
            Ref("tag", problem=f"refs/{LONG}"[:80] + " is no tag"),
        ),
        ({"BRANCH_NAME": "a.*b", "REF_NAME": "a.*b"}, Ref("branch", "a.*b")),
    ],
    ids=[
        "branch",
        "tag",
        "an empty tag",
        "both",
        "nothing",
        "REF_NAME alone",
        "a typed branch",
        "a typed tag",
        "another REF_NAME",
        "of a long tag",
        "of a long ref",
        "no branch",
        "no tag",
        "no pattern here",
    ],
)
def test_a_substitution_counts_where_the_service_says_the_same(claims: dict[str, str], ref: Ref) -> None:
    assert claimed(**claims) == ref


@pytest.mark.parametrize("claims", [BOTH, {"TAG_NAME": "v1", "REF_NAME": "v1"}, {}], ids=["branch", "tag", "nothing"])
def test_without_a_trigger_no_substitution_counts(claims: dict[str, str]) -> None:
    assert claimed(trigger="", **claims) == NO_TRIGGER


@pytest.mark.parametrize("trigger", ["a-trigger", ""])
@pytest.mark.parametrize(
    ("part", "ref"),
    [
        ({"branchName": "main"}, Ref("branch", "main")),
        ({"tagName": "v1"}, Ref("tag", "v1")),
        ({"branchName": "main", "invertRegex": False}, Ref("branch", "main")),
        ({"branchName": "main", "tagName": "v1"}, Ref(problem="its repoSource names both a branch and a tag")),
        (
            {"branchName": LONG, "invertRegex": True},
            Ref("branch", problem=f"invertRegex asks for any branch but {LONG[:80]}"),
        ),
        ({"tagName": "v1", "invertRegex": True}, Ref("tag", problem="invertRegex asks for any tag but v1")),
        ({"branchName": ["main"]}, Ref("branch", problem="its repoSource's branch is no text")),
        ({"tagName": 7}, Ref("tag", problem="its repoSource's tag is no text")),
        ({"branchName": "^main$"}, Ref("branch", problem="^main$ is a pattern, which may stand for any branch")),
        (
            {"tagName": f"*{LONG}"},
            Ref("tag", problem=f"*{LONG[:79]} is a pattern, which may stand for any tag"),
        ),
        ({"branchName": "refs/heads/main"}, Ref("branch", problem="refs/heads/main is no branch")),
    ],
    ids=[
        "branch",
        "tag",
        "not inverted",
        "both",
        "an inverted branch",
        "an inverted tag",
        "a list",
        "a number",
        "a pattern",
        "a long pattern",
        "no branch",
    ],
)
def test_a_mirrored_repository_is_asked_for_a_branch_or_tag_in_a_field_of_its_own(
    part: dict[str, Any], ref: Ref, trigger: str
) -> None:
    assert asked(trigger, **part) == ref


@pytest.mark.parametrize(
    ("trigger", "ref"),
    [
        ("a-trigger", Ref("branch", "release/1.2")),
        ("", Ref("branch", problem="release/1.2 is a pattern, which may stand for any branch")),
    ],
    ids=["a trigger", "by hand"],
)
def test_a_dot_is_a_dot_only_where_a_trigger_ran_for_a_push(trigger: str, ref: Ref) -> None:
    assert asked(trigger, branchName="release/1.2") == ref


def test_a_mirrored_repository_without_a_name_is_known_by_substitutions() -> None:
    assert asked(commitSha="1") == Ref("branch", "main")
    assert asked(commitSha="1", trigger="") == NO_TRIGGER


@pytest.mark.parametrize(
    ("created", "is_known"),
    [
        ("2021-04-30T23:59:59Z", True),
        ("2021-05-01T00:00:00Z", False),
        ("2021-06-01T00:00:00Z", False),
        ("2022-04-30T00:00:00Z", False),
        (None, False),
    ],
)
def test_before_cloud_build_wrote_ref_name_a_branch_alone_has_to_do(created: str | None, is_known: bool) -> None:
    named = {"BRANCH_NAME": "main"}
    found = ref_of(pushed(createTime=created, substitutions=named))
    assert (found == Ref("branch", "main")) is is_known
    assert ref_of(pushed(createTime=created, substitutions=named | {"REF_NAME": "fix"})).problem
