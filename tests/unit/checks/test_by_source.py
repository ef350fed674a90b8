"""One rule for whoever judges a build by its source alone: the function, the audit and `explain`."""

from __future__ import annotations

import pytest

from tests.unit.builders import DECIDED, POLICY, pushed, uploaded
from verifier.checks.by_source import findings_by_source, judge_source
from verifier.checks.judgement import Judgement
from verifier.checks.policy import Policy
from verifier.checks.source import source_findings
from verifier.checks.verdict import SOURCE_CHECKS, Check, Outcome, Verdict
from verifier.facts.build import Build
from verifier.facts.source import source_of


def by_source(build: Build, *, announced: bool | None = None, policy: Policy = POLICY) -> Judgement:
    return judge_source(build, source_of(build), policy, decided=DECIDED, announced=announced)


@pytest.mark.parametrize(
    ("build", "verdict"),
    [
        (pushed(), Verdict.VERIFIED),
        (uploaded(), Verdict.LOCAL_SOURCE),
        (pushed(source={}, sourceProvenance={}), Verdict.INCONCLUSIVE),
        (pushed(substitutions={"COMMIT_SHA": "0" * 40, "BRANCH_NAME": "main"}), Verdict.FAILED),
        (pushed(substitutions={"_PR_NUMBER": "7"}), Verdict.INCONCLUSIVE),
    ],
    ids=["commit", "upload", "unclear", "contradicted-claim", "pull-request"],
)
def test_the_verdict_is_what_policy_makes_of_the_source_alone(build: Build, verdict: Verdict) -> None:
    judgement = by_source(build)
    assert (judgement.verdict, judgement.decided) == (verdict, DECIDED)
    assert (judgement.execution, judgement.errors, judgement.policy, judgement.version) == ("", (), "", "")


def test_every_source_check_is_answered_and_no_other_when_nobody_knows_whether_it_was_announced() -> None:
    assert {finding.check for finding in by_source(pushed()).findings} == SOURCE_CHECKS


@pytest.mark.parametrize(("announced", "outcome"), [(True, Outcome.HOLDS), (False, Outcome.NOT_APPLICABLE)])
def test_whether_it_was_announced_is_a_finding_where_it_is_known_and_changes_no_verdict(
    announced: bool, outcome: Outcome
) -> None:
    judgement = by_source(pushed(), announced=announced)
    source = source_of(pushed())
    assert judgement.findings == source_findings(pushed(), source, POLICY, announced=announced)
    finding = judgement.finding(Check.BUILD_WAS_ANNOUNCED)
    assert finding is not None
    assert (finding.outcome, judgement.verdict) == (outcome, Verdict.VERIFIED)


@pytest.mark.parametrize("status", ["FAILURE", "CANCELLED", "TIMEOUT", "WORKING", ""])
@pytest.mark.parametrize("announced", [True, False, None])
def test_a_build_that_did_not_succeed_is_not_judged_though_its_source_can_be_looked_at(
    status: str, announced: bool | None
) -> None:
    build = uploaded(status=status)
    assert by_source(build, announced=announced) == Judgement(None, (), DECIDED)
    first = findings_by_source(build, source_of(build), POLICY)[0]
    assert (first.check, first.outcome) == (Check.SOURCE_IS_A_COMMIT, Outcome.FAILS)


@pytest.mark.parametrize("status", ["FAILURE", "CANCELLED", "TIMEOUT"])
def test_of_a_build_that_shipped_before_it_failed_an_upload_is_judged_and_a_commit_is_not(status: str) -> None:
    steps = [{"name": "ubuntu", "script": "kubectl apply -f a.yaml", "status": "SUCCESS"}]
    assert by_source(pushed(status=status, steps=steps)) == Judgement(None, (), DECIDED)
    judgement = by_source(uploaded(status=status, steps=steps))
    assert (judgement.verdict, judgement.decided) == (Verdict.LOCAL_SOURCE, DECIDED)
