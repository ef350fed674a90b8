"""A build judged by its source and policy alone: the one rule for the function, the audit and `explain`."""

from __future__ import annotations

from datetime import datetime

from verifier.checks.images import image_of_another
from verifier.checks.judgement import Judgement
from verifier.checks.policy import Policy
from verifier.checks.source import pull_request_of, source_findings
from verifier.checks.verdict import SOURCE_CHECKS, Finding, Verdict, decide
from verifier.facts.build import SUCCESS, Build
from verifier.facts.source import Source
from verifier.facts.trigger import OFFLINE, Trigger, Unread


def judge_source(
    build: Build,
    source: Source,
    policy: Policy,
    *,
    decided: datetime,
    announced: bool | None = None,
    trigger: Trigger | Unread = OFFLINE,
) -> Judgement:
    """Return what policy makes of the build's source, as decided at that moment. Never raises.

    `announced` says whether a message about the build came; None where nobody knows: no finding is made of it then.
    `trigger` is the one that ran the build, as it was read, or why it was not.
    """
    if build.status != SUCCESS and not build.shipped:
        # What came to nothing is not deployed: such a build is counted, not judged.
        return Judgement(None, (), decided)
    findings = findings_by_source(build, source, policy, announced=announced, trigger=trigger)
    verdict = decide(findings, SOURCE_CHECKS)
    if build.status != SUCCESS and verdict is not Verdict.LOCAL_SOURCE:
        # A step of it may have shipped a commit, and whether that commit works nobody will know: it is not judged.
        return Judgement(None, (), decided)
    return Judgement(verdict, findings, decided, pull_request=pull_request_of(build, trigger))


def findings_by_source(
    build: Build,
    source: Source,
    policy: Policy,
    *,
    announced: bool | None = None,
    trigger: Trigger | Unread = OFFLINE,
) -> tuple[Finding, ...]:
    """Return the findings about the build's source and whose image it pushes, whatever became of the build."""
    findings = source_findings(build, source, policy, announced=announced, trigger=trigger)
    if decide(findings, SOURCE_CHECKS) is Verdict.LOCAL_SOURCE:
        return findings  # whatever image it pushes, nothing worse could be said
    return (*findings, *of_another_trigger(build, policy, trigger))


def of_another_trigger(build: Build, policy: Policy, trigger: Trigger | Unread) -> tuple[Finding, ...]:
    """Return the finding where a build pushes a worker's image that is not its to push.

    Builds of pull requests push what they like: none of them is ever VERIFIED.
    """
    return () if pull_request_of(build, trigger) else image_of_another(build, policy, trigger)
