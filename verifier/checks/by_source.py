"""A build judged by its source and policy alone: the one rule for the function, the audit and `explain`."""

from __future__ import annotations

from datetime import datetime

from verifier.checks.judgement import Judgement
from verifier.checks.policy import Policy
from verifier.checks.source import source_findings
from verifier.checks.verdict import SOURCE_CHECKS, Finding, decide
from verifier.facts.build import SUCCESS, Build
from verifier.facts.source import Source


def judge_source(
    build: Build, source: Source, policy: Policy, *, decided: datetime, announced: bool | None = None
) -> Judgement:
    """Return what policy makes of the build's source, as decided at that moment. Never raises.

    `announced` says whether a message about the build came; None where nobody knows: no finding is made of it then.
    """
    if build.status != SUCCESS:
        # What came to nothing is not deployed: such a build is counted, not judged.
        return Judgement(None, (), decided)
    findings = findings_by_source(build, source, policy, announced=announced)
    return Judgement(decide(findings, SOURCE_CHECKS), findings, decided)


def findings_by_source(
    build: Build, source: Source, policy: Policy, *, announced: bool | None = None
) -> tuple[Finding, ...]:
    """Return the findings about the build's source, whatever became of the build."""
    findings = source_findings(build, source, policy, announced=bool(announced))
    if announced is None:
        return tuple(finding for finding in findings if finding.check in SOURCE_CHECKS)
    return findings
