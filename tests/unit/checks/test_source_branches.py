"""The check of a build's branch with each of its answers, whole; and whose word makes a build a pull request's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.builders import TRIGGER_ID, WORKER, pushed, uploaded
from tests.unit.checks.source_rows import (
    FAILS,
    FOR_PUSHES,
    GONE,
    HOLDS,
    LISTED,
    NOT_APPLICABLE,
    OPEN,
    REPO_SOURCE,
    SourceRow,
    Table,
    answers,
    by_hand,
    cases,
    commit,
    outcomes,
)
from verifier.checks.policy import Policy
from verifier.checks.source import pull_request_of
from verifier.checks.verdict import Check, Finding, Outcome
from verifier.facts.build import Build
from verifier.facts.trigger import Trigger, Unread

TAGGED = replace(LISTED, branches=(), tags=("v*",))
OF_WORKER = replace(LISTED, branches=("other",), workers=(WORKER,))
FOR_PULL_REQUESTS = replace(FOR_PUSHES, for_pull_requests=True)
UNTOLD = replace(FOR_PUSHES, for_pull_requests=None)
ALLOW_BRANCH = "build from an allowed branch, or add it to `branches` in policy.toml"
ALLOW_TAG = "build from an allowed branch, or add it to `tags` in policy.toml"
MERGE_IT = "merge it; the build of the branch is what gets verified"
MAIN = {"BRANCH_NAME": "main", "REF_NAME": "main"}
PULL_REQUEST = {**MAIN, "_PR_NUMBER": "7"}
BRANCH_IS_ALLOWED = [
    SourceRow("a listed branch", pushed(), HOLDS, "branch main"),
    SourceRow(
        "a branch that is not listed",
        commit(BRANCH_NAME="fix", REF_NAME="fix"),
        FAILS,
        "branch fix is not on the policy's list",
        ALLOW_BRANCH,
    ),
    SourceRow("a listed tag", commit(TAG_NAME="v1", REF_NAME="v1"), HOLDS, "tag v1", policy=TAGGED),
    SourceRow(
        "a tag that is not listed",
        commit(TAG_NAME="w1", REF_NAME="w1"),
        FAILS,
        "tag w1 is not on the policy's list",
        ALLOW_TAG,
        policy=TAGGED,
    ),
    SourceRow(
        "a branch where only tags are listed",
        pushed(),
        FAILS,
        "branch main is not on the policy's list",
        ALLOW_BRANCH,
        policy=TAGGED,
    ),
    SourceRow("its worker's branch", pushed(), HOLDS, "branch main", policy=OF_WORKER),
    SourceRow(
        "a branch of the policy's that is not its worker's",
        pushed(substitutions={"TRIGGER_NAME": "content-worker-main", "BRANCH_NAME": "other", "REF_NAME": "other"}),
        FAILS,
        "branch other is not on the policy's list",
        ALLOW_BRANCH,
        policy=OF_WORKER,
    ),
    SourceRow(
        "a worker without branches of its own takes the policy's",
        pushed(),
        HOLDS,
        "branch main",
        policy=replace(LISTED, workers=(replace(WORKER, branches=()),)),
    ),
    SourceRow("a Cloud Source repository's own branch", REPO_SOURCE, HOLDS, "branch main"),
    SourceRow("no list", pushed(), NOT_APPLICABLE, "policy lists no branches", policy=Policy()),
    SourceRow("an upload", uploaded(), NOT_APPLICABLE, "no commit, so no branch"),
    SourceRow(
        "no name",
        commit(),
        OPEN,
        "the build names no branch or tag",
        "build through a trigger on an allowed branch",
    ),
    SourceRow(
        "no name that is a branch's, whatever is listed",
        commit(BRANCH_NAME="refs/pull/7/merge", REF_NAME="refs/pull/7/merge"),
        OPEN,
        "refs/pull/7/merge is no branch",
        "build through a trigger on an allowed branch",
        policy=Policy(),
    ),
    SourceRow(
        "a pull request, by its trigger",
        commit(**PULL_REQUEST),
        OPEN,
        "built for pull request 7, which is no branch yet",
        MERGE_IT,
        trigger=FOR_PULL_REQUESTS,
    ),
    SourceRow(
        "a pull request with a long name",
        commit(**PULL_REQUEST | {"_PR_NUMBER": "1234567890" * 3}),
        OPEN,
        "built for pull request 12345678901234567890, which is no branch yet",
        MERGE_IT,
        trigger=FOR_PULL_REQUESTS,
    ),
    SourceRow(
        "what its trigger starts for pull requests, and says nothing itself",
        pushed(),
        OPEN,
        "built for pull request ?, which is no branch yet",
        MERGE_IT,
        trigger=FOR_PULL_REQUESTS,
    ),
    SourceRow(
        "a push that calls itself a pull request", commit(**PULL_REQUEST), HOLDS, "branch main", trigger=FOR_PUSHES
    ),
    SourceRow(
        "one that says so, and whose trigger is not there",
        commit(**PULL_REQUEST),
        OPEN,
        "it says that it was built for pull request 7; its trigger would show it, but it is gone",
        f"look at trigger {TRIGGER_ID} in Cloud Build: is it one for pull requests?",
        trigger=GONE,
    ),
    SourceRow(
        "one that says so at length",
        commit(**PULL_REQUEST | {"_PR_NUMBER": "1234567890" * 3}),
        OPEN,
        "it says that it was built for pull request 12345678901234567890; its trigger would show it, but it is gone",
        f"look at trigger {TRIGGER_ID} in Cloud Build: is it one for pull requests?",
        trigger=GONE,
    ),
    SourceRow(
        "one that says so, and whose trigger does not say",
        commit(**PULL_REQUEST),
        OPEN,
        "it says that it was built for pull request 7; its trigger would show it, but this version can't tell what "
        "starts it",
        f"look at trigger {TRIGGER_ID} in Cloud Build: is it one for pull requests?",
        trigger=UNTOLD,
    ),
    SourceRow("a push whose trigger is not there", pushed(), HOLDS, "branch main", trigger=GONE),
    SourceRow(
        "one that says so, by hand",
        by_hand(substitutions=PULL_REQUEST),
        OPEN,
        "no trigger ran the build, so nothing proves a branch or tag",
        "build through a trigger on an allowed branch",
        trigger=GONE,
    ),
]
TABLE: Table = {Check.BRANCH_IS_ALLOWED: BRANCH_IS_ALLOWED}


@pytest.mark.parametrize(("check", "row"), cases(TABLE)[0], ids=cases(TABLE)[1])
def test_a_check_answers_what_its_row_says(check: Check, row: SourceRow) -> None:
    (answer,) = (finding for finding in answers(row) if finding.check is check)
    assert answer == Finding(check, row.outcome, row.seen, row.remedy)


def test_every_answer_has_a_row() -> None:
    assert outcomes(TABLE) == {(Check.BRANCH_IS_ALLOWED, outcome) for outcome in Outcome}


@pytest.mark.parametrize(
    ("build", "trigger", "number"),
    [
        (commit(**PULL_REQUEST), FOR_PULL_REQUESTS, "7"),
        (pushed(), FOR_PULL_REQUESTS, "?"),
        (commit(**PULL_REQUEST), FOR_PUSHES, ""),
        (commit(**PULL_REQUEST), UNTOLD, ""),
        (commit(**PULL_REQUEST), GONE, ""),
    ],
    ids=["its own word", "no word", "for pushes", "untold", "not there"],
)
def test_only_its_trigger_makes_a_build_a_pull_requests(build: Build, trigger: Trigger | Unread, number: str) -> None:
    assert pull_request_of(build, trigger) == number
