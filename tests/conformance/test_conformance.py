"""Every row of the tables: the verdict, the reason, and whether Slack hears of it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conformance import claims, exemptions, refs, repositories, shapes, shipped, sources, triggers
from tests.conformance.case import READ_AT, Case
from verifier.checks.by_source import findings_by_source, judge_source
from verifier.checks.policy_file import read_policy
from verifier.checks.verdict import Verdict
from verifier.cli import main
from verifier.errors import Malformed
from verifier.facts.build import parse_build
from verifier.facts.source import source_of
from verifier.facts.trigger import OFFLINE
from verifier.reporting.audit_entry import source_document
from verifier.reporting.slack_message import is_posted

MODULES = (sources, refs, repositories, triggers, exemptions, shipped, claims)
CASES = [case for module in MODULES for table in module.TABLES for case in table.cases()]
PASSES = (Verdict.VERIFIED, Verdict.EXEMPT)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_build_comes_to_what_its_row_says(case: Case) -> None:
    policy, build = read_policy(case.policy.encode()), parse_build(case.document)
    source = source_of(build)
    judgement = judge_source(build, source, policy, decided=READ_AT, trigger=case.trigger)
    seen = {one.check: one.seen for one in findings_by_source(build, source, policy, trigger=case.trigger)}
    why = source_document(source)["fact"] if case.verdict is None else seen.get(case.check, "no such finding")
    assert (judgement.verdict, is_posted(build, judgement, policy)) == (case.verdict, case.slack), seen
    assert case.reason in why


def test_explain_says_the_same_of_all_that_can_be_judged_offline(tmp_path: Path) -> None:
    by_policy: dict[str, list[Case]] = defaultdict(list)
    for case in CASES:
        if case.trigger == OFFLINE:
            by_policy[case.policy].append(case)
    for number, (policy, cases) in enumerate(by_policy.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "policy.toml").write_text(policy)
        files = [str(folder / f"{at:04}.json") for at in range(len(cases))]
        for file, case in zip(files, cases, strict=True):
            Path(file).write_text(json.dumps(case.document))
        result = CliRunner().invoke(main, ["explain", "--json", "--policy", str(folder / "policy.toml"), *files])
        said = {line["file"]: line for line in map(json.loads, result.stdout.splitlines())}
        assert {
            case.name: (said[file]["verdict"], said[file]["slack"]) for file, case in zip(files, cases, strict=True)
        } == {case.name: (case.verdict, case.slack) for case in cases}


@pytest.mark.parametrize("name", shapes.MALFORMED)
def test_what_is_not_the_shape_of_a_build_is_refused_and_not_judged(name: str, tmp_path: Path) -> None:
    document = shapes.MALFORMED[name]
    with pytest.raises(Malformed):
        parse_build(document)
    file = tmp_path / "build.json"
    file.write_text(json.dumps(document))
    result = CliRunner().invoke(main, ["explain", "--json", str(file)])
    assert (result.stdout, result.exit_code != 0) == ("", True)


def test_there_are_enough_rows_on_both_sides_of_every_rule() -> None:
    rows = Counter(case.rule for case in CASES)
    passing = Counter(case.rule for case in CASES if case.verdict in PASSES)
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert len(CASES) >= 400
    assert sum(passing.values()) <= 0.3 * len(CASES)
    assert [rule for rule in rows if not 0 < passing[rule] < rows[rule] and rule not in shipped.NEVER_PASS] == []
    assert {case.verdict for case in CASES} == {None, *Verdict}
