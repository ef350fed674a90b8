"""The verdict's rules, each as a property that quotes it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.checks.verdict import (
    SEVERITY,
    SOURCE_CHECKS,
    WORKER_CHECKS,
    Check,
    Finding,
    Outcome,
    Verdict,
    decide,
)

HOLDS, FAILS, COULD_NOT, NOT_APPLICABLE = Outcome
SOURCE = Check.SOURCE_IS_A_COMMIT

FINDINGS = st.builds(Finding, st.sampled_from(Check), st.sampled_from(Outcome), st.just("seen"), st.just("remedy"))
REQUIRED = st.frozensets(st.sampled_from(Check))
BAD_NEWS = FINDINGS.filter(lambda finding: finding.outcome in (FAILS, COULD_NOT))


def finding(check: Check, outcome: Outcome) -> Finding:
    return Finding(check, outcome, "seen", "remedy")


def rank(verdict: Verdict) -> int:
    """Higher is better."""
    return SEVERITY.index(verdict)


@given(st.data(), st.lists(FINDINGS), REQUIRED)
def test_order_never_matters(data: st.DataObject, findings: list[Finding], required: frozenset[Check]) -> None:
    """ "Order never matters"."""
    assert decide(data.draw(st.permutations(findings)), required) is decide(findings, required)


@given(st.lists(FINDINGS), REQUIRED)
def test_saying_it_twice_changes_nothing(findings: list[Finding], required: frozenset[Check]) -> None:
    assert decide([*findings, *findings], required) is decide(findings, required)


@given(st.lists(FINDINGS), BAD_NEWS, REQUIRED)
def test_bad_news_never_improves_a_verdict(findings: list[Finding], worse: Finding, required: frozenset[Check]) -> None:
    """ "Never improved by bad news"."""
    assert rank(decide([*findings, worse], required)) <= rank(decide(findings, required))


@given(st.lists(FINDINGS), FINDINGS, REQUIRED)
def test_no_finding_improves_a_verdict_on_a_complete_set(
    findings: list[Finding], another: Finding, required: frozenset[Check]
) -> None:
    """ "Adding a finding never improves a verdict", once every required check has an answer."""
    complete = [*findings, *(finding(check, HOLDS) for check in required | {SOURCE})]
    assert rank(decide([*complete, another], required)) <= rank(decide(complete, required))


@given(st.lists(FINDINGS), REQUIRED, REQUIRED)
def test_requiring_more_never_improves_a_verdict(
    findings: list[Finding], required: frozenset[Check], more: frozenset[Check]
) -> None:
    assert rank(decide(findings, required | more)) <= rank(decide(findings, required))


@given(REQUIRED)
def test_no_findings_at_all_are_inconclusive(required: frozenset[Check]) -> None:
    """ "Or there are no findings at all"."""
    assert decide([], required) is Verdict.INCONCLUSIVE


@given(st.lists(FINDINGS), REQUIRED, st.sampled_from(Check))
def test_a_required_check_without_an_answer_is_never_better_than_inconclusive(
    findings: list[Finding], required: frozenset[Check], missing: Check
) -> None:
    """ "A required one has no answer"."""
    others = [other for other in findings if other.check is not missing]
    assert rank(decide(others, required | {missing})) <= rank(Verdict.INCONCLUSIVE)


@given(st.lists(FINDINGS), REQUIRED)
def test_a_check_that_could_not_be_made_is_never_better_than_inconclusive(
    findings: list[Finding], required: frozenset[Check]
) -> None:
    """ "A check could not be made"."""
    unsure = [*findings, finding(Check.LOGS_ARE_COMPLETE, COULD_NOT)]
    assert rank(decide(unsure, required)) <= rank(Verdict.INCONCLUSIVE)


@given(st.lists(FINDINGS), REQUIRED)
def test_a_source_that_is_no_commit_is_local_source_whatever_else_is_found(
    findings: list[Finding], required: frozenset[Check]
) -> None:
    """ "LOCAL_SOURCE: the check that the source is a commit fails"."""
    assert decide([*findings, finding(SOURCE, FAILS)], required) is Verdict.LOCAL_SOURCE


@given(st.lists(FINDINGS.filter(lambda it: it.check is not SOURCE)), REQUIRED, st.sampled_from(Check))
def test_any_other_failure_is_failed(findings: list[Finding], required: frozenset[Check], check: Check) -> None:
    """ "FAILED: any other check fails"."""
    expected = Verdict.LOCAL_SOURCE if check is SOURCE else Verdict.FAILED
    assert decide([*findings, finding(check, FAILS)], required) is expected


@given(st.lists(FINDINGS), REQUIRED)
def test_a_source_that_policy_exempts_is_exempt_at_best(findings: list[Finding], required: frozenset[Check]) -> None:
    """ "EXEMPT: policy names a reason why this build needs no commit"."""
    exempt = [*findings, finding(SOURCE, NOT_APPLICABLE)]
    assert rank(decide(exempt, required)) <= rank(Verdict.EXEMPT)


@given(st.lists(FINDINGS), REQUIRED)
def test_verified_means_that_the_source_holds_every_required_check_answers_and_nothing_is_wrong(
    findings: list[Finding], required: frozenset[Check]
) -> None:
    """ "VERIFIED: every required check holds or does not apply, and the source's holds"."""
    good = {it.check for it in findings if it.outcome in (HOLDS, NOT_APPLICABLE)}
    all_good = all(it.outcome in (HOLDS, NOT_APPLICABLE) for it in findings)
    proven = finding(SOURCE, HOLDS) in findings and finding(SOURCE, NOT_APPLICABLE) not in findings
    verified = decide(findings, required) is Verdict.VERIFIED
    assert verified == (all_good and proven and required <= good)


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (HOLDS, Verdict.VERIFIED),
        (NOT_APPLICABLE, Verdict.VERIFIED),
        (COULD_NOT, Verdict.INCONCLUSIVE),
        (FAILS, Verdict.FAILED),
    ],
)
@pytest.mark.parametrize("check", sorted((SOURCE_CHECKS | WORKER_CHECKS) - {SOURCE}))
def test_one_finding_decides_among_green_ones(check: Check, outcome: Outcome, verdict: Verdict) -> None:
    required = SOURCE_CHECKS | WORKER_CHECKS
    green = [finding(other, HOLDS) for other in required - {check}]
    assert decide([*green, finding(check, outcome)], required) is verdict


def test_no_check_is_required_of_two_kinds_of_build() -> None:
    assert not SOURCE_CHECKS & WORKER_CHECKS
    assert SOURCE in SOURCE_CHECKS


def test_verdicts_stand_worst_first() -> None:
    assert [verdict.value for verdict in SEVERITY] == ["LOCAL_SOURCE", "FAILED", "INCONCLUSIVE", "EXEMPT", "VERIFIED"]


@pytest.mark.parametrize("outcome", [FAILS, COULD_NOT])
def test_a_finding_that_is_not_green_says_what_to_do(outcome: Outcome) -> None:
    with pytest.raises(ValueError, match=r"^source_is_a_commit: a finding that is not green says what to do$"):
        Finding(SOURCE, outcome, "seen")


@pytest.mark.parametrize("outcome", [HOLDS, NOT_APPLICABLE])
def test_a_green_finding_needs_no_remedy(outcome: Outcome) -> None:
    assert Finding(SOURCE, outcome, "seen").remedy == ""


@pytest.mark.parametrize("long", ["x" * 100_000, "\x00" * 100_000])
def test_a_finding_keeps_the_beginning_of_what_is_too_long_whatever_it_is(long: str) -> None:
    """It is stored with the verdict, and much of it is not ours."""
    cut = Finding(SOURCE, FAILS, f"seen {long}", long)
    assert cut.seen.startswith("seen ")
    assert max(len(cut.seen), len(cut.remedy)) <= 1_000
    assert replace(cut) == cut, "it is stored, and read again as it is"


def test_no_part_of_a_secret_is_left_where_a_finding_is_cut() -> None:
    cut = Finding(SOURCE, FAILS, f"{'x' * 985} ghp_{'a' * 36}", "remedy")
    assert "ghp_" not in cut.seen
