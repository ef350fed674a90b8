"""A claim as people see it: short, plain, and without secrets."""

from __future__ import annotations

import pytest

from verifier.facts.claims import Claim


@pytest.mark.parametrize(
    ("claim", "shown"),
    [
        (Claim("BRANCH_NAME", "main"), "BRANCH_NAME=main"),
        (Claim("COMMIT_SHA", "85cffd8", contradicted=True), "COMMIT_SHA=85cffd8"),
        (Claim("_GIT_SHA", "x" * 80), "_GIT_SHA=" + "x" * 80),
        (Claim("_GIT_SHA", "x" * 81), "_GIT_SHA=" + "x" * 79 + "…"),
        (Claim("_" + "X" * 80, "1"), "_" + "X" * 78 + "…=1"),
        (Claim("TAG_NAME", "v1\u202e"), "TAG_NAME=v1"),
        (Claim("REF_NAME", "ghp_" + "a" * 36), "REF_NAME=[redacted]"),
        (Claim("https://u:hunter", "2hunter@h"), "https://u:[redacted]@h=[redacted]"),
        (Claim("a=b", "c"), "a?b=c"),
        (Claim("PASSWORD", "hunter22"), "PASSWORD=[redacted]"),
    ],
    ids=[
        "plain",
        "contradicted",
        "just short enough",
        "long",
        "a long name",
        "not plain",
        "a secret",
        "a secret across both",
        "a sign in its name",
        "a name of a secret",
    ],
)
def test_a_claim_is_shown_by_its_name_and_value(claim: Claim, shown: str) -> None:
    assert claim.shown == shown


def test_a_claim_is_unproven_until_a_fact_contradicts_it() -> None:
    assert not Claim("BRANCH_NAME", "main").contradicted
