"""Thousands of builds that nobody thought of: none passes but the one good source, and nothing breaks."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.conformance.case import ORCHARD, READ_AT
from tests.conformance.mutations import BASES, mutated
from tests.conformance.oracle import may_pass
from verifier.checks.by_source import judge_source
from verifier.checks.policy_file import read_policy
from verifier.checks.verdict import Verdict
from verifier.errors import Malformed
from verifier.facts.build import parse_build
from verifier.facts.source import source_of
from verifier.history.before import judge_before, policy_before
from verifier.reporting.audit_entry import explanation, verdict_entry
from verifier.reporting.slack_message import is_posted, verdict_message

MUTATIONS = int(os.environ.get("MUTATIONS", "20000"))
"""How many builds; `make soak` asks for a million."""
FIRST = int(os.environ.get("MUTATIONS_FROM", "0"))
PARTS = 8
POLICY = read_policy(ORCHARD.encode())
BEFORE = policy_before(POLICY, require_trigger=False)


def judged(seed: int) -> str:
    """Return the verdict on the build of this seed; what it fails by is named with the seed."""
    document = mutated(seed)
    try:
        build = parse_build(document)
    except Malformed:
        return "malformed"
    source = source_of(build)
    judgement = judge_source(build, source, POLICY, decided=READ_AT)
    if judgement.verdict is Verdict.VERIFIED:
        assert may_pass(document), f"seed {seed} is VERIFIED"
    if seed % 7 == 0:  # what is told of it is made of the same words: it must not break either
        explanation(build, source, judgement)
        verdict_entry(build, source, judgement)
        judge_before(build, BEFORE, decided=READ_AT)
        if is_posted(build, judgement, POLICY):
            verdict_message(build, source, judgement, POLICY)
    assert judgement.verdict is not Verdict.EXEMPT
    return str(judgement.verdict)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("part", range(PARTS))
def test_of_all_mutated_builds_only_the_good_source_is_verified(part: int) -> None:
    seeds = range(FIRST + part, FIRST + MUTATIONS, PARTS)
    verdicts = Counter(judged(seed) for seed in seeds)
    few = len(seeds) // 100
    assert all(verdicts[verdict] > few for verdict in ("VERIFIED", "FAILED", "INCONCLUSIVE", "LOCAL_SOURCE")), verdicts
    assert verdicts["malformed"] > few


def test_the_same_seed_is_the_same_build() -> None:
    assert [mutated(seed) for seed in range(200)] == [mutated(seed) for seed in range(200)]


def test_the_oracle_knows_the_good_builds_from_the_others() -> None:
    assert {base.__name__ for base in BASES if may_pass(base())} == {"pushed", "mirrored", "asked_for"}
