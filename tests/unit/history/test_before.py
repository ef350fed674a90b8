"""What 0.1.0 made of a build: it believed more, row by row, and told nothing of what is checked since."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.builders import DECIDED, IMAGE, SHA, TRIGGER_ID, WORKER, pushed, uploaded
from verifier.checks.policy import BuildConfig, Exemption, Policy
from verifier.checks.verdict import SOURCE_CHECKS, Check, Outcome, Verdict
from verifier.facts.build import Build
from verifier.facts.repository import Repository
from verifier.history.before import judge_before, policy_before

LOCAL, FAILED, OPEN, EXEMPT, VERIFIED = (
    Verdict.LOCAL_SOURCE,
    Verdict.FAILED,
    Verdict.INCONCLUSIVE,
    Verdict.EXEMPT,
    Verdict.VERIFIED,
)
ADDRESS = "https://github.com/vividly/content-worker.git"
LISTED = Policy(
    repositories=frozenset({Repository("github.com", "vividly/content-worker")}), branches=("main", "release/*")
)
SOFT = Exemption("prototypes", bucket="vividly-dev_cloudbuild")
FIRM = Exemption("functions", service_account="builder@vividly-dev.iam.gserviceaccount.com")
HERE = Exemption("a sandbox", projects=frozenset({"vividly-dev"}))
NAMED = replace(WORKER, trigger="another-trigger")


def on(**claims: str) -> Build:
    return pushed(substitutions=claims)


def git(url: str = ADDRESS, **fields: Any) -> Build:
    part = {"url": url, "revision": SHA}
    return pushed(source={"gitSource": part}, sourceProvenance={"resolvedGitSource": part}, **fields)


def mirrored(**part: Any) -> Build:
    place = {"projectId": "vividly-dev", "repoName": "content-worker"}
    return pushed(
        source={"repoSource": place | part}, sourceProvenance={"resolvedRepoSource": place | {"commitSha": SHA}}
    )


MIRROR = replace(
    LISTED, repositories=frozenset({Repository("source.developers.google.com", "vividly-dev/content-worker")})
)


@pytest.mark.parametrize(
    ("build", "policy", "verdict"),
    [
        (pushed(), LISTED, VERIFIED),
        (pushed(buildTriggerId="", substitutions={}), replace(LISTED, branches=()), VERIFIED),
        (pushed(), replace(LISTED, triggers=frozenset({"another"})), VERIFIED),
        (pushed(), replace(LISTED, build_config=BuildConfig.REPOSITORY), VERIFIED),
        (on(BRANCH_NAME="main"), LISTED, VERIFIED),
        (on(REF_NAME="main"), LISTED, VERIFIED),
        (on(BRANCH_NAME="fix"), LISTED, FAILED),
        (on(BRANCH_NAME="main", REF_NAME="fix"), LISTED, OPEN),
        (on(BRANCH_NAME="release/a..b"), LISTED, VERIFIED),
        (on(BRANCH_NAME="release/a/"), LISTED, VERIFIED),
        (on(BRANCH_NAME="main", TAG_NAME="v1"), replace(LISTED, tags=("v*",)), VERIFIED),
        (on(BRANCH_NAME="main", TAG_NAME="v1"), LISTED, FAILED),
        (on(BRANCH_NAME="main", _PR_NUMBER="7"), LISTED, OPEN),
        (git(url="http://github.com/vividly/content-worker"), LISTED, VERIFIED),
        (pushed(dependencies=[{"gitSource": {"repository": {"url": "x"}, "revision": "main"}}]), LISTED, VERIFIED),
        (pushed(dependencies=[{"empty": True}]), LISTED, OPEN),
        (mirrored(branchName="main"), MIRROR, VERIFIED),
        (mirrored(branchName="main", invertRegex=True), MIRROR, VERIFIED),
        (mirrored(branchName="release/.*"), MIRROR, VERIFIED),
        (mirrored(branchName="fix"), MIRROR, FAILED),
        (uploaded(), LISTED, LOCAL),
        (uploaded(), replace(LISTED, soft_exemptions=(SOFT,)), EXEMPT),
        (uploaded(), replace(LISTED, exemptions=(FIRM,)), EXEMPT),
        (uploaded(), replace(LISTED, exemptions=(HERE,)), LOCAL),
    ],
    ids=[
        "a push",
        "by hand",
        "by a trigger that is not listed",
        "steps from anywhere",
        "a typed branch",
        "a ref alone",
        "another typed branch",
        "another ref",
        "a name with two dots",
        "a name that ends in a slash",
        "a tag beside a branch",
        "a tag that is not listed beside a branch",
        "what calls itself a pull request's",
        "without encryption",
        "another source besides",
        "its own source not fetched",
        "a mirror's branch",
        "whatever is not that branch",
        "a pattern of branches",
        "a mirror's other branch",
        "an upload",
        "an upload from a bucket",
        "an upload by an account",
        "an upload in a project",
    ],
)
def test_a_build_came_to_what_0_1_0_believed(build: Build, policy: Policy, verdict: Verdict) -> None:
    judgement = judge_before(build, policy_before(policy, require_trigger=False), decided=DECIDED)
    assert judgement.verdict is verdict, judgement.findings
    assert judgement.decided == DECIDED
    assert {finding.check for finding in judgement.findings} <= SOURCE_CHECKS | {Check.WORKER_STARTED}


def test_a_trigger_was_required_where_the_file_says_so() -> None:
    by_hand = pushed(buildTriggerId="", substitutions={})
    policy = replace(LISTED, branches=())
    assert judge_before(by_hand, policy_before(policy, require_trigger=True), decided=DECIDED).verdict is FAILED


def test_a_build_that_did_not_succeed_was_not_judged() -> None:
    judgement = judge_before(pushed(status="FAILURE"), policy_before(LISTED, require_trigger=False), decided=DECIDED)
    assert (judgement.verdict, judgement.findings, judgement.decided) == (None, (), DECIDED)


def test_a_copy_that_the_service_made_was_an_upload_like_any_other() -> None:
    place = {"bucket": "1.cloudbuild-source.googleusercontent.com", "object": "a.tgz"}
    copy = uploaded(source={"storageSource": place}, sourceProvenance={"resolvedStorageSource": place})
    assert judge_before(copy, policy_before(LISTED, require_trigger=False), decided=DECIDED).verdict is LOCAL


@pytest.mark.parametrize(
    ("build", "policy", "is_anothers"),
    [
        (on(TRIGGER_NAME="mine", BRANCH_NAME="main"), replace(LISTED, workers=(NAMED,)), True),
        (
            on(TRIGGER_NAME="mine", BRANCH_NAME="main"),
            replace(LISTED, workers=(replace(NAMED, image=f"{IMAGE}2"),)),
            False,
        ),
        (on(TRIGGER_NAME="another-trigger", BRANCH_NAME="main"), replace(LISTED, workers=(NAMED,)), False),
        (on(BRANCH_NAME="main"), replace(LISTED, workers=(replace(NAMED, trigger=TRIGGER_ID[::-1]),)), True),
        (on(BRANCH_NAME="main"), replace(LISTED, workers=(replace(NAMED, trigger=f"1{TRIGGER_ID[1:]}"),)), False),
        (on(BRANCH_NAME="main", _PR_NUMBER="7"), replace(LISTED, workers=(NAMED,)), False),
        (pushed(buildTriggerId="", substitutions={}), replace(LISTED, branches=(), workers=(NAMED,)), False),
    ],
    ids=[
        "another worker's",
        "nobody's",
        "its own",
        "of a trigger's name that looks like an id",
        "of a trigger's id",
        "a pull request's",
        "by hand",
    ],
)
def test_it_looked_at_whose_image_it_is_only_where_a_trigger_might_go_by_another_name(
    build: Build, policy: Policy, is_anothers: bool
) -> None:
    judgement = judge_before(build, policy_before(policy, require_trigger=False), decided=DECIDED)
    found = [finding.outcome for finding in judgement.findings if finding.check is Check.WORKER_STARTED]
    assert found == ([Outcome.COULD_NOT_CHECK] if is_anothers else [])


def test_its_policy_had_none_of_the_keys_that_came_later() -> None:
    policy = replace(
        LISTED,
        require_trigger=True,
        triggers=frozenset({"a"}),
        build_config=BuildConfig.REPOSITORY,
        exemptions=(FIRM, HERE),
        soft_exemptions=(SOFT,),
    )
    before = policy_before(policy, require_trigger=False)
    assert (before.require_trigger, before.triggers, before.build_config) == (False, frozenset(), BuildConfig.ANY)
    assert before.exemptions == (FIRM, SOFT)
    assert (before.repositories, before.branches) == (LISTED.repositories, LISTED.branches)
