"""A listed build is judged by its source and policy alone, like the function judges it before any worker runs."""

from __future__ import annotations

import pytest

from tests.fixtures.builds import CASES, EXPECTED, document
from tests.unit.builders import FINISHED, POLICY, SHA, TRIGGER_ID, judged, pushed, uploaded
from verifier.checks.policy import Policy
from verifier.checks.verdict import SOURCE_CHECKS, Check, Verdict
from verifier.facts.build import SUCCESS, parse_build
from verifier.facts.source import source_of
from verifier.history.judge import judge_listed


def test_a_pushed_commit_is_verified_and_no_worker_is_missed() -> None:
    build = judge_listed(pushed(), POLICY)
    assert build.verdict is Verdict.VERIFIED
    assert {finding.check for finding in build.judgement.findings} == SOURCE_CHECKS


def test_an_upload_is_local_source_and_its_claim_is_not_backed() -> None:
    build = judge_listed(uploaded(), Policy())
    assert build.verdict is Verdict.LOCAL_SOURCE
    assert build.unbacked == (f"COMMIT_SHA={SHA}",)


def test_what_identifies_the_build_is_carried_over() -> None:
    build = judge_listed(pushed(createTime="2026-11-23T01:58:00.123456789Z"), Policy())
    assert build.key == pushed().key
    assert build.created is not None
    assert build.created.isoformat() == "2026-11-23T01:58:00.123456+00:00"
    assert (build.finished, build.judgement.decided) == (FINISHED, FINISHED)
    assert (build.trigger_id, build.trigger_name) == (TRIGGER_ID, "content-worker-main")
    assert [image.digest for image in build.images] == [image.digest for image in pushed().images]


@pytest.mark.parametrize("status", ["FAILURE", "CANCELLED", "WORKING", "QUEUED", "STATUS_UNKNOWN", "done", ""])
def test_a_build_that_did_not_succeed_has_no_verdict_and_no_findings(status: str) -> None:
    build = judge_listed(uploaded(status=status), Policy())
    assert (build.verdict, build.judgement.findings) == (None, ())


@pytest.mark.parametrize("created", ["", "yesterday", "2026-11-23T01:58:00"])
def test_a_build_without_a_sound_time_of_creation_is_judged_all_the_same(created: str) -> None:
    build = judge_listed(uploaded(createTime=created), Policy())
    assert (build.created, build.verdict) == (None, Verdict.LOCAL_SOURCE)


def test_secrets_in_claims_are_not_carried_along() -> None:
    token = "ghp_" + "a1B2" * 9
    build = judge_listed(uploaded(substitutions={"BRANCH_NAME": token}), Policy())
    assert build.unbacked == ("BRANCH_NAME=[redacted]",)


@pytest.mark.parametrize("case", CASES)
def test_every_known_form_of_build_gets_the_verdict_of_its_source_findings(case: str) -> None:
    build = parse_build(document(case))
    seen = judge_listed(build, Policy())
    assert seen.source == source_of(build)
    if build.status != SUCCESS:
        assert seen.verdict is None
        return
    _, _, whole = judged(build, policy=Policy())
    assert seen.verdict is whole.verdict
    assert {claim.partition("=")[0] for claim in seen.unbacked} == set(EXPECTED[case]["unbacked"])
    assert seen.judgement.finding(Check.BUILD_WAS_ANNOUNCED) is None
