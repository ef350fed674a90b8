"""What a build claims about its commit is shown apart from what is proven, and never hidden."""

from __future__ import annotations

import pytest

from tests.fixtures.builds import CASES, EXPECTED, document
from verifier.facts.build import parse_build
from verifier.facts.claims import Claim, unbacked_claims
from verifier.facts.source import source_of

ALL_NAMES = (
    "COMMIT_SHA REVISION_ID SHORT_SHA BRANCH_NAME TAG_NAME REF_NAME REPO_NAME REPO_FULL_NAME TRIGGER_NAME".split()
)
OWN_NAMES = ["_COMMIT_SHA", "_GIT_COMMIT", "_SHA", "_REVISION", "_MY_REVISION_ID"]
SHA = "9f3c1d20a7be45f6681d0e5c27b94a3380fe62d1"


def claims_of(case: str, substitutions: dict[str, str] | None = None) -> tuple[Claim, ...]:
    whole = document(case)
    if substitutions is not None:
        whole["substitutions"] = substitutions
    build = parse_build(whole)
    return unbacked_claims(build, source_of(build))


@pytest.mark.parametrize("case", CASES)
def test_the_claims_that_nothing_backs_are_those_expected_of_the_document(case: str) -> None:
    words = {True: "contradicted", False: "unproven"}
    seen = [(claim.name, words[claim.contradicted]) for claim in claims_of(case)]
    assert seen == list(EXPECTED[case]["unbacked"].items())


@pytest.mark.parametrize("name", [*ALL_NAMES, *OWN_NAMES])
@pytest.mark.parametrize("case", ["upload-builds-submit", "no-source-by-hand", "unclear-empty-source-by-hand"])
def test_each_claim_alone_is_shown_where_no_commit_is_proven(case: str, name: str) -> None:
    assert claims_of(case, {name: SHA}) == (Claim(name, SHA),)


def test_all_claims_together_come_in_one_order_whatever_order_they_were_set_in() -> None:
    names = [*ALL_NAMES, *sorted(OWN_NAMES)]
    backwards = dict.fromkeys(reversed(names), SHA)
    assert [claim.name for claim in claims_of("upload-builds-submit", backwards)] == names


@pytest.mark.parametrize(
    "own",
    [{"_ENV": "dev"}, {"_SHA": "latest"}, {"_COMMIT": "fix"}, {"_REVISION": "abc12"}, {"SHADE": SHA}, {"_X": SHA}],
)
def test_a_substitution_that_says_nothing_about_a_commit_is_no_claim(own: dict[str, str]) -> None:
    assert claims_of("upload-builds-submit", own) == ()


@pytest.mark.parametrize(
    "name",
    ["_SHARED_KEY", "_SHAPE", "_RECOMMITTED", "_API_KEY_SHA", "_DEPLOY_TOKEN_REVISION", "_PASSWORD_COMMIT", "_PIN_SHA"],
)
def test_a_word_that_only_holds_another_and_a_secrets_name_are_no_claims(name: str) -> None:
    assert claims_of("upload-builds-submit", {name: SHA}) == ()


@pytest.mark.parametrize("name", ["_SHA", "_GIT_SHA", "_COMMIT_ID", "_REVISION_MAIN", "_PATCH_SHA", "_GITSHA", "_SHA1"])
def test_a_whole_word_for_a_commit_is_a_claim(name: str) -> None:
    assert claims_of("upload-builds-submit", {name: SHA}) == (Claim(name, SHA),)


@pytest.mark.parametrize(
    ("claim", "shown"),
    [
        (Claim("BRANCH_NAME", "main"), ("BRANCH_NAME", "main")),
        (Claim("BRANCH_NAME", "token=hunter2"), ("BRANCH_NAME", "token=[redacted]")),
        (Claim("DB_PASSWORD", "hunter2"), ("DB_PASSWORD", "[redacted]")),
        (Claim("A=B", "main"), ("A?B", "main")),
        (Claim("API_KEY", "x" * 9_000), ("API_KEY", "[redacted]…")),
    ],
)
def test_a_claims_value_is_redacted_with_its_name(claim: Claim, shown: tuple[str, str]) -> None:
    assert (claim.shown_name, claim.shown_value) == shown
    assert claim.shown == "=".join(shown)


def test_an_empty_substitution_claims_nothing() -> None:
    assert claims_of("upload-builds-submit", dict.fromkeys(ALL_NAMES, "")) == ()


def test_a_trigger_may_say_its_own_name() -> None:
    named = {"TRIGGER_NAME": "content-worker-nightly"}
    assert claims_of("upload-inline-trigger", named) == ()
    assert claims_of("upload-builds-submit", named) == (Claim("TRIGGER_NAME", "content-worker-nightly"),)


@pytest.mark.parametrize("name", ["COMMIT_SHA", "REVISION_ID", "SHORT_SHA"])
def test_another_commit_than_the_proven_one_is_contradicted(name: str) -> None:
    sha = EXPECTED["commit-resolved-git"]["sha"]
    for backed in (sha, sha.upper(), sha[:7], sha[:12]):
        assert claims_of("commit-resolved-git", {name: backed}) == ()
    for wrong in (SHA, sha[:6], f"{sha}0", sha[1:8], "main"):
        assert claims_of("commit-resolved-git", {name: wrong}) == (Claim(name, wrong, contradicted=True),)


def test_another_repository_than_the_proven_one_is_contradicted() -> None:
    assert claims_of("commit-resolved-git", {"REPO_FULL_NAME": "Vividly/Content-Worker"}) == ()
    assert claims_of("commit-resolved-git", {"REPO_FULL_NAME": "vividly/catalogue"}) == (
        Claim("REPO_FULL_NAME", "vividly/catalogue", contradicted=True),
    )


@pytest.mark.parametrize(
    "case",
    ["commit-resolved-csr-branch", "commit-resolved-connected-repository", "commit-resolved-git-unreadable-address"],
)
def test_a_repository_that_goes_by_another_name_contradicts_none(case: str) -> None:
    assert claims_of(case, {"REPO_FULL_NAME": "vividly/anything"}) == ()


def test_a_branch_that_a_submitter_names_is_unproven_even_beside_a_proven_commit() -> None:
    named = {"BRANCH_NAME": "main", "TAG_NAME": "v2.4.0"}
    assert claims_of("commit-resolved-git-by-hand", named) == (
        Claim("BRANCH_NAME", "main"),
        Claim("TAG_NAME", "v2.4.0"),
    )
    assert claims_of("commit-resolved-git", named) == ()
